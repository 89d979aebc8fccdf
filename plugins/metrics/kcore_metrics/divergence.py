"""Metrics of predicted distributions and rates other than the cross-entropies."""

from __future__ import annotations

import numpy as np

from kcore import Array, epsilon
from kcore_metrics.formula import FormulaMetric, aligned


def kl_divergence(y_true: Array, y_pred: Array) -> Array:
    """``sum(y_true * log(y_true / y_pred), axis=-1)``: what the prediction wastes, in nats.

    Labels and predictions are limited to epsilon..1 first (``kcore.epsilon()``, 1e-7), as in Keras.

    Args:
        y_true: distributions (batch, ..., classes).
        y_pred: predicted distributions (batch, ..., classes).

    Returns:
        a value per sample (and step), float64, (batch, ...).

    Raises:
        LabelShapeError: labels whose shape is not the predictions'.

    Example:
        >>> kl_divergence(np.array([[0.5, 0.5]]), np.array([[0.25, 0.75]])).round(4).tolist()
        [0.1438]
    """
    labels, predictions = (np.clip(one, epsilon(), 1.0) for one in aligned("kl_divergence", y_true, y_pred))
    return np.sum(labels * np.log(labels / predictions), axis=-1)  # type: ignore[no-any-return]


def poisson(y_true: Array, y_pred: Array) -> Array:
    """The mean over the last axis of ``y_pred - y_true * log(y_pred + epsilon)``: counts, with predicted rates.

    ``kcore.epsilon()`` is 1e-7, as in Keras. A negative prediction gives NaN.

    Args:
        y_true: counts, 0 or more, (batch, ..., values); (batch,) for predictions (batch, 1).
        y_pred: predicted rates, positive, (batch, ..., values).

    Returns:
        a value per sample (and step), float64, (batch, ...).

    Raises:
        LabelShapeError: labels whose shape is not the predictions'.

    Example:
        >>> poisson(np.array([[1.0, 0.0]]), np.array([[1.0, 2.0]])).round(4).tolist()
        [1.5]
    """
    labels, predictions = aligned("poisson", y_true, y_pred)
    return np.mean(predictions - labels * np.log(predictions + epsilon()), axis=-1)  # type: ignore[no-any-return]


class KLDivergence(FormulaMetric):
    """The mean of ``kl_divergence`` over all samples; with weights, the weighted mean.

    Args:
        name: in logs.
        dtype: of the result; None is float64.

    Raises:
        InvalidArgumentError: a dtype that is not floating.

    Example:
        >>> float(KLDivergence()(np.array([[0.5, 0.5], [0.5, 0.5]]), np.array([[0.25, 0.75], [0.5, 0.5]])).round(4))
        0.0719
    """

    formula = staticmethod(kl_divergence)

    def __init__(self, name: str | None = "kullback_leibler_divergence", dtype: str | None = None) -> None:
        super().__init__(name=name, dtype=dtype)


class Poisson(FormulaMetric):
    """The mean of ``poisson`` over all samples; with weights, the weighted mean.

    Args:
        name: in logs.
        dtype: of the result; None is float64.

    Raises:
        InvalidArgumentError: a dtype that is not floating.

    Example:
        >>> float(Poisson()(np.array([[1.0], [0.0]]), np.array([[1.0], [3.0]])).round(4))
        2.0
    """

    formula = staticmethod(poisson)

    def __init__(self, name: str | None = "poisson", dtype: str | None = None) -> None:
        super().__init__(name=name, dtype=dtype)
