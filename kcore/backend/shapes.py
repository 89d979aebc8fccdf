"""Shapes: renaming, reordering, joining, repeating, cutting, choosing and padding."""

from __future__ import annotations

import builtins
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from kcore.backend.tensors import axes_of, layout_of, operands, rank_of, shape_of, tensor
from kcore.engine.settings import floatx
from kcore.errors.components import InvalidArgumentError
from kcore.errors.engine import OperandError
from kcore.ops import cast, take
from kcore.ops import one_hot as _one_hot

Pairs = Sequence[Sequence[int]]


def concatenate(tensors: Sequence[Any], axis: int = -1) -> Any:
    """The arrays one after the other along ``axis``."""
    return np.concatenate([tensor(x) for x in tensors], axis=axis)


def stack(x: Sequence[Any], axis: int = 0) -> Any:
    """Arrays of one shape along a new axis.

    Example:
        >>> stack([np.zeros(3), np.ones(3)], axis=1).shape
        (3, 2)
    """
    return np.stack(operands(*x), axis=axis)


def reshape(x: Any, shape: Any) -> Any:
    """The elements in another shape; one size may be -1."""
    return np.reshape(tensor(x), shape_of("reshape", shape))


def permute_dimensions(x: Any, pattern: Sequence[int]) -> Any:
    """The axes in another order.

    Example:
        >>> permute_dimensions(np.zeros((2, 3, 4)), (0, 2, 1)).shape
        (2, 4, 3)
    """
    return np.transpose(tensor(x), tuple(pattern))


def repeat_elements(x: Any, rep: int, axis: int) -> Any:
    """Every element ``rep`` times along ``axis``.

    Example:
        >>> repeat_elements(np.array([1, 2]), 2, axis=0).tolist()
        [1, 1, 2, 2]
    """
    return np.repeat(tensor(x), rep, axis=axis)


def repeat(x: Any, n: int) -> Any:
    """(samples, features) -> (samples, n, features)."""
    x = tensor(x)
    rank_of("repeat", "x", x, (2,), "(samples, features)")
    return np.repeat(np.expand_dims(x, 1), n, axis=1)


def arange(start: int, stop: int | None = None, step: int = 1, dtype: str = "int32") -> Any:
    """Numbers from ``start`` to below ``stop``, or from 0 to below ``start`` if there is no ``stop``.

    Example:
        >>> arange(3).tolist(), arange(1, 6, 2).tolist()
        ([0, 1, 2], [1, 3, 5])
    """
    if stop is None:
        start, stop = 0, builtins.max(int(start), 0)
    return np.arange(start, stop, step).astype(dtype)


def tile(x: Any, n: int | Sequence[int]) -> Any:
    """The whole array repeated ``n`` times along each axis; one number is for the last axis."""
    return np.tile(tensor(x), tuple(n) if isinstance(n, list | tuple) else n)


def flatten(x: Any) -> Any:
    """All elements along one axis."""
    return np.reshape(tensor(x), (-1,))


def batch_flatten(x: Any) -> Any:
    """(batch, ...) -> (batch, product of the other sizes)."""
    x = tensor(x)
    return np.reshape(x, (x.shape[0], math.prod(x.shape[1:])))


def expand_dims(x: Any, axis: int = -1) -> Any:
    """With a new axis of size 1."""
    return np.expand_dims(tensor(x), axis)


def squeeze(x: Any, axis: int) -> Any:
    """Without the axis, which has size 1."""
    return np.squeeze(tensor(x), axis)


def reverse(x: Any, axes: int | Sequence[int]) -> Any:
    """With the elements in opposite order along the axes."""
    return np.flip(tensor(x), axes_of(axes))


def slice(x: Any, start: Sequence[int], size: Sequence[int]) -> Any:
    """A part of the array: from ``start`` on, ``size`` elements along each axis; -1 for all that follow.

    Raises:
        InvalidArgumentError: there is not one start and one size for each axis.
        OperandError: the part goes beyond the array.

    Example:
        >>> slice(np.arange(6).reshape(2, 3), [0, 1], [-1, 2]).tolist()
        [[1, 2], [4, 5]]
    """
    x, starts, sizes = tensor(x), shape_of("slice", start), shape_of("slice", size)
    if not len(starts) == len(sizes) == x.ndim:
        raise InvalidArgumentError(
            component="kcore.backend.slice",
            argument="start",
            value=start,
            allowed=f"{x.ndim} numbers, and as many sizes",
        )
    counts = [
        length - first if count == -1 else count for first, count, length in zip(starts, sizes, x.shape, strict=True)
    ]
    if any(
        first < 0 or count < 0 or first + count > length
        for first, count, length in zip(starts, counts, x.shape, strict=True)
    ):
        raise OperandError(
            operation="kcore.backend.slice",
            shapes=[x.shape],
            reason=f"no part starts at {starts} with the sizes {sizes}",
        )
    return x[tuple(builtins.slice(first, first + count) for first, count in zip(starts, counts, strict=True))]


def gather(reference: Any, indices: Any) -> Any:
    """The rows of ``reference`` at ``indices``: (rows, ...) and (\\*any) give (\\*any, ...).

    Negative indices count from the end; in TensorFlow they are an error.

    Example:
        >>> gather(np.array([[1, 2], [3, 4]]), np.array([1, 1, 0])).tolist()
        [[3, 4], [3, 4], [1, 2]]
    """
    return take(tensor(reference), tensor(indices), axis=0)


def one_hot(indices: Any, num_classes: int) -> Any:
    """(...) -> (..., classes): 1 at each index, 0 elsewhere, in ``kcore.floatx()``; all 0 for an index outside."""
    return _one_hot(tensor(indices), num_classes, dtype=floatx())


def in_top_k(predictions: Any, targets: Any, k: int) -> Any:
    """Whether the target's prediction is among the ``k`` largest ones of its sample, bool; ties count as among them.

    Args:
        predictions: (batch, classes).
        targets: class numbers (batch,); one outside of the classes is in no top k, nor is one whose prediction is not
            finite.
        k: how many.

    Raises:
        OperandError: the shapes are not these.

    Example:
        >>> in_top_k(np.array([[0.1, 0.6, 0.3]]), np.array([2]), 2).tolist()
        [True]
    """
    scores, labels = tensor(predictions), tensor(targets)
    if scores.ndim != 2 or tuple(labels.shape) != tuple(scores.shape[:1]):
        raise OperandError(
            operation="kcore.backend.in_top_k",
            shapes=[scores.shape, labels.shape],
            reason="predictions are (batch, classes), targets (batch,)",
        )
    hit = np.equal(np.expand_dims(labels, 1), np.arange(scores.shape[1]))
    own = np.sum(np.where(hit, scores, np.zeros((), scores.dtype)), axis=1, keepdims=True)
    ahead = np.sum(cast(scores > own, "int64"), axis=1)
    return np.logical_and(np.any(np.logical_and(hit, np.isfinite(scores)), axis=1), ahead < k)


# --- padding ---------------------------------------------------------------------------------------------------------


def temporal_padding(x: Any, padding: Sequence[int] = (1, 1)) -> Any:
    """(batch, steps, features) with zeros before and after the steps.

    Example:
        >>> temporal_padding(np.ones((1, 2, 1)), (0, 1)).ravel().tolist()
        [1.0, 1.0, 0.0]
    """
    x = tensor(x)
    rank_of("temporal_padding", "x", x, (3,), "(batch, steps, features)")
    (pair,) = _pairs("temporal_padding", [padding], 1)
    return np.pad(x, ((0, 0), pair, (0, 0)))


def spatial_2d_padding(x: Any, padding: Pairs = ((1, 1), (1, 1)), data_format: str | None = None) -> Any:
    """(batch, rows, columns, channels), or channels first, with zeros around rows and columns.

    Args:
        x: images.
        padding: (before, after) for rows and for columns.
        data_format: ``"channels_last"`` or ``"channels_first"``; ``kcore.image_data_format()`` by default.
    """
    return _padded("spatial_2d_padding", x, padding, data_format, 2)


def spatial_3d_padding(x: Any, padding: Pairs = ((1, 1), (1, 1), (1, 1)), data_format: str | None = None) -> Any:
    """(batch, planes, rows, columns, channels), or channels first, with zeros around; see ``spatial_2d_padding``."""
    return _padded("spatial_3d_padding", x, padding, data_format, 3)


def _padded(function: str, x: Any, padding: Pairs, data_format: str | None, axes: int) -> Any:
    x, layout = tensor(x), layout_of(function, data_format)
    rank_of(function, "x", x, (axes + 2,), f"batch, {axes} spatial ones and channels")
    inside = _pairs(function, padding, axes)
    none = (0, 0)
    return np.pad(x, (none, *inside, none) if layout == "channels_last" else (none, none, *inside))


def _pairs(function: str, padding: Any, count: int) -> list[tuple[int, int]]:
    pairs = [tuple(pair) if isinstance(pair, list | tuple) else () for pair in padding]
    whole = builtins.all(
        len(pair) == 2 and builtins.all(isinstance(item, int | np.integer) and item >= 0 for item in pair)
        for pair in pairs
    )
    if len(pairs) != count or not whole:
        raise InvalidArgumentError(
            component=f"kcore.backend.{function}",
            argument="padding",
            value=padding if count > 1 else padding[0],
            allowed="a pair (before, after) of whole numbers from 0 up"
            + (f" for each of {count} axes" if count > 1 else ""),
        )
    return [(int(pair[0]), int(pair[1])) for pair in pairs]
