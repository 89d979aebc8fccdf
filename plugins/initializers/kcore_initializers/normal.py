"""Normal numbers, all of them or those near the mean."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from kcore import Array
from kcore.errors import InvalidArgumentError
from kcore.initializers import Initializer
from kcore_initializers.arguments import is_finite_number, optional_seed


class RandomNormal(Initializer):
    """Normal numbers with this mean and standard deviation, whatever the shape.

    Numbers are drawn in float64 and rounded, so that the same seed gives the same weights in every dtype. The same in
    Keras 2 and 3 and, as ``normal_(mean, std)``, in PyTorch.

    Args:
        mean: a finite number.
        stddev: the standard deviation, at least 0.
        seed: an integer of at least 0: every call draws the same numbers. ``None``: numbers come from the
            stream of initial weights, which ``kcore.set_random_seed`` fixes.

    Raises:
        InvalidArgumentError: an argument outside the values above.

    Example:
        >>> weights = RandomNormal(mean=1.0, stddev=0.5, seed=1)((500, 40), "float64")
        >>> weights.mean().round(1).item(), weights.std().round(1).item()
        (1.0, 0.5)
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        kind = type(self).__name__
        if not is_finite_number(mean):
            raise InvalidArgumentError(component=kind, argument="mean", value=mean, allowed="a finite number")
        if not is_finite_number(stddev) or stddev < 0:
            raise InvalidArgumentError(
                component=kind, argument="stddev", value=stddev, allowed="a finite number of at least 0"
            )
        self.mean = mean
        self.stddev = stddev
        self.seed = optional_seed(kind, seed)

    def sample(self, shape: tuple[int, ...], dtype: np.dtype[Any], rng: np.random.Generator) -> Array:
        """An array of ``shape``."""
        return (self.mean + self.stddev * self._standard(shape, rng)).astype(dtype)

    def _standard(self, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        return rng.standard_normal(shape)


class TruncatedNormal(RandomNormal):
    """Normal numbers, of which those further than two standard deviations from the mean are drawn again.

    ``stddev`` is that of the whole distribution, as in Keras: what is left deviates by 0.88 times as much. (Where
    ``VarianceScaling`` cuts a normal distribution off, it makes up for that.)

    Args:
        mean: a finite number.
        stddev: the standard deviation before the cut, at least 0.
        seed: an integer of at least 0: every call draws the same numbers. ``None``: numbers come from the
            stream of initial weights, which ``kcore.set_random_seed`` fixes.

    Raises:
        InvalidArgumentError: an argument outside the values above.

    Example:
        >>> weights = TruncatedNormal(stddev=0.5, seed=1)((500, 40), "float64")
        >>> bool(abs(weights).max() <= 1.0), weights.std().round(2).item()
        (True, 0.44)
    """

    def _standard(self, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        return truncated_normal(shape, rng)


def truncated_normal(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Normal numbers with absolute value of at most 2."""
    values = rng.standard_normal(math.prod(shape))
    outside = np.flatnonzero(np.abs(values) > 2)
    while outside.size:
        values[outside] = rng.standard_normal(outside.size)
        outside = outside[np.abs(values[outside]) > 2]
    return values.reshape(shape)
