"""Activations that look at all numbers along an axis: besides softmax, its logarithm, sparsemax, and the gated unit."""

from __future__ import annotations

from typing import Any

import numpy as np

from kcore import Array, ops
from kcore.errors import InvalidArgumentError


def log_softmax(x: Array, axis: int = -1) -> Array:
    """log(softmax(x)) along an axis, without taking the logarithm of a rounded quotient. As in Keras 3 and PyTorch.

    Args:
        x: (batch, ..., classes), floating.
        axis: the axis of the classes.

    Returns:
        the shape and dtype of ``x``.

    Example:
        >>> log_softmax(np.array([[0.0, 0.0], [1000.0, 0.0]])).round(4).tolist()
        [[-0.6931, -0.6931], [0.0, -1000.0]]
    """
    return ops.log_softmax(x, axis=axis)


def sparsemax(x: Array, axis: int = -1) -> Array:
    """The point of the simplex nearest to x: numbers of at least 0 that sum to 1, of which many are exactly 0.

    max(x - t, 0), with t such that the sum is 1. Source: Martins and Astudillo, "From softmax to sparsemax" (2016),
    algorithm 1. (Keras 3.15 has another t under this name, with which the sum is not 1.) Where a number is just t, its
    slope is that of the others that are not 0.

    Args:
        x: (batch, ..., classes), floating.
        axis: the axis of the classes.

    Returns:
        the shape and dtype of ``x``.

    Example:
        >>> sparsemax(np.array([[0.0, 0.5, 0.25], [1000.0, 0.0, 0.0]])).round(4).tolist()
        [[0.0833, 0.5833, 0.3333], [1.0, 0.0, 0.0]]
    """
    moved: Any = np.moveaxis(x, axis, -1)
    # Sums of large numbers would round the small differences away that matter.
    moved = moved - ops.stop_gradient(np.max(moved, axis=-1, keepdims=True))
    values = ops.stop_gradient(moved)
    ordered: Any = np.sort(values, axis=-1)[..., ::-1]
    ranks = np.arange(1, moved.shape[-1] + 1).astype(x.dtype)
    fits = ops.cast(1 + ranks * ordered > ops.cumsum(ordered), x.dtype)
    last = np.sum(fits, axis=-1, keepdims=True)
    smallest = np.sum(ops.cast(ranks == last, x.dtype) * ordered, axis=-1, keepdims=True)
    positive = values >= smallest
    inside = ops.cast(positive, x.dtype)
    # Which ones are not 0 is known now; t follows from their sum, and carries the gradient.
    limit = (np.sum(moved * inside, axis=-1, keepdims=True) - 1) / np.sum(inside, axis=-1, keepdims=True)
    return np.moveaxis(np.where(positive, moved - limit, 0.0), -1, axis)


def glu(x: Array, axis: int = -1) -> Array:
    """The gated linear unit: the first half of an axis times the sigmoid of the second half.

    Source: Dauphin, Fan, Auli and Grangier, "Language modeling with gated convolutional networks" (2017). As in Keras 3
    and PyTorch. It is the one activation whose result has another shape: in a layer that states the shape of its
    output, such as Dense, it cannot be used; in Lambda it can.

    Args:
        x: (batch, ..., 2 * units), floating.
        axis: that of the two halves.

    Returns:
        (batch, ..., units), of the dtype of ``x``.

    Raises:
        InvalidArgumentError: the axis has an odd length.

    Example:
        >>> glu(np.array([[3.0, 2.0, 0.0, 1000.0]])).tolist()
        [[1.5, 2.0]]
    """
    length = x.shape[axis]
    if length % 2:
        raise InvalidArgumentError(
            component="glu",
            argument="x",
            value=f"an array of shape {tuple(x.shape)}",
            allowed=f"an even number of elements along axis {axis}",
        )
    moved: Any = np.moveaxis(x, axis, -1)
    return np.moveaxis(moved[..., : length // 2] * ops.sigmoid(moved[..., length // 2 :]), -1, axis)
