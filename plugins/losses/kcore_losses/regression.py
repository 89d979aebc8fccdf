"""Losses of real-valued predictions: the mean squared, absolute, relative and logarithmic errors."""

from __future__ import annotations

import numpy as np

from kcore import Array, epsilon
from kcore.losses import align_labels, as_predictions, label_check
from kcore_losses.formula import FormulaLoss
from kcore_losses.labels import check_finite


@label_check(lambda labels, output_shape: check_finite("mean_squared_error", labels))
def mean_squared_error(y_true: Array, y_pred: Array) -> Array:
    """The mean over the last axis of the squared differences: ``mean((y_pred - y_true) ** 2, axis=-1)``.

    Args:
        y_true: labels (batch, ..., values), any real dtype; (batch,) for predictions (batch, 1).
        y_pred: predictions (batch, ..., values), floating.

    Returns:
        a value per sample (and step), (batch, ...), in the predictions' dtype.

    Raises:
        LabelShapeError: labels whose shape is not the predictions'; shapes that would only broadcast are refused.
        LabelValueError: before training, if any label is NaN or infinite. (Keras trains on, and all weights
            become NaN.)

    Source: Keras's definition. PyTorch's ``MSELoss`` is the mean over all values; so is this after its reduction.

    Example:
        >>> mean_squared_error(np.array([[0.0, 1.0]]), np.array([[0.5, 3.0]])).tolist()
        [2.125]
    """
    predictions = as_predictions(y_pred)
    difference = predictions - align_labels("mean_squared_error", y_true, predictions)
    return np.mean(np.square(difference), axis=-1)  # type: ignore[no-any-return]


@label_check(lambda labels, output_shape: check_finite("mean_absolute_error", labels))
def mean_absolute_error(y_true: Array, y_pred: Array) -> Array:
    """The mean over the last axis of the absolute differences: ``mean(abs(y_pred - y_true), axis=-1)``.

    The gradient is 0 where a prediction equals its label.

    Args:
        y_true: labels (batch, ..., values), any real dtype; (batch,) for predictions (batch, 1).
        y_pred: predictions (batch, ..., values), floating.

    Returns:
        a value per sample (and step), (batch, ...), in the predictions' dtype.

    Raises:
        LabelShapeError: labels whose shape is not the predictions'.
        LabelValueError: before training, if any label is NaN or infinite.

    Source: Keras's definition; PyTorch's ``L1Loss``.

    Example:
        >>> mean_absolute_error(np.array([[0.0, 1.0]]), np.array([[0.5, 3.0]])).tolist()
        [1.25]
    """
    predictions = as_predictions(y_pred)
    difference = predictions - align_labels("mean_absolute_error", y_true, predictions)
    return np.mean(np.abs(difference), axis=-1)  # type: ignore[no-any-return]


@label_check(lambda labels, output_shape: check_finite("mean_absolute_percentage_error", labels))
def mean_absolute_percentage_error(y_true: Array, y_pred: Array) -> Array:
    """100 times the mean of the differences relative to the labels.

    ``100 * mean(abs(y_true - y_pred) / max(abs(y_true), epsilon), axis=-1)``, with ``kcore.epsilon()``, 1e-7: an error
    at a label of 0 counts 1e7 times.

    Args:
        y_true: labels (batch, ..., values), any real dtype; (batch,) for predictions (batch, 1).
        y_pred: predictions (batch, ..., values), floating.

    Returns:
        percents per sample (and step), (batch, ...), in the predictions' dtype.

    Raises:
        LabelShapeError: labels whose shape is not the predictions'.
        LabelValueError: before training, if any label is NaN or infinite.

    Source: Keras's definition, the same in Keras 2 and 3. scikit-learn's is a fraction, not percents, and its
    epsilon is that of float64, 2e-16.

    Example:
        >>> mean_absolute_percentage_error(np.array([[2.0, 10.0]]), np.array([[3.0, 9.0]])).tolist()
        [30.0]
    """
    predictions = as_predictions(y_pred)
    labels = align_labels("mean_absolute_percentage_error", y_true, predictions)
    scale = np.maximum(np.abs(labels), np.asarray(epsilon(), predictions.dtype))
    return 100 * np.mean(np.abs(labels - predictions) / scale, axis=-1)  # type: ignore[no-any-return]


@label_check(lambda labels, output_shape: check_finite("mean_squared_logarithmic_error", labels))
def mean_squared_logarithmic_error(y_true: Array, y_pred: Array) -> Array:
    """The mean of the squared differences between logarithms: of quantities that grow by factors.

    ``mean((log(1 + max(y_pred, epsilon)) - log(1 + max(y_true, epsilon))) ** 2, axis=-1)``. Whatever is below
    ``kcore.epsilon()`` counts as epsilon, and its gradient is 0.

    Args:
        y_true: labels (batch, ..., values), any real dtype; (batch,) for predictions (batch, 1).
        y_pred: predictions (batch, ..., values), floating.

    Returns:
        a value per sample (and step), (batch, ...), in the predictions' dtype.

    Raises:
        LabelShapeError: labels whose shape is not the predictions'.
        LabelValueError: before training, if any label is NaN or infinite.

    Source: Keras's definition, the same in Keras 2 and 3. scikit-learn refuses negative values instead.

    Example:
        >>> mean_squared_logarithmic_error(np.array([[0.0]]), np.array([[np.e - 1]])).round(4).tolist()
        [1.0]
    """
    predictions = as_predictions(y_pred)
    labels = align_labels("mean_squared_logarithmic_error", y_true, predictions)
    least = np.asarray(epsilon(), predictions.dtype)
    difference = np.log1p(np.maximum(predictions, least)) - np.log1p(np.maximum(labels, least))
    return np.mean(np.square(difference), axis=-1)  # type: ignore[no-any-return]


class MeanSquaredError(FormulaLoss):
    """The mean of ``mean_squared_error`` over all samples.

    Args:
        reduction: ``"sum_over_batch_size"`` (the mean), ``"sum"`` or ``"none"``.
        name: shown in logs.

    Raises:
        InvalidArgumentError: an unknown reduction.

    Example:
        >>> float(MeanSquaredError()(np.array([[0.0], [1.0]]), np.array([[1.0], [3.0]])))
        2.5
    """

    formula = staticmethod(mean_squared_error)

    def __init__(self, reduction: str | None = "sum_over_batch_size", name: str | None = "mean_squared_error") -> None:
        super().__init__(reduction=reduction, name=name)


class MeanAbsoluteError(FormulaLoss):
    """The mean of ``mean_absolute_error`` over all samples.

    Args:
        reduction: ``"sum_over_batch_size"`` (the mean), ``"sum"`` or ``"none"``.
        name: shown in logs.

    Raises:
        InvalidArgumentError: an unknown reduction.

    Example:
        >>> float(MeanAbsoluteError()(np.array([[0.0], [1.0]]), np.array([[1.0], [3.0]])))
        1.5
    """

    formula = staticmethod(mean_absolute_error)

    def __init__(self, reduction: str | None = "sum_over_batch_size", name: str | None = "mean_absolute_error") -> None:
        super().__init__(reduction=reduction, name=name)


class MeanAbsolutePercentageError(FormulaLoss):
    """The mean of ``mean_absolute_percentage_error`` over all samples.

    Args:
        reduction: ``"sum_over_batch_size"`` (the mean), ``"sum"`` or ``"none"``.
        name: shown in logs.

    Raises:
        InvalidArgumentError: an unknown reduction.

    Example:
        >>> float(MeanAbsolutePercentageError()(np.array([[2.0], [1.0]]), np.array([[3.0], [1.0]])))
        25.0
    """

    formula = staticmethod(mean_absolute_percentage_error)

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "mean_absolute_percentage_error"
    ) -> None:
        super().__init__(reduction=reduction, name=name)


class MeanSquaredLogarithmicError(FormulaLoss):
    """The mean of ``mean_squared_logarithmic_error`` over all samples.

    Args:
        reduction: ``"sum_over_batch_size"`` (the mean), ``"sum"`` or ``"none"``.
        name: shown in logs.

    Raises:
        InvalidArgumentError: an unknown reduction.

    Example:
        >>> float(MeanSquaredLogarithmicError()(np.array([[1.0], [1.0]]), np.array([[3.0], [1.0]])).round(4))
        0.2402
    """

    formula = staticmethod(mean_squared_logarithmic_error)

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "mean_squared_logarithmic_error"
    ) -> None:
        super().__init__(reduction=reduction, name=name)
