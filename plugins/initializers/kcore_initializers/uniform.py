"""Uniform numbers between two bounds."""

from __future__ import annotations

from typing import Any

import numpy as np

from kcore import Array
from kcore.errors import InvalidArgumentError
from kcore.initializers import Initializer
from kcore_initializers.arguments import is_finite_number, optional_seed


class RandomUniform(Initializer):
    """Uniform in [minval, maxval), whatever the shape; the default for embeddings.

    Numbers are drawn in float64 and rounded, so that the same seed gives the same weights in every dtype.

    Args:
        minval: the lower bound.
        maxval: the upper bound, at least ``minval``.
        seed: an integer of at least 0: every call draws the same numbers. ``None``: numbers come from the
            stream of initial weights, which ``kcore.set_random_seed`` fixes.

    Raises:
        InvalidArgumentError: an argument outside the values above.

    Example:
        >>> table = RandomUniform(seed=1)((50, 8))
        >>> bool(abs(table).max() <= 0.05)
        True
    """

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None) -> None:
        if not is_finite_number(minval):
            raise InvalidArgumentError(
                component="RandomUniform", argument="minval", value=minval, allowed="a finite number"
            )
        if not is_finite_number(maxval) or maxval < minval:
            raise InvalidArgumentError(
                component="RandomUniform",
                argument="maxval",
                value=maxval,
                allowed=f"a finite number of at least minval={minval}",
            )
        self.minval = minval
        self.maxval = maxval
        self.seed = optional_seed("RandomUniform", seed)

    def sample(self, shape: tuple[int, ...], dtype: np.dtype[Any], rng: np.random.Generator) -> Array:
        """An array of ``shape``."""
        return rng.uniform(self.minval, self.maxval, shape).astype(dtype)
