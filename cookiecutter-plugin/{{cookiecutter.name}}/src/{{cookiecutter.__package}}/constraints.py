"""Constraints: what weights go through after each step of training."""

from __future__ import annotations

import numpy as np
from kcore import Array
from kcore.constraints import Constraint
from kcore.errors import InvalidArgumentError


class {{ cookiecutter.__Prefix }}Interval(Constraint):
    """Keeps every weight between two numbers: min(max(w, low), high).

    Source: Arjovsky, Chintala and Bottou, "Wasserstein GAN", 2017, where it bounds the slope of a network.

    Args:
        low, high: finite numbers, the first below the second.

    Raises:
        InvalidArgumentError: they are not.

    Example:
        >>> {{ cookiecutter.__Prefix }}Interval(-1.0, 0.5)(np.array([-3.0, 0.25, 2.0])).tolist()
        [-1.0, 0.25, 0.5]
    """

    def __init__(self, low: float = -1.0, high: float = 1.0) -> None:
        for argument, value in (("low", low), ("high", high)):
            if not isinstance(value, int | float) or isinstance(value, bool) or not np.isfinite(value):
                raise InvalidArgumentError(
                    component=type(self).__name__, argument=argument, value=value, allowed="a finite number"
                )
        if low >= high:
            raise InvalidArgumentError(
                component=type(self).__name__, argument="low", value=low, allowed=f"a number below high={high}"
            )
        self.low = low
        self.high = high

    def __call__(self, weights: Array) -> Array:
        """The weights, limited: same shape and dtype."""
        limited: Array = np.minimum(np.maximum(weights, self.low), self.high)
        return limited
