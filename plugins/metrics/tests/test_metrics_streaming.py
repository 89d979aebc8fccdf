"""Metrics beside recorded Keras values, and exact however the data is batched."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kcore.engine import CompiledFunction
from kcore.testing.reference import Case, load_cases
from kcore_metrics import accuracy, regression

CASES = load_cases(Path(__file__).parent / "reference" / "metrics.npz")
MEMBERS: dict[str, tuple[Any, Any]] = {
    "binary_accuracy": (accuracy.binary_accuracy, accuracy.BinaryAccuracy),
    "categorical_accuracy": (accuracy.categorical_accuracy, accuracy.CategoricalAccuracy),
    "sparse_categorical_accuracy": (accuracy.sparse_categorical_accuracy, accuracy.SparseCategoricalAccuracy),
    "mean_absolute_error": (regression.mean_absolute_error, regression.MeanAbsoluteError),
    "mean_squared_error": (regression.mean_squared_error, regression.MeanSquaredError),
}


def test_every_metric_has_cases() -> None:
    assert {case.component for case in CASES} == set(MEMBERS)


@pytest.mark.parametrize("traced", [False, True], ids=["eager", "traced"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_values_after_each_batch(case: Case, traced: bool) -> None:
    metric = MEMBERS[case.component][1](**case.config)
    assert metric.name == case.component
    step: Any = CompiledFunction(metric) if traced else metric
    for _ in range(2):
        for index, expected in enumerate(case.arrays["values"]):
            arrays = [case.arrays[f"{name}_{index}"] for name in ("y_true", "y_pred")]
            if "weighted" in case.name:
                arrays.append(case.arrays[f"sample_weight_{index}"])
            np.testing.assert_allclose(step(*arrays), expected, rtol=3e-7)
        # A second pass gives the same, because reset forgets the first.
        metric.reset()
    assert metric.result() == 0


def data(name: str, rows: int, seed: int) -> tuple[Any, Any, Any]:
    random = np.random.default_rng(seed)
    y_pred = random.standard_normal((rows, 3)).astype("float32")
    y_true: Any = random.integers(0, 3, rows)
    if name == "binary_accuracy":
        y_true = random.integers(0, 2, (rows, 3))
    elif name == "categorical_accuracy":
        y_true = np.eye(3, dtype="float32")[y_true]
    elif name.startswith("mean"):
        y_true = random.standard_normal((rows, 3)).astype("float32") * 1e3
    return y_true, y_pred, random.uniform(0.1, 2, rows).astype("float32")


def formula(name: str, y_true: Any, y_pred: Any) -> Any:
    """Values per sample, in float64."""
    if name == "binary_accuracy":
        return ((y_pred > 0.5) == y_true).mean(-1)
    if name.startswith("mean"):
        difference = (y_pred - y_true).astype("float32")
        return (np.abs(difference) if "absolute" in name else difference**2).astype("float64").mean(-1)
    classes = y_true.argmax(-1) if name == "categorical_accuracy" else y_true
    return (y_pred.argmax(-1) == classes).astype("float64")


@given(
    name=st.sampled_from(sorted(MEMBERS)),
    sizes=st.lists(st.integers(1, 40), min_size=1, max_size=8),
    weighted=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
def test_any_split_gives_the_value_of_one_pass(name: str, sizes: list[int], weighted: bool, seed: int) -> None:
    y_true, y_pred, weight = data(name, sum(sizes), seed)
    function, kind = MEMBERS[name]
    batches, whole = kind(), kind()
    start = 0
    for size in sizes:
        part = slice(start, start + size)
        batches.update(y_true[part], y_pred[part], weight[part] if weighted else None)
        start += size
    whole.update(y_true, y_pred, weight if weighted else None)
    values = formula(name, y_true, y_pred)
    np.testing.assert_allclose(function(y_true, y_pred), values, rtol=1e-12)
    expected = np.average(values, weights=weight.astype("float64") if weighted else None)
    np.testing.assert_allclose(whole.result(), expected, rtol=1e-12)
    np.testing.assert_allclose(batches.result(), whole.result(), rtol=1e-12)


def test_a_million_batches_would_not_drift() -> None:
    # Counts in float32 stop growing at 2**24; these do not.
    metric = accuracy.SparseCategoricalAccuracy()
    metric.update(np.array([0]), np.array([[1.0, 0.0]]))
    metric.total.assign(2.0**24)
    metric.count.assign(2.0**24)
    metric.update(np.array([1]), np.array([[1.0, 0.0]]))
    assert metric.result() == 2**24 / (2**24 + 1)


@pytest.mark.parametrize("kind", [*(kind for _, kind in MEMBERS.values()), accuracy.Accuracy])
def test_config_round_trip(kind: Any) -> None:
    config = {"name": "mine"} | ({"threshold": 0.25} if kind is accuracy.BinaryAccuracy else {})
    metric = kind(**config)
    assert metric.get_config() == config
    assert kind.from_config(json.loads(json.dumps(metric.get_config()))).get_config() == config
