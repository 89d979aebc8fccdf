"""Random orthogonal matrices."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from kcore import Array
from kcore.errors import InvalidArgumentError
from kcore.initializers import Initializer
from kcore_initializers.arguments import is_finite_number, optional_seed


class Orthogonal(Initializer):
    """A random matrix with orthonormal columns, or rows if there are fewer of these; all such are equally likely.

    Repeated products with it neither grow nor shrink: the default for the recurrent kernels of recurrent
    layers. A weight of more than two axes counts as the matrix (all axes but the last, the last). Numbers are drawn
    and computed in float64 and rounded. Sources: Saxe, McClelland and Ganguli, "Exact solutions to the nonlinear
    dynamics of learning in deep linear neural networks" (2014); Mezzadri, "How to generate random matrices from the
    classical compact groups" (2007), for the signs.

    Args:
        gain: the matrix is multiplied with this number.
        seed: an integer of at least 0: every call draws the same numbers. ``None``: numbers come from the
            stream of initial weights, which ``kcore.set_random_seed`` fixes.

    Raises:
        InvalidArgumentError: an argument outside the values above; when called, for a shape of fewer than two axes.

    Example:
        >>> matrix = Orthogonal(seed=1)((3, 3), "float64")
        >>> np.allclose(matrix.T @ matrix, np.eye(3))
        True
    """

    def __init__(self, gain: float = 1.0, seed: int | None = None) -> None:
        if not is_finite_number(gain):
            raise InvalidArgumentError(component="Orthogonal", argument="gain", value=gain, allowed="a finite number")
        self.gain = gain
        self.seed = optional_seed("Orthogonal", seed)

    def sample(self, shape: tuple[int, ...], dtype: np.dtype[Any], rng: np.random.Generator) -> Array:
        """An array of ``shape``, which has at least two axes."""
        if len(shape) < 2:
            raise InvalidArgumentError(
                component="Orthogonal", argument="shape", value=shape, allowed="a shape of at least two axes"
            )
        rows, columns = math.prod(shape[:-1]), shape[-1]
        factor, triangle = np.linalg.qr(rng.standard_normal((max(rows, columns), min(rows, columns))))
        # QR leaves the signs open, and every library chooses them in its own way, which would not be random. The
        # triangle's diagonal made positive, there is one answer, and no matrix is more likely than another.
        factor = factor * np.where(np.diagonal(triangle) < 0, -1.0, 1.0)
        matrix = factor if rows >= columns else factor.T
        return (self.gain * matrix).reshape(shape).astype(dtype)
