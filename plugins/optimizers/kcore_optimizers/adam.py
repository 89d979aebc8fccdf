"""Adam: steps from running means of the gradient and of its square."""

from __future__ import annotations

from typing import Any

import numpy as np

from kcore import Array, ops
from kcore.optimizers import Optimizer


class Adam(Optimizer):
    """Running means of the gradient and of its square, both corrected for their start at 0; t counts from 1::

        m = beta_1 * m + (1 - beta_1) * g
        v = beta_2 * v + (1 - beta_2) * g**2
        rate = learning_rate * sqrt(1 - beta_2**t) / (1 - beta_1**t)
        w = w - rate * m / (sqrt(v) + epsilon)

    With ``amsgrad``, the largest v so far takes the place of v (Reddi, Kale and Kumar, "On the convergence of Adam
    and beyond", 2018).

    Source: Kingma and Ba, "Adam: a method for stochastic optimization", 2014; this is the efficient form at the end
    of its section 2, as in Keras 2 and 3, where epsilon is beside the uncorrected root. (PyTorch has epsilon beside the
    corrected one.) The corrections are computed in float64; Keras computes them in float32, where 1 - 0.999 is off
    by 1e-5, and so are its first steps.

    Args:
        learning_rate: the step size, at least 0; or a schedule.
        beta_1: how much of the mean gradient stays at each step, from 0 to below 1.
        beta_2: how much of the mean square stays at each step, from 0 to below 1.
        epsilon: above 0; keeps the quotient finite.
        amsgrad: whether the divisor may only grow.
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
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
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
        self._flag("amsgrad", amsgrad)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.amsgrad = amsgrad
        self.slot_names = ("m", "v", "vhat") if amsgrad else ("m", "v")
        super().__init__(learning_rate, decay=decay, clipnorm=clipnorm, clipvalue=clipvalue, name=name, lr=lr)

    def update(
        self, parameter: Array, gradient: Array, slots: dict[str, Array], step: Array, learning_rate: Array
    ) -> tuple[Array, dict[str, Array]]:
        """The rule above."""
        # Scalars, the same for all parameters: a traced step computes them once.
        count = ops.cast(step, "float64")
        correction = np.sqrt(1 - self.beta_2**count) / (1 - self.beta_1**count)
        rate = learning_rate * ops.cast(correction, parameter.dtype)
        m = self.beta_1 * slots["m"] + (1 - self.beta_1) * gradient
        v = self.beta_2 * slots["v"] + (1 - self.beta_2) * np.square(gradient)
        new = {"m": m, "v": v}
        if self.amsgrad:
            v = new["vhat"] = np.maximum(slots["vhat"], v)
        return parameter - rate * m / (np.sqrt(v) + self.epsilon), new


class AMSGrad(Adam):
    """``Adam(amsgrad=True)`` by a name of its own; what it makes is an ``Adam``, so that other readers know its config.

    Example:
        >>> AMSGrad(0.01).get_config()["amsgrad"]
        True
        >>> type(AMSGrad()).__name__
        'Adam'
    """

    def __new__(  # type: ignore[misc]
        cls,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        *,
        decay: float = 0.0,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        name: str | None = None,
        lr: Any = None,
    ) -> Adam:
        """An ``Adam`` with these arguments and ``amsgrad``."""
        return Adam(
            learning_rate, beta_1, beta_2, epsilon, True,
            decay=decay, clipnorm=clipnorm, clipvalue=clipvalue, name=name, lr=lr,
        )  # fmt: skip


class AdamW(Adam):
    """Adam, and besides every step makes the weights smaller: decoupled weight decay::

        w = w - learning_rate * weight_decay * w
        w = Adam's step from there, whose m and v do not see the decay

    Source: Loshchilov and Hutter, "Decoupled weight decay regularization", 2019, with the learning rate as a factor of
    the decay, as in Keras 3, tf_keras and PyTorch (in the paper, only its schedule is). PyTorch's default is 0.01. An
    L2 regularizer is another thing: its gradient would go through Adam's means.

    Args:
        learning_rate: the step size, at least 0; or a schedule.
        weight_decay: at least 0.
        beta_1: how much of the mean gradient stays at each step, from 0 to below 1.
        beta_2: how much of the mean square stays at each step, from 0 to below 1.
        epsilon: above 0; keeps the quotient finite.
        amsgrad: whether the divisor may only grow.
        decay: the learning rate of step t (from 0) is ``learning_rate / (1 + decay * t)``, as in Keras 2.
        clipnorm: gradients of larger Euclidean norm are scaled down to it, each parameter by itself.
        clipvalue: elements of gradients are limited to -clipvalue..clipvalue.
        name: in files.
        lr: Keras 2's name for ``learning_rate``.

    Raises:
        InvalidArgumentError: an argument out of its range.

    Example:
        >>> w = Variable(np.array([1.0, -1.0]))
        >>> AdamW(0.5, weight_decay=0.5).apply([np.array([0.1, 0.0])], [w])
        >>> w.numpy().round(3).tolist()
        [0.25, -0.75]
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        *,
        decay: float = 0.0,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        name: str | None = None,
        lr: Any = None,
    ) -> None:
        self._positive("weight_decay", weight_decay, zero=True)
        self.weight_decay = weight_decay
        super().__init__(
            learning_rate, beta_1, beta_2, epsilon, amsgrad,
            decay=decay, clipnorm=clipnorm, clipvalue=clipvalue, name=name, lr=lr,
        )  # fmt: skip

    def update(
        self, parameter: Array, gradient: Array, slots: dict[str, Array], step: Array, learning_rate: Array
    ) -> tuple[Array, dict[str, Array]]:
        """The rule above."""
        smaller = parameter - learning_rate * self.weight_decay * parameter
        return super().update(smaller, gradient, slots, step, learning_rate)
