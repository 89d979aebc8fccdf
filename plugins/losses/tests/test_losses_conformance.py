"""Every loss of the registry keeps the contract of losses."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from kcore.registry import registry
from kcore.testing import conformance_test, stated_cases
from kcore.testing.losses import LossCase
from kcore.testing.reference import load_cases

HERE = Path(__file__).parent
CASES: list[LossCase] = stated_cases("kcore-losses", "losses")
NAMES = {record.name for record in registry("losses").records() if record.distribution == "kcore-losses"}
MODULES = [
    importlib.import_module(f"kcore_losses.{name}")
    for name in ("crossentropy", "divergence", "hinge", "regression", "robust", "similarity")
]


test_conformance = conformance_test("kcore-losses")


def test_every_loss_is_recorded_from_another_framework() -> None:
    recorded = {case.component for case in load_cases(HERE / "reference" / "losses.npz")}
    assert {case.function for case in CASES} == recorded


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_examples(module: ModuleType) -> None:
    found = doctest.testmod(module, extraglobs={"np": np})
    assert found.attempted > 0 and found.failed == 0


@pytest.mark.parametrize("name", sorted(NAMES))
def test_every_loss_has_an_example(name: str) -> None:
    assert "Example:" in str(registry("losses").load(name).__doc__)
