"""Primitives that move or rename elements without computing: most are views and cost nothing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any, TypeAlias

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from kcore.engine.primitive import Primitive, Thunk
from kcore.engine.primitives.calls import copied
from kcore.engine.tracing import apply
from kcore.engine.types import Array, ArrayType
from kcore.errors.engine import OperandError

Region: TypeAlias = tuple[tuple[int, int, int], ...]
"""Per axis (start, count, step): which elements a slice takes."""


def _copy(inputs: Sequence[Array], outputs: Sequence[Array], scratch: Any, **params: Any) -> Thunk:
    return copied(outputs[0], inputs[0])


# --- alias and stop_gradient -----------------------------------------------------------------------------------------


def _same(x: ArrayType) -> tuple[ArrayType, ...]:
    return (x,)


def _itself(x: Array) -> Array:
    return x


alias_p = Primitive("alias", _same, _copy, vjp=lambda g, inputs, outputs: [g[0]], view=_itself)
stop_gradient_p = Primitive("stop_gradient", _same, _copy, vjp=lambda g, inputs, outputs: [None], view=_itself)


# --- reshape ---------------------------------------------------------------------------------------------------------


def _reshape_infer(x: ArrayType, *, shape: tuple[int, ...]) -> tuple[ArrayType, ...]:
    result = ArrayType(shape, x.dtype)
    if result.size != x.size:
        raise OperandError(
            operation="reshape", shapes=[x.shape], reason=f"{x.size} elements do not fill the shape {shape}"
        )
    return (result,)


def _reshape_view(x: Array, *, shape: tuple[int, ...]) -> Array | None:
    shaped = np.reshape(x, shape)
    return shaped if np.may_share_memory(shaped, x) or not x.size else None


def _reshape_bind(inputs: Sequence[Array], outputs: Sequence[Array], scratch: Any, *, shape: Any) -> Thunk:
    return copied(outputs[0].reshape(inputs[0].shape), inputs[0])


def _reshape_vjp(cotangents: Any, inputs: Sequence[Any], outputs: Any, *, shape: Any) -> list[Any]:
    return [np.reshape(cotangents[0], inputs[0].shape)]


reshape_p = Primitive("reshape", _reshape_infer, _reshape_bind, vjp=_reshape_vjp, view=_reshape_view)


def reshape(x: Any, shape: int | Sequence[int]) -> Any:
    """``np.reshape``; one dimension may be -1."""
    sizes = (shape,) if isinstance(shape, int | np.integer) else tuple(int(size) for size in shape)
    if sizes.count(-1) == 1:
        rest = int(np.prod([size for size in sizes if size != -1], dtype=np.int64))
        total = x.size
        if rest == 0 or total % rest:
            raise OperandError(
                operation="reshape", shapes=[x.shape], reason=f"{total} elements do not fill the shape {sizes}"
            )
        sizes = tuple(total // rest if size == -1 else size for size in sizes)
    if any(size < 0 for size in sizes):
        raise OperandError(operation="reshape", shapes=[x.shape], reason=f"the shape {sizes} has negative sizes")
    return x if sizes == tuple(x.shape) else apply(reshape_p, x, shape=sizes)


# --- transpose -------------------------------------------------------------------------------------------------------


def _transpose_infer(x: ArrayType, *, axes: tuple[int, ...]) -> tuple[ArrayType, ...]:
    return (ArrayType([x.shape[axis] for axis in axes], x.dtype),)


def _transpose_view(x: Array, *, axes: tuple[int, ...]) -> Array:
    return np.transpose(x, axes)


def _transpose_bind(inputs: Sequence[Array], outputs: Sequence[Array], scratch: Any, *, axes: Any) -> Thunk:
    return copied(outputs[0], np.transpose(inputs[0], axes))


def _transpose_vjp(cotangents: Any, inputs: Any, outputs: Any, *, axes: tuple[int, ...]) -> list[Any]:
    return [transpose(cotangents[0], tuple(int(axis) for axis in np.argsort(axes)))]


transpose_p = Primitive("transpose", _transpose_infer, _transpose_bind, vjp=_transpose_vjp, view=_transpose_view)


def transpose(x: Any, axes: Sequence[int] | None = None) -> Any:
    """``np.transpose``."""
    ndim = len(x.shape)
    try:
        order = tuple(reversed(range(ndim))) if axes is None else normalize_axis_tuple(axes, ndim)
    except ValueError:
        order = ()
    if len(order) != ndim:
        raise OperandError(
            operation="transpose", shapes=[x.shape], reason=f"axes {axes} is no permutation of its {ndim} axes"
        )
    return x if order == tuple(range(ndim)) else apply(transpose_p, x, axes=order)


# --- broadcast_to ----------------------------------------------------------------------------------------------------


def _broadcast_infer(x: ArrayType, *, shape: tuple[int, ...]) -> tuple[ArrayType, ...]:
    try:
        fits = np.broadcast_shapes(x.shape, shape) == shape
    except ValueError:
        fits = False
    if not fits:
        raise OperandError(operation="broadcast_to", shapes=[x.shape], reason=f"it cannot be repeated to {shape}")
    return (ArrayType(shape, x.dtype),)


def _broadcast_view(x: Array, *, shape: tuple[int, ...]) -> Array:
    return np.broadcast_to(x, shape)


def _broadcast_vjp(cotangents: Any, inputs: Sequence[Any], outputs: Any, *, shape: Any) -> list[Any]:
    from kcore.engine.primitives.elementwise import sum_to

    return [sum_to(cotangents[0], inputs[0])]


broadcast_p = Primitive("broadcast_to", _broadcast_infer, _copy, vjp=_broadcast_vjp, view=_broadcast_view)


# --- slice and place -------------------------------------------------------------------------------------------------


def _as_index(region: Region) -> tuple[slice, ...]:
    index = []
    for start, count, step in region:
        stop: int | None = start + count * step
        index.append(slice(start, None if stop is not None and stop < 0 else stop, step))
    return tuple(index)


def _slice_infer(x: ArrayType, *, region: Region) -> tuple[ArrayType, ...]:
    return (ArrayType([count for _, count, _ in region], x.dtype),)


def _slice_view(x: Array, *, region: Region) -> Array:
    return x[_as_index(region)]


def _slice_bind(inputs: Sequence[Array], outputs: Sequence[Array], scratch: Any, *, region: Region) -> Thunk:
    return copied(outputs[0], inputs[0][_as_index(region)])


def _slice_vjp(cotangents: Any, inputs: Sequence[Any], outputs: Any, *, region: Region) -> list[Any]:
    return [apply(place_p, cotangents[0], regions=(region,), shape=tuple(inputs[0].shape))]


slice_p = Primitive("slice", _slice_infer, _slice_bind, vjp=_slice_vjp, view=_slice_view)


def _place_infer(*parts: ArrayType, regions: tuple[Region, ...], shape: tuple[int, ...]) -> tuple[ArrayType, ...]:
    return (ArrayType(shape, parts[0].dtype),)


def fills(regions: tuple[Region, ...], shape: tuple[int, ...]) -> bool:
    """Whether regions, of which no two share an element, leave none of the shape out."""
    return sum(math.prod(count for _, count, _ in region) for region in regions) == math.prod(shape)


def _place_bind(
    inputs: Sequence[Array], outputs: Sequence[Array], scratch: Any, *, regions: tuple[Region, ...], shape: Any
) -> Thunk:
    output = outputs[0]
    full = fills(regions, output.shape)
    parts = _absent((output[_as_index(region)], x) for region, x in zip(regions, inputs, strict=True))

    def place() -> None:
        if not full:
            output.fill(0)
        for part, x in parts:
            part[...] = x

    return place


def _absent(parts: Iterable[tuple[Array, Array]]) -> list[tuple[Array, Array]]:
    """The (target, source) pairs whose source was not computed at the target in the first place."""
    return [
        (target, source)
        for target, source in parts
        if source.strides != target.strides
        or source.__array_interface__["data"][0] != target.__array_interface__["data"][0]
    ]


def _place_vjp(cotangents: Any, inputs: Any, outputs: Any, *, regions: tuple[Region, ...], shape: Any) -> list[Any]:
    return [apply(slice_p, cotangents[0], region=region) for region in regions]


place_p = Primitive("place", _place_infer, _place_bind, vjp=_place_vjp)
"""Zeros with each part at its region; no two regions share an element."""


def part_regions(primitive: Primitive, inputs: Sequence[ArrayType], params: Mapping[str, Any]) -> list[Any] | None:
    """Where an equation puts its inputs in its output, if all it does is to put them side by side and nothing else."""
    if primitive is place_p:
        shape = params["shape"]
        return [_as_index(region) for region in params["regions"]] if fills(params["regions"], shape) else None
    if primitive is not concatenate_p or len({type.dtype for type in inputs}) > 1:
        return None
    axis, ends = params["axis"], list(accumulate(type.shape[params["axis"]] for type in inputs))
    return [
        (slice(None),) * axis + (slice(end - type.shape[axis], end),) for type, end in zip(inputs, ends, strict=True)
    ]


# --- concatenate -----------------------------------------------------------------------------------------------------


def _concatenate_infer(*types: ArrayType, axis: int) -> tuple[ArrayType, ...]:
    first = types[0].shape
    for other in types[1:]:
        if len(other.shape) != len(first) or any(
            a != b for position, (a, b) in enumerate(zip(first, other.shape, strict=True)) if position != axis
        ):
            raise OperandError(
                operation="concatenate",
                shapes=[type.shape for type in types],
                reason=f"all axes except axis {axis} must agree",
            )
    shape = list(first)
    shape[axis] = sum(type.shape[axis] for type in types)
    return (ArrayType(shape, np.result_type(*(type.dtype for type in types))),)


def _concatenate_bind(inputs: Sequence[Array], outputs: Sequence[Array], scratch: Any, *, axis: int) -> Thunk:
    parts, start = [], 0
    for x in inputs:
        region = (slice(None),) * axis + (slice(start, start + x.shape[axis]),)
        parts.append((outputs[0][region], x))
        start += x.shape[axis]
    parts = _absent(parts)

    def concatenate() -> None:
        for part, x in parts:
            part[...] = x

    return concatenate


def _concatenate_vjp(cotangents: Any, inputs: Sequence[Any], outputs: Any, *, axis: int) -> list[Any]:
    from kcore.engine.primitives.elementwise import cast

    results, start = [], 0
    for x in inputs:
        region = tuple((start if position == axis else 0, size, 1) for position, size in enumerate(x.shape))
        results.append(cast(apply(slice_p, cotangents[0], region=region), x.dtype) if x.dtype.kind == "f" else None)
        start += x.shape[axis]
    return results


concatenate_p = Primitive("concatenate", _concatenate_infer, _concatenate_bind, vjp=_concatenate_vjp)
