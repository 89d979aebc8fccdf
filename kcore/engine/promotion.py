"""Python's numbers beside arrays that are not there yet: they take the dtype that NumPy's promotion gives them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kcore.engine.array_interface import ArrayInterface
from kcore.engine.types import Array


def weak_scalars(ufunc: np.ufunc, inputs: Sequence[Any]) -> list[Any]:
    """Give Python scalars the dtype that NumPy's promotion gives them beside the other operands."""
    if not any(type(operand) in (bool, int, float) for operand in inputs):
        return list(inputs)
    signature: list[Any] = [
        type(operand) if type(operand) in (int, float) else np.result_type(operand) for operand in map(_typed, inputs)
    ]
    try:
        dtypes = ufunc.resolve_dtypes((*signature, *([None] * ufunc.nout)))
    except TypeError:
        return list(inputs)  # The primitive's shape rule says what is wrong.
    return [
        _typed_scalar(ufunc, operand, dtypes[position]) if type(operand) in (bool, int, float) else operand
        for position, operand in enumerate(inputs)
    ]


def _typed_scalar(ufunc: np.ufunc, scalar: Any, dtype: np.dtype[Any]) -> Array:
    try:
        return np.asarray(scalar, dtype=dtype)
    except OverflowError:
        if ufunc not in _COMPARISONS:
            raise
        # Any number can be compared, also with an array whose dtype is too small to hold it.
        return np.asarray(scalar)


_COMPARISONS = (np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal)


def _typed(operand: Any) -> Any:
    """What stands for an operand in type promotion."""
    if isinstance(operand, ArrayInterface):
        return operand.dtype
    return operand if type(operand) in (int, float) else np.asarray(operand).dtype
