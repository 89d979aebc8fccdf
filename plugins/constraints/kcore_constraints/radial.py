"""Kernels that look the same in all directions."""

from __future__ import annotations

import numpy as np

from kcore import Array, ops
from kcore.constraints import Constraint
from kcore.errors import InvalidArgumentError


class RadialConstraint(Constraint):
    """Makes a kernel constant along each square ring around its middle.

    Ring 0 is the middle: one position of a kernel of odd size, four of an even one; ring r are the positions around it.
    Each channel and filter has its own numbers. As tf_keras has it (Keras 3 has no such constraint), with s the half of
    the size, rounded down: ring 0 gets the number at (s - 1, s - 1); ring r gets that at (s + r, s + r), and of a
    kernel of odd size that at (s + r - 1, s + r - 1). A kernel of one position stays as it is (tf_keras fails on it).

    Raises:
        InvalidArgumentError: when called, for weights that are not (size, size, channels, filters).

    Example:
        >>> kernel = np.arange(9.0).reshape(3, 3, 1, 1)
        >>> RadialConstraint()(kernel)[..., 0, 0].tolist()
        [[4.0, 4.0, 4.0], [4.0, 0.0, 4.0], [4.0, 4.0, 4.0]]
    """

    def __call__(self, weights: Array) -> Array:
        """The constrained kernel: same shape and dtype."""
        shape = tuple(weights.shape)
        if len(shape) != 4 or shape[0] != shape[1]:
            raise InvalidArgumentError(
                component="RadialConstraint", argument="weights", value=f"an array of shape {shape}",
                allowed="a kernel of shape (size, size, channels, filters)",
            )  # fmt: skip
        size = shape[0]
        if size < 2:
            return weights
        half, odd = size // 2, size % 2
        places = np.arange(size)
        distances = np.abs(places - half) if odd else np.maximum(places - half, half - 1 - places)
        rings = np.maximum(distances[:, np.newaxis], distances)
        source = np.where(rings == 0, half - 1, half + rings - odd)
        flat = np.reshape(weights, (size * size, *shape[2:]))
        return ops.take(flat, source * size + source, axis=0)
