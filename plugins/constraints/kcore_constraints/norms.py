"""Constraints on the norm and on the sign of weights."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from kcore import Array, epsilon, ops
from kcore.constraints import Constraint
from kcore.errors import InvalidArgumentError


def number_of(component: str, argument: str, value: Any) -> Any:
    """A number of at least 0, as it is.

    Raises:
        InvalidArgumentError: it is none.
    """
    number = isinstance(value, int | float | np.integer | np.floating)
    if not number or isinstance(value, bool) or math.isnan(value) or value < 0:
        raise InvalidArgumentError(
            component=component, argument=argument, value=value, allowed="a number of at least 0"
        )
    return value


def axes_of(component: str, axis: Any) -> int | tuple[int, ...]:
    """An axis, or several as a tuple.

    Raises:
        InvalidArgumentError: something else than integers.
    """
    axes: Sequence[Any] = axis if isinstance(axis, list | tuple) else (axis,)
    if not all(isinstance(entry, int | np.integer) and not isinstance(entry, bool) for entry in axes):
        raise InvalidArgumentError(
            component=component, argument="axis", value=axis, allowed="an integer, or a list of integers"
        )
    chosen = tuple(int(entry) for entry in axes)
    return chosen if isinstance(axis, list | tuple) else chosen[0]


def norms_along(weights: Array, axis: int | tuple[int, ...]) -> Any:
    """The square roots of the sums of squares along the axes, which stay with length 1."""
    return np.sqrt(np.sum(np.square(weights), axis=axis, keepdims=True))


class MaxNorm(Constraint):
    """Scales weights down where their norm is too large: w * min(norm, max_value) / (norm + epsilon).

    ``norm`` is the square root of the sum of squares along ``axis``; ``epsilon`` is ``kcore.epsilon()``, as
    in Keras. Source: Srivastava et al., "Dropout" (2014), section 5.1.

    Args:
        max_value: the largest norm that is left as it is.
        axis: the axis or axes along which a norm is taken. 0 for the kernel of a dense layer (inputs, units), and
            for both kernels of a recurrent one: the incoming weights of each unit; (0, 1, 2) for that of Conv2D
            (rows, columns, channels, filters).

    Raises:
        InvalidArgumentError: ``max_value`` is not a number of at least 0, or ``axis`` holds something else
            than integers.

    Example:
        >>> MaxNorm(5.0)(np.array([[3.0, 30.0], [4.0, 40.0]])).round(4).tolist()
        [[3.0, 3.0], [4.0, 4.0]]
    """

    def __init__(self, max_value: float = 2, axis: int | Sequence[int] = 0) -> None:
        self.max_value = number_of("MaxNorm", "max_value", max_value)
        self.axis = axes_of("MaxNorm", axis)

    def __call__(self, weights: Array) -> Array:
        """The weights, scaled: same shape and dtype."""
        norms = norms_along(weights, self.axis)
        factors: Any = np.minimum(norms, self.max_value) / (norms + epsilon())
        return weights * factors  # type: ignore[no-any-return]


class UnitNorm(Constraint):
    """Scales weights to norm 1: w / (norm + epsilon).

    ``norm`` is the square root of the sum of squares along ``axis``; ``epsilon`` is ``kcore.epsilon()``, as in Keras
    2 and 3: where all are 0, they stay 0.

    Args:
        axis: the axis or axes along which a norm is taken, as for ``MaxNorm``.

    Raises:
        InvalidArgumentError: ``axis`` holds something else than integers.

    Example:
        >>> UnitNorm()(np.array([[3.0, 0.0], [4.0, 0.0]])).round(4).tolist()
        [[0.6, 0.0], [0.8, 0.0]]
    """

    def __init__(self, axis: int | Sequence[int] = 0) -> None:
        self.axis = axes_of("UnitNorm", axis)

    def __call__(self, weights: Array) -> Array:
        """The weights, scaled: same shape and dtype."""
        return weights / (norms_along(weights, self.axis) + epsilon())  # type: ignore[no-any-return]


class MinMaxNorm(Constraint):
    """Moves the norm of weights into an interval, at once or by and by.

    w * (rate * clip(norm, min_value, max_value) + (1 - rate) * norm) / (norm + epsilon), with ``norm`` the square
    root of the sum of squares along ``axis`` and ``epsilon`` ``kcore.epsilon()``, as in Keras 2 and 3. Weights that
    are all 0 have no direction, and stay 0.

    Args:
        min_value: the smallest norm, at least 0.
        max_value: the largest norm, at least ``min_value``.
        rate: from 0 to 1: how much of the way to go at each step.
        axis: the axis or axes along which a norm is taken, as for ``MaxNorm``.

    Raises:
        InvalidArgumentError: an argument outside the values above.

    Example:
        >>> MinMaxNorm(1.0, 5.0)(np.array([[3.0, 30.0, 0.3], [4.0, 40.0, 0.4]])).round(4).tolist()
        [[3.0, 3.0, 0.6], [4.0, 4.0, 0.8]]
    """

    def __init__(
        self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: int | Sequence[int] = 0
    ) -> None:
        self.min_value = number_of("MinMaxNorm", "min_value", min_value)
        self.max_value = number_of("MinMaxNorm", "max_value", max_value)
        if max_value < min_value:
            raise InvalidArgumentError(
                component="MinMaxNorm", argument="max_value", value=max_value,
                allowed=f"a number of at least min_value={min_value}",
            )  # fmt: skip
        self.rate = number_of("MinMaxNorm", "rate", rate)
        if rate > 1:
            raise InvalidArgumentError(
                component="MinMaxNorm", argument="rate", value=rate, allowed="a number from 0 to 1"
            )
        self.axis = axes_of("MinMaxNorm", axis)

    def __call__(self, weights: Array) -> Array:
        """The weights, scaled: same shape and dtype."""
        norms = norms_along(weights, self.axis)
        wanted = np.minimum(np.maximum(norms, self.min_value), self.max_value)
        if self.rate != 1:
            wanted = self.rate * wanted + (1 - self.rate) * norms
        return weights * (wanted / (norms + epsilon()))  # type: ignore[no-any-return]


class NonNeg(Constraint):
    """Makes negative weights 0.

    Example:
        >>> NonNeg()(np.array([-1.0, 0.5])).tolist()
        [0.0, 0.5]
    """

    def __call__(self, weights: Array) -> Array:
        """max(weights, 0): same shape and dtype."""
        return ops.relu(weights)
