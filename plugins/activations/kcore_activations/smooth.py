"""Smooth activations: the exponential, and functions that let large numbers pass and hold small ones back.

As in ``functions``: none overflows where its value is finite, all keep the dtype of floating inputs, and can be traced
and differentiated.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from kcore import Array, ops


def exponential(x: Array) -> Array:
    """exp(x). The same in Keras 2 and 3.

    Args:
        x: any shape, floating.

    Returns:
        the shape and dtype of ``x``.

    Example:
        >>> exponential(np.array([-1000.0, 0.0])).tolist()
        [0.0, 1.0]
    """
    return np.exp(x)


def silu(x: Array) -> Array:
    """x * sigmoid(x), also called swish.

    Sources: Hendrycks and Gimpel, "Gaussian error linear units" (2016), as SiLU; Ramachandran, Zoph and Le, "Searching
    for activation functions" (2017), as swish. The same in Keras 2, Keras 3 and PyTorch.

    Args:
        x: any shape, floating.

    Returns:
        the shape and dtype of ``x``.

    Example:
        >>> silu(np.array([-1000.0, 0.0, 1.0, 1000.0])).round(4).tolist()
        [-0.0, 0.0, 0.7311, 1000.0]
    """
    return x * ops.sigmoid(x)


def gelu(x: Array, approximate: bool = False) -> Array:
    """x * P(X <= x) for a standard normal X: x * erfc(-x / sqrt(2)) / 2.

    Source: Hendrycks and Gimpel, "Gaussian error linear units" (2016). The same in tf_keras, Keras 3 and PyTorch
    (``approximate="tanh"`` there).

    Args:
        x: any shape, floating.
        approximate: whether to compute x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x ** 3))) / 2, from the same
            paper, which differs by up to 0.0005.

    Returns:
        the shape and dtype of ``x``.

    Example:
        >>> gelu(np.array([-1000.0, 0.0, 1.0, 1000.0])).round(4).tolist()
        [-0.0, 0.0, 0.8413, 1000.0]
    """
    if not approximate:
        return 0.5 * x * ops.erfc(x * -math.sqrt(0.5))
    # (1 + tanh(u)) / 2 is sigmoid(2 u), and accurate also where it is small. Far away, the cube must not overflow.
    near: Any = np.where(np.abs(x) < 30, x, np.sign(x) * 30)
    gate: Array = ops.sigmoid(math.sqrt(8 / math.pi) * near * (1.0 + 0.044715 * np.square(near)))
    return x * gate


def mish(x: Array) -> Array:
    """x * tanh(softplus(x)).

    Source: Misra, "Mish: a self regularized non-monotonic activation function" (2019). The same in tf_keras, Keras 3
    and PyTorch.

    Args:
        x: any shape, floating.

    Returns:
        the shape and dtype of ``x``.

    Example:
        >>> mish(np.array([-1000.0, 0.0, 1.0, 1000.0])).round(4).tolist()
        [-0.0, 0.0, 0.8651, 1000.0]
    """
    return x * np.tanh(ops.softplus(x))


def celu(x: Array, alpha: float = 1.0) -> Array:
    """The continuously differentiable exponential linear unit: x above 0, alpha * (exp(x / alpha) - 1) below.

    Source: Barron, "Continuously differentiable exponential linear units" (2017). As in Keras 3 and PyTorch.

    Args:
        x: any shape, floating.
        alpha: above 0; the limit for x -> -inf is -alpha, the slope at 0 is 1.

    Returns:
        the shape and dtype of ``x``.

    Example:
        >>> celu(np.array([-1000.0, 0.0, 3.0]), alpha=0.5).tolist()
        [-0.5, 0.0, 3.0]
    """
    # The exponential sees no positive number: one that overflows would spoil the gradient, selected or not.
    return np.where(x >= 0, x, alpha * np.expm1(np.where(x >= 0, 0.0, x) / alpha))


def squareplus(x: Array, b: float = 4) -> Array:
    """(x + sqrt(x ** 2 + b)) / 2, a smooth relu without exponentials.

    Source: Barron, "Squareplus: a softplus-like algebraic rectifier" (2021). As in Keras 3, but accurate also for
    large negative numbers, where x and the root cancel.

    Args:
        x: any shape, floating.
        b: above 0; how smooth.

    Returns:
        the shape and dtype of ``x``.

    Example:
        >>> squareplus(np.array([-1e9, 0.0, 1.5])).round(12).tolist()
        [1e-09, 1.0, 2.0]
    """
    size: Any = np.where(x >= 0, x, -x)
    # The larger one drawn out of the root: no square overflows.
    large = np.where(size > math.sqrt(b), size, math.sqrt(b))
    positive: Array = 0.5 * (size + large * np.sqrt(np.square(size / large) + np.square(math.sqrt(b) / large)))
    return np.where(x >= 0, positive, 0.25 * b / positive)


def log_sigmoid(x: Array) -> Array:
    """log(sigmoid(x)) = -softplus(-x), without taking the logarithm of 0. As in Keras 3 and PyTorch.

    Args:
        x: any shape, floating.

    Returns:
        the shape and dtype of ``x``.

    Example:
        >>> log_sigmoid(np.array([-1000.0, 0.0])).round(4).tolist()
        [-1000.0, -0.6931]
    """
    return -ops.softplus(-x)


def tanh_shrink(x: Array) -> Array:
    """x - tanh(x). As in Keras 3 and PyTorch (``tanhshrink``).

    Args:
        x: any shape, floating.

    Returns:
        the shape and dtype of ``x``.

    Example:
        >>> tanh_shrink(np.array([-1000.0, 0.0, 1.0])).round(4).tolist()
        [-999.0, 0.0, 0.2384]
    """
    return x - np.tanh(x)
