"""Convolution with a kernel of its own at every place."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from kcore.backend.tensors import layout_of, rank_of, sizes_of, tensor
from kcore.errors.engine import OperandError

Ints = int | Sequence[int]


def local_conv1d(inputs: Any, kernel: Any, kernel_size: Ints, strides: Ints, data_format: str | None = None) -> Any:
    """A kernel of its own for every window of steps, without padding.

    Args:
        inputs: (batch, steps, channels).
        kernel: (windows, size * channels, filters), the elements of a window in the order of ``inputs``.
        kernel_size, strides: of the windows.
        data_format: ``"channels_last"`` or ``"channels_first"``; ``kcore.image_data_format()`` by default.

    Returns:
        (batch, windows, filters), or (batch, filters, windows) with channels first.

    Raises:
        OperandError: the kernel is not of that shape.
        InvalidArgumentError: another argument is none of these.
    """
    return _local("local_conv1d", 1, inputs, kernel, kernel_size, strides, None, data_format)


def local_conv2d(
    inputs: Any,
    kernel: Any,
    kernel_size: Ints,
    strides: Ints,
    output_shape: Sequence[int] | None = None,
    data_format: str | None = None,
) -> Any:
    """A kernel of its own for every window of rows and columns, without padding.

    Args:
        inputs: (batch, rows, columns, channels).
        kernel: (windows, rows * columns * channels of a window, filters); with channels first the elements of a window
            are in the order channels, rows, columns.
        kernel_size, strides: of the windows.
        output_shape: how many rows and columns of windows there are; found from the others by default.
        data_format: as for ``local_conv1d``.

    Returns:
        (batch, rows of windows, columns of windows, filters), or channels first.
    """
    return _local("local_conv2d", 2, inputs, kernel, kernel_size, strides, output_shape, data_format)


def _local(
    function: str, axes: int, inputs: Any, kernel: Any, kernel_size: Ints, strides: Ints,
    output_shape: Sequence[int] | None, data_format: str | None,
) -> Any:  # fmt: skip
    x, kernel, layout = tensor(inputs), tensor(kernel), layout_of(function, data_format)
    rank_of(function, "inputs", x, (axes + 2,), f"batch, {axes} spatial ones and channels")
    size, steps = sizes_of(function, "kernel_size", kernel_size, axes), sizes_of(function, "strides", strides, axes)
    images = x if layout == "channels_last" else np.moveaxis(x, 1, -1)
    batch, *spatial, channels = images.shape
    counts = [(length - k) // s + 1 for length, k, s in zip(spatial, size, steps, strict=True)]
    given = counts if output_shape is None else [int(count) for count in output_shape]
    length = math.prod(size) * channels
    fits = given == counts and all(count >= 1 for count in counts)
    if not fits or kernel.ndim != 3 or tuple(kernel.shape[:2]) != (math.prod(counts), length):
        reason = f"it makes {counts} windows of {length} elements, for a kernel (windows, elements, filters)"
        raise OperandError(operation=f"kcore.backend.{function}", shapes=[x.shape, kernel.shape], reason=reason)
    taps = [
        images[
            (
                slice(None),
                *(
                    slice(o, o + s * (count - 1) + 1, s)
                    for o, s, count in zip(offset, steps, counts, strict=True)
                ),
            )
        ]
        for offset in itertools.product(*map(range, size))
    ]  # fmt: skip
    # (batch, windows, elements); with channels first the channels come before the places in a window.
    patches = np.stack(taps, axis=-2 if layout == "channels_last" else -1)
    rows = np.moveaxis(np.reshape(patches, (batch, math.prod(counts), length)), 1, 0)
    found = np.reshape(np.moveaxis(rows @ kernel, 0, 1), (batch, *counts, kernel.shape[2]))
    return found if layout == "channels_last" else np.moveaxis(found, -1, 1)
