"""Average pooling over any number of spatial axes, channels last, and its transpose.

Elements that padding adds do not count: a window at the border is divided by how many real elements it has, as in
Keras.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kcore.engine.primitive import Primitive, Thunk
from kcore.engine.primitives.pooling import pool_scratch, pool_shape, pool_window
from kcore.engine.primitives.separable import bind_reduction, bind_spread, partial_types
from kcore.engine.primitives.windows import Padding, Window, images_per_chunk
from kcore.engine.tracing import apply
from kcore.engine.types import Array, ArrayType
from kcore.errors.engine import OperandError

Ints = tuple[int, ...]


def _counts(window: Window, spatial: Sequence[int], output: Sequence[int], dtype: Any) -> Array:
    """How many real elements each window has, (*output, 1); one number where it is the same everywhere."""
    counts = np.ones((), dtype)
    for axis, count in enumerate(output):
        first = np.arange(count) * window.strides[axis] - window.padding[axis][0]
        inside = np.minimum(first + window.size[axis], spatial[axis]) - np.maximum(first, 0)
        counts = counts[..., None] * inside.astype(dtype)
    if counts.size and (counts == counts.flat[0]).all():
        return np.asarray(counts.flat[0])
    return counts[..., None]


def _infer(x: ArrayType, *, size: Ints, strides: Ints, padding: Padding) -> tuple[ArrayType, ...]:
    if x.dtype.kind != "f":
        reason = f"it is defined for floating dtypes, not {x.dtype.name}"
        raise OperandError(operation="average_pool", shapes=[x.shape], reason=reason)
    return (ArrayType(pool_shape("average_pool", x.shape, size, strides, padding), x.dtype),)


def _bind(
    inputs: Sequence[Array], outputs: Sequence[Array], scratch: Sequence[Array], *, size: Ints, strides: Ints,
    padding: Padding,
) -> Thunk:  # fmt: skip
    x, output = inputs[0], outputs[0]
    window = pool_window(size, strides, padding)
    total = bind_reduction(np.add, 0, x, output, window, scratch)
    counts = _counts(window, x.shape[1:-1], output.shape[1:-1], x.dtype)

    def average() -> None:
        total()
        np.divide(output, counts, output)

    return average


def _vjp(cotangents: Any, inputs: Sequence[Any], outputs: Any, **params: Any) -> list[Any]:
    return [apply(average_unpool_p, cotangents[0], input_shape=tuple(inputs[0].shape), **params)]


average_pool_p = Primitive("average_pool", _infer, _bind, vjp=_vjp, scratch=pool_scratch)


def _unpool_infer(
    g: ArrayType, *, input_shape: Ints, size: Ints, strides: Ints, padding: Padding
) -> tuple[ArrayType, ...]:
    expected = pool_shape("average_unpool", input_shape, size, strides, padding)
    if g.shape != expected or g.dtype.kind != "f":
        reason = f"the gradient of the output must be floating, of shape {expected}"
        raise OperandError(operation="average_unpool", shapes=[g.shape], reason=reason)
    return (ArrayType(input_shape, g.dtype),)


def _unpool_scratch(g: ArrayType, *, input_shape: Ints, size: Ints, strides: Ints, padding: Padding) -> list[ArrayType]:
    window = pool_window(size, strides, padding)
    types = partial_types(g.shape[0], input_shape[1:-1], g.shape[1:-1], g.shape[-1], window, g.dtype)
    length = images_per_chunk(input_shape, g.dtype)
    return [*types, ArrayType((length, *g.shape[1:]), g.dtype)]


def _unpool_bind(
    inputs: Sequence[Array], outputs: Sequence[Array], scratch: Sequence[Array], *, input_shape: Ints, size: Ints,
    strides: Ints, padding: Padding,
) -> Thunk:  # fmt: skip
    g, output = inputs[0], outputs[0]
    window = pool_window(size, strides, padding)
    counts = _counts(window, input_shape[1:-1], g.shape[1:-1], g.dtype)
    return bind_spread(g, counts, output, window, scratch)


def _unpool_vjp(cotangents: Any, inputs: Sequence[Any], outputs: Any, *, input_shape: Ints, **params: Any) -> list[Any]:
    return [apply(average_pool_p, cotangents[0], **params)]


average_unpool_p = Primitive("average_unpool", _unpool_infer, _unpool_bind, vjp=_unpool_vjp, scratch=_unpool_scratch)
