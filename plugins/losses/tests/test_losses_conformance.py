"""Every loss of the registry keeps the contract of losses: all checks on all cases of the table."""

from __future__ import annotations

import doctest
import importlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import yaml

from kcore.registry import registry
from kcore.testing.losses import CHECKS, LossCase
from kcore.testing.reference import load_cases

HERE = Path(__file__).parent
CASES = [
    LossCase.from_row(row)
    for table in sorted((HERE / "conformance").glob("*.yaml"))
    for row in yaml.safe_load(table.read_text(encoding="utf-8"))
]
NAMES = {record.name for record in registry("losses").records() if record.distribution == "kcore-losses"}
MODULES = [
    importlib.import_module(f"kcore_losses.{name}")
    for name in ("crossentropy", "divergence", "hinge", "regression", "robust", "similarity")
]


def test_every_name_is_in_a_case_and_every_case_has_its_own_label() -> None:
    assert {name for case in CASES for name in (case.function, case.kind, *case.names)} == NAMES
    assert len({str(case) for case in CASES}) == len(CASES)


def test_every_loss_is_recorded_from_another_framework() -> None:
    recorded = {case.component for case in load_cases(HERE / "reference" / "losses.npz")}
    assert {case.function for case in CASES} == recorded


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_loss(case: LossCase, check: Callable[[LossCase], None]) -> None:
    check(case)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_examples(module: ModuleType) -> None:
    found = doctest.testmod(module, extraglobs={"np": np})
    assert found.attempted > 0 and found.failed == 0


@pytest.mark.parametrize("name", sorted(NAMES))
def test_every_loss_has_an_example(name: str) -> None:
    assert "Example:" in str(registry("losses").load(name).__doc__)
