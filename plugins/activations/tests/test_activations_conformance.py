"""Every activation of the registry keeps the contract of activations: all checks on all cases of the table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from kcore.registry import registry
from kcore.testing.activations import CHECKS, ActivationCase

TABLE = Path(__file__).parent / "conformance" / "activations.yaml"
CASES = [ActivationCase.from_row(row) for row in yaml.safe_load(TABLE.read_text(encoding="utf-8"))]


def offered() -> set[str]:
    """What this distribution has, each under its own name."""
    home = registry("activations")
    names = [record.name for record in home.records() if record.distribution == "kcore-activations"]
    return {name for name in names if home.load(name).__name__ == name}


def test_every_activation_has_a_case_and_every_case_a_name() -> None:
    assert {case.activation for case in CASES} == offered()
    assert len({str(case) for case in CASES}) == len(CASES)


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_activation(case: ActivationCase, check: Callable[[ActivationCase], None]) -> None:
    check(case)
