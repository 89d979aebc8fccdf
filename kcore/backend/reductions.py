"""Sums, means, extrema and the like along axes.

In all of them ``axis`` is one axis, a list of axes, or ``None`` for all, and ``keepdims`` keeps a reduced axis with
size 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from kcore.backend.tensors import Axis, axes_of, floating, tensor
from kcore.engine.settings import floatx
from kcore.ops import cast, stop_gradient
from kcore.ops import cumsum as _cumsum


def max(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The largest element; equal ones share the gradient."""
    return np.max(tensor(x), axis=axes_of(axis), keepdims=keepdims)


def min(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The smallest element; equal ones share the gradient."""
    return np.min(tensor(x), axis=axes_of(axis), keepdims=keepdims)


def sum(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The sum, in the dtype of ``x``; of bool in ``kcore.floatx()``.

    Example:
        >>> sum(np.array([[1.0, 2.0], [3.0, 4.0]]), axis=1, keepdims=True).tolist()
        [[3.0], [7.0]]
    """
    x = _countable(x)
    return cast(np.sum(x, axis=axes_of(axis), keepdims=keepdims), x.dtype)


def prod(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The product, in the dtype of ``x``; of bool in ``kcore.floatx()``."""
    x = _countable(x)
    return cast(np.prod(x, axis=axes_of(axis), keepdims=keepdims), x.dtype)


def cumsum(x: Any, axis: int = 0) -> Any:
    """The sum of all elements up to each one along ``axis``, in the dtype of ``x``."""
    x = _countable(x)
    return cast(_cumsum(x, axis), x.dtype)


def cumprod(x: Any, axis: int = 0) -> Any:
    """The product of all elements up to each one along ``axis``, in the dtype of ``x``."""
    x = _countable(x)
    return cast(np.cumprod(x, axis=axis), x.dtype)


def mean(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The mean; of bool and integers in ``kcore.floatx()``. (TensorFlow rounds a mean of integers down.)

    Example:
        >>> mean(np.array([True, False, True, True])).item()
        0.75
    """
    return np.mean(floating(x), axis=axes_of(axis), keepdims=keepdims)


def var(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The mean of the squared deviations from the mean."""
    return np.var(floating(x), axis=axes_of(axis), keepdims=keepdims)


def std(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The square root of ``var``; its slope is infinite where all elements are equal."""
    return np.sqrt(var(x, axis, keepdims))


def logsumexp(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """log(sum(exp(x))), where exp cannot overflow: the largest element is subtracted first and added at the end.

    Example:
        >>> logsumexp(np.array([1000.0, 1000.0])).round(4).item()
        1000.6931
    """
    x, axes = floating(x), axes_of(axis)
    largest = stop_gradient(np.max(x, axis=axes, keepdims=True))
    # Minus infinity everywhere, or infinity somewhere, is its own result.
    largest = np.where(np.isfinite(largest), largest, np.zeros((), x.dtype))
    total = np.sum(np.exp(x - largest), axis=axes, keepdims=True)
    result = np.log(total) + largest
    return result if keepdims else np.squeeze(result, axis=axes if axes is not None else tuple(range(x.ndim)))


def any(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Whether any element is true, or not 0."""
    return np.any(tensor(x), axis=axes_of(axis), keepdims=keepdims)


def all(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Whether all elements are true, or not 0."""
    return np.all(tensor(x), axis=axes_of(axis), keepdims=keepdims)


def argmax(x: Any, axis: int = -1) -> Any:
    """The position of the largest element along ``axis``, int64; of equal ones the first.

    Example:
        >>> argmax(np.array([[0.1, 0.7, 0.2]])).tolist()
        [1]
    """
    return np.argmax(tensor(x), axis=axis)


def argmin(x: Any, axis: int = -1) -> Any:
    """The position of the smallest element along ``axis``, int64; of equal ones the first."""
    return np.argmin(tensor(x), axis=axis)


def _countable(x: Any) -> Any:
    x = tensor(x)
    return cast(x, floatx()) if x.dtype == np.bool_ else x
