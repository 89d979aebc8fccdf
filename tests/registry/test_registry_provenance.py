"""Who provided what is being written; and that what a stranger's file says of it stays text."""

from __future__ import annotations

import json
import shlex
from typing import Any

import pytest

import kcore
from kcore.layers import Dense, Layer
from kcore.registry import registry, serialize
from kcore.registry.provenance import (
    LONGEST,
    MOST,
    Origin,
    note_name,
    noted_origins,
    origins_data,
    origins_from,
    requirement,
)

GOOD = {"layers/Gate": ["some-layers", "1.2.0"]}


def test_every_name_that_is_written_is_noted_with_its_distribution() -> None:
    with noted_origins() as origins:
        serialize(Dense(3, activation="relu", kernel_regularizer="l2"))
    assert {key: origin.distribution for key, origin in origins.items()} == {
        ("layers", "Dense"): "kcore-layers",
        ("activations", "relu"): "kcore-activations",
        ("initializers", "GlorotUniform"): "kcore-initializers",
        ("initializers", "Zeros"): "kcore-initializers",
        ("regularizers", "L2"): "kcore-regularizers",
    }
    assert {origin.version for origin in origins.values()} == {kcore.__version__}
    assert origins_from(json.dumps(origins_data(origins))) == origins
    serialize(kcore.losses.MeanSquaredError())
    assert len(origins) == 5


def test_what_running_code_brings_has_no_distribution() -> None:
    class Own(Layer):
        pass

    registry("layers").register(Own)
    try:
        with noted_origins() as origins, kcore.custom_object_scope({"Mine": Dense}):
            assert serialize(Own())["class_name"] == "Own"
            assert serialize(Dense(1, activation=None, use_bias=False))["class_name"] == "Mine"
            note_name("layers", "Own")
            note_name("layers", "Unheard")
            assert set(origins) == {
                ("activations", "linear"),
                ("initializers", "GlorotUniform"),
                ("initializers", "Zeros"),
            }
            note_name("layers", "kcore-layers>Dense")
        assert origins["layers", "kcore-layers>Dense"] == ("kcore-layers", kcore.__version__)
    finally:
        registry("layers").unregister("Own")


def test_a_component_that_is_written_by_its_qualified_name_is_noted_by_that(installed: Any) -> None:
    gate = "class Gate:\n    def get_config(self):\n        return {}\n"
    installed.install("one-layers", {"layers": {"Gate": "one_layers:Gate"}}, {"one_layers.py": gate}, version="1.0")
    installed.install("two-layers", {"layers": {"Gate": "two_layers:Gate"}}, {"two_layers.py": gate}, version="2.0")
    kcore.registry.refresh()
    with noted_origins() as origins:
        assert serialize(registry("layers")["two-layers>Gate"](), "layers")["class_name"] == "two-layers>Gate"
    assert origins == {("layers", "two-layers>Gate"): Origin("two-layers", "2.0")}


# --- reading ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said",
    [
        None,
        3,
        [],
        ["layers/Gate", "some-layers"],
        "",
        "no JSON",
        "3",
        "[" * 100_000,
        '{"layers/Gate": ' + "1" * 5000 + "}",
        " " * LONGEST + json.dumps(GOOD),
        {f"layers/Gate{number}": ["some-layers", "1"] for number in range(MOST + 1)},
    ],
    ids=lambda said: str(said)[:20],
)
def test_nonsense_says_nothing(said: Any) -> None:
    assert origins_from(said) == {}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("Gate", ["some-layers", "1"]),
        ("layers/", ["some-layers", "1"]),
        ("secrets/Gate", ["some-layers", "1"]),
        ("layers/Gate", "some-layers"),
        ("layers/Gate", ["some-layers"]),
        ("layers/Gate", ["some-layers", "1", "2"]),
        ("layers/Gate", {"some-layers": "1"}),
        ("layers/Gate", None),
        ("layers/Gate", [None, "1"]),
        ("layers/Gate", [7, "1"]),
    ],
)
def test_an_entry_of_another_form_is_left_out(key: str, value: Any) -> None:
    assert origins_from({key: value, "losses/fine": ["some-losses", "2"]}) == {
        ("losses", "fine"): Origin("some-losses", "2")
    }


@pytest.mark.parametrize(
    "name",
    [
        "",
        "-r",
        "--index-url=x",
        "a b",
        "a;rm",
        "a\n",
        "$(id)",
        "`id`",
        "a|b",
        "a&b",
        "a>b",
        "a'b",
        'a"b',
        "../a",
        "a/b",
        "git+a",
        "a@b",
        "a[b]",
        "a==1",
        ".a",
        "a.",
        "a_",
        "é",
        "a\x1b[31m",
        "a\u202eb",
        "a" * 101,
        "evil.whl",
        "evil.tar.gz",
        "evil.ZIP",
    ],
)
def test_what_is_no_name_of_a_distribution_is_left_out(name: str) -> None:
    assert origins_from({"layers/Gate": [name, "1.0"]}) == {}


@pytest.mark.parametrize("name", ["a", "A9", "some-layers", "some_layers", "some.layers", "a" * 100])
def test_names_of_distributions(name: str) -> None:
    assert origins_from({"layers/Gate": [name, "1.0"]}) == {("layers", "Gate"): Origin(name, "1.0")}


@pytest.mark.parametrize(
    "version",
    [
        None,
        1,
        1.0,
        ["1"],
        "",
        "one",
        "1 ",
        "1\n",
        "1;id",
        "1.0 --pre",
        "1.*",
        ">=1",
        "1$(id)",
        "1'",
        "1" * 101,
        "1.po\u017ft1",
    ],
)
def test_what_is_no_version_is_left_out_and_the_name_is_kept(version: Any) -> None:
    assert origins_from({"layers/Gate": ["some-layers", version]}) == {("layers", "Gate"): Origin("some-layers", "")}


# The forms of PEP 440, from its text.
@pytest.mark.parametrize(
    "version",
    ["0", "1.0", "2013.10", "1.0a1", "1.0b2", "1.0rc1", "1.0.dev4", "1.0.post3", "1.0-1", "1.0rc1.post2.dev3", "1!2.0", "1.0+ubuntu.1", "v1.0", "1.0.ALPHA.1"],
)  # fmt: skip
def test_versions(version: str) -> None:
    assert origins_from({"layers/Gate": ["some-layers", version]})["layers", "Gate"].version == version


def test_what_pip_is_given_is_one_word_of_the_shell() -> None:
    assert requirement(Origin("some-layers", "1.2")) == "some-layers==1.2"
    assert requirement(Origin("some-layers", "")) == "some-layers"
    # The core that is there decides about first-party versions.
    assert requirement(Origin("kcore-layers", "0.0.7")) == requirement(Origin("kcore-layers", "")) == "kcore-layers"
    # An epoch's sign is the history of some shells.
    assert requirement(Origin("some-layers", "1!2.0")) == "'some-layers==1!2.0'"
    assert shlex.split(requirement(Origin("some-layers", "1!2.0"))) == ["some-layers==1!2.0"]
    assert str(Origin("some-layers", "1.2")) == "some-layers 1.2" and str(Origin("some-layers", "")) == "some-layers"
