"""Yes/no decisions counted by whether they are right: the four counts, precision and recall.

A prediction above a threshold is a yes. Every output of every sample (and step) is one decision.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from kcore import Array, ops
from kcore.errors import InvalidArgumentError
from kcore.metrics import Metric, align_labels, as_predictions, spread_weights
from kcore_metrics.formula import check_integer, is_number

Thresholds = float | Sequence[float] | None


def flat_weights(sample_weight: Array | None, predictions: Any) -> Any:
    """A weight for every prediction, of their shape, float64; ``None`` for none."""
    if sample_weight is None:
        return None
    spread = spread_weights(ops.cast(sample_weight, "float64"), ops.cast(predictions, "float64"))
    return np.broadcast_to(spread, predictions.shape)


def tally(hits: Any, weights: Any) -> Any:
    """How many hits there are, or how much they weigh, along the first axis; float64."""
    if weights is None:
        return ops.cast(np.sum(hits, axis=0), "float64")
    return np.sum(np.where(hits, weights, 0.0), axis=0)


def ratio(part: Any, whole: Any) -> Any:
    """part / whole, and 0 where the whole is 0."""
    return np.where(whole == 0, 0.0, part / np.where(whole == 0, 1.0, whole))


class Decisions(Metric):
    """Counts of decisions for each threshold. Subclasses name the ``counted`` kinds.

    Args:
        thresholds: one, or several, in 0..1; ``None`` is 0.5, or none at all with ``top_k``.
        top_k: only the k largest predictions of a sample can be a yes; of equal ones the first.
        class_id: the only output that counts.
        name: in logs.
        dtype: of the result.
    """

    counted: ClassVar[tuple[str, ...]]

    def __init__(
        self,
        thresholds: Thresholds = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        component = type(self).__name__
        self.thresholds = thresholds
        given = list(np.ravel(np.asarray(0.5 if thresholds is None else thresholds, dtype=object)))
        if not given or not all(is_number(value) and 0 <= value <= 1 for value in given):
            allowed = "a number from 0 to 1, several of them, or None"
            raise InvalidArgumentError(component=component, argument="thresholds", value=thresholds, allowed=allowed)
        for argument, value, least in (("top_k", top_k, 1), ("class_id", class_id, 0)):
            if value is not None:
                check_integer(component, argument, value, least=least)
        self.top_k = top_k
        self.class_id = class_id
        self._limits = np.array([float(value) for value in given])
        self._counts = {kind: self.add_state(kind, (len(given),)) for kind in self.counted}

    def several(self) -> str:
        return "threshold" if len(self._limits) > 1 else ""

    def update(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> None:
        """Count the decisions of one batch.

        Raises:
            LabelShapeError: labels whose shape is not the predictions'.
            InvalidArgumentError: a ``top_k`` or ``class_id`` for which there are too few outputs.
        """
        predictions: Any = as_predictions(y_pred)
        labels: Any = align_labels(type(self).__name__, y_true, predictions)
        weights = flat_weights(sample_weight, predictions)
        among: Any = None if self.top_k is None else self._among_the_largest(predictions, self.top_k)
        if self.class_id is not None:
            self._check_outputs("class_id", self.class_id + 1, predictions.shape)
            one = (..., slice(self.class_id, self.class_id + 1))
            labels, predictions = labels[one], predictions[one]
            weights = None if weights is None else weights[one]
            among = None if among is None else among[one]
        positive = np.reshape(labels != 0, (-1, 1))
        # In the predictions' own precision: float32's 0.1 is not above a threshold of 0.1.
        above = np.reshape(predictions, (-1, 1)) > self._limits.astype(predictions.dtype)
        if among is not None:
            chosen = np.reshape(among, (-1, 1))
            above = chosen & (above if self.thresholds is not None else chosen)
        weights = None if weights is None else np.reshape(weights, (-1, 1))
        hits = {
            "true_positives": lambda: positive & above,
            "false_positives": lambda: ~positive & above,
            "false_negatives": lambda: positive & ~above,
            "true_negatives": lambda: ~positive & ~above,
        }
        for kind, state in self._counts.items():
            state.assign(state + tally(hits[kind](), weights))

    def _among_the_largest(self, predictions: Any, top_k: int) -> Any:
        """Booleans of the predictions' shape: whether one is among the largest k of its sample."""
        self._check_outputs("top_k", top_k, predictions.shape)
        _, places = ops.top_k(predictions, top_k)
        return np.any(np.expand_dims(places, -1) == np.arange(predictions.shape[-1]), axis=-2)

    def _check_outputs(self, argument: str, needed: int, shape: Sequence[int]) -> None:
        if shape[-1] < needed:
            raise InvalidArgumentError(
                component=type(self).__name__,
                argument=argument,
                value=getattr(self, argument),
                allowed="one for which there are enough outputs",
                found=f"there are {shape[-1]}",
            )

    def of(self, kind: str) -> Any:
        """The counts of one kind so far, one per threshold."""
        return self._counts[kind]

    def answer(self, values: Any) -> Array:
        """The result from one value per threshold: that of the only one, or all."""
        return self.in_dtype(values if self.several() else values[0])


class _Count(Decisions):
    def __init__(self, thresholds: Thresholds = None, name: str | None = None, dtype: str | None = None) -> None:
        super().__init__(thresholds, name=name, dtype=dtype)

    def result(self) -> Array:
        """The number of decisions of this kind so far, or the sum of their weights."""
        return self.answer(self.of(self.counted[0]) * 1.0)


class TruePositives(_Count):
    """How many decisions were rightly yes; with weights, the sum of theirs.

    Args:
        thresholds: one, or several, in 0..1; a prediction above is a yes. ``None`` is 0.5. With several, there is a
            result for each; then it cannot stand in ``compile``.
        name: in logs.
        dtype: of the result; None is float64.

    Raises:
        InvalidArgumentError: thresholds outside 0..1, or a dtype that is not floating.

    Source: Keras's definition, the same in Keras 2 and 3.

    Example:
        >>> float(TruePositives()(np.array([1, 1, 0, 0]), np.array([0.9, 0.2, 0.8, 0.1])))
        1.0
    """

    counted = ("true_positives",)


class TrueNegatives(_Count):
    """How many decisions were rightly no; with weights, the sum of theirs.

    Args:
        thresholds: one, or several, in 0..1; a prediction above is a yes. ``None`` is 0.5. With several, there is a
            result for each; then it cannot stand in ``compile``.
        name: in logs.
        dtype: of the result; None is float64.

    Raises:
        InvalidArgumentError: thresholds outside 0..1, or a dtype that is not floating.

    Source: Keras's definition, the same in Keras 2 and 3.

    Example:
        >>> float(TrueNegatives()(np.array([1, 1, 0, 0]), np.array([0.9, 0.2, 0.8, 0.1])))
        1.0
    """

    counted = ("true_negatives",)


class FalsePositives(_Count):
    """How many decisions were wrongly yes; with weights, the sum of theirs.

    Args:
        thresholds: one, or several, in 0..1; a prediction above is a yes. ``None`` is 0.5. With several, there is a
            result for each; then it cannot stand in ``compile``.
        name: in logs.
        dtype: of the result; None is float64.

    Raises:
        InvalidArgumentError: thresholds outside 0..1, or a dtype that is not floating.

    Source: Keras's definition, the same in Keras 2 and 3.

    Example:
        >>> FalsePositives(thresholds=[0.5, 0.85])(np.array([1, 1, 0, 0]), np.array([0.9, 0.2, 0.8, 0.6])).tolist()
        [2.0, 0.0]
    """

    counted = ("false_positives",)


class FalseNegatives(_Count):
    """How many decisions were wrongly no; with weights, the sum of theirs.

    Args:
        thresholds: one, or several, in 0..1; a prediction above is a yes. ``None`` is 0.5. With several, there is a
            result for each; then it cannot stand in ``compile``.
        name: in logs.
        dtype: of the result; None is float64.

    Raises:
        InvalidArgumentError: thresholds outside 0..1, or a dtype that is not floating.

    Source: Keras's definition, the same in Keras 2 and 3.

    Example:
        >>> float(FalseNegatives()(np.array([1, 1, 0, 0]), np.array([0.9, 0.2, 0.8, 0.1])))
        1.0
    """

    counted = ("false_negatives",)


class _Share(Decisions):
    def result(self) -> Array:
        """The share of the first kind in both kinds, over everything so far, one per threshold."""
        first, second = self.counted
        right = self.of(first) * 1.0
        return self.answer(ratio(right, right + self.of(second)))


class Precision(_Share):
    """Of all decisions that were yes, the share that is right: ``TP / (TP + FP)``; 0 if there were none.

    Args:
        thresholds: one, or several, in 0..1; a prediction above is a yes. ``None`` is 0.5. With several, there is a
            result for each; then it cannot stand in ``compile``.
        top_k: only the k largest predictions of a sample can be a yes, whatever they are if no thresholds are given.
            Of equal ones the first is larger.
        class_id: the only output that counts.
        name: in logs.
        dtype: of the result; None is float64.

    Raises:
        InvalidArgumentError: thresholds outside 0..1, a ``top_k`` below 1, a ``class_id`` below 0, or a dtype that is
            not floating; on update, a ``top_k`` or ``class_id`` for which there are too few outputs.
        LabelShapeError: on update, labels whose shape is not the predictions'.

    Source: Keras's definition, the same in Keras 2 and 3. Labels other than 0 are yes.

    Example:
        >>> float(Precision()(np.array([1, 0, 1, 1]), np.array([0.9, 0.8, 0.7, 0.1])).round(4))
        0.6667
    """

    counted = ("true_positives", "false_positives")


class Recall(_Share):
    """Of all that should have been yes, the share that was: ``TP / (TP + FN)``; 0 if there was nothing.

    Args:
        thresholds: one, or several, in 0..1; a prediction above is a yes. ``None`` is 0.5. With several, there is a
            result for each; then it cannot stand in ``compile``.
        top_k: only the k largest predictions of a sample can be a yes, whatever they are if no thresholds are given.
            Of equal ones the first is larger.
        class_id: the only output that counts.
        name: in logs.
        dtype: of the result; None is float64.

    Raises:
        InvalidArgumentError: thresholds outside 0..1, a ``top_k`` below 1, a ``class_id`` below 0, or a dtype that is
            not floating; on update, a ``top_k`` or ``class_id`` for which there are too few outputs.
        LabelShapeError: on update, labels whose shape is not the predictions'.

    Source: Keras's definition, the same in Keras 2 and 3. Labels other than 0 are yes.

    Example:
        >>> float(Recall()(np.array([1, 0, 1, 1]), np.array([0.9, 0.8, 0.7, 0.1])).round(4))
        0.6667
    """

    counted = ("true_positives", "false_negatives")
