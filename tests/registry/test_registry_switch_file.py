"""The switches in the user's file: what it says, that others win over it, and what is wrong with one."""

from __future__ import annotations

import os
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kcore.errors import AmbiguousComponentError, DisabledComponentError, SwitchFileError
from kcore.registry import FAMILIES, configure_plugins, hook_records, prefer, refresh, registry
from kcore.registry.switch_file import SwitchFile, read, shown, stamp, switch_file, text_of

MODULE = "class Special: ..."


@pytest.fixture
def file(installed: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The path of a file of switches, beside two distributions that claim one name."""
    for name in ("one", "two"):
        entries = {"layers": {"Special": f"{name}:Special", name.title(): f"{name}:Special"}, "plugins": {name: name}}
        installed.install(name, entries, {f"{name}.py": MODULE})
    refresh()
    path = tmp_path / "settings" / "kcore.toml"
    path.parent.mkdir()
    monkeypatch.setenv("KCORE_CONFIG", str(path))
    monkeypatch.setenv("HOME", str(tmp_path))
    return path


def states() -> dict[str, str]:
    return {record.qualified: record.state for record in registry("layers").records()}


def test_without_the_file_nothing_is_switched(file: Path) -> None:
    assert stamp() is None
    assert set(states().values()) == {"available", "shadowed"}
    assert read(str(file)) == SwitchFile()


def test_a_disabled_distribution(file: Path) -> None:
    file.write_text('disable = ["ONE"]\n')
    assert states() == {
        "one>One": "disabled",
        "one>Special": "disabled",
        "two>Special": "available",
        "two>Two": "available",
    }
    with pytest.raises(DisabledComponentError) as caught:
        registry("layers").load("One")
    assert str(caught.value) == (
        "The layer 'One' of one 1.0 is disabled: ~/settings/kcore.toml disables one. Change that switch to use it."
    )
    assert registry("layers").load("Special").__module__ == "two"
    assert {record.distribution: record.state for record in hook_records()} == {"one": "disabled", "two": "available"}


def test_a_preference(file: Path) -> None:
    with pytest.raises(AmbiguousComponentError):
        registry("layers").load("Special")
    file.write_text('[prefer.layers]\nSpecial = "two"\n')
    assert registry("layers").load("Special").__module__ == "two"
    assert registry("layers").resolve("one>Special").reason == (
        "~/settings/kcore.toml prefers two; 'one>Special' reaches this one"
    )


def test_a_change_is_seen_at_the_next_lookup(file: Path) -> None:
    layers = registry("layers")
    assert "One" in layers
    file.write_text('disable = ["one"]\n')
    assert "One" not in layers
    file.write_text('disable = ["two"]\n')
    os.utime(file, ns=(1, 1))
    assert "One" in layers and "Two" not in layers
    file.unlink()
    assert "Two" in layers


def test_the_environment_wins_over_the_file_and_code_over_both(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text('disable = ["one"]\n\n[prefer.layers]\nSpecial = "one"\n')
    layers = registry("layers")
    assert "One" not in layers
    monkeypatch.setenv("KCORE_PLUGINS", "all")
    assert "One" in layers and layers.resolve("Special").distribution == "one"
    monkeypatch.setenv("KCORE_PLUGINS", "-two")
    assert "One" in layers and "Two" not in layers
    monkeypatch.setenv("KCORE_PLUGINS", "all")
    monkeypatch.setenv("KCORE_PREFER", "layers/Special=two")
    assert layers.resolve("Special").distribution == "two"
    prefer("layers", "Special", "one")
    assert layers.resolve("Special").distribution == "one"
    with configure_plugins("-one"):
        assert "One" not in layers
    prefer("layers", "Special", None)
    monkeypatch.delenv("KCORE_PREFER")
    monkeypatch.delenv("KCORE_PLUGINS")
    with configure_plugins("all"):
        assert "One" in layers


BAD = {
    "disable = [": "it is no TOML",
    "\udcff": "it is no TOML",
    "a = " + "[" * 5000: "it is no TOML",
    "disabled = []": "the key 'disabled' means nothing (there are 'disable' and 'prefer')",
    "disable = 'one'": "'disable' is no list of names of distributions",
    "disable = ['']": "'disable' is no list of names of distributions",
    "disable = [1]": "'disable' is no list of names of distributions",
    "disable = ['KCore']": "kcore itself cannot be disabled",
    "prefer = 1": "'prefer' is no table",
    "[prefer.layer]\nA = 'one'": "'layer' in 'prefer' is no family (there are layers, losses",
    "[prefer]\nlayers = 'one'": "'prefer.layers' is no table of names and distributions",
    "[prefer.layers]\nA = ''": "'prefer.layers' is no table of names and distributions",
}


@pytest.mark.parametrize("text", BAD)
def test_a_file_that_cannot_be_used(file: Path, text: str) -> None:
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(SwitchFileError) as caught:
        registry("layers").load("One")
    error: Any = caught.value
    assert error.problem.startswith(BAD[text])
    assert error.path == str(file)
    assert str(file) in str(error) and "KCORE_CONFIG" in str(error)
    # Without the file there is no trouble.
    file.unlink()
    assert registry("layers").load("One").__module__ == "one"


def test_a_folder_in_its_place_is_told(file: Path) -> None:
    file.mkdir()
    with pytest.raises(SwitchFileError, match="Is a directory"):
        registry("layers").load("One")


def test_where_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("HOME", "/home/someone")
    monkeypatch.delenv("KCORE_CONFIG", raising=False)
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    assert switch_file() == "/home/someone/.config/kcore/config.toml"
    assert shown(str(switch_file())) == "~/.config/kcore/config.toml"
    assert shown("/home/user/x") == "/home/user/x"
    monkeypatch.setenv("XDG_CONFIG_HOME", "relative")
    assert switch_file() == "/home/someone/.config/kcore/config.toml"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert switch_file() == str(tmp_path / "kcore" / "config.toml")
    monkeypatch.setenv("KCORE_CONFIG", "~/mine.toml")
    assert switch_file() == "/home/someone/mine.toml"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KCORE_CONFIG", "mine.toml")
    assert switch_file() == str(tmp_path / "mine.toml")
    monkeypatch.setenv("KCORE_CONFIG", "Off")
    assert switch_file() is None and stamp() is None
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.delenv("KCORE_CONFIG")
    monkeypatch.delenv("XDG_CONFIG_HOME")
    assert switch_file() == "/home/someone/Library/Application Support/kcore/config.toml"


def test_a_relative_path_is_that_of_the_current_folder(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text('disable = ["one"]\n')
    monkeypatch.setenv("KCORE_CONFIG", "kcore.toml")
    assert "One" in registry("layers")
    monkeypatch.chdir(file.parent)
    assert "One" not in registry("layers")


TEXT = st.text(st.characters(exclude_categories=("Cs",)), min_size=1)


@given(st.lists(TEXT, max_size=3), st.dictionaries(st.tuples(st.sampled_from(list(FAMILIES)), TEXT), TEXT, max_size=5))
def test_what_is_written_is_read_again(disabled: list[str], preferred: dict[tuple[str, str], str]) -> None:
    text = text_of(SwitchFile(tuple(disabled), preferred))
    content = tomllib.loads(text)
    assert content.get("disable", []) == sorted(disabled)
    found = {(family, name): who for family, names in content.get("prefer", {}).items() for name, who in names.items()}
    assert found == preferred


def test_reading_the_file_needs_no_other_library(site: Any, tmp_path: Path) -> None:
    path = tmp_path / "switches.toml"
    path.write_text('disable = ["some"]\n')
    code = """
        import sys
        from kcore.registry import registry
        layers = registry("layers")
        layers.records()
        print("tomllib" in sys.modules, "click" in sys.modules)
    """
    assert site.python(code, KCORE_CONFIG=str(path)) == "True False"
    assert site.python(code) == "False False"
