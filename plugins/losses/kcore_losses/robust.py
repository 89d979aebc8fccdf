"""Losses that are squares near the label and straight lines far from it, so that outliers pull less."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from kcore import Array
from kcore.errors import InvalidArgumentError
from kcore.losses import align_labels, as_predictions, label_check
from kcore_losses.formula import FormulaLoss
from kcore_losses.labels import check_finite


@label_check(lambda labels, output_shape: check_finite("huber", labels))
def huber(y_true: Array, y_pred: Array, delta: float = 1.0) -> Array:
    """The mean over the last axis of ``e ** 2 / 2`` where ``abs(e) <= delta``, else ``delta * (abs(e) - delta / 2)``.

    ``e = y_pred - y_true``; value and slope are continuous.

    Args:
        y_true: labels (batch, ..., values), any real dtype; (batch,) for predictions (batch, 1).
        y_pred: predictions (batch, ..., values), floating.
        delta: up to which distance the loss is a square; positive.

    Returns:
        a value per sample (and step), (batch, ...), in the predictions' dtype.

    Raises:
        LabelShapeError: labels whose shape is not the predictions'.
        LabelValueError: before training, if any label is NaN or infinite.
        InvalidArgumentError: a delta that is not a positive finite number.

    Source: Huber, Robust Estimation of a Location Parameter, Annals of Mathematical Statistics 35 (1964). Keras 2
    and 3 and PyTorch's ``HuberLoss`` agree; PyTorch's ``SmoothL1Loss`` is this divided by delta.

    Example:
        >>> huber(np.array([[0.0], [0.0]]), np.array([[0.5], [3.0]])).tolist()
        [0.125, 2.5]
    """
    _check_delta("huber", delta)
    predictions = as_predictions(y_pred)
    distance = np.abs(predictions - align_labels("huber", y_true, predictions))
    limit = np.asarray(delta, predictions.dtype)
    # The square's argument is limited, so that an outlier of 1e30 does not overflow in the half that is not used.
    near = np.where(distance <= limit, distance, limit)
    return np.mean(np.square(near) / 2 + limit * (distance - near), axis=-1)  # type: ignore[no-any-return]


@label_check(lambda labels, output_shape: check_finite("log_cosh", labels))
def log_cosh(y_true: Array, y_pred: Array) -> Array:
    """The mean over the last axis of ``log(cosh(y_pred - y_true))``: about ``e ** 2 / 2``, then ``abs(e) - log(2)``.

    It never overflows, and is accurate to the last digits also where predictions are all but right; its slope
    is ``tanh(e)``.

    Args:
        y_true: labels (batch, ..., values), any real dtype; (batch,) for predictions (batch, 1).
        y_pred: predictions (batch, ..., values), floating.

    Returns:
        a value per sample (and step), (batch, ...), in the predictions' dtype.

    Raises:
        LabelShapeError: labels whose shape is not the predictions'.
        LabelValueError: before training, if any label is NaN or infinite.

    Source: Keras's definition. Keras computes ``e + softplus(-2 e) - log(2)``, which loses all digits where e is
    below the root of the precision.

    Example:
        >>> log_cosh(np.array([[0.0], [0.0]]), np.array([[0.0], [1000.0]])).round(4).tolist()
        [0.0, 999.3069]
    """
    predictions = as_predictions(y_pred)
    distance = np.abs(predictions - align_labels("log_cosh", y_true, predictions))
    one = np.ones((), predictions.dtype)
    # 1 - tanh(e) ** 2 is 1 / cosh(e) ** 2; beyond 1 it would lose digits, and end as 0.
    near = -0.5 * np.log1p(-np.square(np.tanh(np.where(distance < one, distance, one))))
    far = distance + np.log1p(np.exp(-2 * distance)) - math.log(2)
    return np.mean(np.where(distance < one, near, far), axis=-1)  # type: ignore[no-any-return]


def _check_delta(component: str, delta: Any) -> None:
    number = isinstance(delta, int | float | np.number) and not isinstance(delta, bool)
    if not number or not 0 < delta < math.inf:
        raise InvalidArgumentError(
            component=component, argument="delta", value=delta, allowed="a positive finite number"
        )


class Huber(FormulaLoss):
    """The mean of ``huber`` over all samples.

    Args:
        delta: up to which distance the loss is a square; positive.
        reduction: ``"sum_over_batch_size"`` (the mean), ``"sum"`` or ``"none"``.
        name: shown in logs.

    Raises:
        InvalidArgumentError: a delta that is not a positive finite number, or an unknown reduction.

    Example:
        >>> float(Huber(delta=2.0)(np.array([[0.0], [0.0]]), np.array([[1.0], [3.0]])))
        2.25
    """

    formula = staticmethod(huber)

    def __init__(
        self, delta: float = 1.0, reduction: str | None = "sum_over_batch_size", name: str | None = "huber_loss"
    ) -> None:
        super().__init__(reduction=reduction, name=name)
        _check_delta(type(self).__name__, delta)
        self.delta = delta

    def options(self) -> dict[str, Any]:
        return {"delta": self.delta}


class LogCosh(FormulaLoss):
    """The mean of ``log_cosh`` over all samples.

    Args:
        reduction: ``"sum_over_batch_size"`` (the mean), ``"sum"`` or ``"none"``.
        name: shown in logs.

    Raises:
        InvalidArgumentError: an unknown reduction.

    Example:
        >>> float(LogCosh()(np.array([[0.0], [1.0]]), np.array([[1.0], [1.0]])).round(4))
        0.2169
    """

    formula = staticmethod(log_cosh)

    def __init__(self, reduction: str | None = "sum_over_batch_size", name: str | None = "log_cosh") -> None:
        super().__init__(reduction=reduction, name=name)
