"""Regularizers: penalties on weights, which are added to the loss."""

from __future__ import annotations

import numpy as np
from kcore import Array
from kcore.errors import InvalidArgumentError
from kcore.regularizers import Regularizer

from {{ cookiecutter.__package }}.symlog import symlog


class {{ cookiecutter.__Prefix }}LogPenalty(Regularizer):
    """The penalty strength * sum(log(1 + abs(w) / scale)).

    It drives small weights to 0 as the sum of absolute values does, and leaves large ones nearly alone. Source: Candes,
    Wakin and Boyd, "Enhancing sparsity by reweighted l1 minimization", 2008. Its slope at 0 is 0.

    Args:
        strength: the factor, a finite number.
        scale: weights far below it are small, a finite number above 0.

    Raises:
        InvalidArgumentError: an argument out of its range.

    Example:
        >>> penalty = {{ cookiecutter.__Prefix }}LogPenalty(strength=2.0)
        >>> float(penalty(np.array([[np.e - 1, 0.0]])).round(4))
        2.0
    """

    def __init__(self, strength: float = 0.01, scale: float = 1.0) -> None:
        for argument, value, least in (("strength", strength, -np.inf), ("scale", scale, 0)):
            if not isinstance(value, int | float) or isinstance(value, bool) or not least < value < np.inf:
                allowed = "a finite number above 0" if argument == "scale" else "a finite number"
                raise InvalidArgumentError(
                    component=type(self).__name__, argument=argument, value=value, allowed=allowed
                )
        self.strength = strength
        self.scale = scale

    def __call__(self, weights: Array) -> Array:
        """The penalty, a scalar of the weights' dtype, for weights of any shape."""
        penalty: Array = self.strength * np.sum(np.abs(symlog(weights / self.scale)))
        return penalty
