"""Adamax: Adam with the largest gradient in place of the mean square."""

from __future__ import annotations

from typing import Any

import numpy as np

from kcore import Array, ops
from kcore.optimizers import Optimizer


class Adamax(Optimizer):
    """A running mean of the gradient, divided by a running maximum of its size; t counts from 1::

        m = beta_1 * m + (1 - beta_1) * g
        u = max(beta_2 * u, abs(g))
        w = w - learning_rate / (1 - beta_1**t) * m / (u + epsilon)

    Source: Kingma and Ba, "Adam: a method for stochastic optimization", 2014, section 7.1. The same in Keras 2 and 3;
    PyTorch has epsilon beside abs(g), inside the maximum. The correction is computed in float64. The learning rate
    is Keras 2.3's and PyTorch's; tf_keras and Keras 3 have 0.001.

    Args:
        learning_rate: the step size, at least 0; or a schedule.
        beta_1: how much of the mean gradient stays at each step, from 0 to below 1.
        beta_2: how much of the maximum stays at each step, from 0 to below 1.
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
        >>> Adamax(0.5).apply([np.array([0.1, -8.0])], [w])
        >>> w.numpy().round(3).tolist()
        [0.5, 1.5]
    """

    elementwise = True
    slot_names = ("m", "u")

    def __init__(
        self,
        learning_rate: Any = 0.002,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        *,
        decay: float = 0.0,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        name: str | None = None,
        lr: Any = None,
    ) -> None:
        self._fraction("beta_1", beta_1)
        self._fraction("beta_2", beta_2)
        self._positive("epsilon", epsilon)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        super().__init__(learning_rate, decay=decay, clipnorm=clipnorm, clipvalue=clipvalue, name=name, lr=lr)

    def update(
        self, parameter: Array, gradient: Array, slots: dict[str, Array], step: Array, learning_rate: Array
    ) -> tuple[Array, dict[str, Array]]:
        """The rule above."""
        correction = 1 / (1 - self.beta_1 ** ops.cast(step, "float64"))
        rate = learning_rate * ops.cast(correction, parameter.dtype)
        m = self.beta_1 * slots["m"] + (1 - self.beta_1) * gradient
        u = np.maximum(self.beta_2 * slots["u"], np.abs(gradient))
        return parameter - rate * m / (u + self.epsilon), {"m": m, "u": u}
