"""Shapes of what slides over spatial axes: convolution and pooling."""

from __future__ import annotations

from collections.abc import Sequence

from kcore import Shape
from kcore.layers import Layer

AXES = {1: ("steps",), 2: ("rows", "columns"), 3: ("planes", "rows", "columns")}
"""What the spatial axes are called, by their number."""


def output_length(length: int | None, window: int, stride: int, padding: str, dilation: int = 1) -> int | None:
    """How many windows fit along one axis; ``None`` for an unknown length, 0 or less where not even one fits.

    ``"valid"``: floor((length - extent) / stride) + 1, extent being (window - 1) * dilation + 1.
    ``"same"`` and ``"causal"``: ceil(length / stride).
    """
    if length is None:
        return None
    if padding in ("same", "causal"):
        return -(-length // stride)
    return (length - (window - 1) * dilation - 1) // stride + 1


def spatial_sizes(shape: Shape, data_format: str) -> Shape:
    """The sizes of the spatial axes of a shape with batch and channels."""
    return tuple(shape[1:-1] if data_format == "channels_last" else shape[2:])


def image_shape(batch: int | None, spatial: Sequence[int | None], channels: int | None, data_format: str) -> Shape:
    """The shape with these sizes in the layout ``data_format``."""
    if data_format == "channels_last":
        return (batch, *spatial, channels)
    return (batch, channels, *spatial)


def windowed_shape(
    layer: Layer,
    input_shape: Shape,
    channels: int | None,
    *,
    size: Sequence[int],
    strides: Sequence[int],
    padding: str,
    data_format: str,
    dilation: Sequence[int] | None = None,
    what: str,
) -> Shape:
    """The shape of what ``layer`` makes of an input by sliding a window over it.

    Args:
        layer: for the error.
        input_shape: in the layout ``data_format``.
        channels: of the output.
        size, strides, padding, dilation: of the window.
        what: the window does not fit into a smaller input than; such as "the size of its window".

    Raises:
        LayerInputError: not one window fits.
    """
    spread = (1,) * len(size) if dilation is None else dilation
    lengths = spatial_sizes(input_shape, data_format)
    sizes = [
        output_length(length, window, stride, padding, distance)
        for length, window, stride, distance in zip(lengths, size, strides, spread, strict=True)
    ]
    if any(found is not None and found < 1 for found in sizes):
        extents = [(window - 1) * distance + 1 for window, distance in zip(size, spread, strict=True)]
        needed = " and ".join(f"{n} {axis}" for n, axis in zip(extents, AXES[len(extents)], strict=True))
        layer.refuse_input(f"at least {needed} ({data_format}), {what}", input_shape)
    return image_shape(input_shape[0], sizes, channels, data_format)
