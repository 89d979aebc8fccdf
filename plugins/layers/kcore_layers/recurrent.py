"""Recurrent layers: LSTM and GRU."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kcore import Array
from kcore_layers.recurrence import Recurrent, States, Step


class LSTM(Recurrent):
    """Long short-term memory: a state that gates write to, forget, and read.

    At each step, with i, f, g, o the four parts of x @ kernel + h @ recurrent_kernel + bias, in this order, s the
    ``recurrent_activation`` and a the ``activation``: c = s(f) * c + s(i) * a(g); h = s(o) * a(c). Source: Hochreiter
    and Schmidhuber, "Long short-term memory" (1997); the forget gate: Gers, Schmidhuber and Cummins (2000).

    Input (batch, steps, features), output h of the last step, (batch, units). Weights: ``kernel`` (features, 4 *
    units), ``recurrent_kernel`` (units, 4 * units), ``bias`` (4 * units,). The input is converted to the layer's
    dtype. Masked steps change no state, and the output repeats, as in Keras 2.

    The defaults are those of Keras 2 before 2.3. Later versions and Keras 3 have
    ``recurrent_activation="sigmoid"`` and ``implementation=2``; files always say which.

    Args:
        units: size of the states, and of the output.
        activation, recurrent_activation: functions of an array, or their names; ``None`` is linear.
        use_bias: whether a bias is added.
        kernel_initializer, recurrent_initializer, bias_initializer: of the weights' first values.
        unit_forget_bias: whether the bias of the forget gate begins with 1, whatever ``bias_initializer`` is
            (Jozefowicz et al., 2015).
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties on the weights, added to the loss.
        activity_regularizer: a penalty on the output, added to the loss.
        kernel_constraint, recurrent_constraint, bias_constraint: projections after each update.
        dropout: in training, the probability of a feature of the input to become 0, for all steps of a sequence
            alike (Gal and Ghahramani, 2016); the rest is divided by 1 - dropout.
        recurrent_dropout: the same for the state as it enters the gates.
        implementation: 1: with dropout, each gate sees its own mask; 2: all see one. 0 is the same as 1.
        return_sequences: whether the output is h of all steps, (batch, steps, units).
        return_state: whether the output is the list [output, h, c] with the last states, (batch, units) each.
        go_backwards: begin with the last step; returned sequences and their mask are in that order.
        stateful: begin each batch with the states in which the one before ended, sample by sample. The batch
            size is fixed then (``batch_input_shape``); ``reset_states()`` makes them 0.
        unroll: accepted, without effect: the loop is part of the traced program.
        seed: an integer of at least 0 that fixes the masks of dropout.
        **kwargs: those of ``Layer``.

    When called, ``initial_state=[h, c]`` gives the first states, arrays or symbolic tensors, (batch, units) each.

    Raises:
        InvalidArgumentError: an argument outside the values above, or first states of another number or shape.
        LayerInputError: the input has not three axes, or other features than at the first call, or, where stateful,
            another batch size.
        LayerStateError: stateful, and the batch size is not known.

    Example:
        >>> layer = LSTM(8, return_sequences=True)
        >>> layer(np.zeros((2, 10, 3), "float32")).shape
        (2, 10, 8)
        >>> [weight.shape for weight in layer.weights]
        [(3, 32), (8, 32), (32,)]
    """

    gates = 4
    state_count = 2

    def __init__(
        self,
        units: int,
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
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        implementation: int = 1,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        *,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            units,
            activation=activation,
            recurrent_activation=recurrent_activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            recurrent_initializer=recurrent_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            recurrent_regularizer=recurrent_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            kernel_constraint=kernel_constraint,
            recurrent_constraint=recurrent_constraint,
            bias_constraint=bias_constraint,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            implementation=implementation,
            return_sequences=return_sequences,
            return_state=return_state,
            go_backwards=go_backwards,
            stateful=stateful,
            unroll=unroll,
            seed=seed,
            **kwargs,
        )
        self.unit_forget_bias = bool(unit_forget_bias)

    def first_bias(self, shape: Sequence[int], dtype: Any = None) -> Array:
        bias = np.array(super().first_bias(shape, dtype))
        if self.unit_forget_bias:
            bias[self.units : 2 * self.units] = 1
        return bias

    def step(self, masks: Sequence[Any] | None) -> Step:
        units, recurrent_kernel = self.units, self.recurrent_kernel

        def step(states: States, projected: Any) -> States:
            h, c = states
            z = projected + self.product(h, recurrent_kernel, masks)
            # The first two gates lie side by side.
            write_and_forget = self.recurrent_activation(z[:, : 2 * units])
            write, forget = write_and_forget[:, :units], write_and_forget[:, units:]
            c = forget * c + write * self.activation(z[:, 2 * units : 3 * units])
            h = self.recurrent_activation(z[:, 3 * units :]) * self.activation(c)
            return h, c

        return step


class GRU(Recurrent):
    """The gated recurrent unit: one state, updated by a gate.

    At each step, with z, r, g the three parts of x @ kernel + bias, Z, R, G those of h @ recurrent_kernel, in this
    order, s the ``recurrent_activation`` and a the ``activation``: u = s(z + Z); h = u * h + (1 - u) * n, where n =
    a(g + (s(r + R) * h) @ the third part of recurrent_kernel), or with ``reset_after`` n = a(g + s(r + R) * G).
    Sources: Cho et al., "Learning phrase representations using RNN encoder-decoder" (2014), first and third version.

    Input (batch, steps, features), output h of the last step, (batch, units). Weights: ``kernel`` (features, 3 *
    units), ``recurrent_kernel`` (units, 3 * units), ``bias`` (3 * units,), with ``reset_after`` (2, 3 * units), whose
    second row is added to h @ recurrent_kernel. The input is converted to the layer's dtype. Masked steps change no
    state, and the output repeats, as in Keras 2.

    The defaults are those of Keras 2 before 2.3. Later versions and Keras 3 have
    ``recurrent_activation="sigmoid"``, ``implementation=2``, and tf.keras 2 and Keras 3 ``reset_after=True``; files
    always say which.

    Args:
        units: size of the state, and of the output.
        activation, recurrent_activation: functions of an array, or their names; ``None`` is linear.
        use_bias: whether a bias is added.
        kernel_initializer, recurrent_initializer, bias_initializer: of the weights' first values.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties on the weights, added to the loss.
        activity_regularizer: a penalty on the output, added to the loss.
        kernel_constraint, recurrent_constraint, bias_constraint: projections after each update.
        dropout, recurrent_dropout, implementation: as for ``LSTM``.
        return_sequences: whether the output is h of all steps, (batch, steps, units).
        return_state: whether the output is the list [output, h] with the last state, (batch, units).
        go_backwards, stateful, unroll: as for ``LSTM``.
        reset_after: whether the reset gate comes after the product with the recurrent kernel.
        seed: an integer of at least 0 that fixes the masks of dropout.
        **kwargs: those of ``Layer``.

    When called, ``initial_state=h`` gives the first state, an array or symbolic tensor, (batch, units).

    Raises:
        InvalidArgumentError: an argument outside the values above, or a first state of another shape.
        LayerInputError: the input has not three axes, or other features than at the first call, or, where stateful,
            another batch size.
        LayerStateError: stateful, and the batch size is not known.

    Example:
        >>> layer = GRU(8, return_state=True)
        >>> output, state = layer(np.zeros((2, 10, 3), "float32"))
        >>> output.shape, state.shape
        ((2, 8), (2, 8))
    """

    gates = 3
    state_count = 1

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "hard_sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        implementation: int = 1,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        reset_after: bool = False,
        *,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            units,
            activation=activation,
            recurrent_activation=recurrent_activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            recurrent_initializer=recurrent_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            recurrent_regularizer=recurrent_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            kernel_constraint=kernel_constraint,
            recurrent_constraint=recurrent_constraint,
            bias_constraint=bias_constraint,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            implementation=implementation,
            return_sequences=return_sequences,
            return_state=return_state,
            go_backwards=go_backwards,
            stateful=stateful,
            unroll=unroll,
            seed=seed,
            **kwargs,
        )
        self.reset_after = bool(reset_after)

    def bias_shape(self) -> tuple[int, ...]:
        columns = self.gates * self.units
        return (2, columns) if self.reset_after else (columns,)

    def input_bias(self) -> Any:
        bias: Any = self.bias
        return bias[0] if self.reset_after else bias

    def step(self, masks: Sequence[Any] | None) -> Step:
        units, kernel = self.units, self.recurrent_kernel
        both = 2 * units

        def after(states: States, projected: Any) -> States:
            (h,) = states
            inner = self.product(h, kernel, masks)
            if self.bias is not None:
                inner = inner + self.bias[1]
            gates = self.recurrent_activation(projected[:, :both] + inner[:, :both])
            new = self.activation(projected[:, both:] + gates[:, units:] * inner[:, both:])
            return (new + gates[:, :units] * (h - new),)

        def before(states: States, projected: Any) -> States:
            (h,) = states
            # One mask serves all gates, or each has its own.
            first, last = (masks, masks) if masks is None or len(masks) == 1 else (masks[:2], masks[2:])
            gates = self.recurrent_activation(projected[:, :both] + self.product(h, kernel[:, :both], first))
            reset = self.product(gates[:, units:] * h, kernel[:, both:], last)
            new = self.activation(projected[:, both:] + reset)
            return (new + gates[:, :units] * (h - new),)

        return after if self.reset_after else before
