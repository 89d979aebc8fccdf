"""Constraints on the norm and on the sign of weights."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from kcore import Array, epsilon, ops
from kcore.constraints import Constraint
from kcore.errors import InvalidArgumentError


class MaxNorm(Constraint):
    """Scales weights down where their norm is too large: w * min(norm, max_value) / (norm + epsilon).

    ``norm`` is the square root of the sum of squares along ``axis``; ``epsilon`` is ``kcore.epsilon()``, as
    in Keras. Source: Srivastava et al., "Dropout" (2014), section 5.1.

    Args:
        max_value: the largest norm that is left as it is.
        axis: the axis or axes along which a norm is taken. 0 for the kernel of a dense layer (inputs, units):
            the incoming weights of each unit; (0, 1, 2) for that of Conv2D (rows, columns,
            channels, filters).

    Raises:
        InvalidArgumentError: ``max_value`` is not a number of at least 0, or ``axis`` holds something else
            than integers.

    Example:
        >>> MaxNorm(5.0)(np.array([[3.0, 30.0], [4.0, 40.0]])).round(4).tolist()
        [[3.0, 3.0], [4.0, 4.0]]
    """

    def __init__(self, max_value: float = 2, axis: int | Sequence[int] = 0) -> None:
        number = isinstance(max_value, int | float | np.integer | np.floating)
        if not number or isinstance(max_value, bool) or math.isnan(max_value) or max_value < 0:
            raise InvalidArgumentError(
                component="MaxNorm", argument="max_value", value=max_value, allowed="a number of at least 0"
            )
        self.max_value = max_value
        axes: Sequence[Any] = axis if isinstance(axis, list | tuple) else (axis,)
        if not all(isinstance(entry, int | np.integer) and not isinstance(entry, bool) for entry in axes):
            raise InvalidArgumentError(
                component="MaxNorm", argument="axis", value=axis, allowed="an integer, or a list of integers"
            )
        chosen = tuple(int(entry) for entry in axes)
        self.axis: int | tuple[int, ...] = chosen if isinstance(axis, list | tuple) else chosen[0]

    def __call__(self, weights: Array) -> Array:
        """The weights, scaled: same shape and dtype."""
        norms = np.sqrt(np.sum(np.square(weights), axis=self.axis, keepdims=True))
        factors: Any = np.minimum(norms, self.max_value) / (norms + epsilon())
        return weights * factors  # type: ignore[no-any-return]


class NonNeg(Constraint):
    """Makes negative weights 0.

    Example:
        >>> NonNeg()(np.array([-1.0, 0.5])).tolist()
        [0.0, 0.5]
    """

    def __call__(self, weights: Array) -> Array:
        """max(weights, 0): same shape and dtype."""
        return ops.relu(weights)
