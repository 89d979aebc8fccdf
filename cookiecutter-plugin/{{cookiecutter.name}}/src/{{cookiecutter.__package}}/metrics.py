"""Metrics: numbers about predictions, exact however the data are batched."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from kcore import Array, ops
from kcore.metrics import MeanMetric, align_labels, as_predictions

from {{ cookiecutter.__package }}.symlog import symlog


class {{ cookiecutter.__Prefix }}SymlogDistance(MeanMetric):
    """The mean of abs(symlog(y_pred) - symlog(y_true)): how far off on a logarithmic scale of both signs.

    Labels and predictions have the same shape (batch, ..., values); labels may be (batch,) for predictions (batch, 1).
    The mean is taken in float64, so that it stays exact over many batches.

    Args:
        name: in logs.
        dtype: of the result; ``None`` is float64.

    Raises:
        InvalidArgumentError: a dtype that is not floating.

    Example:
        >>> metric = {{ cookiecutter.__Prefix }}SymlogDistance()
        >>> float(metric(np.array([[0.0], [5.0]]), np.array([[np.e - 1], [5.0]])).round(4))
        0.5
    """

    def __init__(self, name: str | None = None, dtype: npt.DTypeLike | None = None) -> None:
        super().__init__(name=name, dtype=dtype)

    def values(self, y_true: Array, y_pred: Array) -> Array:
        """A number per sample (and step), (batch, ...), float64.

        Raises:
            LabelShapeError: labels whose shape is not the predictions'.
        """
        predictions = as_predictions(y_pred)
        labels = align_labels(type(self).__name__, y_true, predictions)
        distance = symlog(ops.cast(predictions, "float64")) - symlog(ops.cast(labels, "float64"))
        result: Array = np.mean(np.abs(distance), axis=-1)
        return result
