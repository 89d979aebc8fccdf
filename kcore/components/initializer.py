"""The contract of initializers, and the fans that their scale depends on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from kcore.components.component import Component
from kcore.engine.random import generator
from kcore.engine.settings import floatx
from kcore.engine.types import Array


class Initializer(Component):
    """Makes the first value of a weight. Subclasses write ``sample``.

    An initializer draws from NumPy, whatever engine runs the model, so that the same seed gives the same weights
    everywhere. With an integer attribute ``seed`` every call draws the same numbers; otherwise numbers come from the
    stream of initial weights, which ``kcore.set_random_seed`` fixes.
    """

    seed: int | None = None

    def sample(self, shape: tuple[int, ...], dtype: np.dtype[Any], rng: np.random.Generator) -> Array:
        """An array of ``shape`` and ``dtype``; random numbers come from ``rng`` alone."""
        raise NotImplementedError(f"{type(self).__name__} has to define sample(shape, dtype, rng)")

    def __call__(self, shape: Sequence[int], dtype: npt.DTypeLike | None = None) -> Array:
        """The first value of a weight of ``shape``, in ``dtype`` (``kcore.floatx()`` by default)."""
        rng = generator("initializers") if self.seed is None else np.random.Generator(np.random.Philox(self.seed))
        return self.sample(tuple(int(size) for size in shape), np.dtype(dtype or floatx()), rng)


def compute_fans(shape: Sequence[int]) -> tuple[int, int]:
    """How many inputs feed one output, and how many outputs one input feeds, for a kernel of ``shape``.

    A matrix is (inputs, outputs); a convolution kernel is (*size, input channels, output channels), whose channels
    count once per position of the window (He, Zhang, Ren and Sun, 2015). A vector counts as both.
    """
    if not shape:
        return 1, 1
    if len(shape) == 1:
        return int(shape[0]), int(shape[0])
    field = math.prod(shape[:-2])
    return int(shape[-2] * field), int(shape[-1] * field)
