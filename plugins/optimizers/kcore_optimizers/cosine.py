"""Learning rates that fall along half a cosine wave, once or again and again."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from kcore import Array
from kcore.schedules import LearningRateSchedule


class CosineDecay(LearningRateSchedule):
    """The rate falls along half a cosine wave, from its start to ``alpha`` times that::

        rate = start * ((1 - alpha) * (1 + cos(pi * min(t, decay_steps) / decay_steps)) / 2 + alpha)

    where t counts the steps made before, and ``start`` is ``initial_learning_rate``. With a ``warmup_target``, the
    rate first goes in a straight line from ``initial_learning_rate`` to the target, in ``warmup_steps`` steps; then it
    falls from there, and t counts from the end of the warmup.

    Source: Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", 2017; the warmup as in
    Keras 3 and tf_keras from 2.12 on, whose ``warmup_steps`` have no effect without a ``warmup_target``, either.

    Args:
        initial_learning_rate: at least 0.
        decay_steps: above 0; the warmup is not counted.
        alpha: what is left at the end, as a part of the start; from 0 to 1.
        name: in configs only.
        warmup_target: ``None`` for no warmup, or the rate at its end, at least 0.
        warmup_steps: at least 0.

    Raises:
        InvalidArgumentError: an argument outside the values above.

    Example:
        >>> CosineDecay(0.5, decay_steps=100)(np.array([0, 50, 100, 150])).tolist()
        [0.5, 0.25, 0.0, 0.0]
        >>> CosineDecay(0.0, 100, warmup_target=0.5, warmup_steps=4)(np.array([0, 1, 4, 54])).tolist()
        [0.0, 0.125, 0.5, 0.25]
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        alpha: float = 0.0,
        name: str | None = None,
        warmup_target: float | None = None,
        warmup_steps: float = 0,
    ) -> None:
        super().__init__(name)
        self._number("initial_learning_rate", initial_learning_rate)
        self._number("decay_steps", decay_steps, above=0)
        self._number("alpha", alpha, most=1)
        if warmup_target is not None:
            self._number("warmup_target", warmup_target)
        self._number("warmup_steps", warmup_steps)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.alpha = alpha
        self.warmup_target = warmup_target
        self.warmup_steps = warmup_steps

    def rate(self, step: Array) -> Array:
        """The law above."""
        if self.warmup_target is None:
            return self.initial_learning_rate * self._fraction_left(step)  # type: ignore[no-any-return]
        falling: Any = self.warmup_target * self._fraction_left(np.maximum(step - self.warmup_steps, 0.0))
        if not self.warmup_steps:
            return falling  # type: ignore[no-any-return]
        slope = (self.warmup_target - self.initial_learning_rate) / self.warmup_steps
        return np.where(step < self.warmup_steps, self.initial_learning_rate + slope * step, falling)

    def _fraction_left(self, step: Any) -> Any:
        wave = 0.5 * (1.0 + np.cos(math.pi * np.minimum(step, self.decay_steps) / self.decay_steps))
        return (1.0 - self.alpha) * wave + self.alpha


class CosineDecayRestarts(LearningRateSchedule):
    """Periods of half a cosine wave, one after the other: the rate falls in each, then starts high again::

        rate = initial_learning_rate * ((1 - alpha) * m_mul ** i * (1 + cos(pi * s / n)) / 2 + alpha)

    in step s, from 0, of period i, from 0. Period 0 has ``first_decay_steps`` steps, and each one ``t_mul`` times as
    many as the one before: n = ``first_decay_steps * t_mul ** i``.

    Source: Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", 2017; names and defaults are
    Keras's. Keras computes the number of the period from a logarithm in float32, which may be one too small in the very
    step in which a period begins; here that step has the high rate.

    Args:
        initial_learning_rate: at least 0.
        first_decay_steps: above 0.
        t_mul: how the periods grow, at least 1. (With less, all periods together would have an end.)
        m_mul: what the start of a period is of the one before, above 0.
        alpha: what is left at the end of a period, as a part of ``initial_learning_rate``; from 0 to 1.
        name: in configs only.

    Raises:
        InvalidArgumentError: an argument outside the values above.

    Example:
        >>> schedule = CosineDecayRestarts(0.5, first_decay_steps=10, t_mul=2.0, m_mul=0.5)
        >>> schedule(np.array([0, 5, 10, 20, 30])).tolist()
        [0.5, 0.25, 0.25, 0.125, 0.125]
    """

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: float,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        self._number("initial_learning_rate", initial_learning_rate)
        self._number("first_decay_steps", first_decay_steps, above=0)
        self._number("t_mul", t_mul, least=1)
        self._number("m_mul", m_mul, above=0)
        self._number("alpha", alpha, most=1)
        self.initial_learning_rate = initial_learning_rate
        self.first_decay_steps = first_decay_steps
        self.t_mul = t_mul
        self.m_mul = m_mul
        self.alpha = alpha

    def rate(self, step: Array) -> Array:
        """The law above."""
        time = step / self.first_decay_steps
        period, part = self._place(time)
        wave = 0.5 * (1.0 + np.cos(math.pi * part))
        height = np.power(float(self.m_mul), period)
        rate: Array = self.initial_learning_rate * ((1.0 - self.alpha) * height * wave + self.alpha)
        return rate

    def _place(self, time: Any) -> tuple[Any, Any]:
        """The period that ``time``, in units of the first one, lies in, and which part of that is over."""
        if self.t_mul == 1:
            period = np.floor(time)
            return period, time - period
        growth = float(self.t_mul)

        def beginning(period: Any) -> Any:
            return (np.power(growth, period) - 1.0) / (growth - 1.0)

        period = np.floor(np.log1p(time * (growth - 1.0)) / math.log(growth))
        # Logarithms and powers are rounded: what they say may be off by one where a period begins.
        later = time * (1.0 + 1e-12)
        period = period + (later >= beginning(period + 1.0)) - (later < beginning(period))
        return period, (time - beginning(period)) / np.power(growth, period)
