"""Lion: steps of one size, in the direction of the sign."""

from __future__ import annotations

from typing import Any

import numpy as np

from kcore import Array
from kcore.optimizers import Optimizer


class Lion(Optimizer):
    """Every element goes the same way each step; only the sign comes from the gradients::

        c = beta_1 * m + (1 - beta_1) * g
        w = w - learning_rate * (sign(c) + weight_decay * w)
        m = beta_2 * m + (1 - beta_2) * g

    An element whose c is exactly 0 only decays. Source: Chen et al., "Symbolic discovery of optimization algorithms",
    2023, as Keras 3 has it; tf_keras's default learning rate is 0.0001. The paper advises a rate 3 to 10 times smaller
    than Adam's, and a weight decay as many times larger.

    Args:
        learning_rate: the step size, at least 0; or a schedule.
        beta_1: how much the mean gradient counts for the step, from 0 to below 1.
        beta_2: how much of the mean gradient stays at each step, from 0 to below 1.
        weight_decay: at least 0; ``None`` is 0.
        decay: the learning rate of step t (from 0) is ``learning_rate / (1 + decay * t)``.
        clipnorm: gradients of larger Euclidean norm are scaled down to it, each parameter by itself.
        clipvalue: elements of gradients are limited to -clipvalue..clipvalue.
        name: in files.
        lr: Keras 2's name for ``learning_rate``.

    Raises:
        InvalidArgumentError: an argument out of its range.

    Example:
        >>> w = Variable(np.array([1.0, 1.0]))
        >>> Lion(0.25).apply([np.array([0.1, -8.0])], [w])
        >>> w.numpy().tolist()
        [0.75, 1.25]
    """

    elementwise = True
    slot_names = ("m",)

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.99,
        weight_decay: float | None = None,
        *,
        decay: float = 0.0,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        name: str | None = None,
        lr: Any = None,
    ) -> None:
        self._fraction("beta_1", beta_1)
        self._fraction("beta_2", beta_2)
        if weight_decay is not None:
            self._positive("weight_decay", weight_decay, zero=True)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.weight_decay = weight_decay
        super().__init__(learning_rate, decay=decay, clipnorm=clipnorm, clipvalue=clipvalue, name=name, lr=lr)

    def update(
        self, parameter: Array, gradient: Array, slots: dict[str, Array], step: Array, learning_rate: Array
    ) -> tuple[Array, dict[str, Array]]:
        """The rule above."""
        change = np.sign(self.beta_1 * slots["m"] + (1 - self.beta_1) * gradient)
        if self.weight_decay:
            change = change + self.weight_decay * parameter
        m = self.beta_2 * slots["m"] + (1 - self.beta_2) * gradient
        return parameter - learning_rate * change, {"m": m}
