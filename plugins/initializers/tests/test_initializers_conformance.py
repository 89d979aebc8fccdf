"""Every initializer of the registry keeps the contract of initializers: all checks on all cases of the table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from kcore.registry import registry
from kcore.testing.initializers import CHECKS, InitializerCase

TABLE = Path(__file__).parent / "conformance" / "initializers.yaml"
CASES = [InitializerCase.from_row(row) for row in yaml.safe_load(TABLE.read_text(encoding="utf-8"))]


def offered() -> set[str]:
    """What this distribution has, each under its own name."""
    home = registry("initializers")
    names = [record.name for record in home.records() if record.distribution == "kcore-initializers"]
    return {name for name in names if home.load(name).__name__ == name}


def test_every_initializer_has_a_case_and_every_case_a_name() -> None:
    assert {case.initializer for case in CASES} == offered()
    assert len({str(case) for case in CASES}) == len(CASES)


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_initializer(case: InitializerCase, check: Callable[[InitializerCase], None]) -> None:
    check(case)
