"""Regression metrics beyond the recorded cases: shapes, dtypes, errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kcore.errors import LabelShapeError
from kcore_metrics.regression import MeanAbsoluteError, MeanSquaredError, mean_absolute_error, mean_squared_error


@pytest.mark.parametrize(
    ("function", "expected"), [(mean_absolute_error, [1.0, 1.5]), (mean_squared_error, [1.0, 2.5])]
)
@pytest.mark.parametrize("dtype", ["int64", "float32", "float64"])
def test_values_per_sample(function: Any, expected: list[float], dtype: str) -> None:
    values = function(np.array([[1, 2], [3, 4]], dtype), np.array([[2.0, 1.0], [1.0, 5.0]], "float32"))
    assert values.dtype == np.float64
    assert values.tolist() == expected


@pytest.mark.parametrize("kind", [MeanAbsoluteError, MeanSquaredError])
def test_predictions_without_an_axis_of_values_stream_exactly(kind: Any) -> None:
    metric = kind()
    metric.update(np.zeros(3), np.ones(3))
    metric.update(np.zeros(1), np.full(1, 0.0))
    assert metric.result() == 0.75


@pytest.mark.parametrize("function", [mean_absolute_error, mean_squared_error])
def test_labels_that_only_broadcast(function: Any) -> None:
    with pytest.raises(LabelShapeError) as caught:
        function(np.zeros((4, 1)), np.zeros((4, 2)))
    assert str(caught.value) == (
        f"{function.__name__} was given labels of shape (batch=4, 1) for predictions of shape (batch=4, 2). "
        "It expects labels of the same shape as the predictions."
    )
