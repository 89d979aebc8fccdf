"""``kcore list``."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kcore import layers
from kcore.registry import FAMILIES, registry


def rows(output: str) -> dict[str, dict[str, str]]:
    return {row["distribution"] + ">" + row["name"]: row for row in json.loads(output)}


def test_a_family_is_a_table(kcore: Any) -> None:
    result = kcore("list", "layers")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert next(line.split() for line in lines if line.strip()) == [
        "Family",
        "Name",
        "Distribution",
        "Version",
        "State",
    ]
    (dense,) = [line.split() for line in lines if " Dense " in line]
    assert dense[:3] == ["layers", "Dense", "kcore-layers"]
    assert dense[4] == "available"
    assert lines[-1] == f"{len(registry('layers').records())} components from 2 distributions"


def test_without_a_family_all_are_listed(kcore: Any) -> None:
    found = {row["family"] for row in json.loads(kcore("list", "--json").stdout)}
    assert found == set(FAMILIES)


def test_json_has_a_record_each(kcore: Any) -> None:
    row = rows(kcore("list", "layers", "--json").stdout)["kcore-layers>Dense"]
    assert list(row) == ["family", "name", "distribution", "version", "state", "reason", "entry_point"]
    assert (row["state"], row["reason"], row["entry_point"]) == ("available", None, "kcore_layers.core:Dense")
    assert row["version"]


def test_what_running_code_registered_is_local(kcore: Any) -> None:
    class Mine(layers.Layer):  # type: ignore[misc, name-defined, unused-ignore]
        pass

    registry("layers").register(Mine)
    try:
        row = rows(kcore("list", "layers", "--json").stdout)["local>Mine"]
        assert row["state"] == "local"
        assert "1 local" in kcore("list", "layers").stdout.splitlines()[-1]
    finally:
        registry("layers").unregister("Mine")


def test_names_with_brackets_are_shown_as_they_are(kcore: Any) -> None:
    def odd() -> None: ...

    registry("datasets").register(odd, name="[bold]odd[/bold]")
    try:
        assert "[bold]odd[/bold]" in kcore("list", "datasets").stdout
    finally:
        registry("datasets").unregister("[bold]odd[/bold]")


@pytest.mark.parametrize(
    ("family", "hint"), [("layer", "Did you mean 'layers'? Families: layers, losses"), ("zzz", "Families: layers")]
)
def test_an_unknown_family_is_wrong_usage(kcore: Any, family: str, hint: str) -> None:
    result = kcore("list", family)
    assert result.exit_code == 2
    assert f"there is no family '{family}'." in result.stderr
    assert hint in result.stderr


MARKS = "import pathlib\npathlib.Path(__file__).with_suffix('.mark').touch()\n"


def test_states_in_a_process_with_other_plugins(process: Callable[..., Any], distribution: Callable[..., Path]) -> None:
    folder = distribution(
        "other-layers",
        "other_layers",
        MARKS,
        {
            "kcore.layers": {"Dense": "other_layers:Dense", "Gone": "no_such_module:Gone", "New": "other_layers:New"},
            "kcore.plugins": {"other": "other_layers"},
        },
    )
    found = rows(process("list", "layers", "--json", PYTHONPATH=str(folder)).stdout)
    assert found["kcore-layers>Dense"]["state"] == "available"
    assert found["other-layers>Dense"]["state"] == "shadowed"
    assert "kcore-layers" in found["other-layers>Dense"]["reason"]
    assert found["other-layers>Gone"]["state"] == "broken"
    assert "no_such_module" in found["other-layers>Gone"]["reason"]
    assert (found["other-layers>New"]["state"], found["other-layers>New"]["version"]) == ("available", "1.5")
    denied = rows(process("list", "layers", "--json", PYTHONPATH=str(folder), KCORE_PLUGINS="-other-layers").stdout)
    assert denied["other-layers>New"]["state"] == "disabled"
    assert "KCORE_PLUGINS" in denied["other-layers>New"]["reason"]
    table = process("list", PYTHONPATH=str(folder))
    assert table.stdout.splitlines()[-1].endswith("(1 shadowed, 1 broken)")
    assert "plugins" in process("list", "plugins", PYTHONPATH=str(folder)).stdout
    # The plugin's module leaves a mark when it is imported.
    assert not (folder / "other_layers.mark").exists()
    process("info", "layers/New", PYTHONPATH=str(folder))
    assert (folder / "other_layers.mark").exists()


def test_listing_imports_no_plugin_and_no_numpy(process: Callable[..., Any]) -> None:
    result = process("list", python=("-X", "importtime"))
    imported = {
        line.rpartition("|")[2].strip() for line in result.stderr.splitlines() if line.startswith("import time")
    }
    assert "kcore.cli.listing" in imported
    assert "rich" in imported
    tops = {name.partition(".")[0] for name in imported}
    assert not {name for name in tops if name.startswith("kcore_")}
    assert not tops & {"numpy", "h5py", "yaml", "pluggy"}
    plain = process("list", "--json", python=("-X", "importtime")).stderr
    assert " rich" not in plain


def test_importing_the_command_line_is_light() -> None:
    import subprocess

    code = "import sys, kcore.cli.app; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & {"numpy", "h5py", "yaml", "pluggy", "rich", "importlib_metadata"}
