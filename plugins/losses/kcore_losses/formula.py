"""The class form of a loss function."""

from __future__ import annotations

from typing import Any, ClassVar

from kcore import Array, Shape
from kcore.losses import Loss


class FormulaLoss(Loss):
    """A loss whose values and whose check of labels are those of a function.

    Subclasses name the function in ``formula``, and give its further arguments in ``options``.
    """

    formula: ClassVar[Any]

    def options(self) -> dict[str, Any]:
        """Arguments of the function besides labels and predictions."""
        return {}

    def call(self, y_true: Array, y_pred: Array) -> Array:
        """The loss of every sample (and step); see the function."""
        return type(self).formula(y_true, y_pred, **self.options())  # type: ignore[no-any-return]

    def check_labels(self, labels: Array, output_shape: Shape) -> None:
        """Refuse labels that the function has no meaning for.

        Raises:
            LabelValueError: names the first such label.
        """
        type(self).formula.check_labels(labels, output_shape)
