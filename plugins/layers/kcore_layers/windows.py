"""Shapes of what slides over spatial axes: convolution and pooling."""

from __future__ import annotations

from collections.abc import Sequence

from kcore import Shape


def output_length(length: int | None, window: int, stride: int, padding: str, dilation: int = 1) -> int | None:
    """How many windows fit along one axis; ``None`` for an unknown length, 0 or less where not even one fits.

    ``"valid"``: floor((length - extent) / stride) + 1, extent being (window - 1) * dilation + 1.
    ``"same"``: ceil(length / stride).
    """
    if length is None:
        return None
    if padding == "same":
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
