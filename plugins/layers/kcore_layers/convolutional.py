"""Convolution layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from kcore import Array, Shape, Variable, constraints, initializers, ops, regularizers
from kcore.errors import InvalidArgumentError
from kcore.layers import InputSpec, Layer
from kcore_layers.arguments import (
    activation_function,
    data_format_name,
    padding_name,
    positive_integer,
    positive_integers,
)
from kcore_layers.windows import image_shape, output_length, spatial_sizes


class Conv2D(Layer):
    """Convolution over rows and columns: activation(conv(x, kernel) + bias).

    y[b, i, j, f] = activation(bias[f] + sum over m, n, c of
    x[b, i * stride + m * dilation, j * stride + n * dilation, c] * kernel[m, n, c, f]); the kernel is not
    flipped.

    Input (batch, rows, columns, channels), output (batch, new rows, new columns, filters); with
    ``"channels_first"`` the channels and the filters come right after the batch axis. Weights: ``kernel``
    (kernel rows, kernel columns, channels, filters) in both layouts, then ``bias`` (filters,). The input is
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
        groups: 1, as models saved by Keras have it; grouped convolution does not exist here.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: an argument outside the values above.
        LayerInputError: the input has not four axes, has other channels than at the first call, or is smaller
            than the window.

    Example:
        >>> import numpy as np
        >>> layer = Conv2D(8, (3, 3), strides=2, padding="same", activation="relu")
        >>> layer(np.zeros((2, 28, 28, 1), "float32")).shape
        (2, 14, 14, 8)
        >>> [weight.shape for weight in layer.weights]
        [(3, 3, 1, 8), (8,)]
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = (1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = (1, 1),
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
        self.filters = positive_integer("Conv2D", "filters", filters)
        self.kernel_size = positive_integers("Conv2D", "kernel_size", kernel_size, 2)
        self.strides = positive_integers("Conv2D", "strides", strides, 2)
        self.padding = padding_name("Conv2D", padding)
        self.data_format = data_format_name("Conv2D", data_format)
        self.dilation_rate = positive_integers("Conv2D", "dilation_rate", dilation_rate, 2)
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise InvalidArgumentError(
                component="Conv2D",
                argument="dilation_rate",
                value=dilation_rate,
                allowed="1 where strides are larger than 1",
                found=f"strides={self.strides}",
            )
        if positive_integer("Conv2D", "groups", groups) != 1:
            raise InvalidArgumentError(component="Conv2D", argument="groups", value=groups, allowed="1")
        self.groups = 1
        self.activation: Callable[[Array], Array] = activation_function("Conv2D", activation)
        self.use_bias = bool(use_bias)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.input_spec = InputSpec(ndim=4)

    def build(self, input_shape: Shape) -> None:
        axis = -1 if self.data_format == "channels_last" else 1
        channels: Any = input_shape[axis]
        self.kernel: Variable = self.add_weight(
            "kernel",
            (*self.kernel_size, channels, self.filters),
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
        self.input_spec = InputSpec(ndim=4, axes={axis: channels})

    def call(self, inputs: Array) -> Array:
        """(batch, rows, columns, channels) -> (batch, new rows, new columns, filters), or channels first."""
        self.compute_output_shape(inputs.shape)
        kernel: Any = self.kernel
        result: Any = ops.conv(
            ops.cast(inputs, self.dtype),
            kernel,
            strides=self.strides,
            padding=self.padding,
            dilation=self.dilation_rate,
            data_format=self.data_format,
        )
        if self.bias is not None:
            bias: Any = self.bias
            result = result + (bias if self.data_format == "channels_last" else bias.reshape(-1, 1, 1))
        return self.activation(result)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        sizes = tuple(
            output_length(length, window, stride, self.padding, dilation)
            for length, window, stride, dilation in zip(
                spatial_sizes(input_shape, self.data_format),
                self.kernel_size,
                self.strides,
                self.dilation_rate,
                strict=True,
            )
        )
        if any(size is not None and size < 1 for size in sizes):
            rows, columns = ((k - 1) * d + 1 for k, d in zip(self.kernel_size, self.dilation_rate, strict=True))
            self.refuse_input(
                f"at least {rows} rows and {columns} columns ({self.data_format}), the extent of its kernel",
                input_shape,
            )
        return image_shape(input_shape[0], sizes, self.filters, self.data_format)
