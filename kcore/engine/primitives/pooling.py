"""Max pooling over any number of spatial axes, channels last.

The gradient goes to the first element, in row-major order, that equals the window's maximum, as in Keras and
PyTorch. Which one that was is its own primitive, so that a prediction does not compute it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from kcore.engine.primitive import Primitive, Thunk, no_gradient
from kcore.engine.primitives.separable import bind_reduction, covers, disjoint, partial_types
from kcore.engine.primitives.windows import Padding, Window, chunks, images_per_chunk, sequence
from kcore.engine.tracing import apply
from kcore.engine.types import Array, ArrayType
from kcore.errors.engine import OperandError

Ints = tuple[int, ...]


def pool_window(size: Ints, strides: Ints, padding: Padding) -> Window:
    return Window(size, strides, padding, (1,) * len(size))


def pool_shape(operation: str, shape: Ints, size: Ints, strides: Ints, padding: Padding) -> Ints:
    """Shape of the pooled images, or what is wrong with ``shape``."""
    if len(shape) != len(size) + 2:
        reason = f"{len(size)} spatial axes need {len(size) + 2} axes"
        raise OperandError(operation=operation, shapes=[shape], reason=reason)
    for axis, (low, high) in enumerate(padding):
        if max(low, high) >= size[axis]:
            reason = f"padding {(low, high)} leaves windows of size {size[axis]} without any element"
            raise OperandError(operation=operation, shapes=[shape], reason=reason)
    output = pool_window(size, strides, padding).output_size(operation, shape)
    return (shape[0], *output, shape[-1])


def _taps(window: Window, spatial: Sequence[int], output: Sequence[int]) -> list[Any]:
    """(position in the window, index of the input, index of the output) where the position is inside the input."""
    found = [(number, window.valid_taps(offset, spatial, output)) for number, offset in enumerate(window.offsets())]
    return [(number, *regions) for number, regions in found if regions is not None]


def _infer(x: ArrayType, *, size: Ints, strides: Ints, padding: Padding) -> tuple[ArrayType, ...]:
    if x.dtype.kind not in "iuf":
        raise OperandError(operation="max_pool", shapes=[x.shape], reason=f"{x.dtype.name} has no order of size")
    return (ArrayType(pool_shape("max_pool", x.shape, size, strides, padding), x.dtype),)


def pool_scratch(x: ArrayType, *, size: Ints, strides: Ints, padding: Padding) -> list[ArrayType]:
    """Work arrays of a reduction over windows, axis by axis; the shape rule has accepted the shapes before."""
    window = pool_window(size, strides, padding)
    output = window.output_size("pool", x.shape)
    return partial_types(x.shape[0], x.shape[1:-1], output, x.shape[-1], window, x.dtype)


def _bind(
    inputs: Sequence[Array], outputs: Sequence[Array], scratch: Sequence[Array], *, size: Ints, strides: Ints,
    padding: Padding,
) -> Thunk:  # fmt: skip
    lowest = -np.inf if inputs[0].dtype.kind == "f" else np.iinfo(inputs[0].dtype).min
    return bind_reduction(np.maximum, lowest, inputs[0], outputs[0], pool_window(size, strides, padding), scratch)


def _vjp(cotangents: Any, inputs: Sequence[Any], outputs: Sequence[Any], **params: Any) -> list[Any]:
    (x,) = inputs
    winner = apply(max_pool_winner_p, x, outputs[0], **params)
    return [apply(max_unpool_p, cotangents[0], winner, input_shape=tuple(x.shape), **params)]


max_pool_p = Primitive("max_pool", _infer, _bind, vjp=_vjp, scratch=pool_scratch)


# --- which element of each window is the maximum ---------------------------------------------------------------------


def _winner_infer(x: ArrayType, pooled: ArrayType, *, size: Ints, strides: Any, padding: Any) -> tuple[ArrayType, ...]:
    return (ArrayType(pooled.shape, np.uint8 if np.prod(size) <= 256 else np.int32),)


def _winner_scratch(x: ArrayType, pooled: ArrayType, *, size: Ints, strides: Any, padding: Any) -> list[ArrayType]:
    chunk = (images_per_chunk(pooled.shape, x.dtype), *pooled.shape[1:])
    types = [ArrayType(chunk, np.bool_), ArrayType(chunk, x.dtype)]
    return types if np.prod(size) <= 256 else [*types, ArrayType(chunk, np.int32)]


def _winner_bind(
    inputs: Sequence[Array], outputs: Sequence[Array], scratch: Sequence[Array], *, size: Ints, strides: Ints,
    padding: Padding,
) -> Thunk:  # fmt: skip
    x, pooled = inputs
    winner, (other, element, *wide) = outputs[0], scratch
    regions = _taps(pool_window(size, strides, padding), x.shape[1:-1], pooled.shape[1:-1])
    one, yes = np.ones((), winner.dtype), np.ones((), np.bool_)
    taps = {number: (at, to) for number, at, to in regions}
    calls: list[tuple[Any, ...]] = []
    # How many elements come before the first that equals the maximum: from the last to the first element of the
    # window, n = (n + 1) * (element != maximum). Where none is equal, in a window with nan, it is the last.
    for part in chunks(x.shape[0], other.shape[0]):
        images, highest, number = x[part], pooled[part], winner[part]
        differs, elements = other[: len(images)], element[: len(images)]
        calls.append((np.copyto, number, np.zeros((), number.dtype)))
        for position in reversed(range(math.prod(size) - 1)):
            calls.append((np.add, number, one, number))
            if position not in taps:
                continue
            at, to = taps[position]
            if highest[to].shape == highest.shape:
                # Copying and then comparing what is contiguous is faster than comparing short runs.
                calls += [(np.copyto, elements, images[at]), (np.not_equal, elements, highest, differs)]
            else:
                calls += [(np.copyto, differs, yes), (np.not_equal, images[at], highest[to], differs[to])]
            factor = wide[0][: len(images)] if wide else differs.view(np.uint8)
            if wide:
                calls.append((np.copyto, factor, differs))
            calls.append((np.multiply, number, factor, number))
    return sequence(calls)


max_pool_winner_p = Primitive("max_pool_winner", _winner_infer, _winner_bind, vjp=no_gradient, scratch=_winner_scratch)


# --- the gradient, and its transpose ---------------------------------------------------------------------------------


def _unpool_infer(g: ArrayType, winner: ArrayType, *, input_shape: Ints, **params: Any) -> tuple[ArrayType, ...]:
    return (ArrayType(input_shape, g.dtype),)


def _unpool_scratch(g: ArrayType, winner: ArrayType, **params: Any) -> list[ArrayType]:
    chunk = (images_per_chunk(g.shape, g.dtype), *g.shape[1:])
    return [ArrayType(chunk, np.bool_), ArrayType(chunk, g.dtype)]


def _unpool_bind(
    inputs: Sequence[Array], outputs: Sequence[Array], scratch: Sequence[Array], *, input_shape: Ints, size: Ints,
    strides: Ints, padding: Padding,
) -> Thunk:  # fmt: skip
    g, winner = inputs
    result, (hit, share) = outputs[0], scratch
    window = pool_window(size, strides, padding)
    regions = _taps(window, input_shape[1:-1], g.shape[1:-1])
    apart = disjoint(window)
    calls: list[tuple[Any, ...]] = []
    for part in chunks(g.shape[0], hit.shape[0]):
        images, gradient, index = result[part], g[part], winner[part]
        hits, shares = hit[: len(images)], share[: len(images)]
        if not (apart and covers(window, input_shape[1:-1], g.shape[1:-1])):
            calls.append((np.copyto, images, np.zeros((), images.dtype)))
        for number, at, to in regions:
            calls.append((np.equal, index, np.asarray(number, winner.dtype), hits))
            calls += [(np.copyto, shares, hits), (np.multiply, shares, gradient, shares)]
            if apart:
                calls.append((np.copyto, images[at], shares[to]))
            else:
                calls.append((np.add, images[at], shares[to], images[at]))
    return sequence(calls)


def _unpool_vjp(cotangents: Any, inputs: Sequence[Any], outputs: Any, *, input_shape: Ints, **params: Any) -> list[Any]:
    return [apply(max_pick_p, cotangents[0], inputs[1], **params), None]


max_unpool_p = Primitive("max_unpool", _unpool_infer, _unpool_bind, vjp=_unpool_vjp, scratch=_unpool_scratch)


def _pick_infer(x: ArrayType, winner: ArrayType, **params: Any) -> tuple[ArrayType, ...]:
    return (ArrayType(winner.shape, x.dtype),)


def _pick_scratch(x: ArrayType, winner: ArrayType, **params: Any) -> list[ArrayType]:
    return [ArrayType(winner.shape, np.bool_)]


def _pick_bind(
    inputs: Sequence[Array], outputs: Sequence[Array], scratch: Any, *, size: Ints, strides: Ints, padding: Padding
) -> Thunk:
    x, winner = inputs
    result, hit = outputs[0], scratch[0]
    window = pool_window(size, strides, padding)
    steps = [
        (np.asarray(number, winner.dtype), winner[to], hit[to], x[at], result[to])
        for number, at, to in _taps(window, x.shape[1:-1], winner.shape[1:-1])
    ]

    def pick() -> None:
        # The last element, which stands for a window with nan, may lie in the padding.
        result.fill(0)
        for number, index, mask, source, target in steps:
            np.equal(index, number, mask)
            np.copyto(target, source, where=mask)

    return pick


def _pick_vjp(cotangents: Any, inputs: Sequence[Any], outputs: Any, **params: Any) -> list[Any]:
    x, winner = inputs
    return [apply(max_unpool_p, cotangents[0], winner, input_shape=tuple(x.shape), **params), None]


max_pick_p = Primitive("max_pick", _pick_infer, _pick_bind, vjp=_pick_vjp, scratch=_pick_scratch)
