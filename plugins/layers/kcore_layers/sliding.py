"""What layers share that slide weights over spatial axes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from kcore import Array, Shape, Variable, constraints, initializers, ops, regularizers
from kcore.errors import InvalidArgumentError
from kcore.layers import InputSpec, Layer
from kcore_layers.arguments import PADDINGS, activation_function, data_format_name, padding_name, positive_integers
from kcore_layers.windows import windowed_shape


class SlidingKernel(Layer):
    """A window with weights that slides over the input: activation(convolve(x) + bias).

    A subclass states the number of its spatial axes, makes its kernels in ``build``, and applies them in ``convolve``.

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
        *,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int],
        padding: str,
        data_format: str | None,
        dilation_rate: int | Sequence[int],
        activation: Any,
        use_bias: bool,
        bias_initializer: Any,
        bias_regularizer: Any,
        bias_constraint: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        kind = type(self).__name__
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
        self.activation: Callable[[Array], Array] = activation_function(kind, activation)
        self.use_bias = bool(use_bias)
        self.bias_initializer = initializers.get(bias_initializer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.bias_constraint = constraints.get(bias_constraint)
        self.bias: Variable | None = None
        self.input_spec = InputSpec(ndim=self.rank + 2)

    @property
    def channel_axis(self) -> int:
        """The axis of the channels, in the input and in the output."""
        return -1 if self.data_format == "channels_last" else 1

    def add_bias(self, *shape: int) -> None:
        """Make the weight ``bias``, unless there is none."""
        if self.use_bias:
            self.bias = self.add_weight(
                "bias",
                shape,
                self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )

    def fix_channels(self, channels: int) -> None:
        """From now on the input has so many channels."""
        self.input_spec = InputSpec(ndim=self.rank + 2, axes={self.channel_axis: channels})

    def call(self, inputs: Array) -> Array:
        """(batch, *spatial, channels) -> (batch, *new spatial, new channels), or channels first."""
        self.compute_output_shape(inputs.shape)
        return self.activation(self.with_bias(self.convolve(ops.cast(inputs, self.dtype))))

    def convolve(self, x: Array) -> Array:
        """The input, in the layer's dtype, with the kernels; before bias and activation."""
        raise NotImplementedError(f"{type(self).__name__} has to define convolve(x)")

    def with_bias(self, result: Any) -> Any:
        """The bias of each channel added."""
        if self.bias is None:
            return result
        bias: Any = self.bias
        return result + (bias if self.channel_axis == -1 else bias.reshape(-1, *(1,) * self.rank))

    def windowed(self, input_shape: Shape, channels: int | None) -> Shape:
        """The output's shape, with so many channels.

        Raises:
            LayerInputError: not one window fits.
        """
        return windowed_shape(
            self,
            input_shape,
            channels,
            size=self.kernel_size,
            strides=self.strides,
            padding=self.padding,
            data_format=self.data_format,
            dilation=self.dilation_rate,
            what="the extent of its kernel",
        )
