"""The matrix product."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kcore.engine.primitive import Primitive, Thunk
from kcore.engine.primitives.calls import multiplied
from kcore.engine.primitives.elementwise import cast, sum_to
from kcore.engine.primitives.layout import reshape
from kcore.engine.primitives.windows import staged
from kcore.engine.tracing import apply
from kcore.engine.types import Array, ArrayType
from kcore.errors.engine import OperandError


def _infer(x: ArrayType, y: ArrayType) -> tuple[ArrayType, ...]:
    if x.shape[-1] != y.shape[-2]:
        raise OperandError(
            operation="matmul",
            shapes=[x.shape, y.shape],
            reason=f"the last axis of the first ({x.shape[-1]}) and the second to last of the second "
            f"({y.shape[-2]}) must agree",
        )
    try:
        batch = np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    except ValueError:
        raise OperandError(
            operation="matmul", shapes=[x.shape, y.shape], reason="the leading axes do not broadcast"
        ) from None
    return (ArrayType((*batch, x.shape[-2], y.shape[-1]), np.result_type(x.dtype, y.dtype)),)


def _bind(inputs: Sequence[Array], outputs: Sequence[Array], scratch: Any) -> Thunk:
    (x, fill_x), (y, fill_y) = ((operand, None) if _readable(operand) else staged(operand) for operand in inputs)
    product = multiplied(x, y, outputs[0])
    if fill_x is None and fill_y is None:
        return product
    fills = [fill for fill in (fill_x, fill_y) if fill is not None]

    def fill_and_multiply() -> None:
        for fill in fills:
            fill()
        product()

    return fill_and_multiply


def _readable(matrix: Array) -> bool:
    """Whether BLAS can read the matrices as they lie in memory; for others NumPy falls back to a slow loop."""
    (rows, columns), size = matrix.strides[-2:], matrix.itemsize
    return (columns == size and rows >= matrix.shape[-1] * size) or (
        rows == size and columns >= matrix.shape[-2] * size
    )


def _vjp(cotangents: Any, inputs: Sequence[Any], outputs: Any) -> list[Any]:
    x, y = inputs
    g = cotangents[0]
    return [
        sum_to(matmul(g, np.swapaxes(y, -1, -2)), x) if x.dtype.kind == "f" else None,
        sum_to(matmul(np.swapaxes(x, -1, -2), g), y) if y.dtype.kind == "f" else None,
    ]


matmul_p = Primitive("matmul", _infer, _bind, vjp=_vjp)


def matmul(x: Any, y: Any) -> Any:
    """``np.matmul``: the last two axes are matrices, the others broadcast; a vector loses its axis again."""
    if not x.shape or not y.shape:
        raise OperandError(
            operation="matmul", shapes=[x.shape, y.shape], reason="a scalar is no matrix; multiply with *"
        )
    dtype = np.result_type(x.dtype, y.dtype)
    x, y = cast(x, dtype), cast(y, dtype)
    if len(x.shape) == 1:
        return np.squeeze(matmul(reshape(x, (1, *x.shape)), y), axis=-2 if len(y.shape) > 1 else 0)
    if len(y.shape) == 1:
        return np.squeeze(matmul(x, reshape(y, (*y.shape, 1))), axis=-1)
    if len(y.shape) == 2 and len(x.shape) > 2 and x.shape[-1] == y.shape[0]:
        # One large product instead of many small ones, and the gradient of y needs no sum over the batch.
        rows = reshape(x, (int(np.prod(x.shape[:-1])), x.shape[-1]))
        return reshape(apply(matmul_p, rows, y), (*x.shape[:-1], y.shape[1]))
    return apply(matmul_p, x, y)
