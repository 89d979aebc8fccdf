"""Accuracies that count a sample as right if its class is among the k with the largest predictions."""

from __future__ import annotations

from typing import Any

import numpy as np

from kcore import Array, ops
from kcore.metrics import align_class_numbers, align_labels, as_predictions
from kcore_metrics.formula import FormulaMetric, check_integer


def top_k_categorical_accuracy(y_true: Array, y_pred: Array, k: int = 5) -> Array:
    """Whether fewer than ``k`` predictions are larger than that of the largest label.

    Args:
        y_true: one-hot labels (batch, ..., classes), or distributions.
        y_pred: probabilities or logits (batch, ..., classes).
        k: how many predictions may stand for the answer. With as many classes or fewer, all are right.

    Returns:
        1 or 0 per sample (and step), float64, (batch, ...).

    Raises:
        LabelShapeError: labels whose shape is not the predictions'.
        InvalidArgumentError: a ``k`` that is no integer of 1 or more.

    Source: Keras's definition, for ties too: of several predictions that share the k-th place, all count.
    scikit-learn's ``top_k_accuracy_score`` lets the later ones win.

    Example:
        >>> top_k_categorical_accuracy(np.array([[0, 0, 1]]), np.array([[0.5, 0.2, 0.3]]), k=2).tolist()
        [1.0]
    """
    check_integer("top_k_categorical_accuracy", "k", k, least=1)
    predictions = as_predictions(y_pred)
    hint = "class numbers in place of one-hot labels go with sparse_top_k_categorical_accuracy"
    labels = align_labels("top_k_categorical_accuracy", y_true, predictions, hint=hint)
    return _among_the_largest(np.argmax(labels, axis=-1), predictions, k)


def sparse_top_k_categorical_accuracy(y_true: Array, y_pred: Array, k: int = 5) -> Array:
    """Whether fewer than ``k`` predictions are larger than that of the label's class.

    Args:
        y_true: class numbers, integers or floats with whole values, (batch, ...) or (batch, ..., 1).
        y_pred: probabilities or logits (batch, ..., classes).
        k: how many predictions may stand for the answer. With as many classes or fewer, all are right.

    Returns:
        1 or 0 per sample (and step), float64, (batch, ...).

    Raises:
        LabelShapeError: labels that are not one class number per prediction.
        InvalidArgumentError: a ``k`` that is no integer of 1 or more.

    Source: as ``top_k_categorical_accuracy``.

    Example:
        >>> sparse_top_k_categorical_accuracy(np.array([1]), np.array([[0.5, 0.2, 0.3]]), k=2).tolist()
        [0.0]
    """
    check_integer("sparse_top_k_categorical_accuracy", "k", k, least=1)
    predictions = as_predictions(y_pred)
    labels = align_class_numbers("sparse_top_k_categorical_accuracy", y_true, predictions)
    return _among_the_largest(labels, predictions, k)


def _among_the_largest(labels: Any, predictions: Any, k: int) -> Array:
    own_place = np.expand_dims(labels, -1) == np.arange(predictions.shape[-1])
    own = np.sum(np.where(own_place, predictions, np.zeros((), predictions.dtype)), axis=-1, keepdims=True)
    larger = np.sum(predictions > own, axis=-1)
    # Nothing is larger than NaN, and a label without a class has no prediction.
    known = np.any(own_place & (predictions == predictions), axis=-1)
    return ops.cast(known & (larger < k), "float64")


class TopKCategoricalAccuracy(FormulaMetric):
    """The mean of ``top_k_categorical_accuracy`` over all samples; with weights, the weighted mean.

    Args:
        k: how many predictions may stand for the answer.
        name: in logs.
        dtype: of the result; None is float64.

    Raises:
        InvalidArgumentError: a ``k`` that is no integer of 1 or more, or a dtype that is not floating.

    Example:
        >>> y_pred = np.array([[0.5, 0.2, 0.3], [0.5, 0.2, 0.3]])
        >>> float(TopKCategoricalAccuracy(k=2)(np.array([[0, 0, 1], [0, 1, 0]]), y_pred))
        0.5
    """

    formula = staticmethod(top_k_categorical_accuracy)

    def __init__(self, k: int = 5, name: str | None = "top_k_categorical_accuracy", dtype: str | None = None) -> None:
        super().__init__(name=name, dtype=dtype)
        check_integer(type(self).__name__, "k", k, least=1)
        self.k = k

    def options(self) -> dict[str, Any]:
        return {"k": self.k}


class SparseTopKCategoricalAccuracy(FormulaMetric):
    """The mean of ``sparse_top_k_categorical_accuracy`` over all samples; with weights, the weighted mean.

    Args:
        k: how many predictions may stand for the answer.
        name: in logs.
        dtype: of the result; None is float64.

    Raises:
        InvalidArgumentError: a ``k`` that is no integer of 1 or more, or a dtype that is not floating.

    Example:
        >>> y_pred = np.array([[0.5, 0.2, 0.3], [0.5, 0.2, 0.3]])
        >>> float(SparseTopKCategoricalAccuracy(k=2)(np.array([2, 1]), y_pred))
        0.5
    """

    formula = staticmethod(sparse_top_k_categorical_accuracy)

    def __init__(
        self, k: int = 5, name: str | None = "sparse_top_k_categorical_accuracy", dtype: str | None = None
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        check_integer(type(self).__name__, "k", k, least=1)
        self.k = k

    def options(self) -> dict[str, Any]:
        return {"k": self.k}
