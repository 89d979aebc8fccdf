"""Convolution layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from kcore import Array, Shape, Variable, constraints, initializers, ops, regularizers
from kcore.errors import InvalidArgumentError
from kcore.layers import InputSpec, Layer
from kcore_layers.arguments import (
    PADDINGS,
    activation_function,
    data_format_name,
    padding_name,
    positive_integer,
    positive_integers,
)
from kcore_layers.windows import windowed_shape


class Convolution(Layer):
    """What all convolution layers share: arguments, weights, and activation(conv(x, kernel) + bias).

    A subclass states the number of its spatial axes, and may have other paddings or another operation.

    Attributes:
        rank: number of spatial axes.
        paddings: the values that ``padding`` may have.
        default_data_format: what ``data_format=None`` is; ``None`` for ``kcore.image_data_format()``.
    """

    rank: ClassVar[int]
    paddings: ClassVar[Sequence[str]] = PADDINGS
    default_data_format: ClassVar[str | None] = None

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
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        kind = type(self).__name__
        self.filters = positive_integer(kind, "filters", filters)
        self.kernel_size = positive_integers(kind, "kernel_size", kernel_size, self.rank)
        self.strides = positive_integers(kind, "strides", strides, self.rank)
        self.padding = padding_name(kind, padding, self.paddings)
        self.data_format = data_format_name(kind, self.default_data_format if data_format is None else data_format)
        self.dilation_rate = positive_integers(kind, "dilation_rate", dilation_rate, self.rank)
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise InvalidArgumentError(
                component=kind,
                argument="dilation_rate",
                value=dilation_rate,
                allowed="1 where strides are larger than 1",
                found=f"strides={self.strides}",
            )
        self.groups = positive_integer(kind, "groups", groups)
        if self.filters % self.groups:
            raise InvalidArgumentError(
                component=kind,
                argument="groups",
                value=groups,
                allowed="a divisor of the number of filters",
                found=f"filters={self.filters}",
            )
        self.activation: Callable[[Array], Array] = activation_function(kind, activation)
        self.use_bias = bool(use_bias)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    @property
    def channel_axis(self) -> int:
        """The axis of the channels, in the input and in the output."""
        return -1 if self.data_format == "channels_last" else 1

    def kernel_shape(self, channels: Any) -> tuple[Any, ...]:
        """The shape of the kernel for so many input channels, of which ``None`` is unknown."""
        return (*self.kernel_size, channels and channels // self.groups, self.filters)

    def build(self, input_shape: Shape) -> None:
        channels: Any = input_shape[self.channel_axis]
        if channels is not None and channels % self.groups:
            self.refuse_input(f"a multiple of {self.groups} channels ({self.data_format}), its groups", input_shape)
        self.kernel: Variable = self.add_weight(
            "kernel",
            self.kernel_shape(channels),
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.bias: Variable | None = None
        if self.use_bias:
            self.bias = self.add_weight(
                "bias",
                (self.filters,),
                self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        self.input_spec = InputSpec(ndim=self.rank + 2, axes={self.channel_axis: channels})

    def call(self, inputs: Array) -> Array:
        """(batch, *spatial, channels) -> (batch, *new spatial, filters), or channels first."""
        self.compute_output_shape(inputs.shape)
        result: Any = self.convolve(ops.cast(inputs, self.dtype))
        if self.bias is not None:
            bias: Any = self.bias
            result = result + (bias if self.channel_axis == -1 else bias.reshape(-1, *(1,) * self.rank))
        return self.activation(result)

    def convolve(self, x: Array) -> Array:
        """The input with the kernel, before bias and activation."""
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
        return windowed_shape(
            self,
            input_shape,
            self.filters,
            size=self.kernel_size,
            strides=self.strides,
            padding=self.padding,
            data_format=self.data_format,
            dilation=self.dilation_rate,
            what="the extent of its kernel",
        )


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
