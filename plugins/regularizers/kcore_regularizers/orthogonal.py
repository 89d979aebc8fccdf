"""A penalty on directions that are alike."""

from __future__ import annotations

from typing import Any

import numpy as np

from kcore import Array
from kcore.errors import InvalidArgumentError
from kcore.regularizers import Regularizer
from kcore_regularizers.norms import factor_of

MODES = ("rows", "columns")
TINY = 1e-12
"""Below this square, a row counts as of length 1e-6: that of a row of zeros divides nothing by 0."""


class OrthogonalRegularizer(Regularizer):
    """The penalty factor * mean(abs(cos(angle))) over all pairs of different rows, or columns, of a matrix.

    It is 0 where they are orthogonal to each other, and ``factor`` where all have one direction; lengths do not
    matter. Each vector is divided by sqrt(max(sum(v ** 2), 1e-12)). A matrix of a single row has no pairs and no
    penalty (tf_keras and Keras 3, whose numbers these are otherwise, divide 0 by 0 there). The slope where two are
    exactly orthogonal is 0.

    Args:
        factor: at least 0 makes sense.
        mode: ``"rows"`` or ``"columns"``: what should be orthogonal to each other.

    Raises:
        InvalidArgumentError: an argument outside the values above; when called, for weights that are no matrix.

    Example:
        >>> penalty = OrthogonalRegularizer(factor=0.5)
        >>> float(penalty(np.array([[2.0, 0.0], [0.0, 3.0]]))), float(penalty(np.array([[2.0, 0.0], [3.0, 0.0]])))
        (0.0, 0.5)
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        self.factor = factor_of("OrthogonalRegularizer", "factor", factor)
        if mode not in MODES:
            raise InvalidArgumentError(component="OrthogonalRegularizer", argument="mode", value=mode, allowed=MODES)
        self.mode = mode

    def __call__(self, weights: Array) -> Array:
        """The penalty, a scalar of the weights' dtype, for weights (rows, columns)."""
        if len(weights.shape) != 2:
            raise InvalidArgumentError(
                component="OrthogonalRegularizer", argument="weights", value=f"an array of shape {weights.shape}",
                allowed="a matrix",
            )  # fmt: skip
        vectors: Any = weights if self.mode == "rows" else np.transpose(weights)
        count = vectors.shape[0]
        if count < 2:
            return np.sum(weights) * 0  # type: ignore[no-any-return]
        squares = np.sum(np.square(vectors), axis=1, keepdims=True)
        vectors = vectors / np.sqrt(np.maximum(squares, TINY))
        others = 1 - np.eye(count, dtype=weights.dtype)
        cosines = np.matmul(vectors, np.transpose(vectors)) * others
        return np.sum(np.abs(cosines)) * (self.factor / (count * (count - 1)))  # type: ignore[no-any-return]
