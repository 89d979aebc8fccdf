"""Pooling layers: one number for each window."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kcore import Array, Shape, ops
from kcore.layers import InputSpec, Layer
from kcore_layers.arguments import data_format_name, padding_name, positive_integers
from kcore_layers.windows import image_shape, spatial_sizes, windowed_shape


class MaxPooling2D(Layer):
    """The largest number of each window of rows and columns, for each channel on its own.

    y[b, i, j, c] = max over m, n of x[b, i * stride + m, j * stride + n, c]. Where several entries of a
    window are largest, the gradient goes to the first of them in row-major order.

    Input (batch, rows, columns, channels), output (batch, new rows, new columns, channels); with
    ``"channels_first"`` the channels come right after the batch axis.

    Args:
        pool_size: of the window: an integer, or one for rows and one for columns.
        strides: steps of the window, in the same form; ``pool_size`` by default.
        padding: ``"valid"``, only whole windows: floor((n - size) / stride) + 1 of them; or ``"same"``,
            windows may reach over the edge: ceil(n / stride) of them; what is beyond the edge never wins.
        data_format: ``"channels_last"`` or ``"channels_first"``; ``kcore.image_data_format()`` by default.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: an argument outside the values above.
        LayerInputError: the input has not four axes, or is smaller than the window.

    Example:
        >>> import numpy as np
        >>> x = np.arange(16.0).reshape(1, 4, 4, 1)
        >>> MaxPooling2D()(x)[0, :, :, 0].tolist()
        [[5.0, 7.0], [13.0, 15.0]]
    """

    def __init__(
        self,
        pool_size: int | Sequence[int] = (2, 2),
        strides: int | Sequence[int] | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.pool_size = positive_integers("MaxPooling2D", "pool_size", pool_size, 2)
        self.strides = self.pool_size if strides is None else positive_integers("MaxPooling2D", "strides", strides, 2)
        self.padding = padding_name("MaxPooling2D", padding)
        self.data_format = data_format_name("MaxPooling2D", data_format)
        self.input_spec = InputSpec(ndim=4)

    def call(self, inputs: Array) -> Array:
        """(batch, rows, columns, channels) -> (batch, new rows, new columns, channels), or channels first."""
        self.compute_output_shape(inputs.shape)
        return ops.max_pool(
            inputs,
            size=self.pool_size,
            strides=self.strides,
            padding=self.padding,
            data_format=self.data_format,
        )

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return windowed_shape(
            self,
            input_shape,
            input_shape[-1] if self.data_format == "channels_last" else input_shape[1],
            size=self.pool_size,
            strides=self.strides,
            padding=self.padding,
            data_format=self.data_format,
            what="the size of its window",
        )


class GlobalMaxPooling1D(Layer):
    """The largest number of all steps, for each channel on its own.

    y[b, c] = max over t of x[b, t, c]. Steps that tie share the gradient evenly, as in Keras and PyTorch.

    Input (batch, steps, channels), output (batch, channels); with ``"channels_first"`` the input is (batch,
    channels, steps).

    Args:
        data_format: ``"channels_last"`` or ``"channels_first"``; ``None`` is ``"channels_last"``.
        keepdims: whether the axis of the steps stays, with size 1.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: an argument outside the values above.
        LayerInputError: the input has not three axes, or no steps.

    Example:
        >>> import numpy as np
        >>> x = np.array([[[1.0, 8.0], [3.0, 2.0]]])
        >>> GlobalMaxPooling1D()(x).tolist()
        [[3.0, 8.0]]
    """

    def __init__(self, data_format: str | None = None, *, keepdims: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = data_format_name(
            "GlobalMaxPooling1D", "channels_last" if data_format is None else data_format
        )
        self.keepdims = bool(keepdims)
        self.input_spec = InputSpec(ndim=3)

    def call(self, inputs: Array) -> Array:
        """(batch, steps, channels) -> (batch, channels), or channels first."""
        self.compute_output_shape(inputs.shape)
        axis = 1 if self.data_format == "channels_last" else 2
        return np.max(inputs, axis=axis, keepdims=self.keepdims)  # type: ignore[no-any-return]

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        (steps,) = spatial_sizes(input_shape, self.data_format)
        if steps == 0:
            self.refuse_input(f"at least 1 step ({self.data_format})", input_shape)
        channels = input_shape[-1] if self.data_format == "channels_last" else input_shape[1]
        return image_shape(input_shape[0], (1,) * self.keepdims, channels, self.data_format)
