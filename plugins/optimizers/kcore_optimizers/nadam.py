"""Nadam: Adam whose momentum looks ahead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from kcore import Array, ops
from kcore.optimizers import Optimizer

WARMUP = 0.96
"""The base of the momentum schedule, from the paper."""


class Nadam(Optimizer):
    """Adam with Nesterov's momentum, which itself grows from beta_1 / 2 to beta_1; t counts from 1::

        u(t) = beta_1 * (1 - 0.96 ** (t * schedule_decay) / 2)
        p    = u(1) * u(2) * ... * u(t)
        m    = beta_1 * m + (1 - beta_1) * g
        v    = beta_2 * v + (1 - beta_2) * g**2
        s    = u(t + 1) * m / (1 - p * u(t + 1)) + (1 - u(t)) * g / (1 - p)
        w    = w - learning_rate * s / (sqrt(v / (1 - beta_2**t)) + epsilon)

    Source: Dozat, "Incorporating Nesterov momentum into Adam", 2016; Keras 2's rule, and with the same
    ``schedule_decay`` PyTorch's ``NAdam`` (its ``momentum_decay``). tf_keras's current optimizer and Keras 3 have
    no such argument: theirs is ``schedule_decay=1``. (In a graph, tf_keras multiplies p once for each weight of a
    model; what it does eagerly is the rule.) Epsilon is beside the corrected root in all of them. The product p is
    a part of the state, as in Keras 2; what depends on t alone is computed in float64. The learning rate is Keras
    2.3's and PyTorch's; tf_keras and Keras 3 have 0.001.

    Args:
        learning_rate: the step size, at least 0; or a schedule.
        beta_1: how much of the mean gradient stays at each step, from 0 to below 1.
        beta_2: how much of the mean square stays at each step, from 0 to below 1.
        epsilon: above 0; keeps the quotient finite.
        schedule_decay: how fast the momentum grows, at least 0.
        decay: the learning rate of step t (from 0) is ``learning_rate / (1 + decay * t)``.
        clipnorm: gradients of larger Euclidean norm are scaled down to it, each parameter by itself.
        clipvalue: elements of gradients are limited to -clipvalue..clipvalue.
        name: in files.
        lr: Keras 2's name for ``learning_rate``.

    Raises:
        InvalidArgumentError: an argument out of its range.

    Example:
        >>> w = Variable(np.array([1.0, 1.0]))
        >>> Nadam(0.5).apply([np.array([0.1, -8.0])], [w])
        >>> w.numpy().round(3).tolist()
        [0.472, 1.528]
    """

    elementwise = True
    slot_names = ("m", "v")

    def __init__(
        self,
        learning_rate: Any = 0.002,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        schedule_decay: float = 0.004,
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
        self._positive("schedule_decay", schedule_decay, zero=True)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.schedule_decay = schedule_decay
        super().__init__(learning_rate, decay=decay, clipnorm=clipnorm, clipvalue=clipvalue, name=name, lr=lr)

    def shared_after(self, steps: int) -> dict[str, float]:
        """The product of the momenta of so many steps."""
        # A file may say any number of steps. After a million, the momentum does not change any more.
        several = min(steps, 10**6)
        product = float(np.prod(self._momentum(np.arange(1.0, several + 1))))
        return {"m_schedule": product * float(self._momentum(several)) ** (steps - several)}

    def next_shared(self, shared: Mapping[str, Array], step: Array) -> dict[str, Array]:
        """The product, with the momentum of this step."""
        return {"m_schedule": shared["m_schedule"] * self._momentum(step)}

    def _momentum(self, step: Any) -> Any:
        return self.beta_1 * (1 - 0.5 * WARMUP ** (step * self.schedule_decay))

    def update(
        self, parameter: Array, gradient: Array, slots: dict[str, Array], step: Array, learning_rate: Array
    ) -> tuple[Array, dict[str, Array]]:
        """The rule above."""
        # Scalars, the same for all parameters: a traced step computes them once.
        count: Any = ops.cast(step, "float64")
        product, ahead = slots["m_schedule"], self._momentum(count + 1)
        of_mean = ops.cast(ahead / (1 - product * ahead), parameter.dtype)
        of_gradient = ops.cast((1 - self._momentum(count)) / (1 - product), parameter.dtype)
        of_squares = ops.cast(1 / (1 - self.beta_2**count), parameter.dtype)
        m = self.beta_1 * slots["m"] + (1 - self.beta_1) * gradient
        v = self.beta_2 * slots["v"] + (1 - self.beta_2) * np.square(gradient)
        change = of_mean * m + of_gradient * gradient
        return parameter - learning_rate * change / (np.sqrt(v * of_squares) + self.epsilon), {"m": m, "v": v}
