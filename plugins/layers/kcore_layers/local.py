"""Locally connected layers: convolutions whose kernel is another one at each position."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from kcore import Array, Shape, Variable, constraints, initializers, regularizers
from kcore.errors import InvalidArgumentError
from kcore.layers import InputSpec
from kcore_layers.arguments import positive_integer
from kcore_layers.sliding import SlidingKernel
from kcore_layers.windows import AXES, spatial_sizes


class LocallyConnected(SlidingKernel):
    """What the locally connected layers share: arguments, weights, and one matrix product for each position."""

    paddings = ("valid",)

    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = 1,
        padding: str = "valid",
        data_format: str | None = None,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        implementation: int = 1,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            kernel_size=kernel_size,
            strides=strides,
            padding=padding,
            data_format=data_format,
            dilation_rate=1,
            activation=activation,
            use_bias=use_bias,
            bias_initializer=bias_initializer,
            bias_regularizer=bias_regularizer,
            bias_constraint=bias_constraint,
            activity_regularizer=activity_regularizer,
            **kwargs,
        )
        kind = type(self).__name__
        self.filters = positive_integer(kind, "filters", filters)
        if implementation != 1 or isinstance(implementation, bool):
            raise InvalidArgumentError(
                component=kind,
                argument="implementation",
                value=implementation,
                allowed="1; the kernels of Keras's implementations 2 and 3 have other shapes",
            )
        self.implementation = 1
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)

    def build(self, input_shape: Shape) -> None:
        channels: Any = input_shape[self.channel_axis]
        lengths = spatial_sizes(input_shape, self.data_format)
        if channels is None or None in lengths:
            names = ", ".join(AXES[self.rank])
            self.refuse_input(f"known sizes of all axes ({names}, channels), on which its weights depend", input_shape)
        output: Any = spatial_sizes(self.compute_output_shape(input_shape), self.data_format)
        self.kernel: Variable = self.add_weight(
            "kernel",
            (math.prod(output), math.prod(self.kernel_size) * channels, self.filters),
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.add_bias(*output, self.filters)
        sizes: dict[int, Any] = {axis: size for axis, size in enumerate(input_shape) if axis > 0}
        self.input_spec = InputSpec(ndim=self.rank + 2, axes=sizes)

    def convolve(self, x: Any) -> Array:
        first = self.data_format == "channels_first"
        output: Any = spatial_sizes(self.compute_output_shape(x.shape), self.data_format)
        # What each element of the window sees at all positions, in the layout of the input.
        taps = []
        for offset in np.ndindex(*self.kernel_size):
            seen = tuple(
                slice(at, at + (count - 1) * stride + 1, stride)
                for at, count, stride in zip(offset, output, self.strides, strict=True)
            )
            taps.append(x[(slice(None), slice(None), *seen) if first else (slice(None), *seen)])
        # As in Keras, the kernel has the elements of a window in the order of the input's layout.
        window = np.stack(taps, axis=2 if first else -2)
        batch, (positions, length, _) = x.shape[0], self.kernel.shape
        if first:
            window = np.moveaxis(np.reshape(window, (batch, length, positions)), -1, 0)
        else:
            window = np.moveaxis(np.reshape(window, (batch, positions, length)), 0, 1)
        result = np.matmul(window, self.kernel)
        axes = (1, 2, 0) if first else (1, 0, 2)
        shape = (batch, self.filters, *output) if first else (batch, *output, self.filters)
        return np.reshape(np.transpose(result, axes), shape)

    def with_bias(self, result: Any) -> Any:
        if self.bias is None:
            return result
        bias: Any = self.bias
        if self.data_format == "channels_first":
            # Keras 2 reads the numbers in their order as (filters, *output), whatever the shape says.
            bias = np.reshape(bias, (self.filters, *bias.shape[:-1]))
        return result + bias

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return self.windowed(input_shape, self.filters)


class LocallyConnected1D(LocallyConnected):
    """Like ``Conv1D``, with a kernel and a bias of its own for each step of the output.

    y[b, i, f] = activation(bias[i, f] + sum over m, c of x[b, i * stride + m, c] * kernel[i, m * channels + c, f]).

    Input (batch, steps, channels) with a fixed number of steps, output (batch, new steps, filters), new steps =
    floor((steps - kernel_size) / stride) + 1; with ``"channels_first"`` the channels and the filters come right after
    the batch axis. Weights, as of Keras 2: ``kernel`` (new steps, kernel_size * channels, filters), of which the
    middle axis runs over the window in the order of the input's layout (with ``"channels_first"`` c * kernel_size +
    m), then ``bias`` (new steps, filters); with ``"channels_first"`` Keras 2 takes its numbers in their order as
    (filters, new steps), and so do we. The input is converted to the layer's dtype.

    Args:
        filters: number of output channels.
        kernel_size: number of steps in the window.
        strides: steps of the window.
        padding: ``"valid"``, only whole windows.
        data_format: ``"channels_last"`` or ``"channels_first"``; ``None`` is ``"channels_last"``, as for ``Conv1D``.
        activation: a function of an array, or its name; ``None`` is linear.
        use_bias: whether a bias is added.
        kernel_initializer, bias_initializer: of the weights' first values.
        kernel_regularizer, bias_regularizer: penalties on the weights, added to the loss.
        activity_regularizer: a penalty on the output, added to the loss.
        kernel_constraint, bias_constraint: projections after each update.
        implementation: 1. The others of Keras 2 compute the same from weights of other shapes.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: an argument outside the values above.
        LayerInputError: the input has not three axes, an unknown size, other sizes than at the first call, or is
            shorter than the window.

    Example:
        >>> import numpy as np
        >>> layer = LocallyConnected1D(8, 3)
        >>> layer(np.zeros((2, 10, 4), "float32")).shape
        (2, 8, 8)
        >>> [weight.shape for weight in layer.weights]
        [(8, 12, 8), (8, 8)]
    """

    rank = 1
    default_data_format = "channels_last"


class LocallyConnected2D(LocallyConnected):
    """Like ``Conv2D``, with a kernel and a bias of its own for each pixel of the output.

    y[b, i, j, f] = activation(bias[i, j, f] + sum over m, n, c of x[b, i * stride + m, j * stride + n, c] *
    kernel[i * new columns + j, (m * kernel columns + n) * channels + c, f]).

    Input (batch, rows, columns, channels) of a fixed size, output (batch, new rows, new columns, filters), for each
    axis floor((n - k) / stride) + 1; with ``"channels_first"`` the channels and the filters come right after the
    batch axis. Weights, as of Keras 2: ``kernel`` (new rows * new columns, kernel rows * kernel columns * channels,
    filters), of which the middle axis runs over the window in the order of the input's layout (with
    ``"channels_first"`` the channels are outermost), then ``bias`` (new rows, new columns, filters); with
    ``"channels_first"`` Keras 2 takes its numbers in their order as (filters, new rows, new columns), and so do we.
    The input is converted to the layer's dtype.

    Args:
        filters: number of output channels.
        kernel_size: of the window: an integer, or one for rows and one for columns.
        strides: steps of the window, in the same form.
        padding: ``"valid"``, only whole windows.
        data_format: ``"channels_last"`` or ``"channels_first"``; ``kcore.image_data_format()`` by default.
        activation: a function of an array, or its name; ``None`` is linear.
        use_bias: whether a bias is added.
        kernel_initializer, bias_initializer: of the weights' first values.
        kernel_regularizer, bias_regularizer: penalties on the weights, added to the loss.
        activity_regularizer: a penalty on the output, added to the loss.
        kernel_constraint, bias_constraint: projections after each update.
        implementation: 1. The others of Keras 2 compute the same from weights of other shapes.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: an argument outside the values above.
        LayerInputError: the input has not four axes, an unknown size, other sizes than at the first call, or is
            smaller than the window.

    Example:
        >>> import numpy as np
        >>> layer = LocallyConnected2D(8, 3)
        >>> layer(np.zeros((2, 6, 5, 4), "float32")).shape
        (2, 4, 3, 8)
        >>> [weight.shape for weight in layer.weights]
        [(12, 36, 8), (4, 3, 8)]
    """

    rank = 2
