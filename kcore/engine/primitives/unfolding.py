"""Unfolding images into patches and folding patches into images, chunk by chunk in the cache.

NumPy copies and adds fastest along long contiguous runs. With many channels a patch lies pixel by pixel,
(pixels, window * channels), as a row of the window is one run. With few channels such a run is a few numbers long;
there patches lie in planes, (window * channels, pixels), whose runs are as long as a row of the output, and the
matrix product takes the transposed matrix at the same speed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from kcore.engine.primitives.windows import Window, chunk_length, chunks
from kcore.engine.types import Array, ArrayType

SHORT_RUN = 12
"""Contiguous elements of a patch up to which planes are faster; measured with channels from 1 to 16."""


def _planes(run: int, output: Sequence[int]) -> bool:
    return run <= SHORT_RUN and output[-1] >= run


def unfold_types(
    batch: int, spatial: Sequence[int], output: Sequence[int], channels: int, window: Window, dtype: Any
) -> list[ArrayType]:
    """Work arrays of ``Unfold`` and ``Fold``: patches of one chunk, and its padded images where there is padding."""
    per_sample = math.prod(output) * math.prod(window.size) * channels
    length = chunk_length(batch, per_sample * dtype.itemsize)
    types = [ArrayType((length * per_sample,), dtype)]
    if window.padded:
        types.append(ArrayType((length, *window.padded_size(spatial), channels), dtype))
    return types


class Unfold:
    """Fills the patches for one chunk of samples after another; all views are made when it is bound.

    Attributes:
        steps: per chunk (copies to make in this order as (target, source), matrix of patches as
            (groups, pixels, window * channels / groups), slice of the pixels of the whole batch).
    """

    def __init__(self, x: Array, window: Window, output: Sequence[int], groups: int, scratch: Sequence[Array]) -> None:
        patches, channels = scratch[0], x.shape[-1]
        spatial, pixels, width = x.shape[1:-1], math.prod(output), math.prod(window.size) * channels
        self.padded = scratch[1] if window.padded else None
        self.steps: list[tuple[list[tuple[Array, Array]], Array, slice]] = []
        if window.pointwise and x.flags.c_contiguous:
            matrix = x.reshape(x.shape[0] * pixels, groups, channels // groups).transpose(1, 0, 2)
            self.steps.append(([], matrix, slice(None)))
            return
        run = channels if groups == 1 else channels // groups
        if groups == 1 and window.dilation[-1] == 1:
            run *= window.size[-1]
        planes = _planes(run, output)
        axes = len(output)
        batch, image = (0, *range(1, axes + 1)), (*range(axes + 1, 2 * axes + 1), 2 * axes + 2)
        order = (2 * axes + 1, *image, *batch) if planes else (2 * axes + 1, *batch, *image)
        for part in chunks(x.shape[0], chunk_length(x.shape[0], pixels * width * patches.itemsize)):
            count = part.stop - part.start
            copies: list[tuple[Array, Array]] = []
            source = x[part]
            if self.padded is not None:
                copies.append((self.padded[:count][window.interior(spatial)], source))
                source = self.padded[:count]
            windows = window.view(source, output, groups).transpose(order)
            flat = patches[: count * pixels * width]
            copies.append((flat.reshape(windows.shape), windows))
            if planes:
                matrix = flat.reshape(groups, width // groups, count * pixels).transpose(0, 2, 1)
            else:
                matrix = flat.reshape(groups, count * pixels, width // groups)
            self.steps.append((copies, matrix, slice(part.start * pixels, part.stop * pixels)))

    def start(self) -> None:
        """To be called before the first chunk of every run."""
        if self.padded is not None:
            self.padded.fill(0)


class Fold:
    """The transpose: multiplies the pixels of ``g`` with the kernel and adds the patches up to images.

    Attributes:
        steps: per chunk (left matrix, right matrix, their product, images to add up in, (target, source) to add,
            (target, source) to copy out of the padding in the end).
    """

    def __init__(
        self, g: Array, kernel: Array, output: Array, window: Window, groups: int, scratch: Sequence[Array]
    ) -> None:
        patches, positions, spatial = scratch[0], g.shape[1:-1], output.shape[1:-1]
        taps, pixels = math.prod(window.size), math.prod(positions)
        channels, filters = output.shape[-1], g.shape[-1]
        inner, outer = channels // groups, filters // groups
        rows = g.reshape(g.shape[0] * pixels, groups, outer).transpose(1, 0, 2)
        by_tap = kernel.reshape(taps, inner, groups, outer).transpose(0, 2, 3, 1)
        by_plane = kernel.reshape(taps * inner, groups, outer).transpose(1, 0, 2)
        self.steps: list[tuple[Array, Array, Array, Array | None, list[tuple[Array, Array]], Any]] = []
        product: Array
        if window.pointwise:
            product = output.reshape(g.shape[0] * pixels, groups, inner).transpose(1, 0, 2)
            self.steps.append((rows, by_tap[0], product, None, [], None))
            return
        # Adds are dearer than copies: a run must be longer before they prefer planes.
        planes = _planes(4 * channels, positions)
        length = chunk_length(g.shape[0], pixels * taps * channels * patches.itemsize)
        for part in chunks(g.shape[0], length):
            count = part.stop - part.start
            folded = scratch[1][:count] if window.padded else output[part]
            flat = patches[: count * pixels * taps * channels]
            samples = rows[:, part.start * pixels : part.stop * pixels]
            targets = [folded[window.taps(offset, positions)] for offset in window.offsets()]
            if planes:
                left, right = by_plane, samples.transpose(0, 2, 1)
                product = flat.reshape(groups, taps * inner, count * pixels)
                shares = flat.reshape(groups, taps, inner, count, *positions)
                adds = [
                    (targets[tap][..., group * inner + channel], shares[group, tap, channel])
                    for group, tap, channel in np.ndindex(groups, taps, inner)
                ]
            else:
                left, right = samples[None], by_tap
                product = flat.reshape(taps, count * pixels, groups, inner).transpose(0, 2, 1, 3)
                adds = list(zip(targets, flat.reshape(taps, count, *positions, channels), strict=True))
            inside = (output[part], folded[window.interior(spatial)]) if window.padded else None
            self.steps.append((left, right, product, folded, adds, inside))

    def run(self) -> None:
        for left, right, product, folded, adds, inside in self.steps:
            np.matmul(left, right, product)
            if folded is not None:
                folded.fill(0)
            for target, source in adds:
                np.add(target, source, target)
            if inside is not None:
                np.copyto(*inside)
