"""Optimizers: one rule for each parameter, a pure function."""

from __future__ import annotations

from typing import Any

import numpy as np
from kcore import Array
from kcore.optimizers import Optimizer


class {{ cookiecutter.__Prefix }}Signum(Optimizer):
    """Steps of one size, in the direction of the sign of the mean gradient::

        m = momentum * m + (1 - momentum) * g
        w = w - learning_rate * sign(m)

    An element whose m is exactly 0 stays. Source: Bernstein et al., "signSGD: compressed optimisation for non-convex
    problems", 2018.

    Args:
        learning_rate: the step size, at least 0; or a schedule.
        momentum: how much of the mean gradient stays at each step, from 0 to below 1.
        decay: the learning rate of step t (from 0) is ``learning_rate / (1 + decay * t)``.
        clipnorm: gradients of larger Euclidean norm are scaled down to it, each parameter by itself.
        clipvalue: elements of gradients are limited to -clipvalue..clipvalue.
        name: in files.

    Raises:
        InvalidArgumentError: an argument out of its range.

    Example:
        >>> from kcore import Variable
        >>> w = Variable(np.array([1.0, 1.0]))
        >>> {{ cookiecutter.__Prefix }}Signum(0.25).apply([np.array([0.1, -8.0])], [w])
        >>> w.numpy().tolist()
        [0.75, 1.25]
    """

    # Each element by itself, so small parameters may be updated as one array; one slot, "m", of each parameter's shape.
    elementwise = True
    slot_names = ("m",)

    def __init__(
        self,
        learning_rate: Any = 0.001,
        momentum: float = 0.9,
        *,
        decay: float = 0.0,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        name: str | None = None,
    ) -> None:
        self._fraction("momentum", momentum)
        self.momentum = momentum
        super().__init__(learning_rate, decay=decay, clipnorm=clipnorm, clipvalue=clipvalue, name=name)

    def update(
        self, parameter: Array, gradient: Array, slots: dict[str, Array], step: Array, learning_rate: Array
    ) -> tuple[Array, dict[str, Array]]:
        """The rule above.

        Args:
            parameter, gradient: of the same shape and dtype.
            slots: ``{"m": mean gradient}``.
            step: the number of this step, counted from 1.
            learning_rate: of this step.

        Returns:
            the new parameter, and the new slots.
        """
        m = self.momentum * slots["m"] + (1 - self.momentum) * gradient
        return parameter - learning_rate * np.sign(m), {"m": m}
