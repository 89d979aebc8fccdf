"""Agreement of decisions with labels, corrected for what chance alone would give: fair where classes are unequal."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from kcore.errors import InvalidArgumentError

from kcore_agreement.counts import ClassCounts

WEIGHTINGS = (None, "linear", "quadratic")


class CohenKappa(ClassCounts):
    """Cohen's kappa: 1 - observed disagreement / disagreement by chance; 1 is perfect, 0 is chance.

    Cohen, "A coefficient of agreement for nominal scales", 1960. Chance takes each class for each as often as their
    frequencies among labels and decisions say. With a weighting it is that of Cohen, "Weighted kappa", 1968, for
    classes in an order, such as grades: taking class i for class j counts abs(i - j), or its square. Where chance alone
    agrees completely, as with a single class, nothing is said, and the result is 0. scikit-learn's
    ``cohen_kappa_score`` gives the same numbers.

    The decision is the class with the largest prediction, of equal ones the first. Predictions with a last axis of 1
    are of two classes: whether they are above 0.5. A label that is none of the classes, such as -1, is not counted.
    Labels are class numbers (batch, ...) or (batch, ..., 1), or one-hot (batch, ..., classes).

    Args:
        num_classes: how many classes there are; found out at the first batch by default.
        weighting: ``None``, ``"linear"`` or ``"quadratic"``.
        name: in logs.
        dtype: of the result; ``None`` is float64.

    Raises:
        InvalidArgumentError: an argument that is not as above; on update, predictions of another number of classes.
        LabelShapeError: on update, labels that are neither one-hot nor class numbers.

    Example:
        >>> y_pred = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.3, 0.7]])
        >>> float(CohenKappa()(np.array([0, 0, 1, 1]), y_pred))
        0.5
    """

    def __init__(
        self,
        num_classes: int | None = None,
        weighting: str | None = None,
        name: str | None = None,
        dtype: npt.DTypeLike | None = None,
    ) -> None:
        super().__init__(num_classes, name=name, dtype=dtype)
        if weighting not in WEIGHTINGS:
            raise InvalidArgumentError(
                component="CohenKappa", argument="weighting", value=weighting, allowed=list(WEIGHTINGS)
            )
        self.weighting = weighting

    def agreement(self, counts: Any) -> Any:
        """The kappa of counts (classes, classes), a scalar."""
        classes = np.arange(counts.shape[0], dtype="float64")
        # What taking class i for class j costs, (classes, classes); the right decision costs nothing.
        distance = np.abs(np.subtract.outer(classes, classes))
        costs = {None: np.sign(distance), "linear": distance, "quadratic": np.square(distance)}[self.weighting]
        labels, decisions = np.sum(counts, axis=1), np.sum(counts, axis=0)
        observed = np.sum(counts) * np.sum(counts * costs)
        by_chance = np.sum(np.expand_dims(labels, 1) * decisions * costs)
        defined = by_chance > 0
        return np.where(defined, 1 - observed / np.where(defined, by_chance, 1.0), 0.0)


class MatthewsCorrelation(ClassCounts):
    """Matthews' correlation of decisions with labels: 1 is perfect, 0 is chance, -1 (of two classes) is the opposite.

    Matthews, "Comparison of the predicted and observed secondary structure of T4 phage lysozyme", 1975; for more than
    two classes the coefficient of Gorodkin, "Comparing two K-category assignments by a K-category correlation
    coefficient", 2004. With c right decisions among s samples, t_k labels and p_k decisions of class k it is
    (c s - sum(t_k p_k)) / sqrt((s^2 - sum(p_k^2)) (s^2 - sum(t_k^2))). Where labels or decisions are all of one class,
    it is 0. scikit-learn's ``matthews_corrcoef`` gives the same numbers.

    The decision is the class with the largest prediction, of equal ones the first. Predictions with a last axis of 1
    are of two classes: whether they are above 0.5. A label that is none of the classes, such as -1, is not counted.
    Labels are class numbers (batch, ...) or (batch, ..., 1), or one-hot (batch, ..., classes).

    Args:
        num_classes: how many classes there are; found out at the first batch by default.
        name: in logs.
        dtype: of the result; ``None`` is float64.

    Raises:
        InvalidArgumentError: an argument that is not as above; on update, predictions of another number of classes.
        LabelShapeError: on update, labels that are neither one-hot nor class numbers.

    Example:
        >>> y_pred = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.3, 0.7]])
        >>> float(MatthewsCorrelation()(np.array([0, 0, 1, 1]), y_pred).round(6))
        0.57735
    """

    def agreement(self, counts: Any) -> Any:
        """The correlation of counts (classes, classes), a scalar."""
        labels, decisions, samples = np.sum(counts, axis=1), np.sum(counts, axis=0), np.sum(counts)
        right = np.sum(counts * np.eye(counts.shape[0]))
        square = np.square(samples)
        spread = (square - np.sum(np.square(decisions))) * (square - np.sum(np.square(labels)))
        # Numbers that are equal but for their last digits have no spread.
        defined = spread > 1e-14 * np.square(square)
        correlation = (right * samples - np.sum(labels * decisions)) / np.sqrt(np.where(defined, spread, 1.0))
        return np.where(defined, correlation, 0.0)
