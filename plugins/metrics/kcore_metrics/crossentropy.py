"""Cross-entropies as metrics: the losses' numbers, in float64, as means over everything seen.

Probabilities are limited to epsilon..1-epsilon (``kcore.epsilon()``, 1e-7) before the logarithm, as in Keras 3.
Keras 2's binary crossentropy adds epsilon inside the logarithms once more.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from kcore import Array, epsilon, ops
from kcore.errors import InvalidArgumentError
from kcore.metrics import MeanMetric, align_class_numbers, as_predictions, spread_weights
from kcore_metrics.formula import FormulaMetric, aligned, is_number


def binary_crossentropy(
    y_true: Array, y_pred: Array, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Array:
    """The mean over ``axis`` of ``-(y * log(p) + (1 - y) * log(1 - p))``: independent yes/no decisions.

    Args:
        y_true: labels in 0..1, (batch, ..., outputs); (batch,) for predictions (batch, 1).
        y_pred: probabilities, or logits, (batch, ..., outputs).
        from_logits: whether ``y_pred`` are logits, to which no sigmoid was applied.
        label_smoothing: s in 0..1; labels become ``y * (1 - s) + s / 2``.
        axis: along which the mean is taken.

    Returns:
        a value per sample (and step), float64, (batch, ...).

    Raises:
        LabelShapeError: labels whose shape is not the predictions'.
        InvalidArgumentError: a smoothing outside 0..1.

    Example:
        >>> binary_crossentropy(np.array([[1, 0]]), np.array([[0.5, 0.25]])).round(4).tolist()
        [0.4904]
    """
    _check_options("binary_crossentropy", from_logits, label_smoothing)
    labels, predictions = aligned("binary_crossentropy", y_true, y_pred)
    labels = labels * (1 - label_smoothing) + label_smoothing / 2
    if from_logits:
        return np.mean(ops.softplus(predictions) - predictions * labels, axis=axis)  # type: ignore[no-any-return]
    p = np.clip(predictions, epsilon(), 1 - epsilon())
    return -np.mean(labels * np.log(p) + (1 - labels) * np.log1p(-p), axis=axis)  # type: ignore[no-any-return]


def categorical_crossentropy(
    y_true: Array, y_pred: Array, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Array:
    """``-sum(y * log(p))`` over the classes: labels are one-hot, or any distribution over the classes.

    Probabilities are divided by their sum first, as in Keras.

    Args:
        y_true: labels (batch, ..., classes).
        y_pred: probabilities, or logits, (batch, ..., classes).
        from_logits: whether ``y_pred`` are logits, to which no softmax was applied.
        label_smoothing: s in 0..1; labels become ``y * (1 - s) + s / classes``.
        axis: of the classes.

    Returns:
        a value per sample (and step), float64, (batch, ...).

    Raises:
        LabelShapeError: labels whose shape is not the predictions'.
        InvalidArgumentError: a smoothing outside 0..1.

    Example:
        >>> categorical_crossentropy(np.array([[0, 1]]), np.array([[0.25, 0.75]])).round(4).tolist()
        [0.2877]
    """
    _check_options("categorical_crossentropy", from_logits, label_smoothing)
    hint = "class numbers in place of one-hot labels go with sparse_categorical_crossentropy"
    labels, predictions = aligned("categorical_crossentropy", y_true, y_pred, hint=hint)
    labels = labels * (1 - label_smoothing) + label_smoothing / predictions.shape[axis]
    return -np.sum(labels * _logarithms(predictions, from_logits, axis), axis=axis)  # type: ignore[no-any-return]


def sparse_categorical_crossentropy(
    y_true: Array, y_pred: Array, from_logits: bool = False, axis: int = -1, ignore_class: int | None = None
) -> Array:
    """``-log(p[label])``: the categorical crossentropy of labels that are class numbers.

    Args:
        y_true: class numbers, integers or floats with whole values, (batch, ...) or (batch, ..., 1).
        y_pred: probabilities, or logits, (batch, ..., classes).
        from_logits: whether ``y_pred`` are logits, to which no softmax was applied.
        axis: of the classes.
        ignore_class: a label that marks what does not count: its value is 0.

    Returns:
        a value per sample (and step), float64, (batch, ...).

    Raises:
        LabelShapeError: labels that are not one class number per prediction.
        InvalidArgumentError: an ``ignore_class`` that is no integer.

    Example:
        >>> sparse_categorical_crossentropy(np.array([1]), np.array([[0.25, 0.75]])).round(4).tolist()
        [0.2877]
    """
    _check_options("sparse_categorical_crossentropy", from_logits, 0.0)
    _check_ignored("sparse_categorical_crossentropy", ignore_class)
    predictions: Any = ops.cast(as_predictions(y_pred), "float64")
    labels: Any = align_class_numbers("sparse_categorical_crossentropy", y_true, predictions, axis=axis)
    position = axis % len(predictions.shape)
    numbers = np.arange(predictions.shape[position]).reshape(-1, *(1,) * (len(predictions.shape) - 1 - position))
    own = np.expand_dims(labels, position) == numbers
    # Selected, not multiplied: 0 times the logarithm of a class that cannot be would be NaN.
    values = -np.sum(np.where(own, _logarithms(predictions, from_logits, axis), 0.0), axis=axis)
    return values if ignore_class is None else np.where(labels == ignore_class, 0.0, values)


def _logarithms(predictions: Any, from_logits: bool, axis: int) -> Any:
    if from_logits:
        return ops.log_softmax(predictions, axis=axis)
    return np.log(np.clip(predictions / np.sum(predictions, axis=axis, keepdims=True), epsilon(), 1 - epsilon()))


def _check_options(component: str, from_logits: Any, label_smoothing: Any) -> None:
    if not isinstance(from_logits, bool | np.bool_):
        raise InvalidArgumentError(
            component=component, argument="from_logits", value=from_logits, allowed=[True, False]
        )
    if not is_number(label_smoothing) or not 0 <= label_smoothing <= 1:
        raise InvalidArgumentError(
            component=component, argument="label_smoothing", value=label_smoothing, allowed="a number from 0 to 1"
        )


def _check_ignored(component: str, ignore_class: Any) -> None:
    if ignore_class is not None and (not isinstance(ignore_class, int | np.integer) or isinstance(ignore_class, bool)):
        raise InvalidArgumentError(
            component=component, argument="ignore_class", value=ignore_class, allowed="None, or an integer"
        )


class BinaryCrossentropy(FormulaMetric):
    """The mean of ``binary_crossentropy`` over all samples; with weights, the weighted mean.

    Args:
        name: in logs.
        dtype: of the result; None is float64.
        from_logits, label_smoothing, axis: as for ``binary_crossentropy``.

    Raises:
        InvalidArgumentError: a smoothing outside 0..1, or a dtype that is not floating.

    Example:
        >>> float(BinaryCrossentropy()(np.array([[1], [0]]), np.array([[0.5], [0.25]])).round(4))
        0.4904
    """

    formula = staticmethod(binary_crossentropy)

    def __init__(
        self,
        name: str | None = "binary_crossentropy",
        dtype: str | None = None,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        _check_options(type(self).__name__, from_logits, label_smoothing)
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        self.axis = axis

    def options(self) -> dict[str, Any]:
        return {"from_logits": self.from_logits, "label_smoothing": self.label_smoothing, "axis": self.axis}


class CategoricalCrossentropy(FormulaMetric):
    """The mean of ``categorical_crossentropy`` over all samples; with weights, the weighted mean.

    Args:
        name: in logs.
        dtype: of the result; None is float64.
        from_logits, label_smoothing, axis: as for ``categorical_crossentropy``.

    Raises:
        InvalidArgumentError: a smoothing outside 0..1, or a dtype that is not floating.

    Example:
        >>> float(CategoricalCrossentropy()(np.array([[0, 1], [1, 0]]), np.array([[0.25, 0.75], [0.5, 0.5]])).round(4))
        0.4904
    """

    formula = staticmethod(categorical_crossentropy)

    def __init__(
        self,
        name: str | None = "categorical_crossentropy",
        dtype: str | None = None,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        _check_options(type(self).__name__, from_logits, label_smoothing)
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        self.axis = axis

    def options(self) -> dict[str, Any]:
        return {"from_logits": self.from_logits, "label_smoothing": self.label_smoothing, "axis": self.axis}


class SparseCategoricalCrossentropy(FormulaMetric):
    """The mean of ``sparse_categorical_crossentropy`` over all samples whose label is not ignored, weighted or not.

    Args:
        name: in logs.
        dtype: of the result; None is float64.
        from_logits, ignore_class, axis: as for ``sparse_categorical_crossentropy``.

    Raises:
        InvalidArgumentError: an ``ignore_class`` that is no integer, or a dtype that is not floating.

    Example:
        >>> metric = SparseCategoricalCrossentropy(ignore_class=-1)
        >>> float(metric(np.array([1, -1]), np.array([[0.25, 0.75], [0.5, 0.5]])).round(4))
        0.2877
    """

    formula = staticmethod(sparse_categorical_crossentropy)

    def __init__(
        self,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: str | None = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        _check_options(type(self).__name__, from_logits, 0.0)
        _check_ignored(type(self).__name__, ignore_class)
        self.from_logits = from_logits
        self.ignore_class = ignore_class
        self.axis = axis

    def options(self) -> dict[str, Any]:
        return {"from_logits": self.from_logits, "ignore_class": self.ignore_class, "axis": self.axis}

    def update(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> None:
        if self.ignore_class is None:
            return super().update(y_true, y_pred, sample_weight)
        values: Any = self.values(y_true, y_pred)
        labels: Any = y_true if hasattr(y_true, "dtype") else np.asarray(y_true)
        counted: Any = ops.cast(np.reshape(labels, values.shape) != self.ignore_class, "float64")
        self.add(values, counted if sample_weight is None else counted * spread_weights(sample_weight, values))


class Crossentropy(MeanMetric):
    """The crossentropy that fits the shapes, as ``metrics=["crossentropy"]`` means it in Keras.

    ``binary_crossentropy`` for predictions with a last axis of 1, ``categorical_crossentropy`` for labels of the
    predictions' own shape, ``sparse_categorical_crossentropy`` otherwise; of probabilities.

    Args:
        name: in logs.
        dtype: of the result; None is float64.

    Raises:
        InvalidArgumentError: a dtype that is not floating.

    Example:
        >>> float(Crossentropy()(np.array([1, 0]), np.array([[0.25, 0.75], [0.5, 0.5]])).round(4))
        0.4904
    """

    def __init__(self, name: str | None = "crossentropy", dtype: str | None = None) -> None:
        super().__init__(name=name, dtype=dtype)

    def values(self, y_true: Array, y_pred: Array) -> Array:
        """The crossentropy of every sample, (batch, ...), float64."""
        predictions = as_predictions(y_pred)
        if predictions.shape[-1] == 1:
            return binary_crossentropy(y_true, predictions)
        if np.shape(y_true) == tuple(predictions.shape):
            return categorical_crossentropy(y_true, predictions)
        return sparse_categorical_crossentropy(y_true, predictions)
