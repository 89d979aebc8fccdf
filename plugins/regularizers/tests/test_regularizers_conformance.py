"""Every regularizer of the registry keeps the contract of regularizers: all checks on all cases of the table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from kcore.registry import registry
from kcore.testing.regularizers import CHECKS, RegularizerCase

TABLE = Path(__file__).parent / "conformance" / "regularizers.yaml"
CASES = [RegularizerCase.from_row(row) for row in yaml.safe_load(TABLE.read_text(encoding="utf-8"))]


def offered() -> set[str]:
    """What this distribution has, each under its own name."""
    home = registry("regularizers")
    names = [record.name for record in home.records() if record.distribution == "kcore-regularizers"]
    return {name for name in names if home.load(name).__name__ == name}


def test_every_regularizer_has_a_case_and_every_case_a_name() -> None:
    assert {case.regularizer for case in CASES} == offered()
    assert len({str(case) for case in CASES}) == len(CASES)


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_regularizer(case: RegularizerCase, check: Callable[[RegularizerCase], None]) -> None:
    check(case)
