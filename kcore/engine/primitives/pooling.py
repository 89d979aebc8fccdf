"""Max pooling over any number of spatial axes, channels last.

The gradient goes to the first element, in row-major order, that equals the window's maximum, as in Keras and
PyTorch. Which one that was is its own primitive, so that a prediction does not compute it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kcore.engine.primitive import Primitive, Thunk, no_gradient
from kcore.engine.primitives.windows import Padding, Window
from kcore.engine.tracing import apply
from kcore.engine.types import Array, ArrayType
from kcore.errors.engine import OperandError

Ints = tuple[int, ...]


def _window(size: Ints, strides: Ints, padding: Padding) -> Window:
    return Window(size, strides, padding, (1,) * len(size))


def _taps(window: Window, spatial: Sequence[int], output: Sequence[int]) -> list[Any]:
    """(position in the window, index of the input, index of the output) where the position is inside the input."""
    found = [(number, window.valid_taps(offset, spatial, output)) for number, offset in enumerate(window.offsets())]
    return [(number, *regions) for number, regions in found if regions is not None]


def _infer(x: ArrayType, *, size: Ints, strides: Ints, padding: Padding) -> tuple[ArrayType, ...]:
    if len(x.shape) != len(size) + 2:
        reason = f"{len(size)} spatial axes need {len(size) + 2} axes"
        raise OperandError(operation="max_pool", shapes=[x.shape], reason=reason)
    if x.dtype.kind not in "iuf":
        raise OperandError(operation="max_pool", shapes=[x.shape], reason=f"{x.dtype.name} has no order of size")
    for axis, (low, high) in enumerate(padding):
        if max(low, high) >= size[axis]:
            reason = f"padding {(low, high)} leaves windows of size {size[axis]} without any element"
            raise OperandError(operation="max_pool", shapes=[x.shape], reason=reason)
    output = _window(size, strides, padding).output_size("max_pool", x.shape)
    return (ArrayType((x.shape[0], *output, x.shape[-1]), x.dtype),)


def _bind(
    inputs: Sequence[Array], outputs: Sequence[Array], scratch: Any, *, size: Ints, strides: Ints, padding: Padding
) -> Thunk:
    x, output = inputs[0], outputs[0]
    window = _window(size, strides, padding)
    pairs = [(output[to], x[at]) for _, at, to in _taps(window, x.shape[1:-1], output.shape[1:-1])]
    lowest = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min

    def pool() -> None:
        output.fill(lowest)
        for target, source in pairs:
            np.maximum(target, source, out=target)

    return pool


def _vjp(cotangents: Any, inputs: Sequence[Any], outputs: Sequence[Any], **params: Any) -> list[Any]:
    (x,) = inputs
    winner = apply(max_pool_winner_p, x, outputs[0], **params)
    return [apply(max_unpool_p, cotangents[0], winner, input_shape=tuple(x.shape), **params)]


max_pool_p = Primitive("max_pool", _infer, _bind, vjp=_vjp)


# --- which element of each window is the maximum ---------------------------------------------------------------------


def _winner_infer(x: ArrayType, pooled: ArrayType, *, size: Ints, strides: Any, padding: Any) -> tuple[ArrayType, ...]:
    return (ArrayType(pooled.shape, np.uint8 if np.prod(size) <= 256 else np.int32),)


def _winner_scratch(x: ArrayType, pooled: ArrayType, **params: Any) -> list[ArrayType]:
    return [ArrayType(pooled.shape, np.bool_)]


def _winner_bind(
    inputs: Sequence[Array], outputs: Sequence[Array], scratch: Any, *, size: Ints, strides: Ints, padding: Padding
) -> Thunk:
    x, pooled = inputs
    winner, hit = outputs[0], scratch[0]
    window = _window(size, strides, padding)
    # Last to first, so that the first one stays.
    steps = [
        (np.asarray(number, winner.dtype), x[at], pooled[to], winner[to], hit[to])
        for number, at, to in reversed(_taps(window, x.shape[1:-1], pooled.shape[1:-1]))
    ]

    def find() -> None:
        winner.fill(0)
        for number, source, highest, target, mask in steps:
            np.equal(source, highest, mask)
            np.copyto(target, number, where=mask)

    return find


max_pool_winner_p = Primitive("max_pool_winner", _winner_infer, _winner_bind, vjp=no_gradient, scratch=_winner_scratch)


# --- the gradient, and its transpose ---------------------------------------------------------------------------------


def _unpool_infer(g: ArrayType, winner: ArrayType, *, input_shape: Ints, **params: Any) -> tuple[ArrayType, ...]:
    return (ArrayType(input_shape, g.dtype),)


def _unpool_scratch(g: ArrayType, winner: ArrayType, **params: Any) -> list[ArrayType]:
    return [ArrayType(g.shape, np.bool_), ArrayType(g.shape, g.dtype)]


def _unpool_bind(
    inputs: Sequence[Array], outputs: Sequence[Array], scratch: Any, *, input_shape: Ints, size: Ints, strides: Ints,
    padding: Padding,
) -> Thunk:  # fmt: skip
    g, winner = inputs
    result, (hit, part) = outputs[0], scratch
    window = _window(size, strides, padding)
    steps = [
        (np.asarray(number, winner.dtype), winner[to], hit[to], g[to], part[to], result[at])
        for number, at, to in _taps(window, input_shape[1:-1], g.shape[1:-1])
    ]

    def spread() -> None:
        result.fill(0)
        for number, index, mask, gradient, share, target in steps:
            np.equal(index, number, mask)
            np.copyto(share, mask)
            np.multiply(share, gradient, share)
            np.add(target, share, target)

    return spread


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
    window = _window(size, strides, padding)
    steps = [
        (np.asarray(number, winner.dtype), winner[to], hit[to], x[at], result[to])
        for number, at, to in _taps(window, x.shape[1:-1], winner.shape[1:-1])
    ]

    def pick() -> None:
        # A window of nan has no winner.
        result.fill(0)
        for number, index, mask, source, target in steps:
            np.equal(index, number, mask)
            np.copyto(target, source, where=mask)

    return pick


def _pick_vjp(cotangents: Any, inputs: Sequence[Any], outputs: Any, **params: Any) -> list[Any]:
    x, winner = inputs
    return [apply(max_unpool_p, cotangents[0], winner, input_shape=tuple(x.shape), **params), None]


max_pick_p = Primitive("max_pick", _pick_infer, _pick_bind, vjp=_pick_vjp, scratch=_pick_scratch)
