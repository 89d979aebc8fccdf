"""Operations with windows that slide over spatial axes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from kcore.engine.primitive import Primitive
from kcore.engine.primitives.average_pooling import average_pool_p
from kcore.engine.primitives.convolution import conv_input_gradient_p, conv_p
from kcore.engine.primitives.elementwise import cast
from kcore.engine.primitives.pooling import max_pool_p
from kcore.engine.tracing import apply
from kcore.engine.types import Array
from kcore.errors.components import InvalidArgumentError
from kcore.errors.engine import OperandError


def explicit_padding(
    padding: str, spatial: Sequence[int], size: Sequence[int], strides: Sequence[int], dilation: Sequence[int]
) -> tuple[tuple[int, int], ...]:
    """Padding by name as (before, after) per spatial axis.

    ``"same"`` gives ceil(input / stride) outputs; of an odd amount the larger half goes after, as in Keras.
    ``"causal"``, for one axis, puts all of it before: an output sees nothing that comes later.
    """
    if padding == "valid":
        return ((0, 0),) * len(spatial)
    if padding == "same":
        result = []
        for length, k, s, d in zip(spatial, size, strides, dilation, strict=True):
            total = max((-(-length // s) - 1) * s + (k - 1) * d + 1 - length, 0)
            result.append((total // 2, total - total // 2))
        return tuple(result)
    if padding == "causal" and len(spatial) == 1:
        return (((size[0] - 1) * dilation[0], 0),)
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


def _kernel_operands(operation: str, x: Array, kernel: Array) -> tuple[Array, Array]:
    """Both in one dtype; that their shapes have as many axes is checked here, as the names of the axes depend on it."""
    if len(kernel.shape) != len(x.shape):
        axes = len(x.shape) - 2
        reason = f"{axes} spatial axes need {axes + 2} axes in both"
        raise OperandError(operation=operation, shapes=[x.shape, kernel.shape], reason=reason)
    if x.dtype.kind == "f" and kernel.dtype.kind == "f":
        dtype = np.result_type(x.dtype, kernel.dtype)
        return cast(x, dtype), cast(kernel, dtype)
    return x, kernel


def conv(
    x: Array,
    kernel: Array,
    *,
    strides: Sequence[int],
    padding: str = "valid",
    dilation: Sequence[int] | None = None,
    groups: int = 1,
    data_format: str = "channels_last",
) -> Array:
    """Convolution (without flipping the kernel) over one or more spatial axes.

    Args:
        x: (batch, *spatial, channels), or (batch, channels, *spatial) for ``"channels_first"``.
        kernel: (*size, input channels / groups, output channels) in either layout.
        strides: one step per spatial axis.
        padding: ``"valid"``, ``"same"``, or for one spatial axis ``"causal"``.
        dilation: distance between neighbouring kernel elements per spatial axis; 1 by default.
        groups: consecutive parts of the channels that are convolved by themselves, the i-th part of the input with
            the i-th part of the kernel's output channels. As many groups as input channels is a depthwise convolution.
        data_format: layout of ``x`` and of the result.

    Raises:
        OperandError: the shapes do not fit.
        InvalidArgumentError: an unknown padding or layout, a stride, dilation or number of groups below 1.
    """
    steps = _steps("conv", "strides", strides, x)
    spread = (1,) * len(steps) if dilation is None else _steps("conv", "dilation", dilation, x)
    if groups < 1:
        raise InvalidArgumentError(
            component="kcore.ops.conv", argument="groups", value=groups, allowed="an integer from 1 up"
        )
    x, kernel = _kernel_operands("conv", x, kernel)

    def convolve(images: Array) -> Array:
        pads = explicit_padding(padding, images.shape[1:-1], kernel.shape[:-2], steps, spread)
        return apply(  # type: ignore[no-any-return]
            conv_p, images, kernel, strides=steps, padding=pads, dilation=spread, groups=int(groups)
        )

    return _channels_last(convolve, x, data_format)


def conv_transpose(
    x: Array,
    kernel: Array,
    *,
    strides: Sequence[int],
    padding: str = "valid",
    output_padding: Sequence[int] | None = None,
    dilation: Sequence[int] | None = None,
    data_format: str = "channels_last",
) -> Array:
    """Transposed convolution: the transpose, as a linear map, of ``conv`` with the same arguments.

    With ``span = (size - 1) * dilation + 1`` a spatial axis of n elements becomes, as in Keras,

    - ``"valid"``: ``n * stride + max(span - stride, 0)``;
    - ``"same"``: ``n * stride``;
    - with ``output_padding`` p: ``(n - 1) * stride + span + p``, and for ``"same"`` less ``2 * (span // 2)``.

    Args:
        x: (batch, *spatial, channels), or (batch, channels, *spatial) for ``"channels_first"``.
        kernel: (*size, output channels, input channels) in either layout.
        strides: how many outputs each input moves the window on, one entry per spatial axis.
        padding: ``"valid"`` or ``"same"``.
        output_padding: elements to add after the end of each spatial axis, each below its stride.
        dilation, data_format: as for ``conv``.

    Raises:
        OperandError: the shapes do not fit.
        InvalidArgumentError: an unknown padding or layout, a stride or dilation below 1, an output padding that is
            negative or not below its stride.
    """
    name = "conv_transpose"
    steps = _steps(name, "strides", strides, x)
    spread = (1,) * len(steps) if dilation is None else _steps(name, "dilation", dilation, x)
    extra = None if output_padding is None else _output_padding(output_padding, steps, x)
    x, kernel = _kernel_operands(name, x, kernel)
    if padding not in ("valid", "same"):
        raise InvalidArgumentError(component="kcore.ops", argument="padding", value=padding, allowed=["valid", "same"])

    def transpose(images: Array) -> Array:
        if images.shape[-1] != kernel.shape[-1]:
            reason = f"the input has {images.shape[-1]} channels, the kernel takes {kernel.shape[-1]}"
            raise OperandError(operation=name, shapes=[images.shape, kernel.shape], reason=reason)
        spatial, pads = [], []
        for axis, (n, s, d, size) in enumerate(zip(images.shape[1:-1], steps, spread, kernel.shape, strict=False)):
            span = (size - 1) * d + 1
            full = (n - 1) * s + span
            if extra is not None:
                length = full + extra[axis] - (2 * (span // 2) if padding == "same" else 0)
            else:
                length = n * s + (max(span - s, 0) if padding == "valid" else 0)
            spatial.append(length)
            pads.append((max(full - length, 0) // 2, -(-max(full - length, 0) // 2)))
        return apply(  # type: ignore[no-any-return]
            conv_input_gradient_p,
            images,
            kernel,
            input_shape=(images.shape[0], *spatial, kernel.shape[-2]),
            strides=steps,
            padding=tuple(pads),
            dilation=spread,
            groups=1,
        )

    return _channels_last(transpose, x, data_format)


def _output_padding(values: Sequence[int], steps: Sequence[int], x: Array) -> tuple[int, ...]:
    extra = tuple(int(value) for value in values)
    if len(extra) != len(steps):
        reason = f"output_padding={extra} has {len(extra)} entries, for {len(steps)} spatial axes"
        raise OperandError(operation="conv_transpose", shapes=[x.shape], reason=reason)
    if not all(0 <= value < step for value, step in zip(extra, steps, strict=True)):
        raise InvalidArgumentError(
            component="kcore.ops.conv_transpose",
            argument="output_padding",
            value=extra,
            allowed=f"integers from 0 up, each below its stride in {tuple(steps)}",
        )
    return extra


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
        padding: ``"valid"`` or ``"same"``.
        data_format: layout of ``x`` and of the result.

    Raises:
        OperandError: the shapes do not fit.
        InvalidArgumentError: an unknown padding or layout, a size or stride below 1.
    """
    return _pool("max_pool", max_pool_p, x, size, strides, padding, data_format)


def average_pool(
    x: Array,
    *,
    size: Sequence[int],
    strides: Sequence[int],
    padding: str = "valid",
    data_format: str = "channels_last",
) -> Array:
    """The mean of each window; elements added by padding do not count.

    Args:
        x: floating (batch, *spatial, channels), or (batch, channels, *spatial) for ``"channels_first"``.
        size, strides: of the window, one entry per spatial axis.
        padding, data_format: as for ``max_pool``.

    Raises:
        OperandError: the shapes do not fit, or ``x`` is not floating.
        InvalidArgumentError: an unknown padding or layout, a size or stride below 1.
    """
    return _pool("average_pool", average_pool_p, x, size, strides, padding, data_format)


def _pool(
    operation: str,
    primitive: Primitive,
    x: Array,
    size: Sequence[int],
    strides: Sequence[int],
    padding: str,
    data_format: str,
) -> Array:
    window, steps = _steps(operation, "size", size, x), _steps(operation, "strides", strides, x)
    if padding not in ("valid", "same"):
        raise InvalidArgumentError(component="kcore.ops", argument="padding", value=padding, allowed=["valid", "same"])

    def pool(images: Array) -> Array:
        pads = explicit_padding(padding, images.shape[1:-1], window, steps, (1,) * len(window))
        return apply(primitive, images, size=window, strides=steps, padding=pads)  # type: ignore[no-any-return]

    return _channels_last(pool, x, data_format)
