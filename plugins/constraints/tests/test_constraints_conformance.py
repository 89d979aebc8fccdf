"""Every constraint of the registry keeps the contract of constraints: all checks on all cases of the table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from kcore.registry import registry
from kcore.testing.constraints import CHECKS, ConstraintCase

TABLE = Path(__file__).parent / "conformance" / "constraints.yaml"
CASES = [ConstraintCase.from_row(row) for row in yaml.safe_load(TABLE.read_text(encoding="utf-8"))]


def offered() -> set[str]:
    """What this distribution has, each under its own name."""
    home = registry("constraints")
    names = [record.name for record in home.records() if record.distribution == "kcore-constraints"]
    return {name for name in names if home.load(name).__name__ == name}


def test_every_constraint_has_a_case_and_every_case_a_name() -> None:
    assert {case.constraint for case in CASES} == offered()
    assert len({str(case) for case in CASES}) == len(CASES)


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_constraint(case: ConstraintCase, check: Callable[[ConstraintCase], None]) -> None:
    check(case)
