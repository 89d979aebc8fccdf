"""The contract of losses, and how labels are brought into the form of predictions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from kcore.components.component import Component
from kcore.engine.settings import floatx
from kcore.engine.types import Array
from kcore.errors.components import InvalidArgumentError, LabelShapeError, spelled_shape
from kcore.ops import cast

LossFunction = Callable[[Array, Array], Array]
LabelCheck = Callable[[Array, tuple[int | None, ...]], None]
F = TypeVar("F", bound=Callable[..., Array])

REDUCTIONS = ("sum_over_batch_size", "sum", "none")
# Keras 2 writes "auto" into its files; Keras 3 has "mean" as a second name.
_SAME_REDUCTION = {None: "none", "auto": "sum_over_batch_size", "mean": "sum_over_batch_size"}


class Loss(Component):
    """How far predictions are from labels. Subclasses write ``call``.

    Args:
        reduction: ``"sum_over_batch_size"``, the mean over all values that ``call`` returns; ``"sum"``; or
            ``"none"`` (or ``None``) for the values themselves. Keras 2's ``"auto"`` and Keras 3's ``"mean"`` are
            other names of the first.
        name: shown in logs.
    """

    def __init__(self, *, reduction: str | None = "sum_over_batch_size", name: str | None = None) -> None:
        chosen = _SAME_REDUCTION.get(reduction, reduction)
        if chosen not in REDUCTIONS:
            raise InvalidArgumentError(
                component=type(self).__name__, argument="reduction", value=reduction, allowed=list(REDUCTIONS)
            )
        self.reduction = chosen
        self.name = name

    def call(self, y_true: Array, y_pred: Array) -> Array:
        """The loss of every sample (and step), shape ``y_pred.shape[:-1]``."""
        raise NotImplementedError(f"{type(self).__name__} has to define call(y_true, y_pred)")

    def __call__(
        self, y_true: Array, y_pred: Array, sample_weight: Array | None = None, mask: Array | None = None
    ) -> Array:
        """The reduced loss, a scalar.

        Args:
            y_true: labels.
            y_pred: predictions, (batch, ..., classes or values).
            sample_weight: (batch,), or (batch, steps) for a weight per step, or any shape that broadcasts to the values
                of ``call``; the weighted values are divided by their number, not by the sum of weights, as in Keras.
            mask: of the predictions, (batch, steps): values that it marks as padding do not count, neither in the
                sum nor in the number.

        Raises:
            LabelShapeError: weights or mask have another shape than the values.
        """
        values: Any = self.call(y_true, y_pred)
        if sample_weight is not None:
            values = values * spread_weights(sample_weight, values)
        count: Any = None
        if mask is not None:
            kept = np.broadcast_to(spread_weights(mask, values, component="mask"), values.shape)
            values, count = values * kept, np.maximum(np.sum(kept), np.ones((), values.dtype))
        if self.reduction == "sum":
            values = np.sum(values)
        elif self.reduction == "sum_over_batch_size":
            values = np.mean(values) if count is None else np.sum(values) / count
        return values  # type: ignore[no-any-return]

    def check_labels(self, labels: Array, output_shape: tuple[int | None, ...]) -> None:
        """Look at all labels once, before training, and raise ``LabelValueError`` for those without a meaning."""


class FunctionLoss(Loss):
    """A loss made of a function ``f(y_true, y_pred)`` that returns a value per sample.

    The function may carry an attribute ``check_labels(labels, output_shape)``, which is then used as the method.
    """

    def __init__(self, function: LossFunction, *, name: str | None = None) -> None:
        super().__init__(name=name or getattr(function, "__name__", "loss"))
        self.function = function

    def call(self, y_true: Array, y_pred: Array) -> Array:
        return self.function(y_true, y_pred)

    def check_labels(self, labels: Array, output_shape: tuple[int | None, ...]) -> None:
        check = getattr(self.function, "check_labels", None)
        if check is not None:
            check(labels, output_shape)


def label_check(check: LabelCheck) -> Callable[[F], F]:
    """A decorator that gives a loss function its ``check_labels(labels, output_shape)``."""

    def attach(function: F) -> F:
        function.__dict__["check_labels"] = check
        return function

    return attach


def as_predictions(y_pred: Array) -> Array:
    """Predictions as a floating array of shape (batch, ..., values).

    Lists and integers become ``kcore.floatx()``. Predictions (batch,) become (batch, 1), so that a loss or metric
    has a value per sample for them too.
    """
    values: Any = y_pred if hasattr(y_pred, "dtype") else np.asarray(y_pred, dtype=floatx())
    if values.dtype.kind != "f":
        values = cast(values, floatx())
    return np.expand_dims(values, -1) if len(values.shape) == 1 else values


def align_labels(component: str, y_true: Array, y_pred: Array, *, hint: str = "") -> Array:
    """Labels of the predictions' own shape and dtype.

    Labels (batch,) for predictions (batch, 1) get the axis they lack. Nothing else is changed: labels that would
    only broadcast are an error, because (n,) against (n, 1) would silently compare everything with everything.

    Args:
        component: for the error.
        y_true: labels.
        y_pred: predictions, (batch, ..., values).
        hint: more about what is expected, for the error.

    Raises:
        LabelShapeError: the shapes do not belong together.
    """
    labels: Any = y_true if hasattr(y_true, "dtype") else np.asarray(y_true)
    given = tuple(labels.shape)
    if len(labels.shape) == len(y_pred.shape) - 1 and y_pred.shape[-1] == 1:
        labels = np.expand_dims(labels, -1)
    if tuple(labels.shape) != tuple(y_pred.shape):
        raise LabelShapeError(
            component=component,
            labels=given,
            predictions=tuple(y_pred.shape),
            expected=f"labels of the same shape as the predictions{hint and f'; {hint}'}",
        )
    return cast(labels, y_pred.dtype)


def align_class_numbers(component: str, y_true: Array, y_pred: Array, *, axis: int = -1) -> Array:
    """Class numbers, one per prediction: of the predictions' shape without the axis of classes, in their own dtype.

    Args:
        component: for the error.
        y_true: class numbers; the axis of classes may be there with size 1, as in (batch, 1) for (batch, classes).
        y_pred: predictions, (batch, ..., classes).
        axis: of the classes.

    Raises:
        LabelShapeError: the shapes do not belong together.
    """
    labels: Any = y_true if hasattr(y_true, "dtype") else np.asarray(y_true)
    position = axis % len(y_pred.shape)
    shape = (*y_pred.shape[:position], *y_pred.shape[position + 1 :])
    if tuple(labels.shape) == (*shape[:position], 1, *shape[position:]):
        labels = np.reshape(labels, shape)
    if tuple(labels.shape) != shape:
        raise LabelShapeError(
            component=component,
            labels=tuple(labels.shape),
            predictions=tuple(y_pred.shape),
            expected=f"one class number per prediction, of shape {spelled_shape(shape)}; one-hot labels belong to the "
            "categorical form",
        )
    return labels  # type: ignore[no-any-return]


def masked_weights(sample_weight: Array | None, mask: Array | None, y_pred: Array) -> Array | None:
    """Sample weights and the mask of the predictions as one array of weights; ``None`` for neither."""
    if mask is None:
        return sample_weight
    kept: Any = cast(mask, floatx() if y_pred.dtype.kind != "f" else y_pred.dtype)
    if sample_weight is None:
        return kept  # type: ignore[no-any-return]
    weights: Any = cast(sample_weight, kept.dtype)
    axes = max(len(kept.shape), len(weights.shape))
    kept, weights = (np.reshape(x, (*x.shape, *(1,) * (axes - len(x.shape)))) for x in (kept, weights))
    return kept * weights  # type: ignore[no-any-return]


def spread_weights(sample_weight: Array, values: Array, *, component: str = "sample_weight") -> Array:
    """Sample weights with axes added behind, so that they broadcast against per-sample values; in their dtype."""
    weights: Any = cast(sample_weight, values.dtype)
    extra = len(values.shape) - len(weights.shape)
    if extra < 0 and all(size == 1 for size in weights.shape[len(values.shape) :]):
        weights, extra = np.reshape(weights, weights.shape[: len(values.shape)]), 0
    fits = extra >= 0 and all(
        size in (1, other) for size, other in zip(weights.shape, values.shape[: len(weights.shape)], strict=True)
    )
    if not fits:
        raise LabelShapeError(
            component=component,
            labels=tuple(weights.shape),
            predictions=tuple(values.shape),
            expected="one weight per sample",
        )
    return np.reshape(weights, (*weights.shape, *(1,) * extra))
