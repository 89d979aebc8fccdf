"""Accuracies: the share of predictions that are right.

The values are float64, so that sums over many batches stay exact.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from kcore import Array
from kcore.errors import InvalidArgumentError
from kcore.metrics import MeanMetric, align_class_numbers, align_labels, as_predictions
from kcore_metrics.formula import is_number


def binary_accuracy(y_true: Array, y_pred: Array, threshold: float = 0.5) -> Array:
    """The share, along the last axis, of outputs on the right side: ``mean(y_true == (y_pred > threshold))``.

    Args:
        y_true: labels 0 and 1, (batch, ..., outputs); (batch,) for predictions (batch, 1).
        y_pred: predictions (batch, ..., outputs). One exactly at the threshold counts as 0.
        threshold: 0.5 for probabilities, 0 for logits.

    Returns:
        a share per sample (and step), float64, (batch, ...).

    Raises:
        LabelShapeError: labels whose shape is not the predictions'.

    Example:
        >>> binary_accuracy(np.array([[1, 0]]), np.array([[0.9, 0.6]])).tolist()
        [0.5]
    """
    predictions = as_predictions(y_pred)
    labels = align_labels("binary_accuracy", y_true, predictions)
    return np.mean((predictions > threshold) == labels, axis=-1)  # type: ignore[no-any-return]


def categorical_accuracy(y_true: Array, y_pred: Array) -> Array:
    """Whether the largest prediction is at the largest label: ``argmax(y_true) == argmax(y_pred)``.

    Args:
        y_true: one-hot labels (batch, ..., classes), or distributions.
        y_pred: probabilities or logits (batch, ..., classes). Of equal ones the first counts as the largest.

    Returns:
        1 or 0 per sample (and step), float64, (batch, ...).

    Raises:
        LabelShapeError: labels whose shape is not the predictions'.

    Example:
        >>> categorical_accuracy(np.eye(2), np.array([[0.9, 0.1], [0.8, 0.2]])).tolist()
        [1.0, 0.0]
    """
    predictions = as_predictions(y_pred)
    hint = "class numbers in place of one-hot labels go with sparse_categorical_accuracy"
    labels = align_labels("categorical_accuracy", y_true, predictions, hint=hint)
    return _as_numbers(np.argmax(labels, axis=-1) == np.argmax(predictions, axis=-1))


def sparse_categorical_accuracy(y_true: Array, y_pred: Array) -> Array:
    """Whether the largest prediction is that of the label's class: ``y_true == argmax(y_pred)``.

    Args:
        y_true: class numbers, integers or floats with whole values, (batch, ...) or (batch, ..., 1).
        y_pred: probabilities or logits (batch, ..., classes). Of equal ones the first counts as the largest.

    Returns:
        1 or 0 per sample (and step), float64, (batch, ...).

    Raises:
        LabelShapeError: labels that are not one class number per prediction.

    Example:
        >>> sparse_categorical_accuracy(np.array([0, 1]), np.array([[0.9, 0.1], [0.8, 0.2]])).tolist()
        [1.0, 0.0]
    """
    predictions = as_predictions(y_pred)
    labels = align_class_numbers("sparse_categorical_accuracy", y_true, predictions)
    return _as_numbers(labels == np.argmax(predictions, axis=-1))


def _as_numbers(hits: Any) -> Array:
    return hits.astype("float64")  # type: ignore[no-any-return]


class BinaryAccuracy(MeanMetric):
    """The mean of ``binary_accuracy`` over all samples; with weights, the weighted mean.

    Args:
        name: in logs.
        dtype: of the result; None is float64.
        threshold: predictions above it count as 1.

    Raises:
        InvalidArgumentError: a dtype that is not floating, or a threshold that is no finite number.

    Example:
        >>> float(BinaryAccuracy()(np.array([1, 0, 1, 1]), np.array([0.9, 0.2, 0.5, 0.6])))
        0.75
    """

    def __init__(self, name: str | None = "binary_accuracy", dtype: str | None = None, threshold: float = 0.5) -> None:
        super().__init__(name=name, dtype=dtype)
        if not is_number(threshold) or not np.isfinite(threshold):
            raise InvalidArgumentError(
                component=type(self).__name__, argument="threshold", value=threshold, allowed="a finite number"
            )
        self.threshold = threshold

    def values(self, y_true: Array, y_pred: Array) -> Array:
        """The share of right outputs of every sample; see ``binary_accuracy``."""
        return binary_accuracy(y_true, y_pred, self.threshold)


class CategoricalAccuracy(MeanMetric):
    """The mean of ``categorical_accuracy`` over all samples; with weights, the weighted mean.

    Args:
        name: in logs.
        dtype: of the result; None is float64.

    Raises:
        InvalidArgumentError: a dtype that is not floating.

    Example:
        >>> float(CategoricalAccuracy()(np.eye(2), np.array([[0.9, 0.1], [0.8, 0.2]])))
        0.5
    """

    def __init__(self, name: str | None = "categorical_accuracy", dtype: str | None = None) -> None:
        super().__init__(name=name, dtype=dtype)

    def values(self, y_true: Array, y_pred: Array) -> Array:
        """Whether every sample is right; see ``categorical_accuracy``."""
        return categorical_accuracy(y_true, y_pred)


class SparseCategoricalAccuracy(MeanMetric):
    """The mean of ``sparse_categorical_accuracy`` over all samples; with weights, the weighted mean.

    Args:
        name: in logs.
        dtype: of the result; None is float64.

    Raises:
        InvalidArgumentError: a dtype that is not floating.

    Example:
        >>> float(SparseCategoricalAccuracy()(np.array([0, 1]), np.array([[0.9, 0.1], [0.8, 0.2]])))
        0.5
    """

    def __init__(self, name: str | None = "sparse_categorical_accuracy", dtype: str | None = None) -> None:
        super().__init__(name=name, dtype=dtype)

    def values(self, y_true: Array, y_pred: Array) -> Array:
        """Whether every sample is right; see ``sparse_categorical_accuracy``."""
        return sparse_categorical_accuracy(y_true, y_pred)


class Accuracy(MeanMetric):
    """The accuracy that fits the shapes, as ``metrics=["accuracy"]`` means it in Keras.

    ``binary_accuracy`` for predictions with a last axis of 1, ``categorical_accuracy`` for labels of the
    predictions' own shape, ``sparse_categorical_accuracy`` otherwise. Several independent outputs per sample have
    the shape of one-hot labels: name ``binary_accuracy`` for those.

    Args:
        name: in logs.
        dtype: of the result; None is float64.

    Raises:
        InvalidArgumentError: a dtype that is not floating.

    Example:
        >>> float(Accuracy()(np.array([0, 1]), np.array([[0.9, 0.1], [0.8, 0.2]])))
        0.5
    """

    def __init__(self, name: str | None = "accuracy", dtype: str | None = None) -> None:
        super().__init__(name=name, dtype=dtype)

    def values(self, y_true: Array, y_pred: Array) -> Array:
        """How right every sample is, (batch, ...), float64."""
        predictions = as_predictions(y_pred)
        if predictions.shape[-1] == 1:
            return binary_accuracy(y_true, predictions)
        if np.shape(y_true) == tuple(predictions.shape):
            return categorical_accuracy(y_true, predictions)
        return sparse_categorical_accuracy(y_true, predictions)
