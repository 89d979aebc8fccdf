"""Losses: each as a function, which gives a value per sample, and as a class, which gives their mean."""

from __future__ import annotations

import numpy as np
from kcore import Array, Shape
from kcore.errors import LabelValueError
from kcore.losses import Loss, align_labels, as_predictions, label_check

from {{ cookiecutter.__package }}.symlog import symlog


def _check_labels(labels: Array, output_shape: Shape) -> None:
    """Looked at once before training: a single NaN would make every weight NaN."""
    array = np.asarray(labels)
    bad = np.argwhere(~np.isfinite(array))
    if bad.size:
        position = tuple(int(axis) for axis in bad[0])
        raise LabelValueError(
            component="{{ cookiecutter.__prefix }}_symlog_error",
            problem="a label that is not a finite number",
            example=array[position].item(),
            position=position,
            expected="finite numbers",
        )


@label_check(_check_labels)
def {{ cookiecutter.__prefix }}_symlog_error(y_true: Array, y_pred: Array) -> Array:
    """The mean over the last axis of (symlog(y_pred) - symlog(y_true)) ** 2.

    Small numbers count by their differences, large ones by their ratios; both signs are allowed.

    Args:
        y_true: labels (batch, ..., values), any real dtype; (batch,) for predictions (batch, 1).
        y_pred: predictions (batch, ..., values), floating.

    Returns:
        a value per sample (and step), (batch, ...), in the predictions' dtype.

    Raises:
        LabelShapeError: labels whose shape is not the predictions'.
        LabelValueError: before training, if any label is NaN or infinite.

    Example:
        >>> y_true, y_pred = np.array([[0.0], [999.0]]), np.array([[np.e - 1], [999.0]])
        >>> {{ cookiecutter.__prefix }}_symlog_error(y_true, y_pred).round(4).tolist()
        [1.0, 0.0]
    """
    predictions = as_predictions(y_pred)
    labels = align_labels("{{ cookiecutter.__prefix }}_symlog_error", y_true, predictions)
    values: Array = np.mean(np.square(symlog(predictions) - symlog(labels)), axis=-1)
    return values


class {{ cookiecutter.__Prefix }}SymlogError(Loss):
    """The mean of ``{{ cookiecutter.__prefix }}_symlog_error`` over all samples.

    Args:
        reduction: ``"sum_over_batch_size"`` (the mean), ``"sum"`` or ``"none"``.
        name: shown in logs.

    Raises:
        InvalidArgumentError: an unknown reduction.

    Example:
        >>> loss = {{ cookiecutter.__Prefix }}SymlogError()
        >>> float(loss(np.array([[0.0], [5.0]]), np.array([[np.e - 1], [5.0]])).round(4))
        0.5
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "{{ cookiecutter.__prefix }}_symlog_error",
    ) -> None:
        super().__init__(reduction=reduction, name=name)

    def call(self, y_true: Array, y_pred: Array) -> Array:
        """A value per sample (and step); see the function."""
        return {{ cookiecutter.__prefix }}_symlog_error(y_true, y_pred)

    def check_labels(self, labels: Array, output_shape: Shape) -> None:
        """Refuse labels that are NaN or infinite; called once, before training.

        Raises:
            LabelValueError: names the first such label.
        """
        _check_labels(labels, output_shape)
