"""Convolution, pooling and resizing.

Images are (batch, \\*spatial, channels), or (batch, channels, \\*spatial) with ``data_format="channels_first"``;
``kcore.image_data_format()`` says which where ``data_format`` is ``None``. ``padding`` is ``"valid"`` or ``"same"``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kcore import ops
from kcore.backend.tensors import floating, layout_of, one_of, rank_of, sizes_of, tensor
from kcore.engine.primitives.convolution import conv_input_gradient_p
from kcore.engine.tracing import apply
from kcore.errors.components import InvalidArgumentError
from kcore.errors.engine import OperandError
from kcore.ops.spatial import explicit_padding

Ints = int | Sequence[int]
PADDINGS = ("valid", "same")


def conv1d(
    x: Any,
    kernel: Any,
    strides: Ints = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Ints = 1,
) -> Any:
    """Convolution over one axis; the kernel is not flipped.

    Args:
        x: (batch, steps, channels).
        kernel: (size, channels, filters).
        strides, dilation_rate: whole numbers.
        padding: ``"valid"``, ``"same"``, or ``"causal"``, with which an output sees nothing that comes later.
        data_format: see the module.

    Raises:
        InvalidArgumentError: for this and the following functions, an argument other than these.
        OperandError: the shapes do not fit.

    Example:
        >>> conv1d(np.array([[[1.0], [2.0], [4.0]]]), np.ones((2, 1, 1))).ravel().tolist()
        [3.0, 6.0]
    """
    return _conv("conv1d", 1, x, kernel, strides, padding, data_format, dilation_rate, (*PADDINGS, "causal"))


def conv2d(
    x: Any,
    kernel: Any,
    strides: Ints = (1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Ints = (1, 1),
) -> Any:
    """Convolution over rows and columns, with a kernel (rows, columns, channels, filters)."""
    return _conv("conv2d", 2, x, kernel, strides, padding, data_format, dilation_rate)


def conv3d(
    x: Any,
    kernel: Any,
    strides: Ints = (1, 1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Ints = (1, 1, 1),
) -> Any:
    """Convolution over planes, rows and columns, with a kernel (planes, rows, columns, channels, filters)."""
    return _conv("conv3d", 3, x, kernel, strides, padding, data_format, dilation_rate)


def _conv(
    function: str, axes: int, x: Any, kernel: Any, strides: Ints, padding: str, data_format: str | None, dilation: Ints,
    paddings: Sequence[str] = PADDINGS, groups: int = 1,
) -> Any:  # fmt: skip
    x = _images(function, x, axes)
    return ops.conv(
        x,
        tensor(kernel),
        strides=sizes_of(function, "strides", strides, axes),
        padding=one_of(function, "padding", padding, paddings),
        dilation=sizes_of(function, "dilation_rate", dilation, axes),
        groups=groups,
        data_format=layout_of(function, data_format),
    )


def _images(function: str, x: Any, axes: int) -> Any:
    x = floating(x)
    names = ("steps",) if axes == 1 else ("planes", "rows", "columns")[3 - axes :]
    rank_of(function, "x", x, (axes + 2,), f"(batch, {', '.join(names)}, channels), or channels first")
    return x


# --- transposed ------------------------------------------------------------------------------------------------------


def conv2d_transpose(
    x: Any,
    kernel: Any,
    output_shape: Any,
    strides: Ints = (1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Ints = (1, 1),
) -> Any:
    """The transpose, as a linear map, of a convolution that makes images of ``output_shape`` into such as ``x``.

    Args:
        x: (batch, rows, columns, channels).
        kernel: (rows, columns, filters, channels).
        output_shape: of the result, with the batch axis, whose size counts for nothing: it is that of ``x``.
        strides, padding, data_format, dilation_rate: of that convolution.

    Raises:
        OperandError: that convolution would give another shape than that of ``x``.

    Example:
        >>> x, kernel = np.ones((1, 2, 2, 1)), np.ones((2, 2, 1, 1))
        >>> conv2d_transpose(x, kernel, (1, 4, 4, 1), strides=(2, 2)).sum().item()
        16.0
    """
    return _transposed("conv2d_transpose", 2, x, kernel, output_shape, strides, padding, data_format, dilation_rate)


def conv3d_transpose(
    x: Any,
    kernel: Any,
    output_shape: Any,
    strides: Ints = (1, 1, 1),
    padding: str = "valid",
    data_format: str | None = None,
) -> Any:
    """``conv2d_transpose`` for (batch, planes, rows, columns, channels)."""
    return _transposed("conv3d_transpose", 3, x, kernel, output_shape, strides, padding, data_format, 1)


def _transposed(
    function: str, axes: int, x: Any, kernel: Any, output_shape: Any, strides: Ints, padding: str,
    data_format: str | None, dilation: Ints,
) -> Any:  # fmt: skip
    layout = layout_of(function, data_format)
    x, kernel = _images(function, x, axes), floating(kernel)
    dtype = np.result_type(x.dtype, kernel.dtype)
    steps, spread = sizes_of(function, "strides", strides, axes), sizes_of(function, "dilation_rate", dilation, axes)
    sizes = list(output_shape)
    if len(sizes) != axes + 2:
        raise InvalidArgumentError(
            component=f"kcore.backend.{function}",
            argument="output_shape",
            value=output_shape,
            allowed=f"{axes + 2} sizes, that of the batch first",
        )
    spatial = [int(size) for size in (sizes[1:-1] if layout == "channels_last" else sizes[2:])]
    images = x if layout == "channels_last" else np.moveaxis(x, 1, -1)
    one_of(function, "padding", padding, PADDINGS)
    wanted = sizes[-1] if layout == "channels_last" else sizes[1]
    if kernel.ndim != axes + 2 or images.shape[-1] != kernel.shape[-1] or wanted not in (None, -1, kernel.shape[-2]):
        reason = "the kernel is (size of the window, channels of the output, channels of x)"
        raise OperandError(operation=f"kcore.backend.{function}", shapes=[x.shape, kernel.shape], reason=reason)
    found = apply(
        conv_input_gradient_p,
        ops.cast(images, dtype),
        ops.cast(kernel, dtype),
        input_shape=(images.shape[0], *spatial, kernel.shape[-2]),
        strides=steps,
        padding=explicit_padding(padding, spatial, kernel.shape[:axes], steps, spread),
        dilation=spread,
        groups=1,
    )
    return found if layout == "channels_last" else np.moveaxis(found, -1, 1)


# --- by channel ------------------------------------------------------------------------------------------------------


def depthwise_conv2d(
    x: Any,
    depthwise_kernel: Any,
    strides: Ints = (1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Ints = (1, 1),
) -> Any:
    """Convolution of every channel by itself, with a kernel (rows, columns, channels, multiplier).

    Output channel c * multiplier + m is channel c with kernel m.
    """
    return _depthwise("depthwise_conv2d", 2, x, depthwise_kernel, strides, padding, data_format, dilation_rate)


def separable_conv1d(
    x: Any,
    depthwise_kernel: Any,
    pointwise_kernel: Any,
    strides: Ints = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Ints = 1,
) -> Any:
    """Convolution of every channel by itself, and a matrix product over the channels.

    Args:
        x: (batch, steps, channels).
        depthwise_kernel: (size, channels, multiplier).
        pointwise_kernel: (1, channels * multiplier, filters).
        strides, padding, data_format, dilation_rate: as for ``conv1d``, of the first convolution.
    """
    name = "separable_conv1d"
    found = _depthwise(
        name, 1, x, depthwise_kernel, strides, padding, data_format, dilation_rate, (*PADDINGS, "causal")
    )
    return _conv(name, 1, found, pointwise_kernel, 1, "valid", data_format, 1)


def separable_conv2d(
    x: Any,
    depthwise_kernel: Any,
    pointwise_kernel: Any,
    strides: Ints = (1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Ints = (1, 1),
) -> Any:
    """``depthwise_conv2d``, then a product over the channels with a kernel (1, 1, channels * multiplier, filters)."""
    name = "separable_conv2d"
    found = _depthwise(name, 2, x, depthwise_kernel, strides, padding, data_format, dilation_rate)
    return _conv(name, 2, found, pointwise_kernel, 1, "valid", data_format, 1)


def _depthwise(
    function: str, axes: int, x: Any, kernel: Any, strides: Ints, padding: str, data_format: str | None, dilation: Ints,
    paddings: Sequence[str] = PADDINGS,
) -> Any:  # fmt: skip
    kernel = tensor(kernel)
    rank_of(function, "depthwise_kernel", kernel, (axes + 2,), "of the window, channels, multiplier")
    channels, multiplier = kernel.shape[-2:]
    flat = np.reshape(kernel, (*kernel.shape[:-2], 1, channels * multiplier))
    return _conv(function, axes, x, flat, strides, padding, data_format, dilation, paddings, groups=channels)


# --- pooling ---------------------------------------------------------------------------------------------------------


def pool2d(
    x: Any,
    pool_size: Ints,
    strides: Ints = (1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    pool_mode: str = "max",
) -> Any:
    """The largest element (``"max"``) or the mean (``"avg"``) of each window of rows and columns, without the padding.

    Example:
        >>> pool2d(np.arange(4.0).reshape(1, 2, 2, 1), (2, 2)).ravel().tolist()
        [3.0]
    """
    return _pool("pool2d", 2, x, pool_size, strides, padding, data_format, pool_mode)


def pool3d(
    x: Any,
    pool_size: Ints,
    strides: Ints = (1, 1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    pool_mode: str = "max",
) -> Any:
    """``pool2d`` for windows of planes, rows and columns."""
    return _pool("pool3d", 3, x, pool_size, strides, padding, data_format, pool_mode)


def _pool(
    function: str, axes: int, x: Any, size: Ints, strides: Ints, padding: str, data_format: str | None, mode: str
) -> Any:
    chosen = one_of(function, "pool_mode", mode, ("max", "avg"))
    pool = ops.max_pool if chosen == "max" else ops.average_pool
    return pool(
        _images(function, x, axes),
        size=sizes_of(function, "pool_size", size, axes),
        strides=sizes_of(function, "strides", strides, axes),
        padding=one_of(function, "padding", padding, PADDINGS),
        data_format=layout_of(function, data_format),
    )


# --- resizing --------------------------------------------------------------------------------------------------------


def resize_images(
    x: Any, height_factor: int, width_factor: int, data_format: str | None, interpolation: str = "nearest"
) -> Any:
    """Images with so many times as many rows and columns.

    ``"nearest"`` repeats each pixel. ``"bilinear"`` takes pixels as squares of side 1 and interpolates between their
    centres; beyond the outermost centres it is the outermost pixel, as in Keras on TensorFlow 2.

    Example:
        >>> resize_images(np.array([[[[1.0], [2.0]]]]), 1, 2, "channels_last", "bilinear").ravel().tolist()
        [1.0, 1.25, 1.75, 2.0]
    """
    name = "resize_images"
    kind = one_of(name, "interpolation", interpolation, ("nearest", "bilinear"))
    return _resized(name, x, {"height_factor": height_factor, "width_factor": width_factor}, data_format, kind)


def resize_volumes(x: Any, depth_factor: int, height_factor: int, width_factor: int, data_format: str | None) -> Any:
    """Volumes with so many times as many planes, rows and columns, each element repeated."""
    factors = {"depth_factor": depth_factor, "height_factor": height_factor, "width_factor": width_factor}
    return _resized("resize_volumes", x, factors, data_format, "nearest")


def _resized(function: str, x: Any, factors: dict[str, int], data_format: str | None, interpolation: str) -> Any:
    first = 1 if layout_of(function, data_format) == "channels_last" else 2
    result: Any = tensor(x)
    rank_of(function, "x", result, (len(factors) + 2,), f"batch, {len(factors)} spatial ones and channels")
    if interpolation == "bilinear":
        result = floating(result)
    for axis, (argument, given) in enumerate(factors.items(), first):
        (factor,) = sizes_of(function, argument, given, 1)
        if interpolation == "nearest":
            result = np.repeat(result, factor, axis=axis)
        elif factor > 1:
            result = _interpolated(result, axis, factor)
    return result


def _interpolated(x: Any, axis: int, factor: int) -> Any:
    """``x`` with ``factor`` times as many elements along ``axis``: one matrix product with the linear map."""
    n = x.shape[axis]
    places = np.clip((np.arange(n * factor) + 0.5) / factor - 0.5, 0, max(n - 1, 0))
    # The hat functions around the centres of the old pixels.
    weights = np.maximum(1 - np.abs(places[:, None] - np.arange(n)), 0).astype(x.dtype)
    return np.moveaxis(np.moveaxis(x, axis, -1) @ weights.T, -1, axis)
