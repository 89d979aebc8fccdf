"""Activations, crossentropies, normalization, dropout."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kcore import ops
from kcore.backend.elementwise import clip
from kcore.backend.random import key
from kcore.backend.tensors import Axis, axes_of, floating, layout_of, shape_of, tensor
from kcore.engine.settings import epsilon as fuzz
from kcore.errors.components import InvalidArgumentError, LabelShapeError, spelled_shape


def relu(x: Any, alpha: Any = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Any:
    """``max_value`` where x >= max_value, x above the threshold, alpha * (x - threshold) elsewhere.

    Args:
        x: any shape.
        alpha: slope below the threshold, a number or an array.
        max_value: upper limit, from 0 up; ``None`` for no limit.
        threshold: where the unit begins to pass its input on; the slope at it is ``alpha``.

    Raises:
        InvalidArgumentError: ``max_value`` is negative.

    Example:
        >>> relu(np.array([-2.0, 0.5, 9.0]), alpha=0.25, max_value=6.0).tolist()
        [-0.5, 0.5, 6.0]
    """
    x = tensor(x)
    if max_value is not None and not max_value >= 0:
        raise InvalidArgumentError(
            component="kcore.backend.relu", argument="max_value", value=max_value, allowed="None, or a number from 0 up"
        )
    plain = isinstance(alpha, int | float) and alpha == 0 and threshold == 0
    result = ops.relu(x) if plain else np.where(x > threshold, x, (x - threshold) * alpha)
    return result if max_value is None else np.where(result < max_value, result, max_value)


def elu(x: Any, alpha: float = 1.0) -> Any:
    """x above 0, alpha * (exp(x) - 1) below."""
    x = floating(x)
    return np.where(x > 0, x, np.expm1(np.where(x > 0, np.zeros((), x.dtype), x)) * alpha)


def softmax(x: Any, axis: int = -1) -> Any:
    """exp(x) / sum(exp(x)) along ``axis``; the largest element is subtracted first.

    Example:
        >>> softmax(np.array([[0.0, 0.0]])).tolist()
        [[0.5, 0.5]]
    """
    return ops.softmax(floating(x), axis=axis)


def softplus(x: Any) -> Any:
    """log(1 + exp(x))."""
    return ops.softplus(floating(x))


def softsign(x: Any) -> Any:
    """x / (1 + abs(x))."""
    x = floating(x)
    return x / (1 + np.abs(x))


def sigmoid(x: Any) -> Any:
    """1 / (1 + exp(-x))."""
    return ops.sigmoid(floating(x))


def hard_sigmoid(x: Any) -> Any:
    """x / 5 + 1/2, limited to 0..1, as in Keras 2 (x / 6 + 1/2 in Keras 3)."""
    return clip(floating(x) * 0.2 + 0.5, 0.0, 1.0)


def tanh(x: Any) -> Any:
    """The hyperbolic tangent."""
    return np.tanh(floating(x))


# --- crossentropies --------------------------------------------------------------------------------------------------


def categorical_crossentropy(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Any:
    """-sum(target * log(p)) over the classes.

    Probabilities are divided by their sum and limited to epsilon..1-epsilon first.

    Args:
        target: (..., classes), one-hot or any distribution.
        output: (..., classes), probabilities, or logits.
        from_logits: whether ``output`` are logits.
        axis: of the classes.

    Raises:
        LabelShapeError: the shapes differ.

    Example:
        >>> categorical_crossentropy(np.array([[0.0, 1.0]]), np.array([[0.75, 0.25]])).round(4).tolist()
        [1.3863]
    """
    target, output = _pair("categorical_crossentropy", target, output)
    if from_logits:
        return -np.sum(target * ops.log_softmax(output, axis=axis), axis=axis)
    share = output / np.sum(output, axis=axis, keepdims=True)
    return -np.sum(target * np.log(_limited(share)), axis=axis)


def sparse_categorical_crossentropy(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Any:
    """``categorical_crossentropy`` of targets that are class numbers.

    Args:
        target: class numbers, (...) or (..., 1), in any shape with as many elements as there are predictions.
        output: (..., classes), probabilities, or logits.
        from_logits: whether ``output`` are logits. Probabilities are limited to epsilon..1-epsilon, and then divided by
            their sum.
        axis: of the classes.

    Raises:
        LabelShapeError: there is not one class number for each prediction.

    Example:
        >>> sparse_categorical_crossentropy(np.array([1]), np.array([[0.75, 0.25]])).round(4).tolist()
        [1.3863]
    """
    target, output = tensor(target), floating(output)
    place = axis % output.ndim
    shape = (*output.shape[:place], *output.shape[place + 1 :])
    if np.prod(target.shape, dtype=int) != np.prod(shape, dtype=int):
        raise LabelShapeError(
            component="kcore.backend.sparse_categorical_crossentropy",
            labels=tuple(target.shape),
            predictions=tuple(output.shape),
            expected=f"one class number per prediction, of shape {spelled_shape(shape)}",
        )
    logits = output if from_logits else np.log(_limited(output))
    labels = np.expand_dims(np.reshape(target, shape), place)
    classes = np.arange(output.shape[place]).reshape(-1, *(1,) * (output.ndim - 1 - place))
    logarithms = ops.log_softmax(logits, axis=place)
    return -np.sum(np.where(np.equal(labels, classes), logarithms, np.zeros((), output.dtype)), axis=place)


def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Any:
    """-(t * log(p) + (1 - t) * log(1 - p)) for each element; ``losses.binary_crossentropy`` is the mean of these.

    Probabilities are limited to epsilon..1-epsilon first, as in Keras 2.3 and Keras 3. (Keras 2.4 and later add epsilon
    inside the logarithms, too.)

    Args:
        target: in 0..1, of the shape of ``output``.
        output: probabilities, or logits.
        from_logits: whether ``output`` are logits.

    Raises:
        LabelShapeError: the shapes differ.
    """
    target, output = _pair("binary_crossentropy", target, output)
    if from_logits:
        return ops.softplus(output) - output * target
    p = _limited(output)
    return -(target * np.log(p) + (1 - target) * np.log(1 - p))


def _pair(function: str, target: Any, output: Any) -> tuple[Any, Any]:
    output = floating(output)
    target = ops.cast(tensor(target), output.dtype)
    if tuple(target.shape) != tuple(output.shape):
        raise LabelShapeError(
            component=f"kcore.backend.{function}",
            labels=tuple(target.shape),
            predictions=tuple(output.shape),
            expected="targets of the same shape as the output",
        )
    return target, output


def _limited(p: Any) -> Any:
    return clip(p, np.asarray(fuzz(), p.dtype), np.asarray(1 - fuzz(), p.dtype))


# --- normalization and dropout ---------------------------------------------------------------------------------------


def l2_normalize(x: Any, axis: Axis = None, epsilon: float = 1e-12) -> Any:
    """x / sqrt(max(sum(x ** 2), epsilon)), the sum being along ``axis``, or over all.

    Example:
        >>> l2_normalize(np.array([3.0, 4.0])).round(2).tolist()
        [0.6, 0.8]
    """
    x = floating(x)
    return x / np.sqrt(np.maximum(np.sum(np.square(x), axis=axes_of(axis), keepdims=True), epsilon))


def normalize_batch_in_training(
    x: Any, gamma: Any, beta: Any, reduction_axes: Sequence[int], epsilon: float = 1e-3
) -> tuple[Any, Any, Any]:
    """``x`` with mean ``beta`` and standard deviation ``gamma`` over the axes, and the mean and variance that it had.

    The variance is that of the population. (For images, Keras on TensorFlow returns it multiplied with n / (n - 1), n
    being the numbers in the mean.)

    Args:
        x: (batch, ...).
        gamma, beta: of the shape of the axes that are left, or ``None``.
        reduction_axes: over which the mean is taken.
        epsilon: added to the variance.

    Returns:
        the normalized array, the mean, the variance.
    """
    x = floating(x)
    axes = tuple(int(axis) % x.ndim for axis in reduction_axes)
    shape = tuple(1 if axis in axes else size for axis, size in enumerate(x.shape))
    mean, variance = np.mean(x, axis=axes), np.var(x, axis=axes)
    means, variances, shifts, factors = (
        None if one is None else np.reshape(tensor(one), shape) for one in (mean, variance, beta, gamma)
    )
    return batch_normalization(x, means, variances, shifts, factors, epsilon=epsilon), mean, variance


def batch_normalization(
    x: Any, mean: Any, var: Any, beta: Any, gamma: Any, axis: int = -1, epsilon: float = 1e-3
) -> Any:
    """(x - mean) / sqrt(var + epsilon) * gamma + beta.

    Args:
        x: any shape.
        mean, var: of one axis, that of ``axis``, or of shapes that broadcast to ``x``.
        beta, gamma: the same, or ``None`` for 0 and for 1.
        axis: of the channels.
        epsilon: added to the variance.

    Example:
        >>> batch_normalization(np.array([[5.0]]), 1.0, 4.0, 0.0, 3.0, epsilon=0.0).tolist()
        [[6.0]]
    """
    x = floating(x)
    alone = tuple(size if place == axis % x.ndim else 1 for place, size in enumerate(x.shape))
    mean, var, beta, gamma = (
        None if one is None else ops.cast(np.reshape(tensor(one), alone) if np.ndim(one) == 1 else tensor(one), x.dtype)
        for one in (mean, var, beta, gamma)
    )
    factor = 1 / np.sqrt(var + epsilon)
    factor = factor if gamma is None else gamma * factor
    result = (x - mean) * factor
    return result if beta is None else result + beta


def dropout(x: Any, level: float, noise_shape: Any = None, seed: int | None = None) -> Any:
    """Each element 0 with probability ``level``, else divided by 1 - level; always, not only in training.

    Args:
        x: any shape, floating.
        level: from 0 to below 1.
        noise_shape: of what is drawn, which broadcasts to that of ``x``; ``None`` in it, or for all of it, is the size
            of ``x``.
        seed: see ``random_normal``.

    Raises:
        InvalidArgumentError: the level is outside of these.
    """
    x = floating(x)
    if not isinstance(level, int | float | np.number) or not 0 <= level < 1:
        raise InvalidArgumentError(
            component="kcore.backend.dropout", argument="level", value=level, allowed="a number from 0 to below 1"
        )
    given = x.shape if noise_shape is None else noise_shape
    sizes = [size if one is None else one for one, size in zip(given, x.shape, strict=True)]
    numbers = ops.random_uniform(key(seed), shape=shape_of("dropout", sizes), dtype=x.dtype)
    # Selected, not multiplied: what is dropped may be infinite.
    return np.where(numbers >= level, x * np.asarray(1 / (1 - level), x.dtype), np.zeros((), x.dtype))


def bias_add(x: Any, bias: Any, data_format: str | None = None) -> Any:
    """A bias for each channel, or for each element of a sample, added.

    Args:
        x: (batch, \\*spatial, channels), or (batch, channels, \\*spatial).
        bias: (channels,), or (\\*spatial, channels). With channels first, Keras takes the elements of the latter in the
            order in which they are as (channels, \\*spatial); so does this.
        data_format: ``"channels_last"`` or ``"channels_first"``; ``kcore.image_data_format()`` by default.

    Raises:
        InvalidArgumentError: the bias has neither one axis nor one less than ``x``, or there is no such layout.
    """
    x, bias, layout = tensor(x), tensor(bias), layout_of("bias_add", data_format)
    if bias.ndim not in (1, x.ndim - 1):
        raise InvalidArgumentError(
            component="kcore.backend.bias_add",
            argument="bias",
            value=f"array of shape {tuple(bias.shape)}",
            allowed=f"an array of 1 or {x.ndim - 1} axes",
        )
    if layout == "channels_first":
        spatial = (1,) * (x.ndim - 2) if bias.ndim == 1 else tuple(bias.shape[:-1])
        bias = np.reshape(bias, (bias.shape[-1], *spatial))
    return x + bias
