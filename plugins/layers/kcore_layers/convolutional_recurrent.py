"""ConvLSTM2D: a recurrent layer whose states are images, and whose products are convolutions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kcore import Shape, ops
from kcore.errors import InvalidArgumentError
from kcore.layers import InputSpec
from kcore_layers.arguments import data_format_name, padding_name, positive_integer, positive_integers
from kcore_layers.gated import GatedRecurrent, LSTMGates
from kcore_layers.windows import image_shape, output_length, spatial_sizes


class ConvLSTM2D(LSTMGates, GatedRecurrent):
    """Long short-term memory over images: ``LSTM`` with convolutions in place of its products.

    At each step, with i, f, g, o the four parts of conv(x, kernel) + conv(h, recurrent_kernel) + bias, in this order, s
    the ``recurrent_activation`` and a the ``activation``: c = s(f) * c + s(i) * a(g); h = s(o) * a(c). The convolution
    of x has the strides, padding and dilation below; that of h has steps of 1 and the padding ``"same"``. Kernels are
    not flipped. Source: Shi et al., "Convolutional LSTM network" (2015), without its peepholes, as in Keras.

    Input (batch, steps, rows, columns, channels), output h of the last step, (batch, new rows, new columns, filters);
    with ``"channels_first"`` (batch, steps, channels, rows, columns) and (batch, filters, new rows, new columns).
    Weights, in both layouts: ``kernel`` (kernel rows, kernel columns, channels, 4 * filters), ``recurrent_kernel``
    (kernel rows, kernel columns, filters, 4 * filters), ``bias`` (4 * filters,). The input is converted to the layer's
    dtype. Masks are (batch, steps); masked steps change no state, and the output repeats, as in Keras 2.

    Args:
        filters: number of channels of the states, and of the output.
        kernel_size: of the window: an integer, or one for rows and one for columns.
        strides: steps of the window over the input, in the same form.
        padding: ``"valid"`` or ``"same"``, as for ``Conv2D``.
        data_format: ``"channels_last"`` or ``"channels_first"``; ``kcore.image_data_format()`` by default.
        dilation_rate: distance of neighbouring kernel elements over the input. Not both this and ``strides`` can be
            other than 1.
        activation, recurrent_activation: functions of an array, or their names; ``None`` is linear.
        use_bias: whether a bias is added.
        kernel_initializer, recurrent_initializer, bias_initializer: of the weights' first values.
        unit_forget_bias: whether the bias of the forget gate begins with 1, whatever ``bias_initializer`` is.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties on the weights, added to the loss.
        activity_regularizer: a penalty on the output, added to the loss.
        kernel_constraint, recurrent_constraint, bias_constraint: projections after each update.
        return_sequences: whether the output is h of all steps, the steps behind the batch axis.
        go_backwards, stateful: as for ``LSTM``; where stateful, all sizes of the input but the steps are fixed.
        dropout, recurrent_dropout: as for ``LSTM``: each gate sees its own mask of pixels and channels, which is the
            same for all steps.
        return_state: whether the output is the list [output, h, c] with the last states.
        seed: an integer of at least 0 that fixes the masks of dropout.
        **kwargs: those of ``Layer``.

    When called, ``initial_state=[h, c]`` gives the first states, of the output's shape.

    Raises:
        InvalidArgumentError: an argument outside the values above, or first states of another number or shape.
        LayerInputError: the input has not five axes, has other channels than at the first call, is smaller than the
            window, or, where stateful, has another batch size.
        LayerStateError: stateful, and a size is not known.

    Example:
        >>> import numpy as np
        >>> layer = ConvLSTM2D(8, 3, padding="same", return_sequences=True)
        >>> layer(np.zeros((2, 5, 12, 10, 1), "float32")).shape
        (2, 5, 12, 10, 8)
        >>> [weight.shape for weight in layer.weights]
        [(3, 3, 1, 32), (3, 3, 8, 32), (32,)]
    """

    input_ndim = 5

    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = (1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = (1, 1),
        activation: Any = "tanh",
        recurrent_activation: Any = "hard_sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True,
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        return_sequences: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        *,
        return_state: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        kind = type(self).__name__
        count = positive_integer(kind, "filters", filters)
        super().__init__(
            count,
            activation=activation,
            recurrent_activation=recurrent_activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            recurrent_initializer=recurrent_initializer,
            bias_initializer=bias_initializer,
            unit_forget_bias=unit_forget_bias,
            kernel_regularizer=kernel_regularizer,
            recurrent_regularizer=recurrent_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            kernel_constraint=kernel_constraint,
            recurrent_constraint=recurrent_constraint,
            bias_constraint=bias_constraint,
            return_sequences=return_sequences,
            go_backwards=go_backwards,
            stateful=stateful,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            return_state=return_state,
            implementation=1,
            seed=seed,
            **kwargs,
        )
        self.filters = count
        self.kernel_size = positive_integers(kind, "kernel_size", kernel_size, 2)
        self.strides = positive_integers(kind, "strides", strides, 2)
        self.padding = padding_name(kind, padding)
        self.data_format = data_format_name(kind, data_format)
        self.dilation_rate = positive_integers(kind, "dilation_rate", dilation_rate, 2)
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise InvalidArgumentError(
                component=kind,
                argument="dilation_rate",
                value=dilation_rate,
                allowed="1 where strides are larger than 1",
                found=f"strides={self.strides}",
            )

    # --- weights and shapes ------------------------------------------------------------------------------------------

    def build(self, input_shape: Shape) -> None:
        axis = -1 if self.data_format == "channels_last" else 2
        channels: Any = input_shape[axis]
        columns = self.gates * self.filters
        self.add_gates((*self.kernel_size, channels, columns), (*self.kernel_size, self.filters, columns))
        self.input_spec = InputSpec(ndim=5, axes={axis: channels})

    def state_shapes(self, input_shape: Shape) -> list[Shape]:
        lengths = spatial_sizes((None, *input_shape[2:]), self.data_format)
        kernel = zip(lengths, self.kernel_size, self.strides, self.dilation_rate, strict=True)
        sizes = [output_length(length, size, step, self.padding, spread) for length, size, step, spread in kernel]
        if any(size is not None and size < 1 for size in sizes):
            rows, columns = ((k - 1) * d + 1 for k, d in zip(self.kernel_size, self.dilation_rate, strict=True))
            needed = f"at least {rows} rows and {columns} columns ({self.data_format}), the extent of its kernel"
            self.refuse_input(needed, input_shape)
        return [image_shape(None, sizes, self.filters, self.data_format)[1:]] * self.kept_states

    def dropped_state(self, shape: Sequence[int]) -> Sequence[int]:
        # One step of the loop, which has channels last.
        image = image_shape(None, shape[1:-1], shape[-1], self.data_format)[1:]
        state = self.state_shapes((shape[0], None, *image))[0]
        return (shape[0], *spatial_sizes((None, *state), self.data_format), self.filters)  # type: ignore[arg-type]

    # --- calling -----------------------------------------------------------------------------------------------------

    def prepare(self, inputs: Any, constants: Sequence[Any], training: bool) -> Any:
        steps, batch, *image = inputs.shape
        self.state_shapes((batch, steps, *image))
        # The loop itself has channels last, where the gates lie side by side.
        return super().prepare(self.inward(inputs), constants, training)

    def inward(self, state: Any) -> Any:
        return state if self.data_format == "channels_last" else np.moveaxis(state, -3, -1)

    def outward(self, output: Any) -> Any:
        return output if self.data_format == "channels_last" else np.moveaxis(output, -1, -3)

    def input_product(self, x: Any, kernel: Any) -> Any:
        """The convolution of all steps at once, or of one."""
        flat = np.reshape(x, (-1, *x.shape[-3:])) if len(x.shape) > 4 else x
        y = ops.conv(flat, kernel, strides=self.strides, padding=self.padding, dilation=self.dilation_rate)
        return np.reshape(y, (*x.shape[:-3], *y.shape[-3:]))

    def state_product(self, h: Any, kernel: Any) -> Any:
        return ops.conv(h, kernel, strides=(1, 1), padding="same")
