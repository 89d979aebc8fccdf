"""Convolution over any number of spatial axes, and the two linear maps that are its derivatives.

Arrays are (batch, *spatial, channels), kernels (*size, input channels, output channels); as everywhere in deep
learning the kernel is not flipped. Work is cut into chunks of samples whose unfolded patches stay in the cache:
unfold into a reused buffer, multiply, go on.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from kcore.engine.primitive import Primitive, Thunk
from kcore.engine.primitives.windows import Padding, Window, chunk_length, chunks, staged
from kcore.engine.tracing import apply
from kcore.engine.types import Array, ArrayType
from kcore.errors.engine import OperandError

Ints = tuple[int, ...]


def _window(kernel: tuple[int, ...], strides: Ints, padding: Padding, dilation: Ints) -> Window:
    return Window(tuple(kernel[:-2]), strides, padding, dilation)


def _infer(x: ArrayType, kernel: ArrayType, *, strides: Ints, padding: Padding, dilation: Ints) -> Any:
    if len(x.shape) != len(kernel.shape) or len(x.shape) != len(strides) + 2:
        reason = f"{len(strides)} spatial axes need {len(strides) + 2} axes in both"
    elif x.shape[-1] != kernel.shape[-2]:
        reason = f"the input has {x.shape[-1]} channels, the kernel takes {kernel.shape[-2]}"
    elif x.dtype.kind != "f" or kernel.dtype.kind != "f":
        reason = f"it is defined for floating dtypes, not {x.dtype.name} and {kernel.dtype.name}"
    else:
        spatial = _window(kernel.shape, strides, padding, dilation).output_size("conv", x.shape)
        dtype = np.result_type(x.dtype, kernel.dtype)
        return (ArrayType((x.shape[0], *spatial, kernel.shape[-1]), dtype),)
    raise OperandError(operation="conv", shapes=[x.shape, kernel.shape], reason=reason)


def _patches(batch: int, inner: Sequence[int], window: Window, spatial: Sequence[int], dtype: Any) -> list[ArrayType]:
    """Work arrays: unfolded patches of one chunk, and its padded input where there is padding."""
    channels = inner[-1]
    per_sample = math.prod(inner[:-1]) * math.prod(window.size) * channels
    length = chunk_length(batch, per_sample * dtype.itemsize)
    types = [ArrayType((length, *inner[:-1], *window.size, channels), dtype)]
    if window.padded:
        types.append(ArrayType((length, *window.padded_size(spatial), channels), dtype))
    return types


class _Unfold:
    """Fills the patch buffer for one chunk of samples after another; all views are made when it is bound."""

    def __init__(self, x: Array, window: Window, output: Sequence[int], scratch: Sequence[Array]) -> None:
        patches = scratch[0]
        self.rows = math.prod(output)
        self.width = math.prod(window.size) * x.shape[-1]
        self.padded = scratch[1] if window.padded else None
        spatial = x.shape[1:-1]
        self.steps: list[tuple[Array | None, Array, Array, Array, Array, slice]] = []
        for part in chunks(x.shape[0], patches.shape[0]):
            count = part.stop - part.start
            if self.padded is not None:
                source = self.padded[:count]
                inside: Array | None = source[window.interior(spatial)]
            else:
                source, inside = x[part], None
            target = patches[:count]
            matrix = target.reshape(count * self.rows, self.width)
            samples = slice(part.start * self.rows, part.stop * self.rows)
            self.steps.append((inside, x[part], target, window.view(source, output), matrix, samples))

    def start(self) -> None:
        if self.padded is not None:
            self.padded.fill(0)


def _bind(
    inputs: Sequence[Array], outputs: Sequence[Array], scratch: Sequence[Array], *, strides: Any, padding: Any,
    dilation: Any,
) -> Thunk:  # fmt: skip
    x, kernel = inputs
    output = outputs[0]
    window = _window(kernel.shape, strides, padding, dilation)
    unfold = _Unfold(x, window, output.shape[1:-1], scratch)
    weights, fill = staged(kernel)
    matrix = weights.reshape(unfold.width, kernel.shape[-1])
    rows = output.reshape(-1, output.shape[-1])
    steps = [(*step[:5], rows[step[5]]) for step in unfold.steps]

    def convolve() -> None:
        if fill is not None:
            fill()
        unfold.start()
        for inside, samples, target, windows, patches, result in steps:
            if inside is not None:
                np.copyto(inside, samples)
            np.copyto(target, windows)
            np.matmul(patches, matrix, result)

    return convolve


def _scratch(x: ArrayType, kernel: ArrayType, *, strides: Ints, padding: Padding, dilation: Ints) -> list[ArrayType]:
    window = _window(kernel.shape, strides, padding, dilation)
    output = window.output_size("conv", x.shape)
    return _patches(x.shape[0], (*output, x.shape[-1]), window, x.shape[1:-1], np.result_type(x.dtype, kernel.dtype))


def _vjp(cotangents: Any, inputs: Sequence[Any], outputs: Any, **params: Any) -> list[Any]:
    x, kernel = inputs
    g = cotangents[0]
    return [
        apply(conv_input_gradient_p, g, kernel, input_shape=tuple(x.shape), **params),
        apply(conv_kernel_gradient_p, x, g, kernel_shape=tuple(kernel.shape), **params),
    ]


conv_p = Primitive("conv", _infer, _bind, vjp=_vjp, scratch=_scratch)


# --- derivative with respect to the input ----------------------------------------------------------------------------


def _input_infer(g: ArrayType, kernel: ArrayType, *, input_shape: Ints, **params: Any) -> tuple[ArrayType, ...]:
    return (ArrayType(input_shape, np.result_type(g.dtype, kernel.dtype)),)


def _input_scratch(
    g: ArrayType, kernel: ArrayType, *, input_shape: Ints, strides: Ints, padding: Padding, dilation: Ints
) -> list[ArrayType]:
    window = _window(kernel.shape, strides, padding, dilation)
    inner = (*g.shape[1:-1], input_shape[-1])
    return _patches(g.shape[0], inner, window, input_shape[1:-1], np.result_type(g.dtype, kernel.dtype))


def _input_bind(
    inputs: Sequence[Array], outputs: Sequence[Array], scratch: Sequence[Array], *, input_shape: Ints, strides: Ints,
    padding: Padding, dilation: Ints,
) -> Thunk:  # fmt: skip
    g, fill_g = staged(inputs[0])
    kernel, fill_kernel = staged(inputs[1])
    fills = [fill for fill in (fill_g, fill_kernel) if fill is not None]
    output, patches = outputs[0], scratch[0]
    window = _window(kernel.shape, strides, padding, dilation)
    spatial, positions = input_shape[1:-1], g.shape[1:-1]
    matrix = kernel.reshape(-1, kernel.shape[-1]).T
    count_rows = math.prod(positions)
    rows = g.reshape(-1, g.shape[-1])
    steps = []
    for part in chunks(g.shape[0], patches.shape[0]):
        count = part.stop - part.start
        folded = scratch[1][:count] if window.padded else output[part]
        unfolded = patches[:count]
        adds = [
            (folded[window.taps(offset, positions)], unfolded[(slice(None),) * (1 + len(positions)) + offset])
            for offset in window.offsets()
        ]
        inside = folded[window.interior(spatial)] if window.padded else None
        samples = rows[part.start * count_rows : part.stop * count_rows]
        steps.append((samples, unfolded.reshape(count * count_rows, -1), folded, adds, inside, output[part]))

    def fold() -> None:
        for fill in fills:
            fill()
        for samples, products, folded, adds, inside, result in steps:
            np.matmul(samples, matrix, products)
            folded.fill(0)
            for target, source in adds:
                np.add(target, source, target)
            if inside is not None:
                np.copyto(result, inside)

    return fold


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
    return (ArrayType(kernel_shape, np.result_type(x.dtype, g.dtype)),)


def _kernel_scratch(
    x: ArrayType, g: ArrayType, *, kernel_shape: Ints, strides: Ints, padding: Padding, dilation: Ints
) -> list[ArrayType]:
    window = _window(kernel_shape, strides, padding, dilation)
    dtype = np.result_type(x.dtype, g.dtype)
    types = _patches(x.shape[0], (*g.shape[1:-1], x.shape[-1]), window, x.shape[1:-1], dtype)
    return [*types, ArrayType((math.prod(kernel_shape[:-1]), kernel_shape[-1]), dtype)]


def _kernel_bind(
    inputs: Sequence[Array], outputs: Sequence[Array], scratch: Sequence[Array], *, kernel_shape: Ints, strides: Ints,
    padding: Padding, dilation: Ints,
) -> Thunk:  # fmt: skip
    x = inputs[0]
    g, fill = staged(inputs[1])
    window = _window(kernel_shape, strides, padding, dilation)
    unfold = _Unfold(x, window, g.shape[1:-1], scratch)
    total, part = outputs[0].reshape(unfold.width, kernel_shape[-1]), scratch[-1]
    rows = g.reshape(-1, g.shape[-1])
    steps = [(*step[:4], step[4].T, rows[step[5]]) for step in unfold.steps]

    def accumulate() -> None:
        if fill is not None:
            fill()
        unfold.start()
        total.fill(0)
        for inside, samples, target, windows, patches, gradient in steps:
            if inside is not None:
                np.copyto(inside, samples)
            np.copyto(target, windows)
            np.matmul(patches, gradient, part)
            np.add(total, part, total)

    return accumulate


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
