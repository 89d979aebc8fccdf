"""Convolution over any number of spatial axes, and the two linear maps that are its derivatives.

Arrays are (batch, *spatial, channels), kernels (*size, input channels / groups, output channels); as everywhere in
deep learning the kernel is not flipped. With ``groups`` the channels fall into that many consecutive parts, and each
part of the outputs sees its part of the inputs. Work is cut into chunks of samples whose unfolded patches stay in the
cache: unfold into a reused buffer, multiply, go on.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from kcore.engine.primitive import Primitive, Thunk
from kcore.engine.primitives.depthwise import (
    bind_depthwise,
    bind_depthwise_input_gradient,
    bind_depthwise_kernel_gradient,
    depthwise_types,
)
from kcore.engine.primitives.unfolding import Fold, Unfold, unfold_types
from kcore.engine.primitives.windows import Padding, Window, staged
from kcore.engine.tracing import apply
from kcore.engine.types import Array, ArrayType
from kcore.errors.engine import OperandError

Ints = tuple[int, ...]


def _window(kernel: Ints, strides: Ints, padding: Padding, dilation: Ints) -> Window:
    return Window(tuple(kernel[:-2]), strides, padding, dilation)


def _depthwise(kernel: Ints, groups: int) -> bool:
    return groups > 1 and kernel[-2] == 1


def _output_shape(
    operation: str, x: Ints, kernel: Ints, types: Sequence[ArrayType], strides: Ints, padding: Padding, dilation: Ints,
    groups: int,
) -> Ints:  # fmt: skip
    """Shape of the convolution of ``x`` and ``kernel``, or what is wrong with them."""
    first, second = types
    if len(x) != len(kernel) or len(x) != len(strides) + 2:
        reason = f"{len(strides)} spatial axes need {len(strides) + 2} axes in both"
    elif x[-1] != kernel[-2] * groups:
        within = "" if groups == 1 else f" in each of {groups} groups"
        reason = f"the input has {x[-1]} channels, the kernel takes {kernel[-2]}{within}"
    elif kernel[-1] % groups:
        reason = f"{kernel[-1]} output channels cannot be divided into {groups} groups"
    elif first.dtype.kind != "f" or second.dtype.kind != "f":
        reason = f"it is defined for floating dtypes, not {first.dtype.name} and {second.dtype.name}"
    else:
        window = _window(kernel, strides, padding, dilation)
        return (x[0], *window.output_size(operation, x), kernel[-1])
    raise OperandError(operation=operation, shapes=[type.shape for type in types], reason=reason)


def _work_arrays(x: Ints, output: Ints, window: Window, kernel: Ints, groups: int, dtype: Any) -> list[ArrayType]:
    if _depthwise(kernel, groups):
        return depthwise_types(x[0], x[1:-1], output[1:-1], x[-1], output[-1], window, dtype)
    return unfold_types(x[0], x[1:-1], output[1:-1], x[-1], window, dtype)


def _infer(x: ArrayType, kernel: ArrayType, **params: Any) -> tuple[ArrayType, ...]:
    shape = _output_shape("conv", x.shape, kernel.shape, (x, kernel), **params)
    return (ArrayType(shape, np.result_type(x.dtype, kernel.dtype)),)


def _bind(
    inputs: Sequence[Array], outputs: Sequence[Array], scratch: Sequence[Array], *, strides: Ints, padding: Padding,
    dilation: Ints, groups: int,
) -> Thunk:  # fmt: skip
    x, output = inputs[0], outputs[0]
    kernel, fill = staged(inputs[1])
    window = _window(kernel.shape, strides, padding, dilation)
    if _depthwise(kernel.shape, groups):
        return _after([fill], bind_depthwise(x, kernel, output, window, scratch))
    unfold = Unfold(x, window, output.shape[1:-1], groups, scratch)
    matrix = _by_group(kernel.reshape(math.prod(kernel.shape[:-1]), kernel.shape[-1]), groups)
    rows = _by_group(output.reshape(math.prod(output.shape[:-1]), output.shape[-1]), groups)
    steps = [(copies, patches, rows[:, samples]) for copies, patches, samples in unfold.steps]

    def convolve() -> None:
        unfold.start()
        for copies, patches, result in steps:
            for target, source in copies:
                np.copyto(target, source)
            np.matmul(patches, matrix, result)

    return _after([fill], convolve)


def _after(fills: Sequence[Thunk | None], compute: Thunk) -> Thunk:
    """``compute`` after what fills its staged operands."""
    needed = [fill for fill in fills if fill is not None]
    if not needed:
        return compute

    def fill_and_compute() -> None:
        for fill in needed:
            fill()
        compute()

    return fill_and_compute


def _by_group(matrix: Array, groups: int) -> Array:
    """(rows, columns) as a view (groups, rows, columns / groups)."""
    return matrix.reshape(matrix.shape[0], groups, matrix.shape[1] // groups).transpose(1, 0, 2)


def _scratch(
    x: ArrayType, kernel: ArrayType, *, strides: Ints, padding: Padding, dilation: Ints, groups: int
) -> list[ArrayType]:
    window = _window(kernel.shape, strides, padding, dilation)
    output = (x.shape[0], *window.output_size("conv", x.shape), kernel.shape[-1])
    return _work_arrays(x.shape, output, window, kernel.shape, groups, np.result_type(x.dtype, kernel.dtype))


def _vjp(cotangents: Any, inputs: Sequence[Any], outputs: Any, **params: Any) -> list[Any]:
    x, kernel = inputs
    g = cotangents[0]
    return [
        _input_gradient(g, kernel, tuple(x.shape), **params),
        apply(conv_kernel_gradient_p, x, g, kernel_shape=tuple(kernel.shape), **params),
    ]


def _input_gradient(
    g: Any, kernel: Any, input_shape: Ints, *, strides: Ints, padding: Padding, dilation: Ints, groups: int
) -> Any:
    """The gradient of the input: with steps of 1 it is a convolution itself, with the kernel turned around.

    That one copies patches of the output's gradient, where the general way adds up patches of the input's. Adding takes
    longer, so that it is chosen unless the output has many more channels, or, without padding, many fewer pixels.
    """
    size = kernel.shape[:-2]
    turned = tuple(
        ((k - 1) * d - low, (k - 1) * d - high) for k, d, (low, high) in zip(size, dilation, padding, strict=True)
    )
    before, after = math.prod(input_shape[1:-1]), math.prod(g.shape[1:-1])
    copied, added = before * g.shape[-1], after * input_shape[-1]
    plain = groups == 1 and math.prod(strides) == 1 and math.prod(size) > 1 and min(map(min, turned)) >= 0
    if not plain or (copied > 1.3 * added and before != after):
        params = {"strides": strides, "padding": padding, "dilation": dilation, "groups": groups}
        return apply(conv_input_gradient_p, g, kernel, input_shape=input_shape, **params)
    around = np.swapaxes(np.flip(kernel, tuple(range(len(size)))), -1, -2)
    # Flattened, it is copied once; as a view it would be for each piece of the work.
    kernel = np.reshape(np.reshape(around, (-1,)), around.shape)
    return apply(conv_p, g, kernel, strides=strides, padding=turned, dilation=dilation, groups=1)


conv_p = Primitive("conv", _infer, _bind, vjp=_vjp, scratch=_scratch)


# --- derivative with respect to the input ----------------------------------------------------------------------------


def _check(operation: str, expected: Ints, g: ArrayType, types: Sequence[ArrayType]) -> None:
    if g.shape != expected:
        reason = f"the gradient of the output must have shape {expected}"
        raise OperandError(operation=operation, shapes=[type.shape for type in types], reason=reason)


def _input_infer(g: ArrayType, kernel: ArrayType, *, input_shape: Ints, **params: Any) -> tuple[ArrayType, ...]:
    name = "conv_input_gradient"
    _check(name, _output_shape(name, input_shape, kernel.shape, (g, kernel), **params), g, (g, kernel))
    return (ArrayType(input_shape, np.result_type(g.dtype, kernel.dtype)),)


def _input_scratch(
    g: ArrayType, kernel: ArrayType, *, input_shape: Ints, strides: Ints, padding: Padding, dilation: Ints, groups: int
) -> list[ArrayType]:
    window = _window(kernel.shape, strides, padding, dilation)
    return _work_arrays(input_shape, g.shape, window, kernel.shape, groups, np.result_type(g.dtype, kernel.dtype))


def _input_bind(
    inputs: Sequence[Array], outputs: Sequence[Array], scratch: Sequence[Array], *, input_shape: Ints, strides: Ints,
    padding: Padding, dilation: Ints, groups: int,
) -> Thunk:  # fmt: skip
    g, fill_g = staged(inputs[0])
    kernel, fill_kernel = staged(inputs[1])
    window = _window(kernel.shape, strides, padding, dilation)
    if _depthwise(kernel.shape, groups):
        spread: Thunk = bind_depthwise_input_gradient(g, kernel, outputs[0], window, scratch)
    else:
        spread = Fold(g, kernel, outputs[0], window, groups, scratch).run
    return _after([fill_g, fill_kernel], spread)


def _input_vjp(cotangents: Any, inputs: Sequence[Any], outputs: Any, *, input_shape: Ints, **params: Any) -> list[Any]:
    g, kernel = inputs
    c = cotangents[0]
    return [
        apply(conv_p, c, kernel, **params),
        apply(conv_kernel_gradient_p, c, g, kernel_shape=tuple(kernel.shape), **params),
    ]


conv_input_gradient_p = Primitive(
    "conv_input_gradient", _input_infer, _input_bind, vjp=_input_vjp, scratch=_input_scratch
)


# --- derivative with respect to the kernel ---------------------------------------------------------------------------


def _kernel_infer(x: ArrayType, g: ArrayType, *, kernel_shape: Ints, **params: Any) -> tuple[ArrayType, ...]:
    name = "conv_kernel_gradient"
    _check(name, _output_shape(name, x.shape, kernel_shape, (x, g), **params), g, (x, g))
    return (ArrayType(kernel_shape, np.result_type(x.dtype, g.dtype)),)


def _kernel_scratch(
    x: ArrayType, g: ArrayType, *, kernel_shape: Ints, strides: Ints, padding: Padding, dilation: Ints, groups: int
) -> list[ArrayType]:
    window = _window(kernel_shape, strides, padding, dilation)
    dtype = np.result_type(x.dtype, g.dtype)
    types = _work_arrays(x.shape, g.shape, window, kernel_shape, groups, dtype)
    if _depthwise(kernel_shape, groups):
        return types
    return [*types, ArrayType((groups, math.prod(kernel_shape[:-1]), kernel_shape[-1] // groups), dtype)]


def _kernel_bind(
    inputs: Sequence[Array], outputs: Sequence[Array], scratch: Sequence[Array], *, kernel_shape: Ints, strides: Ints,
    padding: Padding, dilation: Ints, groups: int,
) -> Thunk:  # fmt: skip
    x, g = inputs
    window = _window(kernel_shape, strides, padding, dilation)
    if _depthwise(kernel_shape, groups):
        return bind_depthwise_kernel_gradient(x, g, outputs[0], window, scratch)
    g, fill = staged(g)
    unfold = Unfold(x, window, g.shape[1:-1], groups, scratch)
    total, part = _by_group(outputs[0].reshape(math.prod(kernel_shape[:-1]), kernel_shape[-1]), groups), scratch[-1]
    rows = _by_group(g.reshape(math.prod(g.shape[:-1]), g.shape[-1]), groups)
    steps = [(copies, patches.transpose(0, 2, 1), rows[:, samples]) for copies, patches, samples in unfold.steps]

    def accumulate() -> None:
        unfold.start()
        total.fill(0)
        for copies, patches, gradient in steps:
            for target, source in copies:
                np.copyto(target, source)
            np.matmul(patches, gradient, part)
            np.add(total, part, total)

    return _after([fill], accumulate)


def _kernel_vjp(
    cotangents: Any, inputs: Sequence[Any], outputs: Any, *, kernel_shape: Ints, **params: Any
) -> list[Any]:
    x, g = inputs
    c = cotangents[0]
    return [
        apply(conv_input_gradient_p, g, c, input_shape=tuple(x.shape), **params),
        apply(conv_p, x, c, **params),
    ]


conv_kernel_gradient_p = Primitive(
    "conv_kernel_gradient", _kernel_infer, _kernel_bind, vjp=_kernel_vjp, scratch=_kernel_scratch
)
