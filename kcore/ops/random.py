"""Random arrays as pure functions of a key (see ``kcore.engine.random.KeySequence``)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy.typing as npt

from kcore.engine.primitives.random import draw, random_normal_p, random_uniform_p
from kcore.engine.types import Array


def random_uniform(key: Array, *, shape: Sequence[int], dtype: npt.DTypeLike = "float32") -> Array:
    """Numbers uniform in [0, 1).

    Args:
        key: uint64[2]; equal keys give equal numbers.
        shape: of the result.
        dtype: float32 or float64.
    """
    return draw(random_uniform_p, key, shape, dtype)  # type: ignore[no-any-return]


def random_normal(key: Array, *, shape: Sequence[int], dtype: npt.DTypeLike = "float32") -> Array:
    """Numbers from the normal distribution with mean 0 and variance 1; arguments as for ``random_uniform``."""
    return draw(random_normal_p, key, shape, dtype)  # type: ignore[no-any-return]
