"""The contract of metrics: states, means with weights, functions as metrics."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kcore.components.metric import FunctionMetric, Mean, Metric
from kcore.engine import CompiledFunction
from kcore.errors import InvalidArgumentError


class Largest(Metric):
    """A state that is no sum."""

    def __init__(self, *, name: str | None = None) -> None:
        super().__init__(name=name)
        self.largest = self.add_state("largest")

    def update(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        self.largest.assign(np.maximum(self.largest, np.max(np.abs(y_pred - y_true))))

    def result(self) -> Any:
        return self.largest * 1.0


@pytest.mark.parametrize("traced", [False, True], ids=["eager", "traced"])
def test_states_live_from_batch_to_batch(traced: bool) -> None:
    metric = Largest()
    step: Any = CompiledFunction(metric) if traced else metric
    assert metric.name == "largest"
    assert [step(np.zeros(2), np.array(batch)) for batch in ([1.0, -3.0], [2.0, 0.0])] == [3.0, 3.0]
    metric.reset()
    assert step(np.zeros(2), np.ones(2)) == 1.0


def test_mean_is_weighted_by_sample_and_0_before_anything() -> None:
    mean = Mean()
    assert mean.result() == 0.0
    mean.add(np.array([[1.0, 2.0], [3.0, 4.0]], "float32"), np.array([1.0, 3.0]))
    assert mean.result() == (1 + 2 + 3 * (3 + 4)) / 8
    mean.add(np.array([10.0, 10.0]))
    assert mean.result() == (24 + 20) / 10
    mean.reset()
    mean.add(np.array([5.0]), np.array([0.0]))
    assert mean.result() == 0.0


def test_sums_are_exact_where_float32_would_not_be() -> None:
    mean = Mean()
    for value in (1e8, 1.0, 1.0, -1e8):
        mean.add(np.array([value], "float32"))
    assert mean.result() == 0.5


def test_a_function_is_a_metric() -> None:
    def distance(y_true: Any, y_pred: Any) -> Any:
        return np.abs(y_pred - y_true)

    metric = FunctionMetric(distance)
    assert metric.name == "distance"
    assert metric(np.zeros(2), np.array([1.0, 3.0]), np.array([3.0, 1.0])) == 1.5


@pytest.mark.parametrize("dtype", ["float32", np.float64, None])
def test_the_result_has_the_dtype_and_the_states_have_not(dtype: Any) -> None:
    mean = Mean(dtype=dtype)
    mean.add(np.array([0.1]))
    assert mean.result().dtype == (dtype or "float64") and mean.total.dtype == "float64"
    assert mean.get_config() == {"name": "mean", "dtype": dtype and np.dtype(dtype).name}
    assert mean.several() == ""


@pytest.mark.parametrize("dtype", ["int64", "wide", 3])
def test_a_dtype_that_is_not_floating(dtype: Any) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        Mean(dtype=dtype)
    assert str(caught.value) == f"Mean cannot take dtype={dtype!r}. Allowed: a floating dtype, or None."
