"""Activation functions: each maps an array to an array of the same shape.

None of them overflows, and none divides by zero, whatever finite numbers go in. They keep the dtype of
floating inputs. All can be traced and differentiated.
"""

from __future__ import annotations

import numpy as np

from kcore import Array, ops

SELU_ALPHA = 1.6732632423543772
SELU_SCALE = 1.0507009873554805


def softmax(x: Array, axis: int = -1) -> Array:
    """exp(x) / sum(exp(x)) along an axis: positive numbers that sum to 1.

    Args:
        x: (batch, ..., classes), floating.
        axis: the axis of the classes.

    Returns:
        the shape and dtype of ``x``.

    Example:
        >>> softmax(np.array([[0.0, 0.0], [1000.0, 0.0]])).tolist()
        [[0.5, 0.5], [1.0, 0.0]]
    """
    return ops.softmax(x, axis=axis)


def relu(
    x: Array,
    alpha: float = 0.0,
    max_value: float | None = None,
    threshold: float = 0.0,
    *,
    negative_slope: float | None = None,
) -> Array:
    """The rectified linear unit: max(x, 0), or a variation of it.

    With all arguments, f(x) is ``max_value`` where x >= max_value, x where threshold < x < max_value, and
    alpha * (x - threshold) elsewhere, as Keras documents it. The slope at the threshold is ``alpha``.

    Args:
        x: any shape.
        alpha: slope below the threshold.
        max_value: upper limit; ``None`` for no limit.
        threshold: where the unit begins to pass its input on.
        negative_slope: Keras 3's name of ``alpha``.

    Returns:
        the shape and dtype of ``x``.

    Example:
        >>> relu(np.array([-2.0, 0.5, 9.0])).tolist()
        [0.0, 0.5, 9.0]
        >>> relu(np.array([-2.0, 0.5, 9.0]), alpha=0.25, max_value=6.0).tolist()
        [-0.5, 0.5, 6.0]
    """
    slope = alpha if negative_slope is None else negative_slope
    plain = slope == 0 and threshold == 0
    result = ops.relu(x) if plain else np.where(x > threshold, x, (x - threshold) * slope)
    return result if max_value is None else np.where(result < max_value, result, max_value)


def elu(x: Array, alpha: float = 1.0) -> Array:
    """The exponential linear unit: x above 0, alpha * (exp(x) - 1) below.

    Source: Clevert, Unterthiner and Hochreiter, "Fast and accurate deep network learning by exponential
    linear units" (2016).

    Args:
        x: any shape, floating.
        alpha: the limit for x -> -inf is -alpha; it is also the slope at 0.

    Returns:
        the shape and dtype of ``x``.

    Example:
        >>> elu(np.array([-1000.0, 0.0, 3.0]), alpha=0.5).tolist()
        [-0.5, 0.0, 3.0]
    """
    # The exponential sees no positive number: one that overflows would spoil the gradient, selected or not.
    return np.where(x > 0, x, alpha * np.expm1(np.where(x > 0, 0.0, x)))


def selu(x: Array) -> Array:
    """The scaled exponential linear unit: scale * elu(x, alpha); its constants keep mean 0 and variance 1.

    Source: Klambauer, Unterthiner, Mayr and Hochreiter, "Self-normalizing neural networks" (2017);
    alpha = 1.6732632423543772, scale = 1.0507009873554805. The slope at 0 is ``scale``, as in Keras 2.

    Args:
        x: any shape, floating.

    Returns:
        the shape and dtype of ``x``.

    Example:
        >>> selu(np.array([-1000.0, 0.0, 1.0])).round(4).tolist()
        [-1.7581, 0.0, 1.0507]
    """
    below = SELU_SCALE * SELU_ALPHA * np.expm1(np.where(x >= 0, 0.0, x))
    return np.where(x >= 0, SELU_SCALE * x, below)


def softplus(x: Array) -> Array:
    """log(1 + exp(x)), a smooth relu.

    Args:
        x: any shape, floating.

    Returns:
        the shape and dtype of ``x``.

    Example:
        >>> softplus(np.array([-1000.0, 0.0, 1000.0])).round(4).tolist()
        [0.0, 0.6931, 1000.0]
    """
    return ops.softplus(x)


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)), the logistic function.

    Args:
        x: any shape, floating.

    Returns:
        the shape and dtype of ``x``.

    Example:
        >>> sigmoid(np.array([-1000.0, 0.0, 1000.0])).tolist()
        [0.0, 0.5, 1.0]
    """
    return ops.sigmoid(x)


def hard_sigmoid(x: Array) -> Array:
    """A piecewise linear sigmoid: 0 up to -2.5, 1 from 2.5, and 0.2 * x + 0.5 between them.

    These are Keras 2's numbers, which stored recurrent networks depend on. Keras 3 has another function under
    this name, clip(x / 6 + 0.5, 0, 1). The slope at -2.5 and 2.5 is 0.2, as in Keras 2.

    Args:
        x: any shape, floating.

    Returns:
        the shape and dtype of ``x``.

    Example:
        >>> hard_sigmoid(np.array([-3.0, 0.0, 1.0, 3.0])).tolist()
        [0.0, 0.5, 0.7, 1.0]
    """
    line = 0.2 * x + 0.5
    return np.where(line < 0, 0.0, np.where(line > 1, 1.0, line))


def softsign(x: Array) -> Array:
    """x / (1 + abs(x)).

    Args:
        x: any shape, floating.

    Returns:
        the shape and dtype of ``x``.

    Example:
        >>> softsign(np.array([-3.0, 0.0, 1.0])).tolist()
        [-0.75, 0.0, 0.5]
    """
    return x / (1 + np.abs(x))  # type: ignore[no-any-return]


def tanh(x: Array) -> Array:
    """The hyperbolic tangent.

    Args:
        x: any shape, floating.

    Returns:
        the shape and dtype of ``x``.

    Example:
        >>> tanh(np.array([-1000.0, 0.0, 1000.0])).tolist()
        [-1.0, 0.0, 1.0]
    """
    return np.tanh(x)


def linear(x: Array) -> Array:
    """x itself: no activation.

    Args:
        x: any shape.

    Returns:
        ``x``, not a copy.

    Example:
        >>> linear(np.array([-3.0, 2.0])).tolist()
        [-3.0, 2.0]
    """
    return x
