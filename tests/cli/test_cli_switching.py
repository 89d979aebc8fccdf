"""``kcore enable``, ``disable`` and ``prefer``: what they write, and that everything afterwards obeys it."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

MODULE = "raise SystemExit('imported')"


@pytest.fixture
def run(process: Callable[..., Any], distribution: Callable[..., Path], tmp_path: Path) -> Callable[..., Any]:
    """Runs a command where two distributions claim one name, with a file of switches in a folder yet to be made."""
    for name in ("one-layers", "two-layers"):
        module = name.replace("-", "_")
        points = {"kcore.layers": {"Special": f"{module}:Special"}, "kcore.plugins": {name: module}}
        folder = distribution(name, module, MODULE, points)

    def command(*arguments: str, **variables: str) -> Any:
        file = str(tmp_path / "settings" / "switches.toml")
        return process(*arguments, **{"PYTHONPATH": str(folder), "KCORE_CONFIG": file, **variables})

    return command


def states(done: Any) -> dict[str, tuple[str, str]]:
    assert done.returncode == 0, done.stderr
    return {f"{row['distribution']}>{row['name']}": (row["state"], row["reason"]) for row in json.loads(done.stdout)}


def test_disabling_and_enabling(run: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "settings" / "switches.toml"
    done = run("disable", "One_Layers")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"one-layers is disabled in {file}\n"
    found = states(run("list", "layers", "--json"))
    assert found["one-layers>Special"] == ("disabled", f"{file} disables one-layers")
    assert found["two-layers>Special"] == ("available", None)
    assert states(run("list", "plugins", "--json"))["one-layers>one-layers"][0] == "disabled"
    assert run("enable", "one-layers").stdout == f"one-layers is enabled again in {file}\n"
    assert states(run("list", "layers", "--json"))["one-layers>Special"][0] == "shadowed"
    assert run("enable", "one-layers").stdout == f"one-layers was not disabled in {file}\n"


def test_several_at_once_and_one_that_is_not_installed(run: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "settings" / "switches.toml"
    done = run("disable", "two-layers", "gone", "one-layers")
    assert "gone is disabled in" in done.stdout
    assert done.stdout.count("(no installed distribution of that name has anything for kcore)") == 1
    assert 'disable = ["gone", "one-layers", "two-layers"]' in file.read_text()
    run("enable", "gone", "two-layers")
    assert 'disable = ["one-layers"]' in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) & 0o600 == 0o600
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_a_preference(run: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "settings" / "switches.toml"
    done = run("prefer", "layers/Special", "Two.Layers")
    assert done.stdout == f"layers/Special means that of two-layers 1.5, by {file}\n"
    found = states(run("list", "layers", "--json"))
    assert found["two-layers>Special"] == ("available", None)
    assert found["one-layers>Special"][1].startswith(f"{file} prefers two-layers")
    done = run("prefer", "layers/Special", "--forget")
    assert done.stdout == f"layers/Special has no preference any more in {file}\n"
    assert states(run("list", "layers", "--json"))["two-layers>Special"][0] == "shadowed"
    assert run("prefer", "layers/Special", "--forget").stdout == f"layers/Special had no preference in {file}\n"


def test_the_other_switch_is_kept(run: Callable[..., Any], tmp_path: Path) -> None:
    run("prefer", "layers/Special", "two-layers")
    run("prefer", "layers/Dense", "kcore-layers")
    run("disable", "one-layers")
    text = (tmp_path / "settings" / "switches.toml").read_text()
    assert text.endswith(
        'disable = ["one-layers"]\n\n[prefer.layers]\n"Dense" = "kcore-layers"\n"Special" = "two-layers"\n'
    )


def test_the_environment_that_wins_is_told(run: Callable[..., Any]) -> None:
    for arguments in (("disable", "one-layers"), ("enable", "one-layers")):
        assert "Note: KCORE_PLUGINS is set here, and wins over the file" in run(*arguments, KCORE_PLUGINS="all").stdout
        assert "Note" not in run(*arguments).stdout
    done = run("prefer", "layers/Special", "one-layers", KCORE_PREFER="layers/Special=two-layers")
    assert "Note: KCORE_PREFER is set here" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["disable"], 2, "Missing argument 'DISTRIBUTION...'"),
        (["disable", "kcore"], 2, "kcore itself is always enabled."),
        (["disable", "no name"], 2, "'no name' is no name of a distribution."),
        (["enable", "-"], 2, "'-' is no name of a distribution."),
        (["prefer", "Special", "one-layers"], 2, "Did you mean layers/Special?"),
        (["prefer", "layers/Special"], 2, "Say either the distribution that is meant, or --forget."),
        (["prefer", "layers/Special", "one-layers", "--forget"], 2, "or --forget."),
        (["prefer", "layers/one-layers>Special", "one-layers"], 2, "give the bare name"),
        (["prefer", "layers/Special", "three"], 1, "No installed distribution named 'three' has components for kcore."),
    ],
)
def test_what_cannot_be_said(
    run: Callable[..., Any], tmp_path: Path, arguments: list[str], code: int, message: str
) -> None:
    done = run(*arguments, KCORE_PREFER="layers/Special=one-layers")
    assert done.returncode == code
    assert message in done.stderr
    assert not (tmp_path / "settings").exists()


def test_without_a_file_to_write_to(run: Callable[..., Any]) -> None:
    done = run("disable", "one-layers", KCORE_CONFIG="off")
    assert done.returncode == 1
    assert "KCORE_CONFIG is 'off', or there is no home folder" in done.stderr


def test_a_file_that_cannot_be_understood_is_not_overwritten(run: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "settings" / "switches.toml"
    file.parent.mkdir()
    file.write_text("disable = [")
    for arguments in (("disable", "one-layers"), ("enable", "one-layers"), ("list",)):
        done = run(*arguments)
        assert done.returncode == 1
        assert done.stderr.startswith(f"Error: The switches in {file} cannot be used: it is no TOML")
    assert file.read_text() == "disable = ["


def test_a_folder_that_cannot_be_made(run: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "settings").write_text("")
    done = run("disable", "one-layers", KCORE_CONFIG=os.path.join(tmp_path, "settings", "below", "switches.toml"))
    assert done.returncode == 1
    assert "was not written" in done.stderr


def test_training_is_not_disturbed_and_plugins_are_not_imported(run: Callable[..., Any], recipe: Path) -> None:
    assert run("disable", "one-layers", "two-layers").returncode == 0
    done = run("train", str(recipe), "--epochs", "1")
    assert (done.returncode, done.stderr) == (0, "")
