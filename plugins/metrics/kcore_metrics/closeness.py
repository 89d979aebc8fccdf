"""Metrics of real-valued predictions that weigh large differences less, or look at directions only."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from kcore import Array
from kcore.errors import InvalidArgumentError
from kcore_metrics.formula import FormulaMetric, aligned, is_number

# Keras 2's bound of the squared length, below which a vector counts as short.
SHORTEST = 1e-12


def huber(y_true: Array, y_pred: Array, delta: float = 1.0) -> Array:
    """The mean over the last axis of ``e ** 2 / 2`` where ``abs(e) <= delta``, else ``delta * (abs(e) - delta / 2)``.

    Args:
        y_true: labels (batch, ..., values), any real dtype; (batch,) for predictions (batch, 1).
        y_pred: predictions (batch, ..., values).
        delta: up to which distance it is a square; positive.

    Returns:
        a value per sample (and step), float64, (batch, ...).

    Raises:
        LabelShapeError: labels whose shape is not the predictions'.
        InvalidArgumentError: a delta that is not a positive finite number.

    Source: Huber, Robust Estimation of a Location Parameter, Annals of Mathematical Statistics 35 (1964).

    Example:
        >>> huber(np.array([[0.0], [0.0]]), np.array([[0.5], [3.0]])).tolist()
        [0.125, 2.5]
    """
    _check_delta("huber", delta)
    labels, predictions = aligned("huber", y_true, y_pred)
    distance = np.abs(predictions - labels)
    near = np.minimum(distance, float(delta))
    return np.mean(np.square(near) / 2 + delta * (distance - near), axis=-1)  # type: ignore[no-any-return]


def log_cosh(y_true: Array, y_pred: Array) -> Array:
    """The mean over the last axis of ``log(cosh(y_pred - y_true))``: about ``e ** 2 / 2``, then ``abs(e) - log(2)``.

    Args:
        y_true: labels (batch, ..., values), any real dtype; (batch,) for predictions (batch, 1).
        y_pred: predictions (batch, ..., values).

    Returns:
        a value per sample (and step), float64, (batch, ...).

    Raises:
        LabelShapeError: labels whose shape is not the predictions'.

    Example:
        >>> log_cosh(np.array([[0.0], [0.0]]), np.array([[0.0], [1000.0]])).round(4).tolist()
        [0.0, 999.3069]
    """
    labels, predictions = aligned("log_cosh", y_true, y_pred)
    distance = np.abs(predictions - labels)
    near = -0.5 * np.log1p(-np.square(np.tanh(np.minimum(distance, 1.0))))
    far = distance + np.log1p(np.exp(-2 * distance)) - math.log(2)
    return np.mean(np.where(distance < 1, near, far), axis=-1)  # type: ignore[no-any-return]


def cosine_similarity(y_true: Array, y_pred: Array, axis: int = -1) -> Array:
    """The cosine of the angle between labels and predictions: 1 for one direction, 0 at a right angle.

    A vector of zeros gives 0. The loss of the same name has the other sign.

    Args:
        y_true: labels (batch, ..., values), any real dtype.
        y_pred: predictions (batch, ..., values).
        axis: of the vectors' components.

    Returns:
        a value per vector, float64, (batch, ...) if the axis is the last.

    Raises:
        LabelShapeError: labels whose shape is not the predictions'.
        InvalidArgumentError: an axis that is no integer.

    Source: Keras's definition from 2.3 on. Up to Keras 2.2 the metrics ``cosine`` and ``cosine_proximity`` were the
    loss, with its sign; these names mean this metric now, as in Keras since.

    Example:
        >>> cosine_similarity(np.array([[1.0, 0.0]]), np.array([[3.0, 4.0]])).round(12).tolist()
        [0.6]
    """
    _check_axis("cosine_similarity", axis)
    labels, predictions = aligned("cosine_similarity", y_true, y_pred)
    return np.sum(_directions(labels, axis) * _directions(predictions, axis), axis=axis)  # type: ignore[no-any-return]


def _directions(vectors: Any, axis: int) -> Any:
    squares = np.sum(np.square(vectors), axis=axis, keepdims=True)
    return vectors / np.sqrt(np.maximum(squares, SHORTEST))


def _check_delta(component: str, delta: Any) -> None:
    if not is_number(delta) or not 0 < delta < math.inf:
        raise InvalidArgumentError(
            component=component, argument="delta", value=delta, allowed="a positive finite number"
        )


def _check_axis(component: str, axis: Any) -> None:
    if not isinstance(axis, int | np.integer) or isinstance(axis, bool):
        raise InvalidArgumentError(component=component, argument="axis", value=axis, allowed="an integer")


class Huber(FormulaMetric):
    """The mean of ``huber`` over all samples; with weights, the weighted mean.

    Keras has it as a function only.

    Args:
        name: in logs.
        dtype: of the result; None is float64.
        delta: up to which distance it is a square; positive.

    Raises:
        InvalidArgumentError: a dtype that is not floating, or a delta that is not a positive finite number.

    Example:
        >>> float(Huber()(np.array([[0.0], [0.0]]), np.array([[1.0], [3.0]])).round(4))
        1.5
    """

    formula = staticmethod(huber)

    def __init__(self, name: str | None = "huber", dtype: str | None = None, delta: float = 1.0) -> None:
        super().__init__(name=name, dtype=dtype)
        _check_delta(type(self).__name__, delta)
        self.delta = delta

    def options(self) -> dict[str, Any]:
        return {"delta": self.delta}


class LogCoshError(FormulaMetric):
    """The mean of ``log_cosh`` over all samples; with weights, the weighted mean.

    Args:
        name: in logs.
        dtype: of the result; None is float64.

    Raises:
        InvalidArgumentError: a dtype that is not floating.

    Example:
        >>> float(LogCoshError()(np.array([[0.0], [1.0]]), np.array([[1.0], [1.0]])).round(4))
        0.2169
    """

    formula = staticmethod(log_cosh)

    def __init__(self, name: str | None = "logcosh", dtype: str | None = None) -> None:
        super().__init__(name=name, dtype=dtype)


class CosineSimilarity(FormulaMetric):
    """The mean of ``cosine_similarity`` over all vectors; with weights, the weighted mean.

    Args:
        name: in logs.
        dtype: of the result; None is float64.
        axis: of the vectors' components.

    Raises:
        InvalidArgumentError: a dtype that is not floating, or an axis that is no integer.

    Example:
        >>> float(CosineSimilarity()(np.array([[1.0, 0.0], [1.0, 1.0]]), np.array([[0.0, 2.0], [2.0, 2.0]])).round(4))
        0.5
    """

    formula = staticmethod(cosine_similarity)

    def __init__(self, name: str | None = "cosine_similarity", dtype: str | None = None, axis: int = -1) -> None:
        super().__init__(name=name, dtype=dtype)
        _check_axis(type(self).__name__, axis)
        self.axis = axis

    def options(self) -> dict[str, Any]:
        return {"axis": self.axis}
