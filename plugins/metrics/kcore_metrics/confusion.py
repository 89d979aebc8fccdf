"""Which classes are taken for which."""

from __future__ import annotations

from typing import Any

import numpy as np

from kcore import Array, ops
from kcore.errors import InvalidArgumentError
from kcore.metrics import Metric, align_class_numbers, align_labels, as_predictions, spread_weights
from kcore_metrics.formula import check_integer


class ConfusionMatrix(Metric):
    """How often each class was taken for each: row i, column j counts samples of class i that were decided to be j.

    The decision is the class with the largest prediction (of equal ones the first). Predictions with a last axis of 1
    have two classes: whether they are above 0.5. Its result is a matrix, so it cannot stand in ``compile``: call it, or
    ``update`` it, with ``model.predict``'s output. Keras has no such metric; TensorFlow's ``tf.math.confusion_matrix``
    and scikit-learn's ``confusion_matrix`` have the same rows and columns.

    Args:
        num_classes: how many there are; found out at the first batch by default.
        name: of the metric.
        dtype: of the result; None is float64.

    Raises:
        InvalidArgumentError: a number of classes below 2, or a dtype that is not floating; on update, predictions of
            another number of classes.
        LabelShapeError: on update, labels that are neither of the predictions' shape nor class numbers.

    Example:
        >>> y_pred = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8]])
        >>> ConfusionMatrix()(np.array([0, 0, 1]), y_pred).tolist()
        [[1.0, 1.0], [0.0, 1.0]]
    """

    def __init__(
        self, num_classes: int | None = None, name: str | None = "confusion_matrix", dtype: str | None = None
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.num_classes = num_classes
        if num_classes is not None:
            check_integer("ConfusionMatrix", "num_classes", num_classes, least=2)
            self.counts = self.add_state("counts", (num_classes, num_classes))

    def several(self) -> str:
        return "pair of classes"

    def update(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> None:
        """Count one batch. A label outside the classes is in no row.

        Args:
            y_true: class numbers (batch, ...) or (batch, ..., 1), or one-hot labels (batch, ..., classes).
            y_pred: probabilities or logits (batch, ..., classes), or probabilities (batch, ..., 1).
            sample_weight: what each sample counts.
        """
        predictions: Any = as_predictions(y_pred)
        classes = max(predictions.shape[-1], 2)
        if not self.states:
            self.counts = self.add_state("counts", (classes, classes))
        if self.counts.shape != (classes, classes):
            raise InvalidArgumentError(
                component="ConfusionMatrix",
                argument="y_pred",
                value=tuple(predictions.shape),
                allowed=f"predictions of {self.counts.shape[0]} classes",
                found="its shape",
            )
        labels: Any
        if predictions.shape[-1] == 1:
            labels = align_labels("ConfusionMatrix", y_true, predictions)[..., 0]
            decided = ops.cast(predictions[..., 0] > np.asarray(0.5, predictions.dtype), "int64")
        else:
            decided = np.argmax(predictions, axis=-1)
            if np.shape(y_true) == tuple(predictions.shape):
                labels = np.argmax(y_true, axis=-1)
            else:
                labels = align_class_numbers("ConfusionMatrix", y_true, predictions)
        rows: Any = ops.one_hot(labels, classes, dtype="float64")
        if sample_weight is not None:
            weights: Any = spread_weights(sample_weight, ops.cast(decided, "float64"))
            rows = rows * np.expand_dims(np.broadcast_to(weights, decided.shape), -1)
        columns = np.reshape(ops.one_hot(decided, classes, dtype="float64"), (-1, classes))
        self.counts.assign(self.counts + np.transpose(np.reshape(rows, (-1, classes))) @ columns)

    def result(self) -> Array:
        """The counts so far, (classes, classes); a single 0 if no number of classes is known yet."""
        return self.in_dtype(self.counts * 1.0 if self.states else np.zeros(()))
