"""Losses of real-valued predictions."""

from __future__ import annotations

import numpy as np

from kcore import Array, Shape
from kcore.losses import Loss, align_labels, as_predictions, label_check
from kcore_losses.labels import check_finite


@label_check(lambda labels, output_shape: check_finite("mean_squared_error", labels))
def mean_squared_error(y_true: Array, y_pred: Array) -> Array:
    """The mean over the last axis of the squared differences: ``mean((y_pred - y_true) ** 2, axis=-1)``.

    Args:
        y_true: labels (batch, ..., values), any real dtype; (batch,) for predictions (batch, 1).
        y_pred: predictions (batch, ..., values), floating.

    Returns:
        a value per sample (and step), (batch, ...), in the predictions' dtype.

    Raises:
        LabelShapeError: labels whose shape is not the predictions'; shapes that would only broadcast are refused.
        LabelValueError: before training, if any label is NaN or infinite. (Keras trains on, and all weights
            become NaN.)
    """
    predictions = as_predictions(y_pred)
    difference = predictions - align_labels("mean_squared_error", y_true, predictions)
    return np.mean(np.square(difference), axis=-1)  # type: ignore[no-any-return]


class MeanSquaredError(Loss):
    """The mean of ``mean_squared_error`` over all samples.

    Args:
        reduction: ``"sum_over_batch_size"`` (the mean), ``"sum"`` or ``"none"``.
        name: shown in logs.
    """

    def __init__(self, reduction: str | None = "sum_over_batch_size", name: str | None = "mean_squared_error") -> None:
        super().__init__(reduction=reduction, name=name)

    def call(self, y_true: Array, y_pred: Array) -> Array:
        """The loss of every sample; see ``mean_squared_error``."""
        return mean_squared_error(y_true, y_pred)

    def check_labels(self, labels: Array, output_shape: Shape) -> None:
        """Refuse labels that are NaN or infinite.

        Raises:
            LabelValueError: names the first such label.
        """
        check_finite("mean_squared_error", labels)
