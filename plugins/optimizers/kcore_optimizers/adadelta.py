"""Adadelta: steps as large as recent steps, relative to recent gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from kcore import Array
from kcore.optimizers import Optimizer


class Adadelta(Optimizer):
    """Gradient descent whose steps get their size, and their unit, from running means of gradients and of steps::

        a = rho * a + (1 - rho) * g**2
        s = g * sqrt(d + epsilon) / sqrt(a + epsilon)
        d = rho * d + (1 - rho) * s**2
        w = w - learning_rate * s

    Source: Zeiler, "ADADELTA: an adaptive learning rate method", 2012, which has no learning rate: it is 1 there, and
    by default here, as in Keras 2. Keras 3's default is 0.001, with which little is learned.

    Args:
        learning_rate: a factor on the steps, at least 0; or a schedule.
        rho: how much of the running means stays at each step, from 0 to below 1.
        epsilon: above 0; the first steps are of its root.
        decay: the learning rate of step t (from 0) is ``learning_rate / (1 + decay * t)``, as in Keras 2.
        clipnorm: gradients of larger Euclidean norm are scaled down to it, each parameter by itself.
        clipvalue: elements of gradients are limited to -clipvalue..clipvalue.
        name: in files.
        lr: Keras 2's name for ``learning_rate``.

    Raises:
        InvalidArgumentError: an argument out of its range.
    """

    elementwise = True
    slot_names = ("accum_grad", "accum_var")

    def __init__(
        self,
        learning_rate: Any = 1.0,
        rho: float = 0.95,
        epsilon: float = 1e-7,
        *,
        decay: float = 0.0,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        name: str | None = None,
        lr: Any = None,
    ) -> None:
        self._fraction("rho", rho)
        self._positive("epsilon", epsilon)
        self.rho = rho
        self.epsilon = epsilon
        super().__init__(learning_rate, decay=decay, clipnorm=clipnorm, clipvalue=clipvalue, name=name, lr=lr)

    def update(
        self, parameter: Array, gradient: Array, slots: dict[str, Array], step: Array, learning_rate: Array
    ) -> tuple[Array, dict[str, Array]]:
        """The rule above."""
        squares = self.rho * slots["accum_grad"] + (1 - self.rho) * np.square(gradient)
        change = gradient * np.sqrt(slots["accum_var"] + self.epsilon) / np.sqrt(squares + self.epsilon)
        changes = self.rho * slots["accum_var"] + (1 - self.rho) * np.square(change)
        return parameter - learning_rate * change, {"accum_grad": squares, "accum_var": changes}
