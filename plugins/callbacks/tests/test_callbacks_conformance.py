"""Every callback of this distribution keeps the contract of callbacks: all checks on all cases of the table."""

from __future__ import annotations

from collections.abc import Callable
from importlib import resources

import numpy as np
import pytest
import yaml

from kcore.registry import registry
from kcore.testing.callbacks import CHECKS, CallbackCase, use

TABLE = resources.files("kcore_callbacks") / "conformance" / "callbacks.yaml"
CASES = [CallbackCase.from_row(row) for row in yaml.safe_load(TABLE.read_text(encoding="utf-8"))["callbacks"]]


def test_every_callback_has_a_case_and_every_case_a_name() -> None:
    offered = {record.name for record in registry("callbacks").records() if record.distribution == "kcore-callbacks"}
    assert {case.callback for case in CASES} == offered
    assert len({str(case) for case in CASES}) == len(CASES)


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_callback(case: CallbackCase, check: Callable[[CallbackCase], None]) -> None:
    check(case)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_representative_numbers(case: CallbackCase) -> None:
    arrays = use(case)
    assert len(arrays) >= 4 + 2 and all(np.isfinite(array).all() for array in arrays)
