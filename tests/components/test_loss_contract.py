"""The contract of losses: reductions, sample weights, functions as losses, and the form of labels and predictions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kcore.components.loss import (
    FunctionLoss,
    Loss,
    align_class_numbers,
    align_labels,
    as_predictions,
    label_check,
    spread_weights,
)
from kcore.engine import CompiledFunction
from kcore.errors import LabelShapeError, LabelValueError


class Distance(Loss):
    def call(self, y_true: Any, y_pred: Any) -> Any:
        return np.sum(np.abs(y_pred - align_labels("Distance", y_true, y_pred)), axis=-1)


def refuse_negative(labels: Any, output_shape: Any) -> None:
    if (labels < 0).any():
        raise LabelValueError(
            component="distance", problem="a label below 0", example=-1, position=0, expected=f"lengths {output_shape}"
        )


@label_check(refuse_negative)
def distance(y_true: Any, y_pred: Any) -> Any:
    return np.sum(np.abs(y_pred - y_true), axis=-1)


Y_TRUE = np.zeros((2, 3))
Y_PRED = np.array([[1.0, 1.0, 1.0], [3.0, 0.0, 0.0]])


@pytest.mark.parametrize("traced", [False, True], ids=["eager", "traced"])
@pytest.mark.parametrize(
    ("reduction", "plain", "weighted"),
    [("sum_over_batch_size", 3.0, 3.75), ("sum", 6.0, 7.5), ("none", [3.0, 3.0], [1.5, 6.0])],
)
def test_reductions_divide_by_the_number_of_values_not_by_weights(
    reduction: str, plain: Any, weighted: Any, traced: bool
) -> None:
    loss: Any = Distance(reduction=reduction)
    if traced:
        loss = CompiledFunction(loss)
    np.testing.assert_array_equal(loss(Y_TRUE, Y_PRED), plain)
    np.testing.assert_array_equal(loss(Y_TRUE, Y_PRED, np.array([0.5, 2.0])), weighted)


def test_a_function_is_a_loss_and_brings_its_label_check() -> None:
    loss = FunctionLoss(distance)
    assert loss.name == "distance"
    assert loss(Y_TRUE, Y_PRED) == 3.0
    loss.check_labels(Y_TRUE, (None, 3))
    with pytest.raises(LabelValueError) as caught:
        loss.check_labels(Y_TRUE - 1, (None, 3))
    assert str(caught.value) == ("distance was given a label below 0: -1 at position 0. It expects lengths (None, 3).")
    FunctionLoss(lambda y_true, y_pred: y_pred).check_labels(Y_TRUE - 1, (None, 3))


@pytest.mark.parametrize(
    ("given", "dtype", "shape"),
    [
        ([0.5, 1.0], "float32", (2, 1)),
        ([[1, 2]], "float32", (1, 2)),
        (np.zeros(3), "float64", (3, 1)),
        (np.zeros((3, 2), "int64"), "float32", (3, 2)),
        (np.zeros((3, 2, 4), "float32"), "float32", (3, 2, 4)),
    ],
)
def test_predictions_are_floating_and_have_an_axis_of_values(given: Any, dtype: str, shape: tuple[int, ...]) -> None:
    found = as_predictions(given)
    assert (found.dtype.name, found.shape) == (dtype, shape)


@pytest.mark.parametrize(
    ("labels", "predictions", "fits"),
    [
        ((4, 3), (4, 3), True),
        ((4,), (4, 1), True),
        ((4, 5), (4, 5, 1), True),
        ((4, 1), (4, 3), False),
        ((3,), (4, 3), False),
        ((1, 3), (4, 3), False),
        ((3,), (4, 1), False),
        ((), (4, 1), False),
    ],
)
def test_labels_never_broadcast(labels: tuple[int, ...], predictions: tuple[int, ...], fits: bool) -> None:
    if fits:
        aligned = align_labels("Distance", np.ones(labels, "int64"), np.ones(predictions, "float32"))
        assert (aligned.shape, aligned.dtype.name) == (predictions, "float32")
        return
    with pytest.raises(LabelShapeError) as caught:
        align_labels("Distance", np.ones(labels), np.ones(predictions), hint="see there")
    assert caught.value.labels == labels  # type: ignore[attr-defined]
    assert str(caught.value).startswith("Distance was given labels of shape (")
    assert str(caught.value).endswith("It expects labels of the same shape as the predictions; see there.")


@pytest.mark.parametrize(
    ("labels", "predictions", "axis", "found"),
    [
        ((4,), (4, 3), -1, (4,)),
        ((4, 1), (4, 3), -1, (4,)),
        ((4, 5), (4, 5, 3), -1, (4, 5)),
        ((4, 5, 1), (4, 5, 3), 2, (4, 5)),
        ((4, 5), (4, 3, 5), 1, (4, 5)),
        ((4, 1, 5), (4, 3, 5), 1, (4, 5)),
        ((4, 3), (4, 3), -1, None),
        ((3,), (4, 3), -1, None),
        ((4, 5), (4, 3), -1, None),
    ],
)
def test_class_numbers_lack_the_axis_of_classes(labels: Any, predictions: Any, axis: int, found: Any) -> None:
    numbers = np.zeros(labels, "uint8")
    if found is not None:
        aligned = align_class_numbers("Distance", numbers, np.zeros(predictions), axis=axis)
        assert (aligned.shape, aligned.dtype.name) == (found, "uint8")
        return
    with pytest.raises(
        LabelShapeError, match=r"It expects one class number per prediction, of shape \(batch=4,\); one-h"
    ):
        align_class_numbers("Distance", numbers, np.zeros(predictions), axis=axis)


@pytest.mark.parametrize(
    ("weights", "values", "found"),
    [((4,), (4,), (4,)), ((4,), (4, 5), (4, 1)), ((4, 5), (4, 5), (4, 5)), ((4, 1), (4,), (4,)), ((1,), (4,), (1,))],
)
def test_weights_get_the_axes_they_lack(weights: Any, values: Any, found: Any) -> None:
    spread = spread_weights(np.ones(weights, "int64"), np.ones(values, "float32"))
    assert (spread.shape, spread.dtype.name) == (found, "float32")


@pytest.mark.parametrize(("weights", "values"), [((3,), (4,)), ((5,), (4, 5)), ((4, 2), (4,)), ((4,), ())])
def test_weights_that_fit_no_sample(weights: Any, values: Any) -> None:
    with pytest.raises(LabelShapeError, match=r"sample_weight was given .* It expects one weight per sample\."):
        spread_weights(np.ones(weights), np.ones(values))
