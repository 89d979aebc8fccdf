"""Initializers without randomness."""

from __future__ import annotations

from typing import Any

import numpy as np

from kcore import Array
from kcore.errors import InvalidArgumentError
from kcore.initializers import Initializer


class Zeros(Initializer):
    """All entries 0; the usual first bias.

    Example:
        >>> Zeros()((2, 2)).tolist()
        [[0.0, 0.0], [0.0, 0.0]]
    """

    def sample(self, shape: tuple[int, ...], dtype: np.dtype[Any], rng: np.random.Generator) -> Array:
        """An array of ``shape``; ``rng`` is not used."""
        return np.zeros(shape, dtype)


class Ones(Initializer):
    """All entries 1.

    Example:
        >>> Ones()((2, 2)).tolist()
        [[1.0, 1.0], [1.0, 1.0]]
    """

    def sample(self, shape: tuple[int, ...], dtype: np.dtype[Any], rng: np.random.Generator) -> Array:
        """An array of ``shape``; ``rng`` is not used."""
        return np.ones(shape, dtype)


class Constant(Initializer):
    """All entries ``value``.

    Args:
        value: a number, or an array that broadcasts to the weight's shape.

    Raises:
        InvalidArgumentError: ``value`` is not numeric; when called, if it does not broadcast to the shape.

    Example:
        >>> Constant(0.5)((2,)).tolist()
        [0.5, 0.5]
    """

    def __init__(self, value: Any = 0) -> None:
        try:
            kind: str = np.asarray(value).dtype.kind
        except ValueError:
            kind = "ragged"
        if kind not in "biuf":
            raise InvalidArgumentError(
                component="Constant", argument="value", value=value, allowed="a number or an array of numbers"
            )
        self.value = value

    def sample(self, shape: tuple[int, ...], dtype: np.dtype[Any], rng: np.random.Generator) -> Array:
        """An array of ``shape``; ``rng`` is not used."""
        try:
            return np.broadcast_to(np.asarray(self.value, dtype), shape).copy()
        except ValueError:
            raise InvalidArgumentError(
                component="Constant",
                argument="value",
                value=self.value,
                allowed=f"a number, or an array that broadcasts to the weight's shape {shape}",
            ) from None
