"""The gate of the example plugins: it speaks of components that they have, and finds a command that is not refused."""

from __future__ import annotations

import importlib
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    return importlib.import_module("example_plugins")


def test_the_components_of_the_story_are_those_of_the_plugins(gate: Any) -> None:
    for component, plugin in gate.COMPONENTS.items():
        family, name = component.split("/")
        project = tomllib.loads((gate.EXAMPLES / plugin / "pyproject.toml").read_text())["project"]
        assert project["name"] == plugin
        assert name in project["entry-points"][f"kcore.{family}"]
        assert f".{name}(" in gate.TRAIN or f'"{name}"' in gate.TRAIN
    # Every example takes part.
    assert {path.parent.name for path in gate.EXAMPLES.glob("*/pyproject.toml")} == set(gate.COMPONENTS.values())


def test_they_are_strangers(gate: Any) -> None:
    from kcore.registry.first_party import owner

    standard = (ROOT / "plugins" / "standard" / "pyproject.toml").read_text()
    for component, plugin in gate.COMPONENTS.items():
        assert owner(*component.split("/")) is None
        assert plugin not in standard


@pytest.mark.parametrize(("code", "found"), [(0, True), (1, False), (70, True)])
def test_only_the_exit_code_of_an_error_is_a_refusal(gate: Any, tmp_path: Path, code: int, found: bool) -> None:
    workshop = gate.Workshop(tmp_path)
    command = [sys.executable, "-c", f"import sys; print('said', file=sys.stderr); sys.exit({code})"]
    if found:
        with pytest.raises(gate.CheckError, match=f"ended with {code}, not 1:\nsaid"):
            gate.refused(workshop, command, tmp_path)
    else:
        assert gate.refused(workshop, command, tmp_path) == "said\n"
