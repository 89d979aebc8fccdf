"""The loss of vectors whose direction counts, not their length."""

from __future__ import annotations

from typing import Any

import numpy as np

from kcore import Array
from kcore.errors import InvalidArgumentError
from kcore.losses import align_labels, as_predictions, label_check
from kcore_losses.formula import FormulaLoss
from kcore_losses.labels import check_finite

# Keras 2's bound of the squared length, below which a vector counts as short.
SHORTEST = 1e-12


@label_check(lambda labels, output_shape: check_finite("cosine_similarity", labels))
def cosine_similarity(y_true: Array, y_pred: Array, axis: int = -1) -> Array:
    """Minus the cosine of the angle between labels and predictions: -1 for one direction, 0 at a right angle, else 1.

    ``-sum(n(y_true) * n(y_pred), axis)`` with ``n(x) = x / sqrt(max(sum(x ** 2, axis), 1e-12))``. A vector of zeros
    gives 0. The metric of the same name has the other sign.

    Args:
        y_true: labels (batch, ..., values), any real dtype.
        y_pred: predictions (batch, ..., values), floating.
        axis: of the vectors' components.

    Returns:
        a value per vector, (batch, ...) if the axis is the last, in the predictions' dtype.

    Raises:
        LabelShapeError: labels whose shape is not the predictions'.
        LabelValueError: before training, if any label is NaN or infinite.
        InvalidArgumentError: an axis that is no integer.

    Source: Keras's definition. Up to Keras 2.2 it is called ``cosine_proximity`` or ``cosine``. Keras 3's bound is
    1e-14; PyTorch's ``CosineSimilarity`` has the other sign.

    Example:
        >>> cosine_similarity(np.array([[1.0, 0.0]]), np.array([[3.0, 4.0]])).round(12).tolist()
        [-0.6]
    """
    _check_axis("cosine_similarity", axis)
    predictions = as_predictions(y_pred)
    labels = align_labels("cosine_similarity", y_true, predictions)
    return -np.sum(_directions(labels, axis) * _directions(predictions, axis), axis=axis)  # type: ignore[no-any-return]


def _directions(vectors: Any, axis: int) -> Any:
    squares = np.sum(np.square(vectors), axis=axis, keepdims=True)
    return vectors / np.sqrt(np.maximum(squares, np.asarray(SHORTEST, vectors.dtype)))


def _check_axis(component: str, axis: Any) -> None:
    if not isinstance(axis, int | np.integer) or isinstance(axis, bool):
        raise InvalidArgumentError(component=component, argument="axis", value=axis, allowed="an integer")


class CosineSimilarity(FormulaLoss):
    """The mean of ``cosine_similarity`` over all vectors: -1 at best.

    Args:
        axis: of the vectors' components.
        reduction: ``"sum_over_batch_size"`` (the mean), ``"sum"`` or ``"none"``.
        name: shown in logs.

    Raises:
        InvalidArgumentError: an axis that is no integer, or an unknown reduction.

    Example:
        >>> loss = CosineSimilarity()(np.array([[1.0, 0.0], [1.0, 1.0]]), np.array([[0.0, 2.0], [2.0, 2.0]]))
        >>> float(loss.round(12))
        -0.5
    """

    formula = staticmethod(cosine_similarity)

    def __init__(
        self,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "cosine_similarity",
    ) -> None:
        super().__init__(reduction=reduction, name=name)
        _check_axis(type(self).__name__, axis)
        self.axis = axis

    def options(self) -> dict[str, Any]:
        return {"axis": self.axis}
