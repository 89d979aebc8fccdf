"""``kcore conformance``: a report for people, JSON for programs, and an exit code."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from .conftest import Process

CODE = '''
from __future__ import annotations
from typing import Any
import numpy as np
from kcore.regularizers import Regularizer

class Half(Regularizer):
    """Half the sum of squares."""

    def __call__(self, weights: Any) -> Any:
        return np.sum(weights * weights) / 2

class Rough(Regularizer):
    """The penalty sum(round(w)), which has no derivative."""

    def __call__(self, weights: Any) -> Any:
        return np.sum(np.floor(weights))
'''
ROWS = """
regularizers:
  - {regularizer: Half, weights: [1, 2], penalty: %s}
  - {regularizer: Rough, label: rough, weights: [1, 2], penalty: 3, expected_failures: {derivatives: it is a staircase}}
"""


@pytest.fixture
def plugin(distribution: Callable[..., Path]) -> Callable[[float], str]:
    """Writes a distribution whose stated penalty is this; gives the folder for the import path."""

    def make(penalty: float) -> str:
        entries = {"kcore.regularizers": {"Half": "halfplugin.code:Half", "Rough": "halfplugin.code:Rough"}}
        site = distribution("half-plugin", "unused", "", entries)
        (site / "halfplugin" / "conformance").mkdir(parents=True)
        (site / "halfplugin" / "__init__.py").write_text("")
        (site / "halfplugin" / "code.py").write_text(CODE)
        (site / "halfplugin" / "conformance" / "rows.yaml").write_text(ROWS % penalty)
        return str(site)

    return make


def test_an_official_distribution(kcore: Callable[..., Result]) -> None:
    result = kcore("conformance", "kcore-regularizers", "--component", "regularizers/L2")
    assert result.exit_code == 0
    first, last = result.stdout.splitlines()
    name, passed, word = first.split()
    assert (name, word) == ("regularizers/L2", "passed") and int(passed) > 20
    assert last == f"kcore-regularizers: {passed} checks, {passed} passed"


def test_what_is_wrong_is_told_under_its_component(
    process: Callable[..., Process], plugin: Callable[[float], str]
) -> None:
    result = process("conformance", "half-plugin", PYTHONPATH=plugin(7.5))
    assert result.returncode == 1
    lines = result.stdout.splitlines()
    half = next(number for number, line in enumerate(lines) if line.startswith("regularizers/Half "))
    assert lines[half].endswith(", 1 failed"), result.stdout
    assert lines[half + 1].startswith("  penalty: ") and "the penalty" in result.stdout
    # Rough has gradients of 0, which is what finite differences find as well: the expected failure passes.
    assert "  derivatives (Rough-rough): passes, though it is expected to fail (it is a staircase)" in result.stdout
    assert lines[-1].startswith("half-plugin: ") and lines[-1].endswith(" 2 failed")


def test_as_json(process: Callable[..., Process], plugin: Callable[[float], str]) -> None:
    options = ("--family", "regularizers", "--component", "regularizers/Half", "--check", "penalty", "--json")
    result = process("conformance", "half-plugin", *options, PYTHONPATH=plugin(2.5))
    assert result.returncode == 0
    (row,) = json.loads(result.stdout)
    assert row.pop("seconds") >= 0
    assert row == {
        "family": "regularizers",
        "component": "Half",
        "case": "Half",
        "check": "penalty",
        "outcome": "passed",
        "reason": None,
        "text": None,
    }


def test_names_that_mean_nothing(kcore: Callable[..., Result]) -> None:
    result = kcore("conformance", "kcore-loses")
    assert result.exit_code == 1 and "Did you mean 'kcore-losses' or " in result.stderr
    result = kcore("conformance", "kcore-losses", "--check", "speed")
    assert result.exit_code == 1 and "nothing to check for the check 'speed'. There is: " in result.stderr
    assert kcore("conformance", "kcore-losses", "--family", "loses").exit_code == 2
