"""Ftrl: follow the regularized leader, which makes weights exactly 0."""

from __future__ import annotations

from typing import Any

import numpy as np

from kcore import Array, ops
from kcore.optimizers import Optimizer


class Ftrl(Optimizer):
    """The weights that would have been best so far for the linearized loss, with penalties l1 and l2::

        h = g + 2 * l2_shrinkage * w
        b = a + g**2
        z = z + h - (b**q - a**q) / learning_rate * w           with q = -learning_rate_power
        w = (clip(z, -l1, l1) - z) / (b**q / learning_rate + 2 * l2 + beta / learning_rate)
        a = b

    A weight whose z is within -l1..l1 is exactly 0. Source: McMahan et al., "Ad click prediction: a view from the
    trenches", 2013; the shrinkage is added by Keras: it penalizes the loss, l2 only the solution. The same in Keras 2,
    tf_keras and Keras 3. Initial weights are not in z, so that the first step forgets most of them.

    Args:
        learning_rate: the step size, above 0 whenever a step is made; or a schedule.
        learning_rate_power: at most 0; -0.5 is the root of the sum of squares, 0 a fixed learning rate.
        initial_accumulator_value: what a is at first, at least 0.
        l1_regularization_strength: l1, at least 0.
        l2_regularization_strength: l2, at least 0.
        l2_shrinkage_regularization_strength: at least 0.
        beta: at least 0; the paper's, as in its learning rates alpha / (beta + sqrt(...)).
        decay: the learning rate of step t (from 0) is ``learning_rate / (1 + decay * t)``.
        clipnorm: gradients of larger Euclidean norm are scaled down to it, each parameter by itself.
        clipvalue: elements of gradients are limited to -clipvalue..clipvalue.
        name: in files.
        lr: Keras 2's name for ``learning_rate``.

    Raises:
        InvalidArgumentError: an argument out of its range.

    Example:
        >>> w = Variable(np.array([0.0, 0.0]))
        >>> Ftrl(0.5, l1_regularization_strength=0.5).apply([np.array([0.1, -8.0])], [w])
        >>> w.numpy().round(3).tolist()
        [0.0, 0.468]
    """

    elementwise = True
    slot_names = ("accumulator", "linear")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
        *,
        decay: float = 0.0,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        name: str | None = None,
        lr: Any = None,
    ) -> None:
        number = isinstance(learning_rate_power, int | float | np.number) and not isinstance(learning_rate_power, bool)
        if not number or not np.isfinite(learning_rate_power) or learning_rate_power > 0:
            self._refuse("learning_rate_power", learning_rate_power, "a finite number of at most 0")
        for argument, value in (
            ("initial_accumulator_value", initial_accumulator_value),
            ("l1_regularization_strength", l1_regularization_strength),
            ("l2_regularization_strength", l2_regularization_strength),
            ("l2_shrinkage_regularization_strength", l2_shrinkage_regularization_strength),
            ("beta", beta),
        ):
            self._positive(argument, value, zero=True)
        self.learning_rate_power = learning_rate_power
        self.initial_accumulator_value = initial_accumulator_value
        self.l1_regularization_strength = l1_regularization_strength
        self.l2_regularization_strength = l2_regularization_strength
        self.l2_shrinkage_regularization_strength = l2_shrinkage_regularization_strength
        self.beta = beta
        self.slot_starts = {"accumulator": float(initial_accumulator_value)}
        super().__init__(learning_rate, decay=decay, clipnorm=clipnorm, clipvalue=clipvalue, name=name, lr=lr)

    def update(
        self, parameter: Array, gradient: Array, slots: dict[str, Array], step: Array, learning_rate: Array
    ) -> tuple[Array, dict[str, Array]]:
        """The rule above."""
        power, l1 = -float(self.learning_rate_power), self.l1_regularization_strength
        total = slots["accumulator"] + np.square(gradient)
        before, after = np.power(slots["accumulator"], power), np.power(total, power)
        whole = gradient
        if self.l2_shrinkage_regularization_strength:
            whole = gradient + 2 * self.l2_shrinkage_regularization_strength * parameter
        linear = slots["linear"] + whole - (after - before) / learning_rate * parameter
        curvature = (after + self.beta) / learning_rate + 2 * self.l2_regularization_strength
        # An accumulator of 0 and no gradient yet: nothing is known, and the quotient would be 0 / 0.
        curvature = np.where(curvature > 0, curvature, 1.0)
        new = (ops.clip(linear, -l1, l1) - linear) / curvature
        return new, {"accumulator": total, "linear": linear}
