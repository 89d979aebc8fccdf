"""Reading YAML: what is understood, where it says that things stand, and what is refused."""

from __future__ import annotations

import contextlib
import json
import math
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kcore.errors import KcoreError, MissingFileError, RecipeError
from kcore.recipes.document import LARGEST_FILE, parse_document, parse_value, read_document, spelled_path


def refused(text: str) -> RecipeError:
    with pytest.raises(RecipeError) as caught:
        parse_document(text, "r.yaml")
    return caught.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12),
        ("-3", -3),
        ("010", 10),
        ("0o17", 15),
        ("0x1F", 31),
        ("1e-3", 0.001),
        ("1.5", 1.5),
        (".5", 0.5),
        ("2.", 2.0),
        ("-.inf", -math.inf),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("no", "no"),
        ("on", "on"),
        ("1:30", "1:30"),
        ("60_000", "60_000"),
        ("2024-01-31", "2024-01-31"),
        ("'12'", "12"),
        ('"true"', "true"),
        ("! 12", "12"),
        ("[1, [a, {b: 2}]]", [1, ["a", {"b": 2}]]),
        ("{0: 1.0, a: }", {0: 1.0, "a": None}),
    ],
)
def test_values_are_those_of_yaml_1_2(text: str, value: Any) -> None:
    found = parse_value(text, "x")
    assert found == value
    assert type(found) is type(value)


def test_not_a_number_is_read() -> None:
    assert math.isnan(parse_value(".nan", "x"))


def trees(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


@given(trees(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()))
def test_json_is_read_back(value: Any) -> None:
    found = parse_document(json.dumps(value), "x").data
    assert found == value
    assert json.dumps(found) == json.dumps(value)


@given(trees(st.text()))
def test_text_that_pyyaml_writes_is_read_back(value: Any) -> None:
    # In quotes: without, PyYAML writes by the rules of YAML 1.1.
    assert parse_document(yaml.safe_dump(value, default_style='"'), "x").data == value


def test_every_value_has_its_line() -> None:
    document = parse_document("seed: 1\nmodel:\n  - Flatten\n  - Dense:\n      units: 3\n", "r.yaml")
    assert document.lines == {
        (): 1,
        ("seed",): 1,
        ("model",): 2,
        ("model", 0): 3,
        ("model", 1): 4,
        ("model", 1, "Dense"): 4,
        ("model", 1, "Dense", "units"): 5,
    }
    assert document.line(("model", 1, "Dense", "use_bias")) == 4


@pytest.mark.parametrize(
    ("path", "text"), [((), ""), (("a",), "a"), (("a", 2, "B", "c"), "a[2].B.c"), (("a\n",), "'a\\n'")]
)
def test_paths_are_spelled_as_people_write_them(path: Any, text: str) -> None:
    assert spelled_path(path) == text


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [("a: [1, 2", 1, 9), ("a: 1\n\tb: 2", 2, 1), ("a: b: c", 1, 5), ("a: 1\n b: 2", 2, 3), ("%YAML 9.9\n--- a", 1, 1)],
)
def test_what_is_not_yaml_is_refused_with_line_and_column(text: str, line: int, column: int) -> None:
    error = refused(text)
    assert (error.source, error.line, error.column) == ("r.yaml", line, column)  # type: ignore[attr-defined]
    assert str(error).startswith(f"r.yaml, line {line}, column {column}: this is not YAML (")


@pytest.mark.parametrize("text", ["\x07", "a: 1\n\x00", '"\\UFFFFFFFF"', '"\\U7FFFFFFF"', '"\\U00110000"'])
def test_characters_that_cannot_be_are_refused(text: str) -> None:
    assert "this is not YAML" in str(refused(text))


def test_half_a_character_is_refused() -> None:
    assert "line 1" in str(refused('"\\ud800": 1'))


def test_a_key_given_twice_is_refused_with_both_lines() -> None:
    error = refused("fit:\n  epochs: 1\n  epochs: 2\n")
    expected = "r.yaml, line 3, column 3, fit.epochs: this key was given before, in line 2. Allowed: each key once."
    assert str(error) == expected


@pytest.mark.parametrize("text", ["a: &x 1", "a: [&x 1, *x]", "&x {a: 1}", "a: &x [1]", "a: *x"])
def test_anchors_and_aliases_are_refused(text: str) -> None:
    assert "anchors (&) and aliases (*) are not used in recipes. Allowed: the value itself." in str(refused(text))


def test_a_billion_laughs_are_refused_at_once() -> None:
    lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    start = time.perf_counter()
    assert refused("\n".join(lines)).line == 1  # type: ignore[attr-defined]
    assert time.perf_counter() - start < 1


@pytest.mark.parametrize(
    "text",
    ["a: !!python/object/apply:os.system ['true']", "!!set {a: }", "a: !!binary aGk=", "a: !mine 1", "!!int '3'"],
)
def test_tags_are_refused(text: str) -> None:
    assert "are not used in recipes. Allowed: plain values." in str(refused(text))


def test_no_tag_runs_anything(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    refused(f"a: !!python/object/apply:pathlib.Path.touch [!!python/object/apply:pathlib.Path ['{mark}']]")
    assert not mark.exists()


def test_a_merge_key_is_a_key_like_others() -> None:
    assert parse_document("<<: {a: 1}", "r.yaml").data == {"<<": {"a": 1}}


def test_a_second_document_is_refused() -> None:
    assert str(refused("a: 1\n---\nb: 2\n")) == (
        "r.yaml, line 2, column 1: a second document begins here. Allowed: one recipe per file."
    )


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("? [a]\n: 1", "a list"),
        ("? {a: 1}\n: 1", "a mapping"),
        ("null: 1", "nothing"),
        ("true: 1", "true"),
        ("1.5: 1", "1.5"),
    ],
)
def test_keys_are_names_or_whole_numbers(text: str, kind: str) -> None:
    assert f"{kind} cannot be a key. Allowed: a name before the colon." in str(refused(text))


@pytest.mark.parametrize("text", ["[" * 100_000, "{a: " * 1000, "- " * 5000, "[" * 65 + "]" * 65])
def test_deep_nesting_is_refused(text: str) -> None:
    assert "nested more than 64 deep" in str(refused(text))


def test_nesting_up_to_the_limit_is_read() -> None:
    value = parse_document("[" * 64 + "]" * 64, "r.yaml").data
    for _ in range(63):
        (value,) = value
    assert value == []


def test_a_number_of_thousands_of_digits_is_refused() -> None:
    assert str(refused("a: " + "9" * 5000)) == "r.yaml, line 1, column 4: this number has too many digits."


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(RecipeError):
        assert parse_document(text, "r.yaml").source == "r.yaml"


def test_a_file_is_read_with_or_without_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_bytes("\ufeffsave: größe.h5\n".encode())
    assert read_document(path).data == {"save": "größe.h5"}
    assert read_document(str(path)).source == str(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "none.yaml"
    with pytest.raises(MissingFileError, match=r"There is no file '.*none\.yaml'"):
        read_document(path)


def test_a_folder_is_no_recipe(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"it is a folder\. Allowed: a YAML file"):
        read_document(tmp_path)


def test_a_file_that_is_no_text_is_refused_with_the_line(tmp_path: Path) -> None:
    path = tmp_path / "model.h5"
    path.write_bytes(b"seed: 1\nsave: \xff\xfe")
    with pytest.raises(RecipeError, match=r"model\.h5, line 2: this is not text in UTF-8") as caught:
        read_document(path)
    assert isinstance(caught.value, KcoreError)
    assert isinstance(caught.value, ValueError)


def test_a_large_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_bytes(b"#" * (LARGEST_FILE + 1))
    with pytest.raises(RecipeError, match="larger than 1048576 bytes"):
        read_document(path)
