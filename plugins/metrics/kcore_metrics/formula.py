"""Metrics that are the mean over samples of a function, and what such functions compute with."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from kcore import Array, ops
from kcore.errors import InvalidArgumentError
from kcore.metrics import MeanMetric, align_labels, as_predictions


class FormulaMetric(MeanMetric):
    """The mean of a function's values.

    Subclasses name the function in ``formula``, and give its further arguments in ``options``.
    """

    formula: ClassVar[Any]

    def options(self) -> dict[str, Any]:
        """Arguments of the function besides labels and predictions."""
        return {}

    def values(self, y_true: Array, y_pred: Array) -> Array:
        """The number of every sample (and step); see the function."""
        return type(self).formula(y_true, y_pred, **self.options())  # type: ignore[no-any-return]


def aligned(component: str, y_true: Array, y_pred: Array, *, hint: str = "") -> tuple[Any, Any]:
    """Labels and predictions of one shape, in float64; labels are rounded to the predictions' dtype first.

    Raises:
        LabelShapeError: labels whose shape is not the predictions'.
    """
    predictions = as_predictions(y_pred)
    labels = align_labels(component, y_true, predictions, hint=hint)
    return ops.cast(labels, "float64"), ops.cast(predictions, "float64")


def is_number(value: Any) -> bool:
    """Whether it is a number, and no truth value."""
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)


def check_integer(component: str, argument: str, value: Any, *, least: int) -> None:
    """Refuse what is no integer of at least ``least``.

    Raises:
        InvalidArgumentError: names component and argument.
    """
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < least:
        raise InvalidArgumentError(
            component=component, argument=argument, value=value, allowed=f"an integer of {least} or more"
        )
