"""Mean squared error beyond the recorded cases: shapes, dtypes, labels, config."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kcore.engine import CompiledFunction, gradients
from kcore.errors import InvalidArgumentError, LabelShapeError, LabelValueError
from kcore_losses.regression import MeanSquaredError, mean_squared_error


def test_lists_and_integers_are_taken() -> None:
    values = mean_squared_error([[0, 1], [2, 3]], [[1, 1], [0, 3]])  # type: ignore[arg-type]
    assert values.dtype == np.float32
    assert values.tolist() == [0.5, 2.0]


@pytest.mark.parametrize("dtype", ["int64", "uint8", "bool", "float64"])
def test_labels_of_any_dtype_keep_the_predictions_dtype(dtype: str) -> None:
    predictions = np.array([[0.5], [0.25]], "float32")
    values = mean_squared_error(np.array([0, 1], dtype), predictions)
    assert values.dtype == np.float32
    assert values.tolist() == [0.25, 0.5625]


def test_predictions_without_an_axis_of_values_have_a_value_each() -> None:
    assert mean_squared_error(np.zeros(3), np.array([1.0, 2.0, 3.0])).tolist() == [1.0, 4.0, 9.0]


def test_labels_that_only_broadcast_are_refused() -> None:
    with pytest.raises(LabelShapeError) as caught:
        mean_squared_error(np.zeros((4, 1)), np.zeros((4, 3)))
    assert str(caught.value) == (
        "mean_squared_error was given labels of shape (batch=4, 1) for predictions of shape (batch=4, 3). "
        "It expects labels of the same shape as the predictions."
    )
    with pytest.raises(LabelShapeError, match=r"\(batch=3,\) for predictions of shape \(batch=4, 1\)"):
        mean_squared_error(np.zeros(3), np.zeros((4, 1)))


def test_labels_that_only_broadcast_are_refused_while_traced() -> None:
    with pytest.raises(LabelShapeError, match=r"\(batch=4, 1\)"):
        CompiledFunction(MeanSquaredError())(np.zeros((4, 1)), np.zeros((4, 3)))


@given(
    rows=st.integers(1, 5),
    columns=st.integers(1, 4),
    seed=st.integers(0, 2**32 - 1),
    reduction=st.sampled_from(["sum_over_batch_size", "sum", "none"]),
)
def test_reductions_and_gradient_are_the_formula(rows: int, columns: int, seed: int, reduction: str) -> None:
    random = np.random.default_rng(seed)
    y_true, y_pred = random.standard_normal((2, rows, columns))
    weight = random.uniform(0, 2, rows)
    values = ((y_pred - y_true) ** 2).mean(-1) * weight
    expected = {"sum_over_batch_size": values.mean(), "sum": values.sum(), "none": values}[reduction]
    loss = MeanSquaredError(reduction=reduction)
    np.testing.assert_allclose(loss(y_true, y_pred, weight), expected, rtol=1e-12)

    def step(x: Any) -> Any:
        return gradients(np.sum(loss(y_true, x, weight)), [x])[0]

    scale = 2 / columns / (rows if reduction == "sum_over_batch_size" else 1)
    np.testing.assert_allclose(
        CompiledFunction(step)(y_pred), scale * (y_pred - y_true) * weight[:, None], rtol=1e-12, atol=1e-15
    )


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(
    "check",
    [MeanSquaredError().check_labels, mean_squared_error.check_labels],  # type: ignore[attr-defined]
)
def test_labels_that_are_no_numbers_are_refused(check: Any, bad: float) -> None:
    labels = np.zeros((5, 2), "float32")
    check(labels, (None, 2))
    check(np.zeros((0, 2)), (None, 2))
    check(np.array([3, 4]), (None, 1))
    labels[3, 1] = bad
    with pytest.raises(LabelValueError) as caught:
        check(labels, (None, 2))
    assert str(caught.value) == (
        f"mean_squared_error was given a label that is not a finite number: {bad!r} at position (3, 1). "
        "It expects finite numbers."
    )
    assert caught.value.position == (3, 1)  # type: ignore[attr-defined]


def test_config_round_trip() -> None:
    loss = MeanSquaredError(reduction="sum", name="distance")
    assert loss.get_config() == {"reduction": "sum", "name": "distance"}
    assert MeanSquaredError.from_config(loss.get_config()).get_config() == loss.get_config()


@pytest.mark.parametrize(
    ("given_name", "kept"), [("auto", "sum_over_batch_size"), (None, "none"), ("mean", "sum_over_batch_size")]
)
def test_other_names_of_reductions(given_name: str | None, kept: str) -> None:
    assert MeanSquaredError(reduction=given_name).reduction == kept


def test_unknown_reduction() -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        MeanSquaredError(reduction="average")
    assert str(caught.value) == (
        "MeanSquaredError cannot take reduction='average'. Allowed: 'sum_over_batch_size', 'sum', 'none'."
    )
