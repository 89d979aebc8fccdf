"""Hinge metrics: how far decisions are from being right by a margin of 1."""

from __future__ import annotations

from typing import Any

import numpy as np

from kcore import Array
from kcore_metrics.formula import FormulaMetric, aligned


def hinge(y_true: Array, y_pred: Array) -> Array:
    """The mean over the last axis of ``max(1 - y_true * y_pred, 0)``.

    Args:
        y_true: labels -1 and 1, or 0 and 1, (batch, ..., outputs); (batch,) for predictions (batch, 1). If all labels
            of the call are 0 or 1, 0 counts as -1.
        y_pred: predictions (batch, ..., outputs): positive for yes, negative for no.

    Returns:
        a value per sample (and step), float64, (batch, ...).

    Raises:
        LabelShapeError: labels whose shape is not the predictions'.

    Example:
        >>> hinge(np.array([[1], [0]]), np.array([[0.25], [0.25]])).tolist()
        [0.75, 1.25]
    """
    return np.mean(_shortfall("hinge", y_true, y_pred), axis=-1)  # type: ignore[no-any-return]


def squared_hinge(y_true: Array, y_pred: Array) -> Array:
    """The mean over the last axis of ``max(1 - y_true * y_pred, 0) ** 2``.

    Args:
        y_true: labels -1 and 1, or 0 and 1, (batch, ..., outputs); (batch,) for predictions (batch, 1). If all labels
            of the call are 0 or 1, 0 counts as -1.
        y_pred: predictions (batch, ..., outputs): positive for yes, negative for no.

    Returns:
        a value per sample (and step), float64, (batch, ...).

    Raises:
        LabelShapeError: labels whose shape is not the predictions'.

    Example:
        >>> squared_hinge(np.array([[1], [-1]]), np.array([[0.5], [0.5]])).tolist()
        [0.25, 2.25]
    """
    return np.mean(np.square(_shortfall("squared_hinge", y_true, y_pred)), axis=-1)  # type: ignore[no-any-return]


def categorical_hinge(y_true: Array, y_pred: Array) -> Array:
    """How far the true class's prediction is from being the largest by 1.

    ``max(max((1 - y_true) * y_pred) - sum(y_true * y_pred) + 1, 0)``, along the last axis.

    Args:
        y_true: one-hot labels (batch, ..., classes).
        y_pred: predictions (batch, ..., classes).

    Returns:
        a value per sample (and step), float64, (batch, ...).

    Raises:
        LabelShapeError: labels whose shape is not the predictions'.

    Example:
        >>> categorical_hinge(np.array([[0, 1, 0]]), np.array([[0.5, 2.0, 1.5]])).tolist()
        [0.5]
    """
    hint = "one-hot labels in place of class numbers"
    labels, predictions = aligned("categorical_hinge", y_true, y_pred, hint=hint)
    own = np.sum(labels * predictions, axis=-1)
    return np.maximum(np.max((1 - labels) * predictions, axis=-1) - own + 1, 0.0)  # type: ignore[no-any-return]


def _shortfall(component: str, y_true: Array, y_pred: Array) -> Any:
    """What each decision lacks to be right by 1."""
    labels, predictions = aligned(component, y_true, y_pred)
    of_two = np.all((labels == 0) | (labels == 1))
    return np.maximum(1 - np.where(of_two, 2 * labels - 1, labels) * predictions, 0.0)


class Hinge(FormulaMetric):
    """The mean of ``hinge`` over all samples; with weights, the weighted mean.

    Args:
        name: in logs.
        dtype: of the result; None is float64.

    Raises:
        InvalidArgumentError: a dtype that is not floating.

    Example:
        >>> float(Hinge()(np.array([[1], [-1]]), np.array([[0.5], [-2.0]])).round(4))
        0.25
    """

    formula = staticmethod(hinge)

    def __init__(self, name: str | None = "hinge", dtype: str | None = None) -> None:
        super().__init__(name=name, dtype=dtype)


class SquaredHinge(FormulaMetric):
    """The mean of ``squared_hinge`` over all samples; with weights, the weighted mean.

    Args:
        name: in logs.
        dtype: of the result; None is float64.

    Raises:
        InvalidArgumentError: a dtype that is not floating.

    Example:
        >>> float(SquaredHinge()(np.array([[1], [-1]]), np.array([[0.5], [-2.0]])).round(4))
        0.125
    """

    formula = staticmethod(squared_hinge)

    def __init__(self, name: str | None = "squared_hinge", dtype: str | None = None) -> None:
        super().__init__(name=name, dtype=dtype)


class CategoricalHinge(FormulaMetric):
    """The mean of ``categorical_hinge`` over all samples; with weights, the weighted mean.

    Args:
        name: in logs.
        dtype: of the result; None is float64.

    Raises:
        InvalidArgumentError: a dtype that is not floating.

    Example:
        >>> float(CategoricalHinge()(np.array([[1, 0], [0, 1]]), np.array([[3.0, 1.0], [1.0, 1.5]])).round(4))
        0.25
    """

    formula = staticmethod(categorical_hinge)

    def __init__(self, name: str | None = "categorical_hinge", dtype: str | None = None) -> None:
        super().__init__(name=name, dtype=dtype)
