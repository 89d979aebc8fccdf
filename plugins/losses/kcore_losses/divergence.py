"""Losses of predicted distributions other than the cross-entropies: the divergence, and that of counts."""

from __future__ import annotations

import numpy as np

from kcore import Array, epsilon
from kcore.losses import align_labels, as_predictions, label_check
from kcore_losses.formula import FormulaLoss
from kcore_losses.labels import check_counts, check_unit_interval
from kcore_losses.limits import limited


@label_check(lambda labels, output_shape: check_unit_interval("kl_divergence", labels))
def kl_divergence(y_true: Array, y_pred: Array) -> Array:
    """``sum(y_true * log(y_true / y_pred), axis=-1)``: what the prediction wastes, in nats.

    Labels and predictions are limited to epsilon..1 first (``kcore.epsilon()``, 1e-7); the gradient is 0 beyond.

    Args:
        y_true: distributions (batch, ..., classes).
        y_pred: predicted distributions (batch, ..., classes), floating.

    Returns:
        a value per sample (and step), (batch, ...), in the predictions' dtype.

    Raises:
        LabelShapeError: labels whose shape is not the predictions'.
        LabelValueError: before training, if any label is outside 0..1.

    Source: Kullback and Leibler, On Information and Sufficiency, Annals of Mathematical Statistics 22 (1951). Keras 2
    and 3 agree; PyTorch's ``KLDivLoss`` takes logarithms of predictions, and has no limits.

    Example:
        >>> kl_divergence(np.array([[0.5, 0.5]]), np.array([[0.25, 0.75]])).round(4).tolist()
        [0.1438]
    """
    predictions = as_predictions(y_pred)
    labels = limited(align_labels("kl_divergence", y_true, predictions), epsilon(), 1.0)
    return np.sum(labels * np.log(labels / limited(predictions, epsilon(), 1.0)), axis=-1)  # type: ignore[no-any-return]


@label_check(lambda labels, output_shape: check_counts("poisson", labels))
def poisson(y_true: Array, y_pred: Array) -> Array:
    """The mean over the last axis of ``y_pred - y_true * log(y_pred + epsilon)``: counts, with predicted rates.

    It is minus the log-likelihood of a Poisson distribution without the term that only labels have, so it may be
    negative. A negative prediction gives NaN: let the last layer be ``exp`` or ``softplus``.

    Args:
        y_true: counts, 0 or more, (batch, ..., values); (batch,) for predictions (batch, 1).
        y_pred: predicted rates, positive, (batch, ..., values), floating.

    Returns:
        a value per sample (and step), (batch, ...), in the predictions' dtype.

    Raises:
        LabelShapeError: labels whose shape is not the predictions'.
        LabelValueError: before training, if any label is negative, NaN or infinite.

    Source: Keras's definition, the same in Keras 2 and 3, with ``kcore.epsilon()``, 1e-7. PyTorch's ``PoissonNLLLoss``
    takes logarithms of rates unless ``log_input=False``, and its epsilon is 1e-8.

    Example:
        >>> poisson(np.array([[1.0, 0.0]]), np.array([[1.0, 2.0]])).round(4).tolist()
        [1.5]
    """
    predictions = as_predictions(y_pred)
    labels = align_labels("poisson", y_true, predictions)
    logarithms = np.log(predictions + np.asarray(epsilon(), predictions.dtype))
    return np.mean(predictions - labels * logarithms, axis=-1)  # type: ignore[no-any-return]


class KLDivergence(FormulaLoss):
    """The mean of ``kl_divergence`` over all samples.

    Args:
        reduction: ``"sum_over_batch_size"`` (the mean), ``"sum"`` or ``"none"``.
        name: shown in logs.

    Raises:
        InvalidArgumentError: an unknown reduction.

    Example:
        >>> loss = KLDivergence()(np.array([[0.5, 0.5], [0.5, 0.5]]), np.array([[0.25, 0.75], [0.5, 0.5]]))
        >>> float(loss.round(4))
        0.0719
    """

    formula = staticmethod(kl_divergence)

    def __init__(self, reduction: str | None = "sum_over_batch_size", name: str | None = "kl_divergence") -> None:
        super().__init__(reduction=reduction, name=name)


class Poisson(FormulaLoss):
    """The mean of ``poisson`` over all samples.

    Args:
        reduction: ``"sum_over_batch_size"`` (the mean), ``"sum"`` or ``"none"``.
        name: shown in logs.

    Raises:
        InvalidArgumentError: an unknown reduction.

    Example:
        >>> float(Poisson()(np.array([[1.0], [0.0]]), np.array([[1.0], [3.0]])).round(4))
        2.0
    """

    formula = staticmethod(poisson)

    def __init__(self, reduction: str | None = "sum_over_batch_size", name: str | None = "poisson") -> None:
        super().__init__(reduction=reduction, name=name)
