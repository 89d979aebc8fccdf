"""Schedules: the learning rate of each step, a pure function of its number."""

from __future__ import annotations

import numpy as np
from kcore import Array
from kcore.schedules import LearningRateSchedule


class {{ cookiecutter.__Prefix }}Warmup(LearningRateSchedule):
    """Up in a straight line to the peak, then down with one over the square root of the step::

        rate = peak * min(s / warmup_steps, sqrt(warmup_steps / s))

    where s = t + 1, and t counts the steps made before. Source: Vaswani et al., "Attention is all you need", 2017,
    section 5.3, with the peak in place of the model's size.

    Args:
        peak: the highest rate, at least 0.
        warmup_steps: how many steps lead up to it, at least 1.
        name: in configs only.

    Raises:
        InvalidArgumentError: an argument out of its range.

    Example:
        >>> {{ cookiecutter.__Prefix }}Warmup(0.5, warmup_steps=4)(np.array([0, 1, 3, 15])).tolist()
        [0.125, 0.25, 0.5, 0.25]
    """

    def __init__(self, peak: float, warmup_steps: float, name: str | None = None) -> None:
        super().__init__(name)
        self._number("peak", peak)
        self._number("warmup_steps", warmup_steps, least=1)
        self.peak = peak
        self.warmup_steps = warmup_steps

    def rate(self, step: Array) -> Array:
        """The law above.

        Args:
            step: t, float64, a number or an array of any shape.

        Returns:
            the rate, float64, of the same shape.
        """
        s = step + 1
        result: Array = self.peak * np.minimum(s / self.warmup_steps, np.sqrt(self.warmup_steps / s))
        return result
