"""RMSprop: steps divided by the running size of the gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from kcore import Array
from kcore.optimizers import Optimizer


class RMSprop(Optimizer):
    """Gradient descent with each element's step divided by the root of a running mean of its squared gradients::

        r = rho * r + (1 - rho) * g**2
        w = w - learning_rate * g / sqrt(r + epsilon)

    With ``centered``, a running mean m of the gradients themselves is kept as well, and ``r - m**2``, the variance,
    takes the place of r (Graves, "Generating sequences with recurrent neural networks", 2013). With momentum, the
    steps add up in a velocity: ``v = momentum * v + learning_rate * g / sqrt(...)``, ``w = w - v``.

    Source: Tieleman and Hinton, "Lecture 6.5: RMSprop", 2012. Epsilon is inside the square root, as in Keras 3.
    Keras 2's older optimizer without momentum, and PyTorch, have it outside: ``g / (sqrt(r) + epsilon)``. For
    gradients that are not tiny and the default epsilon, both are the same to some digits. A variance that rounding
    made negative counts as 0; in Keras it gives NaN.

    Args:
        learning_rate: the step size, at least 0; or a schedule.
        rho: how much of the running means stays at each step, from 0 to below 1.
        momentum: from 0 to 1; 0 keeps no velocity.
        epsilon: above 0; keeps the quotient finite.
        centered: whether to divide by the deviation from the mean gradient.
        decay: the learning rate of step t (from 0) is ``learning_rate / (1 + decay * t)``, as in Keras 2.
        clipnorm: gradients of larger Euclidean norm are scaled down to it, each parameter by itself.
        clipvalue: elements of gradients are limited to -clipvalue..clipvalue.
        name: in files.
        lr: Keras 2's name for ``learning_rate``.

    Raises:
        InvalidArgumentError: an argument out of its range.
    """

    elementwise = True

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        *,
        decay: float = 0.0,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        name: str | None = None,
        lr: Any = None,
    ) -> None:
        self._fraction("rho", rho)
        self._fraction("momentum", momentum, one=True)
        self._positive("epsilon", epsilon)
        self._flag("centered", centered)
        self.rho = rho
        self.momentum = momentum
        self.epsilon = epsilon
        self.centered = centered
        self.slot_names = ("rms", *(("momentum",) if momentum else ()), *(("mg",) if centered else ()))
        super().__init__(learning_rate, decay=decay, clipnorm=clipnorm, clipvalue=clipvalue, name=name, lr=lr)

    def update(
        self, parameter: Array, gradient: Array, slots: dict[str, Array], step: Array, learning_rate: Array
    ) -> tuple[Array, dict[str, Array]]:
        """The rule above."""
        rms = self.rho * slots["rms"] + (1 - self.rho) * np.square(gradient)
        new = {"rms": rms}
        spread = rms
        if self.centered:
            new["mg"] = self.rho * slots["mg"] + (1 - self.rho) * gradient
            spread = np.maximum(rms - np.square(new["mg"]), 0)
        change = learning_rate * gradient / np.sqrt(spread + self.epsilon)
        if self.momentum:
            change = new["momentum"] = self.momentum * slots["momentum"] + change
        return parameter - change, new
