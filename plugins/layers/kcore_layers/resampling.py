"""Layers that make more of their input's rows and columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kcore import Array, Shape, ops
from kcore.layers import InputSpec, Layer
from kcore_layers.arguments import data_format_name, one_of, positive_integers
from kcore_layers.windows import image_shape, spatial_sizes

INTERPOLATIONS = ("nearest", "bilinear")


class UpSampling2D(Layer):
    """Makes images larger by whole factors, by repeating each pixel or by interpolating between pixels.

    Input (batch, rows, columns, channels), output (batch, rows * size[0], columns * size[1], channels); with
    ``"channels_first"`` the channels come right after the batch axis.

    ``"bilinear"`` takes pixels as squares of side 1 and interpolates between their centres: along an axis of n
    pixels, output i is at p = (i + 1/2) / size - 1/2, and is x[floor(p)] * (1 - f) + x[floor(p) + 1] * f with
    f = p - floor(p); beyond the edge pixels' centres, the edge pixel. These are the numbers of Keras on
    TensorFlow 2, and of Keras 3; with TensorFlow 1, Keras interpolated from the pixels' corners.

    Args:
        size: the factors: an integer, or one for rows and one for columns.
        data_format: ``"channels_last"`` or ``"channels_first"``; ``kcore.image_data_format()`` by default.
        interpolation: ``"nearest"`` or ``"bilinear"``.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: an argument outside the values above.
        LayerInputError: the input has not four axes.

    Example:
        >>> import numpy as np
        >>> UpSampling2D((1, 2))(np.array([[[[1.0], [2.0]]]])).ravel().tolist()
        [1.0, 1.0, 2.0, 2.0]
        >>> UpSampling2D((1, 2), interpolation="bilinear")(np.array([[[[1.0], [2.0]]]])).ravel().tolist()
        [1.0, 1.25, 1.75, 2.0]
    """

    def __init__(
        self,
        size: int | Sequence[int] = (2, 2),
        data_format: str | None = None,
        interpolation: str = "nearest",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.size = positive_integers("UpSampling2D", "size", size, 2)
        self.data_format = data_format_name("UpSampling2D", data_format)
        self.interpolation = one_of("UpSampling2D", "interpolation", interpolation, INTERPOLATIONS)
        self.input_spec = InputSpec(ndim=4)

    def call(self, inputs: Array) -> Array:
        """(batch, rows, columns, channels) -> (batch, new rows, new columns, channels), or channels first."""
        first = 1 if self.data_format == "channels_last" else 2
        result: Any = inputs
        if self.interpolation == "nearest":
            for axis, factor in enumerate(self.size, first):
                result = np.repeat(result, factor, axis=axis) if factor > 1 else result
            return result  # type: ignore[no-any-return]
        result = result if result.dtype.kind == "f" else ops.cast(result, self.dtype)
        for axis, factor in enumerate(self.size, first):
            result = _interpolated(result, axis, factor) if factor > 1 else result
        return result  # type: ignore[no-any-return]

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        lengths = spatial_sizes(input_shape, self.data_format)
        sizes = [None if n is None else n * factor for n, factor in zip(lengths, self.size, strict=True)]
        channels = input_shape[-1] if self.data_format == "channels_last" else input_shape[1]
        return image_shape(input_shape[0], sizes, channels, self.data_format)


def _interpolated(x: Any, axis: int, factor: int) -> Any:
    """``x`` with ``factor`` times as many elements along ``axis``: one matrix product with the linear map."""
    n = x.shape[axis]
    places = np.clip((np.arange(n * factor) + 0.5) / factor - 0.5, 0, max(n - 1, 0))
    # The hat functions around the centres of the old pixels.
    weights = np.maximum(1 - np.abs(places[:, None] - np.arange(n)), 0).astype(x.dtype)
    before, after = x.shape[:axis], x.shape[axis + 1 :]
    flat = np.reshape(x, (*before, n, int(np.prod(after))))
    return np.reshape(weights @ flat, (*before, n * factor, *after))
