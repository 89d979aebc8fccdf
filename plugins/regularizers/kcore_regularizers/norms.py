"""Penalties on the size of weights: the sum of absolute values, the sum of squares, both."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from kcore import Array
from kcore.errors import InvalidArgumentError
from kcore.regularizers import Regularizer


def factor_of(component: str, argument: str, value: Any) -> float:
    """A factor as a float.

    Raises:
        InvalidArgumentError: it is no finite number.
    """
    number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    if not number or not math.isfinite(value):
        raise InvalidArgumentError(component=component, argument=argument, value=value, allowed="a finite number")
    return float(value)


class L1(Regularizer):
    """The penalty l1 * sum(abs(w)), which drives weights to exactly 0 (the lasso). Its slope at 0 is 0.

    Args:
        l1: the factor.
        l: a shorter name for it.

    Raises:
        InvalidArgumentError: the factor is not a finite number.

    Example:
        >>> float(L1(0.5)(np.array([[1.0, -3.0]])))
        2.0
    """

    def __init__(self, l1: float = 0.01, *, l: float | None = None) -> None:  # noqa: E741
        self.l1 = factor_of("L1", "l1", l1) if l is None else factor_of("L1", "l", l)

    def __call__(self, weights: Array) -> Array:
        """The penalty, a scalar of the weights' dtype, for weights of any shape."""
        return np.sum(np.abs(weights)) * self.l1  # type: ignore[no-any-return]

    def get_config(self) -> dict[str, Any]:
        """``{"l1": factor}``."""
        return {"l1": self.l1}


class L2(Regularizer):
    """The penalty l2 * sum(w ** 2), which keeps weights small (ridge regression, weight decay).

    Args:
        l2: the factor.
        l: a shorter name for it.

    Raises:
        InvalidArgumentError: the factor is not a finite number.

    Example:
        >>> float(L2(0.5)(np.array([[1.0, -3.0]])))
        5.0
    """

    def __init__(self, l2: float = 0.01, *, l: float | None = None) -> None:  # noqa: E741
        self.l2 = factor_of("L2", "l2", l2) if l is None else factor_of("L2", "l", l)

    def __call__(self, weights: Array) -> Array:
        """The penalty, a scalar of the weights' dtype, for weights of any shape."""
        return np.sum(np.square(weights)) * self.l2  # type: ignore[no-any-return]

    def get_config(self) -> dict[str, Any]:
        """``{"l2": factor}``."""
        return {"l2": self.l2}


class L1L2(Regularizer):
    """The penalty l1 * sum(abs(w)) + l2 * sum(w ** 2) (the elastic net).

    As in Keras, both factors of the class are 0 when not given, while ``l1_l2`` takes 0.01 for both.

    Args:
        l1: factor of the absolute values.
        l2: factor of the squares.

    Raises:
        InvalidArgumentError: a factor is not a finite number.

    Example:
        >>> float(L1L2(l1=0.5, l2=0.25)(np.array([[1.0, -3.0]])))
        4.5
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        self.l1 = factor_of("L1L2", "l1", l1)
        self.l2 = factor_of("L1L2", "l2", l2)

    def __call__(self, weights: Array) -> Array:
        """The penalty, a scalar of the weights' dtype, for weights of any shape."""
        penalty: Any = np.zeros((), weights.dtype)
        if self.l1:
            penalty = penalty + np.sum(np.abs(weights)) * self.l1
        if self.l2:
            penalty = penalty + np.sum(np.square(weights)) * self.l2
        return penalty  # type: ignore[no-any-return]


class l1_l2(L1L2):  # noqa: N801
    """``L1L2`` with other defaults: ``l1_l2()`` is ``L1L2(l1=0.01, l2=0.01)``.

    A class, so that the bare name "l1_l2" gives a regularizer; what it makes is an ``L1L2``.

    Example:
        >>> l1_l2(l1=0.5).get_config()
        {'l1': 0.5, 'l2': 0.01}
        >>> type(l1_l2()).__name__
        'L1L2'
    """

    def __new__(cls, l1: float = 0.01, l2: float = 0.01) -> L1L2:  # type: ignore[misc]
        """An ``L1L2`` with these factors."""
        return L1L2(l1, l2)
