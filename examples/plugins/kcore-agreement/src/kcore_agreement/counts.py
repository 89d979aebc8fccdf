"""The part that measures of agreement share: how often each class was taken for each, counted over all batches."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import numpy.typing as npt
from kcore import Array, ops
from kcore.errors import InvalidArgumentError
from kcore.metrics import Metric, align_class_numbers, align_labels, as_predictions, spread_weights


class ClassCounts(Metric):
    """Counts pairs of a label's class and the class that was decided. Subclasses write ``agreement``.

    The decision is the class with the largest prediction, of equal ones the first. Predictions with a last axis of 1
    are of two classes: whether they are above 0.5. A label that is none of the classes, such as -1, is not counted.
    Labels are class numbers (batch, ...) or (batch, ..., 1), or one-hot (batch, ..., classes).

    Args:
        num_classes: how many classes there are; found out at the first batch by default.
        name: in logs.
        dtype: of the result; ``None`` is float64.

    Attributes:
        counts: (classes, classes), float64: row i, column j has the weight of the samples of class i taken for j.

    Raises:
        InvalidArgumentError: ``num_classes`` is not an integer of at least 2, or a dtype that is not floating; on
            update, predictions of another number of classes.
        LabelShapeError: on update, labels that are neither one-hot nor class numbers.
    """

    def __init__(
        self, num_classes: int | None = None, name: str | None = None, dtype: npt.DTypeLike | None = None
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.num_classes = None if num_classes is None else self._checked(num_classes)
        if self.num_classes is not None:
            self.counts = self.add_state("counts", (self.num_classes, self.num_classes))

    def _checked(self, num_classes: Any) -> int:
        try:
            classes = operator.index(num_classes)
        except TypeError:
            classes = 0
        if classes < 2:
            raise InvalidArgumentError(
                component=type(self).__name__,
                argument="num_classes",
                value=num_classes,
                allowed="an integer of at least 2",
            )
        return classes

    def update(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> None:
        """Count one batch.

        Args:
            y_true: class numbers or one-hot labels.
            y_pred: probabilities or logits (batch, ..., classes), or probabilities (batch, ..., 1).
            sample_weight: what each sample counts, (batch,) or (batch, ...).
        """
        predictions = as_predictions(y_pred)
        classes = max(predictions.shape[-1], 2)
        if not self.states:
            self.counts = self.add_state("counts", (classes, classes))
        if self.counts.shape != (classes, classes):
            raise InvalidArgumentError(
                component=type(self).__name__,
                argument="y_pred",
                value=tuple(predictions.shape),
                allowed=f"predictions of {self.counts.shape[0]} classes",
                found="its shape",
            )
        labels: Any
        decided: Any
        if predictions.shape[-1] == 1:
            labels = align_labels(type(self).__name__, y_true, predictions)[..., 0]
            decided = ops.cast(predictions[..., 0] > 0.5, "int64")
        else:
            decided = np.argmax(predictions, axis=-1)
            one_hot = np.shape(y_true) == tuple(predictions.shape)
            labels = (
                np.argmax(y_true, axis=-1) if one_hot else align_class_numbers(type(self).__name__, y_true, predictions)
            )
        rows: Any = ops.one_hot(labels, classes, dtype="float64")
        columns: Any = ops.one_hot(decided, classes, dtype="float64")
        if sample_weight is not None:
            weights = np.broadcast_to(spread_weights(sample_weight, rows[..., 0]), decided.shape)
            rows = rows * np.expand_dims(weights, -1)
        pairs = np.transpose(np.reshape(rows, (-1, classes))) @ np.reshape(columns, (-1, classes))
        self.counts.assign(self.counts + pairs)

    def result(self) -> Array:
        """What the counts say, a scalar; 0 before the first batch."""
        return self.in_dtype(self.agreement(self.counts[:]) if self.states else np.zeros(()))

    def agreement(self, counts: Any) -> Any:
        """The measure of counts (classes, classes), which may all be 0; a scalar."""
        raise NotImplementedError(f"{type(self).__name__} has to define agreement(counts)")
