"""The contract of learning-rate schedules: a pure function of the step."""

from __future__ import annotations

from typing import Any

from kcore.components.arguments import ChecksArguments, is_finite_number
from kcore.components.component import Component
from kcore.engine.types import Array
from kcore.ops import cast


class LearningRateSchedule(ChecksArguments, Component):
    """The learning rate of each step. Subclasses write ``rate``.

    An optimizer takes a schedule in place of a number. The schedule becomes a part of the traced step: it is computed
    from the optimizer's count of steps, in float64, and nothing is traced again when the rate changes.

    A subclass calls ``super().__init__(name)`` and keeps its other arguments in attributes of their names.

    Args:
        name: in configs only; Keras has it, nothing depends on it.
    """

    def __init__(self, name: str | None = None) -> None:
        if name is not None and not isinstance(name, str):
            self._refuse("name", name, "None, or a string")
        self.name = name

    def rate(self, step: Array) -> Array:
        """The rule, a pure function.

        Args:
            step: how many steps were made before this one: a float64 number, 0 at first. An array of any shape gives
                the rates of all these steps.

        Returns:
            the learning rate, in float64, of the shape of ``step``.
        """
        raise NotImplementedError(f"{type(self).__name__} has to define rate(step)")

    def __call__(self, step: Any) -> Array:
        """The learning rate after ``step`` steps: an integer, an array, or a traced number."""
        return self.rate(cast(step, "float64"))

    def _number(
        self, argument: str, value: Any, *, least: float = 0.0, above: float | None = None, most: float | None = None
    ) -> None:
        """Refuse what is not a finite number of at least ``least``, or above ``above``, and of at most ``most``."""
        small = is_finite_number(value) and (value < least if above is None else value <= above)
        if is_finite_number(value) and not small and (most is None or value <= most):
            return
        allowed = f"a finite number of at least {least:g}" if above is None else f"a finite number above {above:g}"
        self._refuse(argument, value, allowed if most is None else f"a number from {least:g} to {most:g}")
