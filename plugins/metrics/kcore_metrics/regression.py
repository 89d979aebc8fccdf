"""Metrics of real-valued predictions.

The means are taken in float64, so that sums over many batches stay exact.
"""

from __future__ import annotations

import numpy as np

from kcore import Array, epsilon
from kcore.metrics import Mean, align_labels, as_predictions
from kcore_metrics.formula import FormulaMetric, aligned


def mean_absolute_error(y_true: Array, y_pred: Array) -> Array:
    """The mean over the last axis of the absolute differences: ``mean(abs(y_pred - y_true), axis=-1)``.

    Args:
        y_true: labels (batch, ..., values), any real dtype; (batch,) for predictions (batch, 1).
        y_pred: predictions (batch, ..., values).

    Returns:
        a value per sample (and step), float64, (batch, ...).

    Raises:
        LabelShapeError: labels whose shape is not the predictions'.

    Example:
        >>> mean_absolute_error(np.array([[0.0, 1.0]]), np.array([[0.5, 3.0]])).tolist()
        [1.25]
    """
    predictions = as_predictions(y_pred)
    difference = predictions - align_labels("mean_absolute_error", y_true, predictions)
    return np.mean(np.abs(difference), axis=-1, dtype="float64")  # type: ignore[no-any-return]


def mean_squared_error(y_true: Array, y_pred: Array) -> Array:
    """The mean over the last axis of the squared differences: ``mean((y_pred - y_true) ** 2, axis=-1)``.

    Args:
        y_true: labels (batch, ..., values), any real dtype; (batch,) for predictions (batch, 1).
        y_pred: predictions (batch, ..., values).

    Returns:
        a value per sample (and step), float64, (batch, ...).

    Raises:
        LabelShapeError: labels whose shape is not the predictions'.

    Example:
        >>> mean_squared_error(np.array([[0.0, 1.0]]), np.array([[0.5, 3.0]])).tolist()
        [2.125]
    """
    predictions = as_predictions(y_pred)
    difference = predictions - align_labels("mean_squared_error", y_true, predictions)
    return np.mean(np.square(difference), axis=-1, dtype="float64")  # type: ignore[no-any-return]


def mean_absolute_percentage_error(y_true: Array, y_pred: Array) -> Array:
    """100 times the mean of the differences relative to the labels.

    ``100 * mean(abs(y_true - y_pred) / max(abs(y_true), epsilon), axis=-1)``, with ``kcore.epsilon()``, 1e-7, as in
    Keras. scikit-learn's is a fraction, not percents, and its epsilon is 2e-16.

    Args:
        y_true: labels (batch, ..., values), any real dtype; (batch,) for predictions (batch, 1).
        y_pred: predictions (batch, ..., values).

    Returns:
        a value per sample (and step), float64, (batch, ...).

    Raises:
        LabelShapeError: labels whose shape is not the predictions'.

    Example:
        >>> mean_absolute_percentage_error(np.array([[2.0, 10.0]]), np.array([[3.0, 9.0]])).tolist()
        [30.0]
    """
    labels, predictions = aligned("mean_absolute_percentage_error", y_true, y_pred)
    scale = np.maximum(np.abs(labels), epsilon())
    return 100 * np.mean(np.abs(labels - predictions) / scale, axis=-1)  # type: ignore[no-any-return]


def mean_squared_logarithmic_error(y_true: Array, y_pred: Array) -> Array:
    """The mean over the last axis of ``(log(1 + y_pred) - log(1 + y_true)) ** 2``.

    Whatever is below ``kcore.epsilon()`` counts as epsilon, as in Keras; scikit-learn refuses what is negative.

    Args:
        y_true: labels (batch, ..., values), any real dtype; (batch,) for predictions (batch, 1).
        y_pred: predictions (batch, ..., values).

    Returns:
        a value per sample (and step), float64, (batch, ...).

    Raises:
        LabelShapeError: labels whose shape is not the predictions'.

    Example:
        >>> mean_squared_logarithmic_error(np.array([[0.0]]), np.array([[np.e - 1]])).round(4).tolist()
        [1.0]
    """
    labels, predictions = aligned("mean_squared_logarithmic_error", y_true, y_pred)
    difference = np.log1p(np.maximum(predictions, epsilon())) - np.log1p(np.maximum(labels, epsilon()))
    return np.mean(np.square(difference), axis=-1)  # type: ignore[no-any-return]


class MeanAbsoluteError(FormulaMetric):
    """The mean of ``mean_absolute_error`` over all samples; with weights, the weighted mean.

    Args:
        name: in logs.
        dtype: of the result; None is float64.

    Raises:
        InvalidArgumentError: a dtype that is not floating.

    Example:
        >>> float(MeanAbsoluteError()(np.array([[0.0], [1.0]]), np.array([[1.0], [3.0]])).round(4))
        1.5
    """

    formula = staticmethod(mean_absolute_error)

    def __init__(self, name: str | None = "mean_absolute_error", dtype: str | None = None) -> None:
        super().__init__(name=name, dtype=dtype)


class MeanSquaredError(FormulaMetric):
    """The mean of ``mean_squared_error`` over all samples; with weights, the weighted mean.

    Args:
        name: in logs.
        dtype: of the result; None is float64.

    Raises:
        InvalidArgumentError: a dtype that is not floating.

    Example:
        >>> float(MeanSquaredError()(np.array([[0.0], [1.0]]), np.array([[1.0], [3.0]])).round(4))
        2.5
    """

    formula = staticmethod(mean_squared_error)

    def __init__(self, name: str | None = "mean_squared_error", dtype: str | None = None) -> None:
        super().__init__(name=name, dtype=dtype)


class MeanAbsolutePercentageError(FormulaMetric):
    """The mean of ``mean_absolute_percentage_error`` over all samples; with weights, the weighted mean.

    Args:
        name: in logs.
        dtype: of the result; None is float64.

    Raises:
        InvalidArgumentError: a dtype that is not floating.

    Example:
        >>> float(MeanAbsolutePercentageError()(np.array([[2.0], [1.0]]), np.array([[3.0], [1.0]])).round(4))
        25.0
    """

    formula = staticmethod(mean_absolute_percentage_error)

    def __init__(self, name: str | None = "mean_absolute_percentage_error", dtype: str | None = None) -> None:
        super().__init__(name=name, dtype=dtype)


class MeanSquaredLogarithmicError(FormulaMetric):
    """The mean of ``mean_squared_logarithmic_error`` over all samples; with weights, the weighted mean.

    Args:
        name: in logs.
        dtype: of the result; None is float64.

    Raises:
        InvalidArgumentError: a dtype that is not floating.

    Example:
        >>> float(MeanSquaredLogarithmicError()(np.array([[1.0], [1.0]]), np.array([[3.0], [1.0]])).round(4))
        0.2402
    """

    formula = staticmethod(mean_squared_logarithmic_error)

    def __init__(self, name: str | None = "mean_squared_logarithmic_error", dtype: str | None = None) -> None:
        super().__init__(name=name, dtype=dtype)


class RootMeanSquaredError(Mean):
    """The square root of the mean of all squared differences, ``sqrt(mean((y_pred - y_true) ** 2))``.

    The root is taken last, over all values of all batches. scikit-learn's is the mean over outputs of their own roots;
    with one output they are the same. With weights, the mean is the weighted one.

    Args:
        name: in logs.
        dtype: of the result; None is float64.

    Raises:
        InvalidArgumentError: a dtype that is not floating.
        LabelShapeError: on update, labels whose shape is not the predictions'.

    Example:
        >>> float(RootMeanSquaredError()(np.array([[0.0], [1.0]]), np.array([[1.0], [8.0]])))
        5.0
    """

    def __init__(self, name: str | None = "root_mean_squared_error", dtype: str | None = None) -> None:
        super().__init__(name=name, dtype=dtype)

    def update(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> None:
        labels, predictions = aligned("root_mean_squared_error", y_true, y_pred)
        self.add(np.square(predictions - labels), sample_weight)

    def result(self) -> Array:
        """The root of the mean so far; 0 before anything was taken in."""
        return self.in_dtype(np.sqrt(self.total / (self.count + (self.count == 0))))
