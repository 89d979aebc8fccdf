"""Conversions, choices between values, rounding, and arrays made like another."""

from __future__ import annotations

from typing import Any

import numpy as np

from kcore.engine.array_interface import ArrayInterface
from kcore.engine.numpy_functions.signatures import NoValue, as_array, implements, refuse
from kcore.engine.primitives.elementwise import cast, select_p
from kcore.engine.promotion import weak_scalars
from kcore.engine.tracing import apply, function_table, is_traced
from kcore.errors.engine import UnsupportedOperationError


@implements(np.ndarray.astype)
def _astype(x: Any, dtype: Any, /, *, copy: bool = True, device: Any = None) -> Any:
    return cast(as_array(x), dtype)


if hasattr(np, "astype"):
    function_table[np.astype] = _astype


@implements(np.where)
def _where(condition: Any, x: Any = None, y: Any = None, /) -> Any:
    if x is None or y is None:
        raise UnsupportedOperationError(
            operation="np.where with one argument",
            reason="the shape of its result depends on values",
            advice="Use np.where(condition, a, b).",
        )
    x, y = map(as_array, weak_scalars(np.add, (x, y)) if is_traced(x) or is_traced(y) else (x, y))
    mask, dtype = as_array(condition), np.result_type(x.dtype, y.dtype)
    return apply(select_p, mask if mask.dtype == np.bool_ else mask != 0, cast(x, dtype), cast(y, dtype))


@implements(np.clip)
def _clip(a: Any, a_min: Any = None, a_max: Any = None, out: Any = None, **rest: Any) -> Any:
    low, high = rest.pop("min", a_min), rest.pop("max", a_max)
    refuse("clip", out=out, **rest)
    result = as_array(a)
    if low is not None and low is not NoValue:
        result = np.maximum(result, low)
    return result if high is None or high is NoValue else np.minimum(result, high)


@implements(np.round, np.around)
def _round(a: Any, decimals: int = 0, out: Any = None) -> Any:
    refuse("round", out=out)
    x = as_array(a)
    if x.dtype.kind != "f":
        return x if decimals >= 0 else cast(np.rint(x * 10.0**decimals) / 10.0**decimals, x.dtype)
    return np.rint(x) if decimals == 0 else np.rint(x * 10.0**decimals) / 10.0**decimals


@implements(np.full_like)
def _full_like(
    a: Any, fill_value: Any, dtype: Any = None, order: str = "K", subok: bool = True, shape: Any = None, **rest: Any
) -> Any:
    refuse("full_like", **rest)
    scalar = cast(as_array(fill_value), a.dtype if dtype is None else dtype)
    # A scalar repeated by a view costs nothing, whatever the shape.
    return np.broadcast_to(scalar, a.shape if shape is None else shape)


@implements(np.zeros_like)
def _zeros_like(a: Any, *args: Any, **kwargs: Any) -> Any:
    return _full_like(a, 0, *args, **kwargs)


@implements(np.ones_like)
def _ones_like(a: Any, *args: Any, **kwargs: Any) -> Any:
    return _full_like(a, 1, *args, **kwargs)


@implements(np.copy)
def _copy(a: Any, order: str = "K", subok: bool = False) -> Any:
    return a


@implements(np.result_type)
def _result_type(*operands: Any) -> Any:
    return np.result_type(*(item.dtype if isinstance(item, ArrayInterface) else item for item in operands))
