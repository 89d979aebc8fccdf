"""Adagrad: steps divided by the root of the sum of all squared gradients so far."""

from __future__ import annotations

from typing import Any

import numpy as np

from kcore import Array
from kcore.optimizers import Optimizer


class Adagrad(Optimizer):
    """Gradient descent with each element's step divided by the root of the sum of its squared gradients so far::

        a = a + g**2
        w = w - learning_rate * g / sqrt(a + epsilon)

    Source: Duchi, Hazan and Singer, "Adaptive subgradient methods for online learning and stochastic optimization",
    2011. Epsilon is inside the square root, as in tf_keras's current optimizer and in Keras 3. Keras 2's older
    optimizers, and PyTorch, have it outside: ``g / (sqrt(a) + epsilon)``. With the default epsilon both are the same
    to some digits wherever a gradient has ever been of any size. The learning rate is Keras 2.3's, and so is the
    start at 0; tf_keras and Keras 3 have 0.001 and start at 0.1.

    Args:
        learning_rate: the step size, at least 0; or a schedule.
        initial_accumulator_value: what a is at first, at least 0.
        epsilon: above 0; keeps the quotient finite.
        decay: the learning rate of step t (from 0) is ``learning_rate / (1 + decay * t)``, as in Keras 2.
        clipnorm: gradients of larger Euclidean norm are scaled down to it, each parameter by itself.
        clipvalue: elements of gradients are limited to -clipvalue..clipvalue.
        name: in files.
        lr: Keras 2's name for ``learning_rate``.

    Raises:
        InvalidArgumentError: an argument out of its range.

    Example:
        >>> w = Variable(np.array([1.0, 1.0]))
        >>> Adagrad(0.5).apply([np.array([0.1, -8.0])], [w])
        >>> w.numpy().round(3).tolist()
        [0.5, 1.5]
    """

    elementwise = True
    slot_names = ("accumulator",)

    def __init__(
        self,
        learning_rate: Any = 0.01,
        initial_accumulator_value: float = 0.0,
        epsilon: float = 1e-7,
        *,
        decay: float = 0.0,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        name: str | None = None,
        lr: Any = None,
    ) -> None:
        self._positive("initial_accumulator_value", initial_accumulator_value, zero=True)
        self._positive("epsilon", epsilon)
        self.initial_accumulator_value = initial_accumulator_value
        self.epsilon = epsilon
        self.slot_starts = {"accumulator": float(initial_accumulator_value)}
        super().__init__(learning_rate, decay=decay, clipnorm=clipnorm, clipvalue=clipvalue, name=name, lr=lr)

    def update(
        self, parameter: Array, gradient: Array, slots: dict[str, Array], step: Array, learning_rate: Array
    ) -> tuple[Array, dict[str, Array]]:
        """The rule above."""
        total = slots["accumulator"] + np.square(gradient)
        return parameter - learning_rate * gradient / np.sqrt(total + self.epsilon), {"accumulator": total}
