"""How much of the labels' variance the predictions explain."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from kcore import Array, ops
from kcore.errors import InvalidArgumentError
from kcore.metrics import Metric, align_labels, as_predictions
from kcore_metrics.decisions import flat_weights, ratio
from kcore_metrics.formula import check_integer

AGGREGATIONS = (None, "uniform_average", "variance_weighted_average")


class R2Score(Metric):
    """The coefficient of determination, ``1 - sum((y - p) ** 2) / sum((y - mean(y)) ** 2)``, of each output.

    1 is the best; always predicting the mean has 0; it may be negative. The squares are kept around the mean so far, as
    Chan, Golub and LeVeque do (Updating Formulae and a Pairwise Algorithm for Computing Sample Variances, 1979), so
    that labels far from 0 lose no digits.

    Args:
        class_aggregation: ``"uniform_average"``: the mean over outputs; ``"variance_weighted_average"``: weighted by
            the labels' variances; ``None``: a result per output, which cannot stand in ``compile``.
        num_regressors: p, to adjust the score for p inputs of a linear model, to
            ``1 - (1 - R2) * (n - 1) / (n - p - 1)``. n is the number of all labels, as in Keras: of samples times
            outputs. Where n is not above p + 1, the score is not adjusted. 0 does not adjust.
        name: in logs.
        dtype: of the result; None is float64.

    Raises:
        InvalidArgumentError: an argument that is none of these; on update, predictions that are not (batch, outputs),
            or another number of outputs than before.
        LabelShapeError: on update, labels whose shape is not the predictions'.

    Source: Keras's definition, the same in Keras 2 and 3. Where all labels of an output are the same, the score is 0 as
    in Keras, but 1 if the predictions are right, as in scikit-learn, where Keras has NaN.

    Example:
        >>> float(R2Score()(np.array([[1.0], [2.0], [3.0]]), np.array([[1.0], [2.0], [4.0]])))
        0.5
    """

    def __init__(
        self,
        class_aggregation: str | None = "uniform_average",
        num_regressors: int = 0,
        name: str | None = "r2_score",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        if class_aggregation not in AGGREGATIONS:
            raise InvalidArgumentError(
                component="R2Score",
                argument="class_aggregation",
                value=class_aggregation,
                allowed=list(AGGREGATIONS),
            )
        check_integer("R2Score", "num_regressors", num_regressors, least=0)
        self.class_aggregation = class_aggregation
        self.num_regressors = num_regressors

    def several(self) -> str:
        return "" if self.class_aggregation else "output; class_aggregation='uniform_average' makes one of them"

    def update(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> None:
        """Take in one batch.

        Raises:
            LabelShapeError: labels whose shape is not the predictions'.
            InvalidArgumentError: predictions that are not (batch, outputs), or another number of outputs than before.
        """
        predictions: Any = as_predictions(y_pred)
        shape = tuple(predictions.shape)
        labels: Any = align_labels("R2Score", y_true, predictions)
        if not self.states and len(shape) == 2:
            self._weight, self._mean, self._squares, self._residual = (
                self.add_state(name, shape[1:]) for name in ("weight", "mean", "squares", "residual")
            )
            self._samples = self.add_state("samples")
        if len(shape) != 2 or self._weight.shape != shape[1:]:
            outputs = self._weight.shape[0] if self.states else "outputs"
            raise InvalidArgumentError(
                component="R2Score",
                argument="y_pred",
                value=shape,
                allowed=f"predictions of shape (batch, {outputs})",
                found="its shape",
            )
        labels, predictions = ops.cast(labels, "float64"), ops.cast(predictions, "float64")
        weights: Any = flat_weights(sample_weight, predictions)
        weights = np.ones(shape) if weights is None else weights
        weight = np.sum(weights, axis=0)
        mean = ratio(np.sum(weights * labels, axis=0), weight)
        squares = np.sum(weights * np.square(labels - mean), axis=0)
        # Two sets of labels in one: the squares around the common mean.
        together = self._weight + weight
        distance = mean - self._mean
        self._squares.assign(self._squares + squares + np.square(distance) * ratio(self._weight * weight, together))
        self._mean.assign(self._mean + distance * ratio(weight, together))
        self._residual.assign(self._residual + np.sum(weights * np.square(labels - predictions), axis=0))
        self._weight.assign(together)
        self._samples.assign(self._samples + float(math.prod(shape)))

    def result(self) -> Array:
        """The score over everything so far; 0 before anything was taken in."""
        if not self.states:
            return self.in_dtype(np.zeros(()))
        # What equal labels leave by rounding is no variance.
        rounding = np.square(8 * np.finfo("float64").eps * self._mean) * self._weight
        total = np.where(self._squares <= rounding, 0.0, self._squares)
        constant = np.where((self._residual <= rounding) & (self._weight > 0), 1.0, 0.0)
        scores: Any = np.where(total == 0, constant, 1 - self._residual / np.where(total == 0, 1.0, total))
        if self.class_aggregation == "uniform_average":
            scores = np.mean(scores)
        elif self.class_aggregation == "variance_weighted_average":
            whole = np.sum(total)
            scores = np.where(whole == 0, np.mean(scores), ratio(np.sum(total * scores), whole))
        if self.num_regressors:
            spare = self._samples - (self.num_regressors + 1.0)
            adjusted = 1 - (1 - scores) * (self._samples - 1) / np.where(spare > 0, spare, 1.0)
            scores = np.where(spare > 0, adjusted, scores)
        return self.in_dtype(scores)
