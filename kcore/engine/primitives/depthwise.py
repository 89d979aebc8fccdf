"""Kernels of depthwise convolution: every group has one input channel.

There the matrix products of a convolution would have one column. Instead each element of the window is a multiply and
an add of whole images, a chunk of samples in the cache at a time. With several filters for each channel the channels
are repeated first.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from kcore.engine.primitive import Thunk
from kcore.engine.primitives.windows import Window, chunk_length, chunks
from kcore.engine.types import Array, ArrayType

LONG_RUN = 1024
"""Filters from which on a pixel is a run long enough; below it the kernel is repeated along a row of pixels."""


def depthwise_types(
    batch: int, spatial: Sequence[int], output: Sequence[int], channels: int, filters: int, window: Window, dtype: Any
) -> list[ArrayType]:
    """Work arrays: products of one chunk, the kernel repeated along a row, and staged images where they are needed."""
    length = chunk_length(batch, math.prod(output) * filters * dtype.itemsize)
    types = [
        ArrayType((length, *output, filters), dtype),
        ArrayType((math.prod(window.size), _repeats(window, output, filters), filters), dtype),
    ]
    if window.padded or filters != channels:
        types.append(ArrayType((length, *window.padded_size(spatial), filters), dtype))
    return types


def _repeats(window: Window, output: Sequence[int], filters: int) -> int:
    return output[-1] if filters < LONG_RUN else 1


class _Images:
    """Images with a channel for each filter and with padding, staged where they are not like this already."""

    def __init__(self, images: Array, window: Window, filters: int, scratch: Sequence[Array]) -> None:
        self.staging = scratch[2] if len(scratch) > 2 else None
        self.images, self.window, self.filters = images, window, filters
        self.length = scratch[0].shape[0]
        # Short strided runs are copied faster than they are multiplied.
        self.gathered = window.strides[-1] > 1 and filters < LONG_RUN

    def parts(self) -> list[tuple[slice, Array, list[tuple[Array, Array]]]]:
        """Per chunk: its slice, padded images, (view of the staging, images) for each filter of a channel."""
        found: list[tuple[slice, Array, list[tuple[Array, Array]]]] = []
        for part in chunks(self.images.shape[0], self.length):
            images = self.images[part]
            if self.staging is None:
                found.append((part, images, []))
                continue
            staged = self.staging[: part.stop - part.start]
            inside = staged[self.window.interior(images.shape[1:-1])]
            channels = images.shape[-1]
            # Splitting the contiguous last axis gives a view.
            split = inside.reshape(*inside.shape[:-1], channels, self.filters // channels, copy=False)
            found.append((part, staged, [(split[..., i], images) for i in range(split.shape[-1])]))
        return found


def bind_depthwise(x: Array, kernel: Array, output: Array, window: Window, scratch: Sequence[Array]) -> Thunk:
    """The convolution."""
    filters = output.shape[-1]
    products, weights = scratch[:2]
    source = _Images(x, window, filters, scratch)
    values = kernel.reshape(-1, 1, filters)
    steps = []
    gathered = source.gathered
    for part, images, copies in source.parts():
        result, product = output[part], products[: part.stop - part.start]
        taps = [images[window.taps(offset, output.shape[1:-1])] for offset in window.offsets()]
        pairs = [(tap, product if gathered else tap, weight) for tap, weight in zip(taps, weights, strict=True)]
        steps.append((copies, result, product, pairs))

    def convolve() -> None:
        np.copyto(weights, values)
        if source.staging is not None:
            source.staging.fill(0)
        for copies, result, product, pairs in steps:
            for target, original in copies:
                np.copyto(target, original)
            total = None
            for tap, element, weight in pairs:
                if element is product:
                    np.copyto(product, tap)
                np.multiply(element, weight, result if total is None else product)
                if total is not None:
                    np.add(total, product, total)
                total = result

    return convolve


def bind_depthwise_input_gradient(
    g: Array, kernel: Array, output: Array, window: Window, scratch: Sequence[Array]
) -> Thunk:
    """The gradient of the input: every product goes back to where the window saw its element."""
    filters = g.shape[-1]
    products, weights = scratch[:2]
    values = kernel.reshape(-1, 1, filters)
    steps = []
    for part, images, copies in _Images(output, window, filters, scratch).parts():
        taps = [images[window.taps(offset, g.shape[1:-1])] for offset in window.offsets()]
        pairs = list(zip(taps, weights, strict=True))
        shares = [staged for staged, _ in copies]
        steps.append((g[part], products[: part.stop - part.start], images, pairs, shares, output[part]))

    def spread() -> None:
        np.copyto(weights, values)
        for gradient, product, images, pairs, shares, result in steps:
            images.fill(0)
            for target, weight in pairs:
                np.multiply(gradient, weight, product)
                np.add(target, product, target)
            if shares:
                np.copyto(result, shares[0])
            for share in shares[1:]:
                np.add(result, share, result)

    return spread


def bind_depthwise_kernel_gradient(
    x: Array, g: Array, output: Array, window: Window, scratch: Sequence[Array]
) -> Thunk:
    """The gradient of the kernel: the products summed over batch and pixels, as a matrix product with ones."""
    filters = g.shape[-1]
    products, sums = scratch[0], scratch[1][:, :1]
    source = _Images(x, window, filters, scratch)
    total = output.reshape(-1, 1, filters)
    pixels = math.prod(g.shape[1:-1])
    gathered = source.gathered
    ones = np.ones((1, products.shape[0] * pixels), g.dtype)
    steps = []
    for part, images, copies in source.parts():
        count = part.stop - part.start
        product = products[:count]
        taps = [images[window.taps(offset, g.shape[1:-1])] for offset in window.offsets()]
        rows = product.reshape(count * pixels, filters)
        steps.append((copies, g[part], product, ones[:, : count * pixels], rows, taps))

    def accumulate() -> None:
        total.fill(0)
        if source.staging is not None:
            source.staging.fill(0)
        for copies, gradient, product, one, rows, taps in steps:
            for target, original in copies:
                np.copyto(target, original)
            for tap, partial in zip(taps, sums, strict=True):
                if gathered:
                    np.copyto(product, tap)
                np.multiply(product if gathered else tap, gradient, product)
                np.matmul(one, rows, partial)
            np.add(total, sums, total)

    return accumulate
