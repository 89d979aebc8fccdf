"""The identity matrix."""

from __future__ import annotations

from typing import Any

import numpy as np

from kcore import Array
from kcore.errors import InvalidArgumentError
from kcore.initializers import Initializer
from kcore_initializers.arguments import is_finite_number


class Identity(Initializer):
    """``gain`` on the diagonal, 0 elsewhere; the matrix need not be square. As in tf_keras and Keras 3.

    (Keras 2.3 refused what was not square.)

    Args:
        gain: what stands on the diagonal.

    Raises:
        InvalidArgumentError: ``gain`` is no finite number; when called, for a shape of more or fewer than two axes.

    Example:
        >>> Identity(2.0)((2, 3)).tolist()
        [[2.0, 0.0, 0.0], [0.0, 2.0, 0.0]]
    """

    def __init__(self, gain: float = 1.0) -> None:
        if not is_finite_number(gain):
            raise InvalidArgumentError(component="Identity", argument="gain", value=gain, allowed="a finite number")
        self.gain = gain

    def sample(self, shape: tuple[int, ...], dtype: np.dtype[Any], rng: np.random.Generator) -> Array:
        """A matrix of ``shape``; ``rng`` is not used."""
        if len(shape) != 2:
            raise InvalidArgumentError(
                component="Identity", argument="shape", value=shape, allowed="a shape of two axes"
            )
        return (self.gain * np.eye(*shape)).astype(dtype)
