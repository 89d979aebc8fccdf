"""Stochastic gradient descent, with momentum if wanted."""

from __future__ import annotations

from typing import Any

from kcore import Array
from kcore.optimizers import Optimizer


class SGD(Optimizer):
    """Gradient descent: ``w = w - learning_rate * g``.

    With momentum (Polyak, 1964), a velocity v that starts at 0::

        v = momentum * v - learning_rate * g
        w = w + v

    With ``nesterov`` (Sutskever, Martens, Dahl and Hinton, "On the importance of initialization and momentum in deep
    learning", 2013), the step looks ahead: ``w = w + momentum * v - learning_rate * g``. The rule is that of
    Keras 2 and 3; a learning rate that changes applies to new gradients only, not to the velocity.

    Args:
        learning_rate: the step size, at least 0; or a schedule.
        momentum: from 0 to 1; 0 keeps no velocity.
        nesterov: whether the step looks ahead; has no effect without momentum.
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
        learning_rate: Any = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        *,
        decay: float = 0.0,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        name: str | None = None,
        lr: Any = None,
    ) -> None:
        self._fraction("momentum", momentum, one=True)
        self._flag("nesterov", nesterov)
        self.momentum = momentum
        self.nesterov = nesterov
        self.slot_names = ("momentum",) if momentum else ()
        super().__init__(learning_rate, decay=decay, clipnorm=clipnorm, clipvalue=clipvalue, name=name, lr=lr)

    def update(
        self, parameter: Array, gradient: Array, slots: dict[str, Array], step: Array, learning_rate: Array
    ) -> tuple[Array, dict[str, Array]]:
        """The rule above."""
        descent = learning_rate * gradient
        if not self.momentum:
            return parameter - descent, {}
        velocity = self.momentum * slots["momentum"] - descent
        new = parameter + (self.momentum * velocity - descent if self.nesterov else velocity)
        return new, {"momentum": velocity}
