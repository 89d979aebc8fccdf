"""Learning rates that fall with the step by a simple law: exponential, inverse, polynomial, in pieces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kcore import Array
from kcore.schedules import LearningRateSchedule


class ExponentialDecay(LearningRateSchedule):
    """The rate falls by the same factor in every ``decay_steps`` steps; t counts the steps made before::

        rate = initial_learning_rate * decay_rate ** (t / decay_steps)

    With ``staircase``, ``t / decay_steps`` is rounded down, and the rate falls in jumps. Source: Keras's documented
    behaviour, the same in Keras 2 and 3. PyTorch's ``StepLR(step_size, gamma)`` is the staircase, counted as its
    scheduler is stepped.

    Args:
        initial_learning_rate: at least 0.
        decay_steps: above 0.
        decay_rate: above 0; below 1 the rate falls, above 1 it grows.
        staircase: whether the exponent is rounded down.
        name: in configs only.

    Raises:
        InvalidArgumentError: an argument outside the values above.

    Example:
        >>> schedule = ExponentialDecay(0.1, decay_steps=10, decay_rate=0.5)
        >>> schedule(np.array([0, 10, 20])).tolist()
        [0.1, 0.05, 0.025]
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        self._number("initial_learning_rate", initial_learning_rate)
        self._number("decay_steps", decay_steps, above=0)
        self._number("decay_rate", decay_rate, above=0)
        self._flag("staircase", staircase)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.decay_rate = decay_rate
        self.staircase = staircase

    def rate(self, step: Array) -> Array:
        """The law above."""
        periods = step / self.decay_steps
        if self.staircase:
            periods = np.floor(periods)
        return self.initial_learning_rate * np.power(float(self.decay_rate), periods)


class InverseTimeDecay(LearningRateSchedule):
    """The rate falls as the inverse of the time; t counts the steps made before::

        rate = initial_learning_rate / (1 + decay_rate * t / decay_steps)

    With ``staircase``, ``t / decay_steps`` is rounded down. With ``decay_steps=1`` this is what Keras 2's argument
    ``decay`` of an optimizer does. Source: Keras's documented behaviour, the same in Keras 2 and 3.

    Args:
        initial_learning_rate: at least 0.
        decay_steps: above 0.
        decay_rate: at least 0.
        staircase: whether the quotient is rounded down.
        name: in configs only.

    Raises:
        InvalidArgumentError: an argument outside the values above.

    Example:
        >>> schedule = InverseTimeDecay(0.1, decay_steps=10, decay_rate=1.0)
        >>> schedule(np.array([0, 10, 30])).tolist()
        [0.1, 0.05, 0.025]
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        self._number("initial_learning_rate", initial_learning_rate)
        self._number("decay_steps", decay_steps, above=0)
        self._number("decay_rate", decay_rate)
        self._flag("staircase", staircase)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.decay_rate = decay_rate
        self.staircase = staircase

    def rate(self, step: Array) -> Array:
        """The law above."""
        periods = step / self.decay_steps
        if self.staircase:
            periods = np.floor(periods)
        return self.initial_learning_rate / (1.0 + self.decay_rate * periods)


class PolynomialDecay(LearningRateSchedule):
    """The rate goes down to ``end_learning_rate`` along a power of the time that is left::

        rate = (initial_learning_rate - end_learning_rate) * (1 - min(t, n) / n) ** power + end_learning_rate

    with n = ``decay_steps`` and t the steps made before. With ``cycle``, n is the smallest positive multiple of
    ``decay_steps`` that is at least t: the rate jumps up again where it had come to its end, each time less high.
    Source: Keras's documented behaviour, the same in Keras 2 and 3.

    Args:
        initial_learning_rate: at least 0.
        decay_steps: above 0.
        end_learning_rate: at least 0.
        power: above 0; 1 is a straight line.
        cycle: whether to begin again.
        name: in configs only.

    Raises:
        InvalidArgumentError: an argument outside the values above.

    Example:
        >>> schedule = PolynomialDecay(0.5, decay_steps=4, end_learning_rate=0.25)
        >>> schedule(np.array([0, 2, 4, 9])).tolist()
        [0.5, 0.375, 0.25, 0.25]
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        self._number("initial_learning_rate", initial_learning_rate)
        self._number("decay_steps", decay_steps, above=0)
        self._number("end_learning_rate", end_learning_rate)
        self._number("power", power, above=0)
        self._flag("cycle", cycle)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.end_learning_rate = end_learning_rate
        self.power = power
        self.cycle = cycle

    def rate(self, step: Array) -> Array:
        """The law above."""
        end = self.decay_steps * np.maximum(np.ceil(step / self.decay_steps), 1.0) if self.cycle else self.decay_steps
        # Rounding must not make what is left negative: a power of that is no number.
        left = np.maximum(1.0 - np.minimum(step, end) / end, 0.0)
        difference = self.initial_learning_rate - self.end_learning_rate
        return difference * np.power(left, float(self.power)) + self.end_learning_rate


class PiecewiseConstantDecay(LearningRateSchedule):
    """One rate up to the first boundary, the next one up to the second, and so on.

    ``values[0]`` for t <= boundaries[0], ``values[i]`` for boundaries[i - 1] < t <= boundaries[i], and the last value
    for all later steps; t counts the steps made before. Source: Keras's documented behaviour, the same in Keras 2
    and 3. (In PyTorch's ``MultiStepLR`` a milestone belongs to what follows it.)

    Args:
        boundaries: at least one step number, each larger than the one before.
        values: one rate more than boundaries, each at least 0.
        name: in configs only.

    Raises:
        InvalidArgumentError: an argument outside the values above.

    Example:
        >>> schedule = PiecewiseConstantDecay([100, 200], [1.0, 0.5, 0.25])
        >>> schedule(np.array([0, 100, 101, 200, 201])).tolist()
        [1.0, 1.0, 0.5, 0.5, 0.25]
    """

    def __init__(self, boundaries: Sequence[float], values: Sequence[float], name: str | None = None) -> None:
        super().__init__(name)
        self.boundaries = self._numbers("boundaries", boundaries)
        self.values = self._numbers("values", values)
        if not self.boundaries or any(a >= b for a, b in zip(self.boundaries, self.boundaries[1:], strict=False)):
            self._refuse("boundaries", boundaries, "a list of at least one number, each larger than the one before")
        if len(self.values) != len(self.boundaries) + 1:
            self._refuse("values", values, f"a list of {len(self.boundaries) + 1} numbers, one more than boundaries")

    def _numbers(self, argument: str, given: Any) -> list[float]:
        if not isinstance(given, list | tuple | np.ndarray):
            self._refuse(argument, given, "a list of numbers")
        for number in given:
            self._number(argument, number)
        return [number.item() if isinstance(number, np.generic) else number for number in given]

    def rate(self, step: Array) -> Array:
        """The law above."""
        rate: Any = np.where(step > self.boundaries[0], float(self.values[1]), float(self.values[0]))
        for boundary, value in zip(self.boundaries[1:], self.values[2:], strict=True):
            rate = np.where(step > boundary, float(value), rate)
        return rate  # type: ignore[no-any-return]
