"""Every metric of the registry keeps the contract of metrics."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kcore_metrics
from kcore.registry import registry
from kcore.testing import conformance_test, stated_cases
from kcore.testing.metrics import MetricCase, streamed

CASES: list[MetricCase] = stated_cases("kcore-metrics", "metrics")
NAMES = {record.name for record in registry("metrics").records() if record.distribution == "kcore-metrics"}
MODULES = [
    importlib.import_module(f"kcore_metrics.{path.stem}")
    for path in sorted(Path(kcore_metrics.__path__[0]).glob("*.py"))
    if path.stem not in ("__init__", "formula")
]


test_conformance = conformance_test("kcore-metrics")


@pytest.mark.parametrize("case", CASES, ids=str)
@given(
    sizes=st.lists(st.integers(1, 12), min_size=1, max_size=6),
    weighted=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=15)
def test_any_split_gives_the_value_of_one_pass(case: MetricCase, sizes: list[int], weighted: bool, seed: int) -> None:
    rows = sum(sizes)
    weights = np.random.default_rng(seed).uniform(0, 2, rows) * np.random.default_rng(seed + 1).integers(0, 2, rows)
    arrays = (*case.arrays(rows=rows, seed=seed), *([weights] if weighted else []))
    whole = streamed(case.make(), arrays, [rows])
    scale = max(1.0, float(np.max(np.abs(whole))))
    np.testing.assert_allclose(streamed(case.make(), arrays, sizes), whole, rtol=0, atol=1e-11 * scale)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_examples(module: ModuleType) -> None:
    found = doctest.testmod(module, extraglobs={"np": np})
    assert found.attempted > 0 and found.failed == 0


@pytest.mark.parametrize("name", sorted(NAMES))
def test_every_metric_has_an_example(name: str) -> None:
    assert "Example:" in str(registry("metrics").load(name).__doc__)
