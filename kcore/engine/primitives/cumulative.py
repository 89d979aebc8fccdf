"""Sums and products of all elements up to each one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from kcore.engine.primitive import Primitive, Thunk
from kcore.engine.tracing import apply
from kcore.engine.types import Array, ArrayType
from kcore.errors.engine import OperandError


def _cumulative(name: str, ufunc: np.ufunc, vjp: Any) -> Primitive:
    def infer(x: ArrayType, *, axis: int, reverse: bool) -> tuple[ArrayType, ...]:
        if not 0 <= axis < x.ndim:
            raise OperandError(operation=name, shapes=[x.shape], reason=f"axis {axis} is not one of its {x.ndim} axes")
        # NumPy accumulates bool and small integers in the platform's integer.
        return (ArrayType(x.shape, np.add.reduce(np.empty(0, x.dtype)).dtype),)

    def bind(inputs: Sequence[Array], outputs: Sequence[Array], scratch: Any, *, axis: int, reverse: bool) -> Thunk:
        x, output = inputs[0], outputs[0]
        if reverse:
            x, output = np.flip(x, axis), np.flip(output, axis)
        return partial(ufunc.accumulate, x, axis=axis, out=output)

    return Primitive(name, infer, bind, vjp=vjp)


def _cumsum_vjp(cotangents: Any, inputs: Any, outputs: Any, *, axis: int, reverse: bool) -> list[Any]:
    return [apply(cumsum_p, cotangents[0], axis=axis, reverse=not reverse)]


def _cumprod_vjp(cotangents: Any, inputs: Sequence[Any], outputs: Any, *, axis: int, reverse: bool) -> list[Any]:
    # With p the product of all before i: dL/dx_i = p_i s_i, where s_i = g_i + x_{i+1} s_{i+1}. Nothing is divided by
    # x_i, which may be 0. The recurrence is solved in log2(length) steps of doubling span (Hillis and Steele).
    (x,) = inputs
    total, ratio = cotangents[0], shift(x, axis, 1, not reverse)
    span = 1
    while span < x.shape[axis]:
        total = total + ratio * shift(total, axis, span, not reverse)
        ratio = ratio * shift(ratio, axis, span, not reverse)
        span *= 2
    before = apply(cumprod_p, shift(x, axis, 1, reverse, fill=1), axis=axis, reverse=reverse)
    return [before * total]


cumsum_p = _cumulative("cumsum", np.add, _cumsum_vjp)
cumprod_p = _cumulative("cumprod", np.multiply, _cumprod_vjp)


def shift(x: Any, axis: int, count: int, towards_start: bool, fill: int = 0) -> Any:
    """``x`` moved by ``count`` places along ``axis``, with ``fill`` where nothing comes from."""
    size = x.shape[axis]
    count = min(count, size)
    lead = (slice(None),) * axis
    shape = [count if position == axis else length for position, length in enumerate(x.shape)]
    edge = np.broadcast_to(np.asarray(fill, x.dtype), shape)
    if towards_start:
        return np.concatenate([x[(*lead, slice(count, None))], edge], axis=axis)
    return np.concatenate([edge, x[(*lead, slice(0, size - count))]], axis=axis)
