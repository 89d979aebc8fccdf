"""F-scores: precision and recall of each class in one number."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from kcore import Array, ops
from kcore.errors import InvalidArgumentError
from kcore.metrics import Metric, align_labels, as_predictions
from kcore_metrics.decisions import flat_weights, ratio
from kcore_metrics.formula import is_number

AVERAGES = (None, "micro", "macro", "weighted")
# Keras's bound of what counts as a prediction at all, where no threshold is given.
NOTHING = 1e-9


class FBetaScore(Metric):
    """``(1 + beta ** 2) * precision * recall / (beta ** 2 * precision + recall)``; 0 where nothing is right.

    A class is chosen where its prediction is above the threshold; without one, where it is the largest of its sample
    (all of several equal ones), unless it is 0.

    Args:
        average: ``None``: a result per class, which cannot stand in ``compile``; ``"macro"``: their mean;
            ``"weighted"``: their mean weighted by how often each class is true; ``"micro"``: the score of all decisions
            together.
        beta: how many times more recall counts than precision; positive.
        threshold: above 0, up to 1; ``None`` for the largest prediction.
        name: in logs.
        dtype: of the result; None is float64.

    Raises:
        InvalidArgumentError: an argument that is none of these; on update, predictions that are not (batch, classes),
            or another number of classes than before.
        LabelShapeError: on update, labels whose shape is not the predictions'.

    Source: van Rijsbergen, Information Retrieval (1979), chapter 7. Keras 2's numbers; Keras 3 adds 1e-7 to each
    denominator. scikit-learn's ``fbeta_score`` agrees.

    Example:
        >>> y_true = np.array([[1, 0], [1, 0], [0, 1]])
        >>> y_pred = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8]])
        >>> FBetaScore(beta=2.0)(y_true, y_pred).round(4).tolist()
        [0.5556, 0.8333]
    """

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str | None = "fbeta_score",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        if average not in AVERAGES:
            self._refuse("average", average, list(AVERAGES))
        if not is_number(beta) or not 0 < beta < math.inf:
            self._refuse("beta", beta, "a positive finite number")
        if threshold is not None and (not is_number(threshold) or not 0 < threshold <= 1):
            self._refuse("threshold", threshold, "None, or a number above 0, up to 1")
        self.average = average
        self.beta = beta
        self.threshold = threshold

    def _refuse(self, argument: str, value: Any, allowed: Any, found: str = "") -> None:
        raise InvalidArgumentError(
            component=type(self).__name__, argument=argument, value=value, allowed=allowed, found=found
        )

    def several(self) -> str:
        return "" if self.average else "class; average='macro', 'weighted' or 'micro' makes one of them"

    def update(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> None:
        """Count the decisions of one batch.

        Raises:
            LabelShapeError: labels whose shape is not the predictions'.
            InvalidArgumentError: predictions that are not (batch, classes), or another number of classes than before.
        """
        predictions: Any = as_predictions(y_pred)
        if len(predictions.shape) != 2:
            self._refuse("y_pred", tuple(predictions.shape), "predictions of shape (batch, classes)", "its shape")
        labels: Any = ops.cast(align_labels(type(self).__name__, y_true, predictions), "float64")
        weights = flat_weights(sample_weight, predictions)
        classes = predictions.shape[-1]
        if not self.states:
            self._right, self._chosen, self._true = (
                self.add_state(name, (classes,)) for name in ("true_positives", "chosen", "true")
            )
        if self._true.shape != (classes,):
            self._refuse(
                "y_pred", tuple(predictions.shape), f"predictions of {self._true.shape[0]} classes", "its shape"
            )
        if self.threshold is None:
            largest = predictions >= np.max(predictions, axis=-1, keepdims=True)
            chosen = largest & (np.abs(predictions) > np.asarray(NOTHING, predictions.dtype))
        else:
            chosen = predictions > np.asarray(self.threshold, predictions.dtype)
        decided: Any = ops.cast(chosen, "float64")
        if weights is not None:
            decided, true = decided * weights, labels * weights
        else:
            true = labels
        self._right.assign(self._right + np.sum(decided * labels, axis=0))
        self._chosen.assign(self._chosen + np.sum(decided, axis=0))
        self._true.assign(self._true + np.sum(true, axis=0))

    def result(self) -> Array:
        """The score over everything so far; 0 before anything was taken in."""
        if not self.states:
            return self.in_dtype(np.zeros(()))
        right, chosen, true = self._right * 1.0, self._chosen * 1.0, self._true * 1.0
        if self.average == "micro":
            right, chosen, true = np.sum(right), np.sum(chosen), np.sum(true)
        # The formula above, multiplied out: precision and recall themselves need not be divided for.
        square = float(self.beta) ** 2
        scores = ratio((1 + square) * right, square * true + chosen)
        if self.average == "macro":
            scores = np.mean(scores)
        elif self.average == "weighted":
            scores = ratio(np.sum(scores * true), np.sum(true))
        return self.in_dtype(scores)


class F1Score(FBetaScore):
    """The harmonic mean of precision and recall, ``2 * TP / (2 * TP + FP + FN)``; 0 where nothing is right.

    Args:
        average, threshold: as for ``FBetaScore``. With ``average=None`` there is a result per class, which cannot stand
            in ``compile``.
        name: in logs.
        dtype: of the result; None is float64.

    Raises:
        InvalidArgumentError: as for ``FBetaScore``.
        LabelShapeError: on update, labels whose shape is not the predictions'.

    Source: as ``FBetaScore``.

    Example:
        >>> y_true = np.array([[1, 0], [1, 0], [0, 1]])
        >>> y_pred = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8]])
        >>> float(F1Score(average="macro")(y_true, y_pred).round(4))
        0.6667
    """

    def __init__(
        self,
        average: str | None = None,
        threshold: float | None = None,
        name: str | None = "f1_score",
        dtype: str | None = None,
    ) -> None:
        super().__init__(average=average, threshold=threshold, name=name, dtype=dtype)
