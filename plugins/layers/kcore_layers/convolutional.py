"""Convolution layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kcore import Array, Shape, Variable, constraints, initializers, ops, regularizers
from kcore.errors import InvalidArgumentError
from kcore_layers.arguments import PADDINGS, positive_integer
from kcore_layers.sliding import SlidingKernel


class Convolution(SlidingKernel):
    """What all convolution layers share: arguments, weights, and activation(conv(x, kernel) + bias).

    A subclass states the number of its spatial axes, and may have other paddings or another operation.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = 1,
        padding: str = "valid",
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
        *,
        groups: int = 1,
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
        self.groups = positive_integer(kind, "groups", groups)
        if self.filters % self.groups:
            raise InvalidArgumentError(
                component=kind,
                argument="groups",
                value=groups,
                allowed="a divisor of the number of filters",
                found=f"filters={self.filters}",
            )
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)

    def build(self, input_shape: Shape) -> None:
        channels: Any = input_shape[self.channel_axis]
        if channels is not None and channels % self.groups:
            self.refuse_input(f"a multiple of {self.groups} channels ({self.data_format}), its groups", input_shape)
        self.kernel: Variable = self.add_weight(
            "kernel",
            (*self.kernel_size, channels and channels // self.groups, self.filters),
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.add_bias(self.filters)
        self.fix_channels(channels)

    def convolve(self, x: Array) -> Array:
        kernel: Any = self.kernel
        return ops.conv(
            x,
            kernel,
            strides=self.strides,
            padding=self.padding,
            dilation=self.dilation_rate,
            groups=self.groups,
            data_format=self.data_format,
        )

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return self.windowed(input_shape, self.filters)


class Conv1D(Convolution):
    """Convolution over steps: activation(conv(x, kernel) + bias).

    y[b, i, f] = activation(bias[f] + sum over m, c of x[b, i * stride + m * dilation, c] * kernel[m, c, f]);
    the kernel is not flipped.

    Input (batch, steps, channels), output (batch, new steps, filters); with ``"channels_first"`` (batch,
    channels, steps) and (batch, filters, new steps). Weights: ``kernel`` (kernel steps, channels / groups,
    filters) in both layouts, then ``bias`` (filters,). The input is converted to the layer's dtype.

    Args:
        filters: number of output channels.
        kernel_size: number of steps in the window.
        strides: steps of the window.
        padding: ``"valid"``, only whole windows: floor((n - (k - 1) * dilation - 1) / stride) + 1 of them;
            ``"same"``, zeros around the input: ceil(n / stride) windows, of an odd number of zeros the larger
            half after the input; or ``"causal"``, all zeros before the input: ceil(n / stride) windows, so that
            y[:, i] depends on no step after i * stride (van den Oord et al., "WaveNet", 2016).
        data_format: ``"channels_last"`` or ``"channels_first"``; ``None`` is ``"channels_last"``, whatever
            ``kcore.image_data_format()`` says, as in Keras 2.
        dilation_rate: distance of neighbouring kernel elements. Not both this and ``strides`` can be other
            than 1.
        activation: a function of an array, or its name; ``None`` is linear.
        use_bias: whether a bias is added.
        kernel_initializer, bias_initializer: of the weights' first values.
        kernel_regularizer, bias_regularizer: penalties on the weights, added to the loss.
        activity_regularizer: a penalty on the output, added to the loss.
        kernel_constraint, bias_constraint: projections after each update.
        groups: as for ``Conv2D``.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: an argument outside the values above.
        LayerInputError: the input has not three axes, has other channels than at the first call or no multiple
            of ``groups``, or is shorter than the window.

    Example:
        >>> import numpy as np
        >>> layer = Conv1D(8, 3, padding="causal", dilation_rate=2, activation="relu")
        >>> layer(np.zeros((2, 50, 4), "float32")).shape
        (2, 50, 8)
        >>> [weight.shape for weight in layer.weights]
        [(3, 4, 8), (8,)]
    """

    rank = 1
    paddings = (*PADDINGS, "causal")
    default_data_format = "channels_last"


class Conv2D(Convolution):
    """Convolution over rows and columns: activation(conv(x, kernel) + bias).

    y[b, i, j, f] = activation(bias[f] + sum over m, n, c of
    x[b, i * stride + m * dilation, j * stride + n * dilation, c] * kernel[m, n, c, f]); the kernel is not
    flipped.

    Input (batch, rows, columns, channels), output (batch, new rows, new columns, filters); with
    ``"channels_first"`` the channels and the filters come right after the batch axis. Weights: ``kernel``
    (kernel rows, kernel columns, channels / groups, filters) in both layouts, then ``bias`` (filters,). The input is
    converted to the layer's dtype.

    Args:
        filters: number of output channels.
        kernel_size: of the window: an integer, or one for rows and one for columns.
        strides: steps of the window, in the same form.
        padding: ``"valid"``, only whole windows: floor((n - (k - 1) * dilation - 1) / stride) + 1 of them; or
            ``"same"``, zeros around the input: ceil(n / stride) windows, of an odd number of zeros the larger
            half after the input.
        data_format: ``"channels_last"`` or ``"channels_first"``; ``kcore.image_data_format()`` by default.
        dilation_rate: distance of neighbouring kernel elements, in the form of ``strides``. Not both this and
            ``strides`` can be other than 1.
        activation: a function of an array, or its name; ``None`` is linear.
        use_bias: whether a bias is added.
        kernel_initializer, bias_initializer: of the weights' first values.
        kernel_regularizer, bias_regularizer: penalties on the weights, added to the loss.
        activity_regularizer: a penalty on the output, added to the loss.
        kernel_constraint, bias_constraint: projections after each update.
        groups: consecutive parts of the channels that are convolved by themselves: the i-th part of the filters
            sees the i-th part of the input channels alone. It divides ``filters`` and the input channels.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: an argument outside the values above.
        LayerInputError: the input has not four axes, has other channels than at the first call or no multiple of
            ``groups``, or is smaller than the window.

    Example:
        >>> import numpy as np
        >>> layer = Conv2D(8, (3, 3), strides=2, padding="same", activation="relu")
        >>> layer(np.zeros((2, 28, 28, 1), "float32")).shape
        (2, 14, 14, 8)
        >>> [weight.shape for weight in layer.weights]
        [(3, 3, 1, 8), (8,)]
    """

    rank = 2


class Conv3D(Convolution):
    """Convolution over planes, rows and columns of volumes, or of images one after the other.

    y[b, h, i, j, f] = activation(bias[f] + sum over l, m, n, c of x[b, h * stride + l * dilation,
    i * stride + m * dilation, j * stride + n * dilation, c] * kernel[l, m, n, c, f]); the kernel is not flipped.

    Input (batch, planes, rows, columns, channels), output (batch, new planes, new rows, new columns, filters); with
    ``"channels_first"`` the channels and the filters come right after the batch axis. Weights: ``kernel``
    (kernel planes, kernel rows, kernel columns, channels / groups, filters) in both layouts, then ``bias``
    (filters,). The input is converted to the layer's dtype.

    Args:
        filters: number of output channels.
        kernel_size: of the window: an integer, or one each for planes, rows and columns.
        strides: steps of the window, in the same form.
        padding, data_format, dilation_rate, activation, use_bias: as for ``Conv2D``.
        kernel_initializer, bias_initializer: of the weights' first values.
        kernel_regularizer, bias_regularizer: penalties on the weights, added to the loss.
        activity_regularizer: a penalty on the output, added to the loss.
        kernel_constraint, bias_constraint: projections after each update.
        groups: as for ``Conv2D``.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: an argument outside the values above.
        LayerInputError: the input has not five axes, has other channels than at the first call or no multiple of
            ``groups``, or is smaller than the window.

    Example:
        >>> import numpy as np
        >>> layer = Conv3D(8, (1, 3, 3), padding="same")
        >>> layer(np.zeros((2, 5, 6, 6, 3), "float32")).shape
        (2, 5, 6, 6, 8)
        >>> [weight.shape for weight in layer.weights]
        [(1, 3, 3, 3, 8), (8,)]
    """

    rank = 3
