"""Hinge losses: they end as soon as a decision is right by a margin of 1, as in support vector machines.

At the hinge itself the gradient is 0, the subgradient of a decision that is already right by enough.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from kcore import Array, ops
from kcore.losses import align_labels, as_predictions, label_check
from kcore_losses.formula import FormulaLoss
from kcore_losses.labels import check_signs, check_unit_interval


@label_check(lambda labels, output_shape: check_signs("hinge", labels))
def hinge(y_true: Array, y_pred: Array) -> Array:
    """The mean over the last axis of ``max(1 - y_true * y_pred, 0)``.

    Args:
        y_true: labels -1 and 1, or 0 and 1, (batch, ..., outputs); (batch,) for predictions (batch, 1). If all labels
            of the call are 0 or 1, 0 counts as -1.
        y_pred: predictions (batch, ..., outputs), floating: positive for yes, negative for no.

    Returns:
        a value per sample (and step), (batch, ...), in the predictions' dtype.

    Raises:
        LabelShapeError: labels whose shape is not the predictions'.
        LabelValueError: before training, if labels are not all among -1 and 1, or all among 0 and 1. (Keras takes
            what is between, and then a label of 0 means one thing or another, as the batch may be.)

    Source: Keras's definition, the same in Keras 2 and 3. PyTorch's ``HingeEmbeddingLoss`` is something else.

    Example:
        >>> hinge(np.array([[1], [0]]), np.array([[0.25], [0.25]])).tolist()
        [0.75, 1.25]
    """
    return np.mean(_shortfall("hinge", y_true, y_pred), axis=-1)  # type: ignore[no-any-return]


@label_check(lambda labels, output_shape: check_signs("squared_hinge", labels))
def squared_hinge(y_true: Array, y_pred: Array) -> Array:
    """The mean over the last axis of ``max(1 - y_true * y_pred, 0) ** 2``.

    Args:
        y_true: labels -1 and 1, or 0 and 1, (batch, ..., outputs); (batch,) for predictions (batch, 1). If all labels
            of the call are 0 or 1, 0 counts as -1.
        y_pred: predictions (batch, ..., outputs), floating: positive for yes, negative for no.

    Returns:
        a value per sample (and step), (batch, ...), in the predictions' dtype.

    Raises:
        LabelShapeError: labels whose shape is not the predictions'.
        LabelValueError: before training, if labels are not all among -1 and 1, or all among 0 and 1.

    Source: Keras's definition, the same in Keras 2 and 3.

    Example:
        >>> squared_hinge(np.array([[1], [-1]]), np.array([[0.5], [0.5]])).tolist()
        [0.25, 2.25]
    """
    return np.mean(np.square(_shortfall("squared_hinge", y_true, y_pred)), axis=-1)  # type: ignore[no-any-return]


@label_check(lambda labels, output_shape: check_unit_interval("categorical_hinge", labels))
def categorical_hinge(y_true: Array, y_pred: Array) -> Array:
    """How far the true class's prediction is from being the largest by 1: ``max(other - own + 1, 0)``.

    ``own = sum(y_true * y_pred)`` and ``other = max((1 - y_true) * y_pred)``, along the last axis. The true class takes
    part in ``other`` with 0, so it is never negative.

    Args:
        y_true: one-hot labels (batch, ..., classes).
        y_pred: predictions (batch, ..., classes), floating.

    Returns:
        a value per sample (and step), (batch, ...), in the predictions' dtype.

    Raises:
        LabelShapeError: labels whose shape is not the predictions'.
        LabelValueError: before training, if any label is outside 0..1.

    Source: Keras's definition, the same in Keras 2 and 3. PyTorch's ``MultiMarginLoss`` sums over all other classes.

    Example:
        >>> categorical_hinge(np.array([[0, 1, 0]]), np.array([[0.5, 2.0, 1.5]])).tolist()
        [0.5]
    """
    predictions = as_predictions(y_pred)
    labels = align_labels("categorical_hinge", y_true, predictions, hint="one-hot labels in place of class numbers")
    own = np.sum(labels * predictions, axis=-1)
    other = np.max((1 - labels) * predictions, axis=-1)
    return ops.relu(other - own + 1)


def _shortfall(component: str, y_true: Array, y_pred: Array) -> Any:
    """What each decision lacks to be right by 1."""
    predictions = as_predictions(y_pred)
    labels: Any = align_labels(component, y_true, predictions)
    of_two = np.all((labels == 0) | (labels == 1))
    return ops.relu(1 - np.where(of_two, 2 * labels - 1, labels) * predictions)


class Hinge(FormulaLoss):
    """The mean of ``hinge`` over all samples.

    Args:
        reduction: ``"sum_over_batch_size"`` (the mean), ``"sum"`` or ``"none"``.
        name: shown in logs.

    Raises:
        InvalidArgumentError: an unknown reduction.

    Example:
        >>> float(Hinge()(np.array([[1], [-1]]), np.array([[0.5], [-2.0]])))
        0.25
    """

    formula = staticmethod(hinge)

    def __init__(self, reduction: str | None = "sum_over_batch_size", name: str | None = "hinge") -> None:
        super().__init__(reduction=reduction, name=name)


class SquaredHinge(FormulaLoss):
    """The mean of ``squared_hinge`` over all samples.

    Args:
        reduction: ``"sum_over_batch_size"`` (the mean), ``"sum"`` or ``"none"``.
        name: shown in logs.

    Raises:
        InvalidArgumentError: an unknown reduction.

    Example:
        >>> float(SquaredHinge()(np.array([[1], [-1]]), np.array([[0.5], [-2.0]])))
        0.125
    """

    formula = staticmethod(squared_hinge)

    def __init__(self, reduction: str | None = "sum_over_batch_size", name: str | None = "squared_hinge") -> None:
        super().__init__(reduction=reduction, name=name)


class CategoricalHinge(FormulaLoss):
    """The mean of ``categorical_hinge`` over all samples.

    Args:
        reduction: ``"sum_over_batch_size"`` (the mean), ``"sum"`` or ``"none"``.
        name: shown in logs.

    Raises:
        InvalidArgumentError: an unknown reduction.

    Example:
        >>> float(CategoricalHinge()(np.array([[1, 0], [0, 1]]), np.array([[3.0, 1.0], [1.0, 1.5]])))
        0.25
    """

    formula = staticmethod(categorical_hinge)

    def __init__(self, reduction: str | None = "sum_over_batch_size", name: str | None = "categorical_hinge") -> None:
        super().__init__(reduction=reduction, name=name)
