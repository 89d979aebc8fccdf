"""Convolutions in which each channel has kernels of its own: depthwise, and separable, which mixes them afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kcore import Array, Shape, Variable, constraints, initializers, ops, regularizers
from kcore_layers.arguments import PADDINGS, positive_integer
from kcore_layers.sliding import SlidingKernel


class Depthwise(SlidingKernel):
    """What all layers share with ``depth_multiplier`` kernels for each channel."""

    depth_multiplier: int
    depthwise_initializer: Any
    depthwise_regularizer: Any
    depthwise_constraint: Any

    def set_depthwise(self, depth_multiplier: int, initializer: Any, regularizer: Any, constraint: Any) -> None:
        """Keep the arguments of the depthwise kernel."""
        self.depth_multiplier = positive_integer(type(self).__name__, "depth_multiplier", depth_multiplier)
        self.depthwise_initializer = initializers.get(initializer)
        self.depthwise_regularizer = regularizers.get(regularizer)
        self.depthwise_constraint = constraints.get(constraint)

    def add_depthwise_kernel(self, input_shape: Shape) -> int:
        """Make the depthwise kernel; gives the number of channels after it."""
        channels: Any = input_shape[self.channel_axis]
        self.depthwise_kernel: Variable = self.add_weight(
            "depthwise_kernel",
            (*self.kernel_size, channels, self.depth_multiplier),
            self.depthwise_initializer,
            regularizer=self.depthwise_regularizer,
            constraint=self.depthwise_constraint,
        )
        self.fix_channels(channels)
        return int(channels * self.depth_multiplier)

    def convolve(self, x: Array) -> Array:
        channels, multiplier = self.depthwise_kernel.shape[-2:]
        # As groups of one channel: the filters of a channel are neighbours.
        kernel = np.reshape(self.depthwise_kernel, (*self.kernel_size, 1, channels * multiplier))
        return ops.conv(
            x,
            kernel,
            strides=self.strides,
            padding=self.padding,
            dilation=self.dilation_rate,
            groups=channels,
            data_format=self.data_format,
        )


class DepthwiseConvolution(Depthwise):
    """What the depthwise convolutions share: arguments, weights, shapes."""

    def __init__(
        self,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = 1,
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
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
        self.set_depthwise(depth_multiplier, depthwise_initializer, depthwise_regularizer, depthwise_constraint)

    def build(self, input_shape: Shape) -> None:
        self.add_bias(self.add_depthwise_kernel(input_shape))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        channels = input_shape[self.channel_axis]
        return self.windowed(input_shape, None if channels is None else channels * self.depth_multiplier)


class DepthwiseConv1D(DepthwiseConvolution):
    """Convolution over steps, of each channel on its own: activation(depthwise(x, kernel) + bias).

    y[b, i, c * depth_multiplier + q] = activation(bias[...] + sum over m of x[b, i * stride + m * dilation, c] *
    depthwise_kernel[m, c, q]); the kernel is not flipped.

    Input (batch, steps, channels), output (batch, new steps, channels * depth_multiplier); with
    ``"channels_first"`` the channels come right after the batch axis. Weights: ``depthwise_kernel`` (kernel steps,
    channels, depth_multiplier) in both layouts, then ``bias`` (channels * depth_multiplier,). The input is
    converted to the layer's dtype.

    Args:
        kernel_size: number of steps in the window.
        strides: steps of the window.
        padding: ``"valid"`` or ``"same"``, as for ``Conv1D``.
        depth_multiplier: number of kernels, and output channels, for each input channel.
        data_format: ``"channels_last"`` or ``"channels_first"``; ``None`` is ``"channels_last"``, as for ``Conv1D``.
        dilation_rate: distance of neighbouring kernel elements. Not both this and ``strides`` can be other
            than 1.
        activation: a function of an array, or its name; ``None`` is linear.
        use_bias: whether a bias is added.
        depthwise_initializer, bias_initializer: of the weights' first values.
        depthwise_regularizer, bias_regularizer: penalties on the weights, added to the loss.
        activity_regularizer: a penalty on the output, added to the loss.
        depthwise_constraint, bias_constraint: projections after each update.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: an argument outside the values above.
        LayerInputError: the input has not three axes, has other channels than at the first call, or is shorter than
            the window.

    Example:
        >>> import numpy as np
        >>> layer = DepthwiseConv1D(3, depth_multiplier=2)
        >>> layer(np.zeros((2, 10, 4), "float32")).shape
        (2, 8, 8)
        >>> [weight.shape for weight in layer.weights]
        [(3, 4, 2), (8,)]
    """

    rank = 1
    default_data_format = "channels_last"


class DepthwiseConv2D(DepthwiseConvolution):
    """Convolution over rows and columns, of each channel on its own: activation(depthwise(x, kernel) + bias).

    y[b, i, j, c * depth_multiplier + q] = activation(bias[...] + sum over m, n of
    x[b, i * stride + m * dilation, j * stride + n * dilation, c] * depthwise_kernel[m, n, c, q]); the kernel is not
    flipped. It is the first half of a separable convolution (Chollet, "Xception", 2017).

    Input (batch, rows, columns, channels), output (batch, new rows, new columns, channels * depth_multiplier);
    with ``"channels_first"`` the channels come right after the batch axis. Weights: ``depthwise_kernel`` (kernel
    rows, kernel columns, channels, depth_multiplier) in both layouts, then ``bias`` (channels * depth_multiplier,).
    The input is converted to the layer's dtype.

    Args:
        kernel_size: of the window: an integer, or one for rows and one for columns.
        strides: steps of the window, in the same form. They may differ, which TensorFlow does not allow here.
        padding: ``"valid"`` or ``"same"``, as for ``Conv2D``.
        depth_multiplier: number of kernels, and output channels, for each input channel.
        data_format: ``"channels_last"`` or ``"channels_first"``; ``kcore.image_data_format()`` by default.
        dilation_rate: distance of neighbouring kernel elements, in the form of ``strides``. Not both this and
            ``strides`` can be other than 1.
        activation: a function of an array, or its name; ``None`` is linear.
        use_bias: whether a bias is added.
        depthwise_initializer, bias_initializer: of the weights' first values.
        depthwise_regularizer, bias_regularizer: penalties on the weights, added to the loss.
        activity_regularizer: a penalty on the output, added to the loss.
        depthwise_constraint, bias_constraint: projections after each update.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: an argument outside the values above.
        LayerInputError: the input has not four axes, has other channels than at the first call, or is smaller than
            the window.

    Example:
        >>> import numpy as np
        >>> layer = DepthwiseConv2D(3, padding="same", depth_multiplier=2)
        >>> layer(np.zeros((2, 8, 8, 4), "float32")).shape
        (2, 8, 8, 8)
        >>> [weight.shape for weight in layer.weights]
        [(3, 3, 4, 2), (8,)]
    """

    rank = 2


class SeparableConvolution(Depthwise):
    """What the separable convolutions share: arguments, weights, a depthwise and then a pointwise convolution."""

    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = 1,
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        pointwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
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
        self.filters = positive_integer(type(self).__name__, "filters", filters)
        self.set_depthwise(depth_multiplier, depthwise_initializer, depthwise_regularizer, depthwise_constraint)
        self.pointwise_initializer = initializers.get(pointwise_initializer)
        self.pointwise_regularizer = regularizers.get(pointwise_regularizer)
        self.pointwise_constraint = constraints.get(pointwise_constraint)

    def build(self, input_shape: Shape) -> None:
        channels = self.add_depthwise_kernel(input_shape)
        self.pointwise_kernel: Variable = self.add_weight(
            "pointwise_kernel",
            (*(1,) * self.rank, channels, self.filters),
            self.pointwise_initializer,
            regularizer=self.pointwise_regularizer,
            constraint=self.pointwise_constraint,
        )
        self.add_bias(self.filters)

    def convolve(self, x: Array) -> Array:
        kernel: Any = self.pointwise_kernel
        return ops.conv(super().convolve(x), kernel, strides=(1,) * self.rank, data_format=self.data_format)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return self.windowed(input_shape, self.filters)


class SeparableConv1D(SeparableConvolution):
    """Convolution over steps in two: first each channel on its own, then all channels of each step.

    z[b, i, c * depth_multiplier + q] = sum over m of x[b, i * stride + m * dilation, c] * depthwise_kernel[m, c, q];
    y[b, i, f] = activation(bias[f] + sum over k of z[b, i, k] * pointwise_kernel[0, k, f]).

    Input (batch, steps, channels), output (batch, new steps, filters); with ``"channels_first"`` the channels and
    the filters come right after the batch axis. Weights: ``depthwise_kernel`` (kernel steps, channels,
    depth_multiplier), ``pointwise_kernel`` (1, channels * depth_multiplier, filters), both in either layout, then
    ``bias`` (filters,). The input is converted to the layer's dtype.

    Args:
        filters: number of output channels.
        kernel_size: number of steps in the window.
        strides: steps of the window.
        padding: ``"valid"``, ``"same"`` or ``"causal"``, as for ``Conv1D``.
        data_format: ``"channels_last"`` or ``"channels_first"``; ``None`` is ``"channels_last"``, as for ``Conv1D``.
        dilation_rate: distance of neighbouring kernel elements. Not both this and ``strides`` can be other
            than 1.
        depth_multiplier: number of depthwise kernels for each input channel.
        activation: a function of an array, or its name; ``None`` is linear.
        use_bias: whether a bias is added.
        depthwise_initializer, pointwise_initializer, bias_initializer: of the weights' first values.
        depthwise_regularizer, pointwise_regularizer, bias_regularizer: penalties on the weights, added to the loss.
        activity_regularizer: a penalty on the output, added to the loss.
        depthwise_constraint, pointwise_constraint, bias_constraint: projections after each update.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: an argument outside the values above.
        LayerInputError: the input has not three axes, has other channels than at the first call, or is shorter than
            the window.

    Example:
        >>> import numpy as np
        >>> layer = SeparableConv1D(8, 3, padding="causal")
        >>> layer(np.zeros((2, 10, 4), "float32")).shape
        (2, 10, 8)
        >>> [weight.shape for weight in layer.weights]
        [(3, 4, 1), (1, 4, 8), (8,)]
    """

    rank = 1
    paddings = (*PADDINGS, "causal")
    default_data_format = "channels_last"


class SeparableConv2D(SeparableConvolution):
    """Convolution over rows and columns in two: first each channel on its own, then all channels of each pixel.

    z[b, i, j, c * depth_multiplier + q] = sum over m, n of x[b, i * stride + m * dilation,
    j * stride + n * dilation, c] * depthwise_kernel[m, n, c, q]; y[b, i, j, f] = activation(bias[f] + sum over k of
    z[b, i, j, k] * pointwise_kernel[0, 0, k, f]) (Chollet, "Xception", 2017).

    Input (batch, rows, columns, channels), output (batch, new rows, new columns, filters); with
    ``"channels_first"`` the channels and the filters come right after the batch axis. Weights: ``depthwise_kernel``
    (kernel rows, kernel columns, channels, depth_multiplier), ``pointwise_kernel`` (1, 1, channels *
    depth_multiplier, filters), both in either layout, then ``bias`` (filters,). The input is converted to the
    layer's dtype.

    Args:
        filters: number of output channels.
        kernel_size: of the window: an integer, or one for rows and one for columns.
        strides: steps of the window, in the same form. They may differ, which TensorFlow does not allow here.
        padding: ``"valid"`` or ``"same"``, as for ``Conv2D``.
        data_format: ``"channels_last"`` or ``"channels_first"``; ``kcore.image_data_format()`` by default.
        dilation_rate: distance of neighbouring kernel elements, in the form of ``strides``. Not both this and
            ``strides`` can be other than 1.
        depth_multiplier, activation, use_bias: as for ``SeparableConv1D``.
        depthwise_initializer, pointwise_initializer, bias_initializer: of the weights' first values.
        depthwise_regularizer, pointwise_regularizer, bias_regularizer: penalties on the weights, added to the loss.
        activity_regularizer: a penalty on the output, added to the loss.
        depthwise_constraint, pointwise_constraint, bias_constraint: projections after each update.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: an argument outside the values above.
        LayerInputError: the input has not four axes, has other channels than at the first call, or is smaller than
            the window.

    Example:
        >>> import numpy as np
        >>> layer = SeparableConv2D(8, 3, depth_multiplier=2, activation="relu")
        >>> layer(np.zeros((2, 6, 6, 4), "float32")).shape
        (2, 4, 4, 8)
        >>> [weight.shape for weight in layer.weights]
        [(3, 3, 4, 2), (1, 1, 8, 8), (8,)]
    """

    rank = 2
