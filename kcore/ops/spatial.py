"""Operations with windows that slide over spatial axes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np

from kcore.engine.primitives.convolution import conv_p
from kcore.engine.primitives.elementwise import cast
from kcore.engine.primitives.pooling import max_pool_p
from kcore.engine.tracing import apply
from kcore.engine.types import Array
from kcore.errors.components import InvalidArgumentError
from kcore.errors.engine import OperandError

PaddingName = Literal["valid", "same"]


def explicit_padding(
    padding: str, spatial: Sequence[int], size: Sequence[int], strides: Sequence[int], dilation: Sequence[int]
) -> tuple[tuple[int, int], ...]:
    """Padding by name as (before, after) per spatial axis.

    ``"same"`` gives ceil(input / stride) outputs; of an odd amount the larger half goes after, as in Keras.
    """
    if padding == "valid":
        return ((0, 0),) * len(spatial)
    if padding == "same":
        result = []
        for length, k, s, d in zip(spatial, size, strides, dilation, strict=True):
            total = max((-(-length // s) - 1) * s + (k - 1) * d + 1 - length, 0)
            result.append((total // 2, total - total // 2))
        return tuple(result)
    raise InvalidArgumentError(component="kcore.ops", argument="padding", value=padding, allowed=["valid", "same"])


def _steps(operation: str, argument: str, values: Sequence[int], x: Array) -> tuple[int, ...]:
    """One positive integer per spatial axis of ``x``."""
    steps = tuple(int(value) for value in values)
    if len(steps) != len(x.shape) - 2:
        reason = f"{argument}={steps} has {len(steps)} entries, for {max(len(x.shape) - 2, 0)} spatial axes"
        raise OperandError(operation=operation, shapes=[x.shape], reason=reason)
    if any(step < 1 for step in steps):
        raise InvalidArgumentError(
            component=f"kcore.ops.{operation}", argument=argument, value=steps, allowed="integers from 1 up"
        )
    return steps


def _channels_last(function: Callable[[Array], Array], x: Array, data_format: str) -> Array:
    """Run ``function``, which wants channels last, on an array in ``data_format``."""
    if data_format == "channels_last":
        return function(x)
    if data_format == "channels_first":
        return np.moveaxis(function(np.moveaxis(x, 1, -1)), -1, 1)
    raise InvalidArgumentError(
        component="kcore.ops", argument="data_format", value=data_format, allowed=["channels_last", "channels_first"]
    )


def conv(
    x: Array,
    kernel: Array,
    *,
    strides: Sequence[int],
    padding: str = "valid",
    dilation: Sequence[int] | None = None,
    data_format: str = "channels_last",
) -> Array:
    """Convolution (without flipping the kernel) over one or more spatial axes.

    Args:
        x: (batch, *spatial, channels), or (batch, channels, *spatial) for ``"channels_first"``.
        kernel: (*size, input channels, output channels) in either layout.
        strides: one step per spatial axis.
        padding: ``"valid"`` or ``"same"``.
        dilation: distance between neighbouring kernel elements per spatial axis; 1 by default.
        data_format: layout of ``x`` and of the result.

    Raises:
        OperandError: the shapes do not fit.
        InvalidArgumentError: an unknown padding or layout, a stride or dilation below 1.
    """
    steps = _steps("conv", "strides", strides, x)
    spread = (1,) * len(steps) if dilation is None else _steps("conv", "dilation", dilation, x)
    if len(kernel.shape) != len(x.shape):
        reason = f"{len(steps)} spatial axes need {len(steps) + 2} axes in both"
        raise OperandError(operation="conv", shapes=[x.shape, kernel.shape], reason=reason)
    if x.dtype.kind == "f" and kernel.dtype.kind == "f":
        dtype = np.result_type(x.dtype, kernel.dtype)
        x, kernel = cast(x, dtype), cast(kernel, dtype)

    def convolve(images: Array) -> Array:
        pads = explicit_padding(padding, images.shape[1:-1], kernel.shape[:-2], steps, spread)
        return apply(conv_p, images, kernel, strides=steps, padding=pads, dilation=spread)  # type: ignore[no-any-return]

    return _channels_last(convolve, x, data_format)


def max_pool(
    x: Array,
    *,
    size: Sequence[int],
    strides: Sequence[int],
    padding: str = "valid",
    data_format: str = "channels_last",
) -> Array:
    """The largest element of each window; elements added by padding never win.

    Args:
        x: (batch, *spatial, channels), or (batch, channels, *spatial) for ``"channels_first"``.
        size, strides: of the window, one entry per spatial axis.
        padding, data_format: as for ``conv``.

    Raises:
        OperandError: the shapes do not fit.
        InvalidArgumentError: an unknown padding or layout, a size or stride below 1.
    """
    window, steps = _steps("max_pool", "size", size, x), _steps("max_pool", "strides", strides, x)

    def pool(images: Array) -> Array:
        pads = explicit_padding(padding, images.shape[1:-1], window, steps, (1,) * len(window))
        return apply(max_pool_p, images, size=window, strides=steps, padding=pads)  # type: ignore[no-any-return]

    return _channels_last(pool, x, data_format)
