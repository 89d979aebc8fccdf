"""Functions of every element by itself, and comparisons."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np
import numpy.typing as npt

from kcore.backend.tensors import floating, operands, tensor
from kcore.engine.settings import floatx
from kcore.ops import cast as _cast


def cast(x: Any, dtype: npt.DTypeLike) -> Any:
    """``x`` in another dtype.

    Example:
        >>> cast(np.array([True, False]), "float32").tolist()
        [1.0, 0.0]
    """
    return _cast(tensor(x), dtype)


def cast_to_floatx(x: Any) -> Any:
    """``x`` in ``kcore.floatx()``."""
    return _cast(tensor(x), floatx())


def identity(x: Any, name: str | None = None) -> Any:
    """``x`` itself; of a variable the present value."""
    return np.copy(tensor(x))


def square(x: Any) -> Any:
    """x * x."""
    return np.square(tensor(x))


def abs(x: Any) -> Any:
    """The absolute value; its slope at 0 is 0."""
    return np.abs(tensor(x))


def sqrt(x: Any) -> Any:
    """The square root; 0 for negative numbers, as in Keras, with slope 0 there. At 0 itself the slope is infinite.

    Example:
        >>> sqrt(np.array([9.0, 0.0, -4.0])).tolist()
        [3.0, 0.0, 0.0]
    """
    x = floating(x)
    return np.sqrt(np.where(x < 0, np.zeros((), x.dtype), x))


def exp(x: Any) -> Any:
    """e to the power of x."""
    return np.exp(floating(x))


def log(x: Any) -> Any:
    """The natural logarithm."""
    return np.log(floating(x))


def round(x: Any) -> Any:
    """To the nearest whole number, halves to the even one; the gradient is 0.

    Example:
        >>> round(np.array([0.5, 1.5, -1.2])).tolist()
        [0.0, 2.0, -1.0]
    """
    return np.round(tensor(x))


def sign(x: Any) -> Any:
    """-1, 0 or 1; the gradient is 0."""
    return np.sign(tensor(x))


def pow(x: Any, a: Any) -> Any:
    """x to the power of a."""
    return np.power(*operands(x, a))


def sin(x: Any) -> Any:
    """The sine."""
    return np.sin(floating(x))


def cos(x: Any) -> Any:
    """The cosine."""
    return np.cos(floating(x))


def clip(x: Any, min_value: Any, max_value: Any) -> Any:
    """``x`` limited to min_value..max_value.

    The gradient of ``x`` is 1 inside and at the limits, 0 outside, as in TensorFlow; NaN stays NaN.

    Args:
        x: any shape.
        min_value, max_value: numbers or arrays; ``None`` for no limit. Of two numbers the larger one counts as
            max_value if they are the wrong way round, as in Keras: then all becomes min_value.

    Example:
        >>> clip(np.array([-2.0, 0.5, 3.0]), 0.0, 1.0).tolist()
        [0.0, 0.5, 1.0]
    """
    x = tensor(x)
    numbers = (builtins.int, builtins.float)
    if isinstance(min_value, numbers) and isinstance(max_value, numbers) and max_value < min_value:
        max_value = min_value
    if max_value is not None:
        max_value = _cast(tensor(max_value), x.dtype)
        x = np.where(x > max_value, max_value, x)
    if min_value is not None:
        min_value = _cast(tensor(min_value), x.dtype)
        x = np.where(x < min_value, min_value, x)
    return x


def equal(x: Any, y: Any) -> Any:
    """Whether x == y, element by element, bool."""
    return np.equal(*operands(x, y))


def not_equal(x: Any, y: Any) -> Any:
    """Whether x != y, element by element, bool."""
    return np.not_equal(*operands(x, y))


def greater(x: Any, y: Any) -> Any:
    """Whether x > y, element by element, bool."""
    return np.greater(*operands(x, y))


def greater_equal(x: Any, y: Any) -> Any:
    """Whether x >= y, element by element, bool."""
    return np.greater_equal(*operands(x, y))


def less(x: Any, y: Any) -> Any:
    """Whether x < y, element by element, bool."""
    return np.less(*operands(x, y))


def less_equal(x: Any, y: Any) -> Any:
    """Whether x <= y, element by element, bool."""
    return np.less_equal(*operands(x, y))


def maximum(x: Any, y: Any) -> Any:
    """The larger of two, element by element.

    Where they are equal each gets half of the gradient; in TensorFlow ``x`` gets all of it.

    Example:
        >>> maximum(np.array([-1.0, 2.0]), 0.0).tolist()
        [0.0, 2.0]
    """
    return np.maximum(*operands(x, y))


def minimum(x: Any, y: Any) -> Any:
    """The smaller of two, element by element; see ``maximum``."""
    return np.minimum(*operands(x, y))
