"""Metrics of real-valued predictions.

The means are taken in float64, so that sums over many batches stay exact.
"""

from __future__ import annotations

import numpy as np

from kcore import Array
from kcore.metrics import MeanMetric, align_labels, as_predictions


def mean_absolute_error(y_true: Array, y_pred: Array) -> Array:
    """The mean over the last axis of the absolute differences: ``mean(abs(y_pred - y_true), axis=-1)``.

    Args:
        y_true: labels (batch, ..., values), any real dtype; (batch,) for predictions (batch, 1).
        y_pred: predictions (batch, ..., values).

    Returns:
        a value per sample (and step), float64, (batch, ...).

    Raises:
        LabelShapeError: labels whose shape is not the predictions'.
    """
    predictions = as_predictions(y_pred)
    difference = predictions - align_labels("mean_absolute_error", y_true, predictions)
    return np.mean(np.abs(difference), axis=-1, dtype="float64")  # type: ignore[no-any-return]


def mean_squared_error(y_true: Array, y_pred: Array) -> Array:
    """The mean over the last axis of the squared differences: ``mean((y_pred - y_true) ** 2, axis=-1)``.

    Args:
        y_true: labels (batch, ..., values), any real dtype; (batch,) for predictions (batch, 1).
        y_pred: predictions (batch, ..., values).

    Returns:
        a value per sample (and step), float64, (batch, ...).

    Raises:
        LabelShapeError: labels whose shape is not the predictions'.
    """
    predictions = as_predictions(y_pred)
    difference = predictions - align_labels("mean_squared_error", y_true, predictions)
    return np.mean(np.square(difference), axis=-1, dtype="float64")  # type: ignore[no-any-return]


class MeanAbsoluteError(MeanMetric):
    """The mean of ``mean_absolute_error`` over all samples; with weights, the weighted mean.

    Args:
        name: in logs.
    """

    def __init__(self, name: str | None = "mean_absolute_error") -> None:
        super().__init__(name=name)

    def values(self, y_true: Array, y_pred: Array) -> Array:
        """The error of every sample; see ``mean_absolute_error``."""
        return mean_absolute_error(y_true, y_pred)


class MeanSquaredError(MeanMetric):
    """The mean of ``mean_squared_error`` over all samples; with weights, the weighted mean.

    Args:
        name: in logs.
    """

    def __init__(self, name: str | None = "mean_squared_error") -> None:
        super().__init__(name=name)

    def values(self, y_true: Array, y_pred: Array) -> Array:
        """The error of every sample; see ``mean_squared_error``."""
        return mean_squared_error(y_true, y_pred)
