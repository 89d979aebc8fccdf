"""Activations made of straight lines and parabolas.

As in ``functions``: they keep the dtype of floating inputs, and can be traced and differentiated. At a corner the
slope is that of one side; which one, each says.
"""

from __future__ import annotations

import numpy as np

from kcore import Array, ops


def leaky_relu(x: Array, negative_slope: float = 0.2) -> Array:
    """x above 0, negative_slope * x below; at 0 the slope is ``negative_slope``.

    Source: Maas, Hannun and Ng, "Rectifier nonlinearities improve neural network acoustic models" (2013). As Keras 3
    and PyTorch, whose default slope is 0.01; that of Keras's layer LeakyReLU is 0.3.

    Args:
        x: any shape, floating.
        negative_slope: below 0.

    Returns:
        the shape and dtype of ``x``.

    Example:
        >>> leaky_relu(np.array([-5.0, 0.0, 5.0])).tolist()
        [-1.0, 0.0, 5.0]
    """
    return np.where(x > 0, x, negative_slope * x)


def relu6(x: Array) -> Array:
    """min(max(x, 0), 6). At 0 and 6 the slope is 0.

    Source: Howard et al., "MobileNets" (2017). The same in Keras 3, PyTorch, and as ``relu(max_value=6)`` in Keras 2.

    Args:
        x: any shape.

    Returns:
        the shape and dtype of ``x``.

    Example:
        >>> relu6(np.array([-5.0, 0.5, 9.0])).tolist()
        [0.0, 0.5, 6.0]
    """
    positive = ops.relu(x)
    return np.where(positive < 6, positive, 6.0)


def hard_tanh(x: Array) -> Array:
    """min(max(x, -1), 1). At -1 and 1 the slope is 0. As in Keras 3 and PyTorch.

    Args:
        x: any shape, floating.

    Returns:
        the shape and dtype of ``x``.

    Example:
        >>> hard_tanh(np.array([-5.0, 0.5, 9.0])).tolist()
        [-1.0, 0.5, 1.0]
    """
    return np.where(x <= -1, -1.0, np.where(x >= 1, 1.0, x))


def hard_silu(x: Array) -> Array:
    """x * min(max(x / 6 + 1 / 2, 0), 1), also called hard_swish. At -3 the slope is 0, at 3 it is 1.

    Source: Howard et al., "Searching for MobileNetV3" (2019). As in Keras 3 and PyTorch: the gate is Keras 3's
    hard_sigmoid, not that of Keras 2, which this package has under that name.

    Args:
        x: any shape, floating.

    Returns:
        the shape and dtype of ``x``.

    Example:
        >>> hard_silu(np.array([-5.0, 0.0, 1.5, 9.0])).tolist()
        [0.0, 0.0, 1.125, 9.0]
    """
    # A number far away would overflow in the parabola, selected or not.
    near = np.where(np.abs(x) < 3, x, 0.0)
    return np.where(x <= -3, 0.0, np.where(x >= 3, x, near * (near / 6 + 0.5)))


def hard_shrink(x: Array, threshold: float = 0.5) -> Array:
    """x where abs(x) > threshold, 0 elsewhere. As in Keras 3 and PyTorch.

    Args:
        x: any shape, floating.
        threshold: at least 0.

    Returns:
        the shape and dtype of ``x``.

    Example:
        >>> hard_shrink(np.array([-2.0, 0.5, 0.6])).tolist()
        [-2.0, 0.0, 0.6]
    """
    return np.where(np.abs(x) > threshold, x, 0.0)


def soft_shrink(x: Array, threshold: float = 0.5) -> Array:
    """x moved towards 0 by ``threshold``, not beyond 0. As in Keras 3 and PyTorch.

    Args:
        x: any shape, floating.
        threshold: at least 0.

    Returns:
        the shape and dtype of ``x``.

    Example:
        >>> soft_shrink(np.array([-2.0, 0.25, 0.75])).tolist()
        [-1.5, 0.0, 0.25]
    """
    return np.where(x > threshold, x - threshold, np.where(x < -threshold, x + threshold, 0.0))


def threshold(x: Array, threshold: float, default_value: float) -> Array:
    """x where x > threshold, ``default_value`` elsewhere. As in Keras 3 and PyTorch.

    Args:
        x: any shape, floating.
        threshold: up to which numbers are replaced.
        default_value: what replaces them.

    Returns:
        the shape and dtype of ``x``.

    Example:
        >>> threshold(np.array([-2.0, 0.5, 2.0]), 0.5, -1.0).tolist()
        [-1.0, -1.0, 2.0]
    """
    return np.where(x > threshold, x, default_value)


def sparse_plus(x: Array) -> Array:
    """0 up to -1, x from 1 on, and (x + 1) ** 2 / 4 between them: a softplus that is exactly 0. As in Keras 3.

    Args:
        x: any shape, floating.

    Returns:
        the shape and dtype of ``x``.

    Example:
        >>> sparse_plus(np.array([-2.0, 0.0, 1.0, 3.0])).tolist()
        [0.0, 0.25, 1.0, 3.0]
    """
    near = np.where(np.abs(x) < 1, x, 0.0)
    return np.where(x <= -1, 0.0, np.where(x >= 1, x, 0.25 * np.square(near + 1)))


def sparse_sigmoid(x: Array) -> Array:
    """0 up to -1, 1 from 1 on, and (x + 1) / 2 between them. At -1 and 1 the slope is 0. As in Keras 3.

    Args:
        x: any shape, floating.

    Returns:
        the shape and dtype of ``x``.

    Example:
        >>> sparse_sigmoid(np.array([-2.0, 0.0, 0.5, 3.0])).tolist()
        [0.0, 0.5, 0.75, 1.0]
    """
    return np.where(x <= -1, 0.0, np.where(x >= 1, 1.0, 0.5 * (x + 1)))
