"""Transposed convolution layers: the kernel is put down for each pixel of the input, and what overlaps is added."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kcore import Array, Shape, Variable, constraints, initializers, ops, regularizers
from kcore.errors import InvalidArgumentError
from kcore_layers.arguments import integers_from, positive_integer
from kcore_layers.sliding import SlidingKernel
from kcore_layers.windows import AXES, image_shape, spatial_sizes


class TransposedConvolution(SlidingKernel):
    """What the transposed convolutions share: arguments, weights, shapes."""

    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = 1,
        padding: str = "valid",
        output_padding: int | Sequence[int] | None = None,
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            kernel_size=kernel_size,
            strides=strides,
            padding=padding,
            data_format=data_format,
            dilation_rate=dilation_rate,
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
        self.output_padding: tuple[int, ...] | None = None
        if output_padding is not None:
            self.output_padding = integers_from(0, kind, "output_padding", output_padding, self.rank)
            if any(extra >= stride for extra, stride in zip(self.output_padding, self.strides, strict=True)):
                raise InvalidArgumentError(
                    component=kind,
                    argument="output_padding",
                    value=output_padding,
                    allowed="None, or integers below the strides",
                    found=f"strides={self.strides}",
                )
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)

    def build(self, input_shape: Shape) -> None:
        channels: Any = input_shape[self.channel_axis]
        self.kernel: Variable = self.add_weight(
            "kernel",
            (*self.kernel_size, self.filters, channels),
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.add_bias(self.filters)
        self.fix_channels(channels)

    def convolve(self, x: Array) -> Array:
        kernel: Any = self.kernel
        return ops.conv_transpose(
            x,
            kernel,
            strides=self.strides,
            padding=self.padding,
            output_padding=self.output_padding,
            dilation=self.dilation_rate,
            data_format=self.data_format,
        )

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        lengths = spatial_sizes(input_shape, self.data_format)
        sizes = [self._output_length(axis, length) for axis, length in enumerate(lengths)]
        if any(size is not None and size < 1 for size in (*lengths, *sizes)):
            names = " and ".join(AXES[self.rank])
            self.refuse_input(f"{names} enough for an output of at least 1 ({self.data_format})", input_shape)
        return image_shape(input_shape[0], sizes, self.filters, self.data_format)

    def _output_length(self, axis: int, length: int | None) -> int | None:
        if length is None:
            return None
        stride, extent = self.strides[axis], (self.kernel_size[axis] - 1) * self.dilation_rate[axis] + 1
        if self.output_padding is None:
            return length * stride + (max(extent - stride, 0) if self.padding == "valid" else 0)
        around = 2 * (extent // 2) if self.padding == "same" else 0
        return (length - 1) * stride + extent - around + self.output_padding[axis]


class Conv1DTranspose(TransposedConvolution):
    """Transposed convolution over steps: what ``Conv1D`` with these arguments does to gradients, as a layer.

    full[b, i * stride + m * dilation, f] += x[b, i, c] * kernel[m, f, c] for all i, m, c;
    y = activation(bias + full), of which ``padding`` says which part is kept (Zeiler et al., "Deconvolutional
    networks", 2010).

    Input (batch, steps, channels), output (batch, new steps, filters); with ``"channels_first"`` the channels and
    the filters come right after the batch axis. Weights: ``kernel`` (kernel steps, filters, channels) in both
    layouts, then ``bias`` (filters,). The input is converted to the layer's dtype.

    Args:
        filters: number of output channels.
        kernel_size: number of steps in the window.
        strides: how many steps of the output each step of the input moves the window on.
        padding: with extent = (k - 1) * dilation + 1, n steps become, ``"valid"``,
            n * stride + max(extent - stride, 0); ``"same"``, n * stride: half of what is more is cut off before, the
            larger half after.
        output_padding: ``None``, or a number of steps to add at the end, below the stride. With it n steps become,
            ``"valid"``, (n - 1) * stride + extent + output_padding; ``"same"``, less by 2 * floor(extent / 2).
        data_format: ``"channels_last"`` or ``"channels_first"``; ``None`` is ``"channels_last"``, as for ``Conv1D``.
        dilation_rate: distance of neighbouring kernel elements. Not both this and ``strides`` can be other
            than 1.
        activation: a function of an array, or its name; ``None`` is linear.
        use_bias: whether a bias is added.
        kernel_initializer, bias_initializer: of the weights' first values.
        kernel_regularizer, bias_regularizer: penalties on the weights, added to the loss.
        activity_regularizer: a penalty on the output, added to the loss.
        kernel_constraint, bias_constraint: projections after each update.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: an argument outside the values above.
        LayerInputError: the input has not three axes, has other channels than at the first call, or so few steps
            that none would be left.

    Example:
        >>> import numpy as np
        >>> layer = Conv1DTranspose(8, 3, strides=2, padding="same")
        >>> layer(np.zeros((2, 5, 4), "float32")).shape
        (2, 10, 8)
        >>> [weight.shape for weight in layer.weights]
        [(3, 8, 4), (8,)]
    """

    rank = 1
    default_data_format = "channels_last"


class Conv2DTranspose(TransposedConvolution):
    """Transposed convolution over rows and columns: what ``Conv2D`` does to gradients, as a layer.

    full[b, i * stride + m * dilation, j * stride + n * dilation, f] += x[b, i, j, c] * kernel[m, n, f, c] for all i, j,
    m, n, c; y = activation(bias + full), of which ``padding`` says which part is kept (Zeiler et al.,
    "Deconvolutional networks", 2010).

    Input (batch, rows, columns, channels), output (batch, new rows, new columns, filters); with
    ``"channels_first"`` the channels and the filters come right after the batch axis. Weights: ``kernel`` (kernel
    rows, kernel columns, filters, channels) in both layouts, then ``bias`` (filters,). The input is converted to the
    layer's dtype.

    Args:
        filters: number of output channels.
        kernel_size: of the window: an integer, or one for rows and one for columns.
        strides: how many pixels of the output each pixel of the input moves the window on, in the same form.
        padding: ``"valid"`` or ``"same"``; for the sizes see ``Conv1DTranspose``, which hold for each axis.
        output_padding: ``None``, or rows and columns to add at the end, in the form of ``strides`` and below them.
        data_format: ``"channels_last"`` or ``"channels_first"``; ``kcore.image_data_format()`` by default.
        dilation_rate: distance of neighbouring kernel elements, in the form of ``strides``. Not both this and
            ``strides`` can be other than 1.
        activation: a function of an array, or its name; ``None`` is linear.
        use_bias: whether a bias is added.
        kernel_initializer, bias_initializer: of the weights' first values.
        kernel_regularizer, bias_regularizer: penalties on the weights, added to the loss.
        activity_regularizer: a penalty on the output, added to the loss.
        kernel_constraint, bias_constraint: projections after each update.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: an argument outside the values above.
        LayerInputError: the input has not four axes, has other channels than at the first call, or so few pixels
            that none would be left.

    Example:
        >>> import numpy as np
        >>> layer = Conv2DTranspose(8, 3, strides=2, padding="same")
        >>> layer(np.zeros((2, 5, 5, 4), "float32")).shape
        (2, 10, 10, 8)
        >>> [weight.shape for weight in layer.weights]
        [(3, 3, 8, 4), (8,)]
    """

    rank = 2


class Conv3DTranspose(TransposedConvolution):
    """Transposed convolution over planes, rows and columns: what ``Conv3D`` does to gradients, as a layer.

    As ``Conv2DTranspose``, with one more axis: full[b, h * stride + l * dilation, ...] += x[b, h, i, j, c] *
    kernel[l, m, n, f, c].

    Input (batch, planes, rows, columns, channels), output (batch, new planes, new rows, new columns, filters); with
    ``"channels_first"`` the channels and the filters come right after the batch axis. Weights: ``kernel``
    (kernel planes, kernel rows, kernel columns, filters, channels) in both layouts, then ``bias`` (filters,).
    The input is converted to the layer's dtype.

    Args:
        filters: number of output channels.
        kernel_size: of the window: an integer, or one each for planes, rows and columns.
        strides: steps of the window in the output, in the same form.
        padding, output_padding, data_format: as for ``Conv2DTranspose``.
        dilation_rate: as for ``Conv2DTranspose``. Keras 2 takes this argument here, but neither uses nor saves it;
            the numbers are Keras 3's.
        activation: a function of an array, or its name; ``None`` is linear.
        use_bias: whether a bias is added.
        kernel_initializer, bias_initializer: of the weights' first values.
        kernel_regularizer, bias_regularizer: penalties on the weights, added to the loss.
        activity_regularizer: a penalty on the output, added to the loss.
        kernel_constraint, bias_constraint: projections after each update.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: an argument outside the values above.
        LayerInputError: the input has not five axes, has other channels than at the first call, or so few pixels that
            none would be left.

    Example:
        >>> import numpy as np
        >>> layer = Conv3DTranspose(8, 3, strides=(1, 2, 2))
        >>> layer(np.zeros((2, 3, 4, 4, 5), "float32")).shape
        (2, 5, 9, 9, 8)
        >>> [weight.shape for weight in layer.weights]
        [(3, 3, 3, 8, 5), (8,)]
    """

    rank = 3
