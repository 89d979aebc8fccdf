"""Cross-entropies: minus the logarithm of the probability that a model gave to what is true.

Probabilities are limited to epsilon..1-epsilon (``kcore.epsilon()``, 1e-7) before the logarithm, and the gradient is
0 outside these limits, as in Keras 3. (Keras 2's binary crossentropy adds epsilon inside the logarithms once more,
which makes a wrong and certain prediction cheaper by log 2.) Logits need no limits: their losses are finite, with
exact gradients, wherever the logits are.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from kcore import Array, Shape, ops
from kcore.errors import InvalidArgumentError
from kcore.losses import Loss, align_class_numbers, align_labels, as_predictions, label_check
from kcore_losses.labels import check_class_numbers, check_finite, check_unit_interval
from kcore_losses.limits import limited_probability


@label_check(lambda labels, output_shape: check_unit_interval("binary_crossentropy", labels))
def binary_crossentropy(
    y_true: Array, y_pred: Array, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Array:
    """The mean over ``axis`` of ``-(y * log(p) + (1 - y) * log(1 - p))``: independent yes/no decisions.

    From logits x it is ``log(1 + exp(x)) - x * y``, which does not overflow.

    Args:
        y_true: labels in 0..1, (batch, ..., outputs); (batch,) for predictions (batch, 1).
        y_pred: probabilities, or logits, (batch, ..., outputs), floating.
        from_logits: whether ``y_pred`` are logits, to which no sigmoid was applied.
        label_smoothing: s in 0..1; labels become ``y * (1 - s) + s / 2``.
        axis: along which the mean is taken.

    Returns:
        a value per sample (and step), (batch, ...), in the predictions' dtype.

    Raises:
        LabelShapeError: labels whose shape is not the predictions'.
        LabelValueError: before training, if any label is outside 0..1.
        InvalidArgumentError: a smoothing outside 0..1.

    Source: Keras 3's definition; see above for Keras 2's epsilon. PyTorch's ``BCELoss`` limits the logarithms to -100.

    Example:
        >>> binary_crossentropy(np.array([[1, 0]]), np.array([[0.5, 0.25]])).round(4).tolist()
        [0.4904]
    """
    _check_options("binary_crossentropy", from_logits, label_smoothing)
    predictions = as_predictions(y_pred)
    labels = align_labels("binary_crossentropy", y_true, predictions)
    if label_smoothing:
        labels = labels * (1 - label_smoothing) + label_smoothing / 2
    if from_logits:
        return np.mean(ops.softplus(predictions) - predictions * labels, axis=axis)  # type: ignore[no-any-return]
    p = limited_probability(predictions)
    return -np.mean(labels * np.log(p) + (1 - labels) * np.log(1 - p), axis=axis)  # type: ignore[no-any-return]


@label_check(lambda labels, output_shape: check_finite("categorical_crossentropy", labels))
def categorical_crossentropy(
    y_true: Array, y_pred: Array, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Array:
    """``-sum(y * log(p))`` over the classes: labels are one-hot, or any distribution over the classes.

    Probabilities are divided by their sum first, as in Keras. From logits, log(p) is ``log_softmax``.

    Args:
        y_true: labels (batch, ..., classes).
        y_pred: probabilities, or logits, (batch, ..., classes), floating.
        from_logits: whether ``y_pred`` are logits, to which no softmax was applied.
        label_smoothing: s in 0..1; labels become ``y * (1 - s) + s / classes``.
        axis: of the classes.

    Returns:
        a value per sample (and step), (batch, ...), in the predictions' dtype.

    Raises:
        LabelShapeError: labels whose shape is not the predictions'.
        LabelValueError: before training, if any label is NaN or infinite.
        InvalidArgumentError: a smoothing outside 0..1.

    Source: Keras's definition, the same in Keras 2 and 3. PyTorch's ``CrossEntropyLoss`` takes logits.

    Example:
        >>> categorical_crossentropy(np.array([[0, 1]]), np.array([[0.25, 0.75]])).round(4).tolist()
        [0.2877]
    """
    _check_options("categorical_crossentropy", from_logits, label_smoothing)
    predictions = as_predictions(y_pred)
    labels = align_labels(
        "categorical_crossentropy",
        y_true,
        predictions,
        hint="class numbers in place of one-hot labels go with sparse_categorical_crossentropy",
    )
    if label_smoothing:
        labels = labels * (1 - label_smoothing) + label_smoothing / predictions.shape[axis]
    if from_logits:
        logarithms = ops.log_softmax(predictions, axis=axis)
    else:
        # Times the reciprocal: its gradient takes half the passes over memory that the quotient's takes.
        share = 1 / np.sum(predictions, axis=axis, keepdims=True)
        logarithms = np.log(limited_probability(predictions * share))
    return -np.sum(labels * logarithms, axis=axis)  # type: ignore[no-any-return]


@label_check(
    lambda labels, output_shape: check_class_numbers(
        "sparse_categorical_crossentropy", labels, output_shape[-1] if output_shape else None
    )
)
def sparse_categorical_crossentropy(
    y_true: Array, y_pred: Array, from_logits: bool = False, axis: int = -1, ignore_class: int | None = None
) -> Array:
    """``-log(p[label])``: the categorical crossentropy of labels that are class numbers.

    Only the probability of the true class is looked up, so this costs less than one-hot labels. A label outside
    0..classes-1 has no probability: while training is prepared it is an error.

    Args:
        y_true: class numbers, integers or floats with whole values, (batch, ...) or (batch, ..., 1).
        y_pred: probabilities, or logits, (batch, ..., classes), floating.
        from_logits: whether ``y_pred`` are logits, to which no softmax was applied.
        axis: of the classes.
        ignore_class: a label, such as -1 or 255, that marks what is not to be learned: its loss is 0.

    Returns:
        a value per sample (and step), (batch, ...), in the predictions' dtype.

    Raises:
        LabelShapeError: labels that are not one class number per prediction.
        LabelValueError: before training, if any label is not a whole number in 0..classes-1.
        InvalidArgumentError: an ``ignore_class`` that is no integer.

    Source: Keras's definition. PyTorch's ``CrossEntropyLoss`` takes logits and has classes at axis 1.

    Example:
        >>> sparse_categorical_crossentropy(np.array([1]), np.array([[0.25, 0.75]])).round(4).tolist()
        [0.2877]
    """
    _check_options("sparse_categorical_crossentropy", from_logits, 0.0)
    _check_ignored("sparse_categorical_crossentropy", ignore_class)
    predictions = as_predictions(y_pred)
    labels = align_class_numbers("sparse_categorical_crossentropy", y_true, predictions, axis=axis)
    hit = _is_true_class(labels, predictions.shape, axis)
    zero = np.zeros((), predictions.dtype)
    if from_logits:
        shifted = predictions - ops.stop_gradient(np.max(predictions, axis=axis, keepdims=True))
        # Selected, not multiplied: 0 times a logit of minus infinity would be NaN.
        own = np.sum(np.where(hit, shifted, zero), axis=axis)
        values = np.log(np.sum(np.exp(shifted), axis=axis)) - own
    else:
        own = np.sum(np.where(hit, predictions, zero), axis=axis)
        values = -np.log(limited_probability(own / np.sum(predictions, axis=axis)))
    if ignore_class is not None:
        values = np.where(labels == ignore_class, zero, values)
    return values  # type: ignore[no-any-return]


def _is_true_class(labels: Any, shape: tuple[int, ...], axis: int) -> Any:
    """Booleans of ``shape``: whether a position along ``axis`` is the label's."""
    position = axis % len(shape)
    classes = shape[position]
    kind = labels.dtype.kind
    # Compared in the labels' own dtype, without conversion, where it can hold every class number.
    own = kind == "f" or (kind in "iu" and classes - 1 <= np.iinfo(labels.dtype).max)
    numbers = np.arange(classes, dtype=labels.dtype if own else np.int64)
    return np.expand_dims(labels, position) == numbers.reshape(-1, *(1,) * (len(shape) - 1 - position))


def _check_options(component: str, from_logits: Any, label_smoothing: Any) -> None:
    if not isinstance(from_logits, bool | np.bool_):
        raise InvalidArgumentError(
            component=component, argument="from_logits", value=from_logits, allowed=[True, False]
        )
    if not isinstance(label_smoothing, int | float | np.number) or not 0 <= label_smoothing <= 1:
        raise InvalidArgumentError(
            component=component, argument="label_smoothing", value=label_smoothing, allowed="a number from 0 to 1"
        )


def _check_ignored(component: str, ignore_class: Any) -> None:
    if ignore_class is not None and (not isinstance(ignore_class, int | np.integer) or isinstance(ignore_class, bool)):
        raise InvalidArgumentError(
            component=component, argument="ignore_class", value=ignore_class, allowed="None, or an integer"
        )


class BinaryCrossentropy(Loss):
    """The mean of ``binary_crossentropy`` over all samples.

    Args:
        from_logits, label_smoothing, axis: as for ``binary_crossentropy``.
        reduction: ``"sum_over_batch_size"`` (the mean), ``"sum"`` or ``"none"``.
        name: shown in logs.

    Raises:
        InvalidArgumentError: a smoothing outside 0..1, or an unknown reduction.

    Example:
        >>> float(BinaryCrossentropy()(np.array([[1], [0]]), np.array([[0.5], [0.25]])).round(4))
        0.4904
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "binary_crossentropy",
    ) -> None:
        super().__init__(reduction=reduction, name=name)
        _check_options(type(self).__name__, from_logits, label_smoothing)
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        self.axis = axis

    def call(self, y_true: Array, y_pred: Array) -> Array:
        """The loss of every sample; see ``binary_crossentropy``."""
        return binary_crossentropy(y_true, y_pred, self.from_logits, self.label_smoothing, self.axis)

    def check_labels(self, labels: Array, output_shape: Shape) -> None:
        """Refuse labels outside 0..1.

        Raises:
            LabelValueError: names the first such label.
        """
        check_unit_interval("binary_crossentropy", labels)


class CategoricalCrossentropy(Loss):
    """The mean of ``categorical_crossentropy`` over all samples.

    Args:
        from_logits, label_smoothing, axis: as for ``categorical_crossentropy``.
        reduction: ``"sum_over_batch_size"`` (the mean), ``"sum"`` or ``"none"``.
        name: shown in logs.

    Raises:
        InvalidArgumentError: a smoothing outside 0..1, or an unknown reduction.

    Example:
        >>> float(CategoricalCrossentropy()(np.array([[0, 1], [1, 0]]), np.array([[0.25, 0.75], [0.5, 0.5]])).round(4))
        0.4904
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_crossentropy",
    ) -> None:
        super().__init__(reduction=reduction, name=name)
        _check_options(type(self).__name__, from_logits, label_smoothing)
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        self.axis = axis

    def call(self, y_true: Array, y_pred: Array) -> Array:
        """The loss of every sample; see ``categorical_crossentropy``."""
        return categorical_crossentropy(y_true, y_pred, self.from_logits, self.label_smoothing, self.axis)

    def check_labels(self, labels: Array, output_shape: Shape) -> None:
        """Refuse labels that are NaN or infinite.

        Raises:
            LabelValueError: names the first such label.
        """
        check_finite("categorical_crossentropy", labels)


class SparseCategoricalCrossentropy(Loss):
    """The mean of ``sparse_categorical_crossentropy`` over all samples, or over those whose label is not ignored.

    Args:
        from_logits, ignore_class, axis: as for ``sparse_categorical_crossentropy``.
        reduction: ``"sum_over_batch_size"`` (the mean), ``"sum"`` or ``"none"``.
        name: shown in logs.

    Raises:
        InvalidArgumentError: an unknown reduction, or an ``ignore_class`` that is no integer.

    Example:
        >>> loss = SparseCategoricalCrossentropy(ignore_class=-1)
        >>> float(loss(np.array([1, -1]), np.array([[0.25, 0.75], [0.5, 0.5]])).round(4))
        0.2877
    """

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "sparse_categorical_crossentropy",
        axis: int = -1,
    ) -> None:
        super().__init__(reduction=reduction, name=name)
        _check_options(type(self).__name__, from_logits, 0.0)
        _check_ignored(type(self).__name__, ignore_class)
        self.from_logits = from_logits
        self.ignore_class = ignore_class
        self.axis = axis

    def call(self, y_true: Array, y_pred: Array) -> Array:
        """The loss of every sample; see ``sparse_categorical_crossentropy``."""
        values: Any = sparse_categorical_crossentropy(y_true, y_pred, self.from_logits, self.axis, self.ignore_class)
        if self.ignore_class is None or self.reduction != "sum_over_batch_size":
            return values  # type: ignore[no-any-return]
        # The mean that is taken next divides by all samples; Keras's by those that count.
        labels: Any = y_true if hasattr(y_true, "dtype") else np.asarray(y_true)
        kept = np.sum(ops.cast(labels != self.ignore_class, values.dtype))
        count = np.asarray(math.prod(values.shape), values.dtype)
        return values * (count / np.maximum(kept, np.ones((), values.dtype)))  # type: ignore[no-any-return]

    def check_labels(self, labels: Array, output_shape: Shape) -> None:
        """Refuse labels that are not whole numbers in 0..classes-1, nor the ignored one.

        Raises:
            LabelValueError: names the first such label and the allowed range.
        """
        classes = output_shape[self.axis]
        check_class_numbers("sparse_categorical_crossentropy", labels, classes, self.ignore_class)
