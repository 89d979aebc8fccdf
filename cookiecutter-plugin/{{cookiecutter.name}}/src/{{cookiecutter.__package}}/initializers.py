"""Initializers: the first values of weights."""

from __future__ import annotations

from typing import Any

import numpy as np
from kcore import Array
from kcore.errors import InvalidArgumentError
from kcore.initializers import Initializer


class {{ cookiecutter.__Prefix }}Signs(Initializer):
    """+scale or -scale, each with probability 1/2 (Rademacher's distribution): weights that differ by their sign alone.

    Args:
        scale: a finite number above 0.
        seed: an integer of at least 0: every call draws the same numbers. ``None``: numbers come from the stream of
            initial weights, which ``kcore.set_random_seed`` fixes.

    Raises:
        InvalidArgumentError: an argument out of its range.

    Example:
        >>> sorted(set({{ cookiecutter.__Prefix }}Signs(0.5, seed=1)((10, 10)).ravel().tolist()))
        [-0.5, 0.5]
    """

    def __init__(self, scale: float = 0.05, seed: int | None = None) -> None:
        if not isinstance(scale, int | float) or isinstance(scale, bool) or not 0 < scale < np.inf:
            raise InvalidArgumentError(
                component=type(self).__name__, argument="scale", value=scale, allowed="a finite number above 0"
            )
        if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0):
            raise InvalidArgumentError(
                component=type(self).__name__, argument="seed", value=seed, allowed="None, or an integer of at least 0"
            )
        self.scale = scale
        self.seed = None if seed is None else int(seed)

    def sample(self, shape: tuple[int, ...], dtype: np.dtype[Any], rng: np.random.Generator) -> Array:
        """An array of this shape and dtype; what is random comes from ``rng`` alone."""
        return np.where(rng.random(shape) < 0.5, -self.scale, self.scale).astype(dtype)
