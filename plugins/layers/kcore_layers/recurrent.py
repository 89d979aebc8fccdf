"""Recurrent layers: SimpleRNN, LSTM and GRU."""

from __future__ import annotations

from typing import Any

from kcore_layers.gated import GatedRecurrent, GRUGates, LSTMGates, SimpleGate


class SimpleRNN(SimpleGate, GatedRecurrent):
    """The plainest recurrent layer: its output is its state.

    At each step h = activation(x @ kernel + bias + h @ recurrent_kernel). Source: Elman, "Finding structure in time"
    (1990).

    Input (batch, steps, features), output h of the last step, (batch, units). Weights: ``kernel`` (features, units),
    ``recurrent_kernel`` (units, units), ``bias`` (units,). The input is converted to the layer's dtype. Masked steps
    change no state, and the output repeats, as in Keras 2.

    Args:
        units: size of the state, and of the output.
        activation: a function of an array, or its name; ``None`` is linear.
        use_bias: whether a bias is added.
        kernel_initializer, recurrent_initializer, bias_initializer: of the weights' first values.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties on the weights, added to the loss.
        activity_regularizer: a penalty on the output, added to the loss.
        kernel_constraint, recurrent_constraint, bias_constraint: projections after each update.
        dropout, recurrent_dropout: as for ``LSTM``; there is one mask for each.
        return_sequences: whether the output is h of all steps, (batch, steps, units).
        return_state: whether the output is the list [output, h] with the last state, (batch, units).
        go_backwards, stateful, unroll, zero_output_for_mask: as for ``LSTM``.
        implementation: accepted, without effect, and not a part of the config, as in Keras 2.
        seed: an integer of at least 0 that fixes the masks of dropout.
        **kwargs: those of ``Layer``.

    When called, ``initial_state=h`` gives the first state, an array or symbolic tensor, (batch, units).

    Raises:
        InvalidArgumentError: an argument outside the values above, or a first state of another shape.
        LayerInputError: the input has not three axes, or other features than at the first call, or, where stateful,
            another batch size.
        LayerStateError: stateful, and the batch size is not known.

    Example:
        >>> import numpy as np
        >>> layer = SimpleRNN(8)
        >>> layer(np.zeros((2, 10, 3), "float32")).shape
        (2, 8)
        >>> [weight.shape for weight in layer.weights]
        [(3, 8), (8, 8), (8,)]
    """

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
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
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        *,
        implementation: int = 1,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            units,
            activation=activation,
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

    def _not_config(self) -> set[str]:
        return {*super()._not_config(), "implementation"}


class LSTM(LSTMGates, GatedRecurrent):
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
        zero_output_for_mask: whether returned sequences are 0 at masked steps, instead of repeating (only by name).
        seed: an integer of at least 0 that fixes the masks of dropout.
        **kwargs: those of ``Layer``.

    When called, ``initial_state=[h, c]`` gives the first states, arrays or symbolic tensors, (batch, units) each.

    Raises:
        InvalidArgumentError: an argument outside the values above, or first states of another number or shape.
        LayerInputError: the input has not three axes, or other features than at the first call, or, where stateful,
            another batch size.
        LayerStateError: stateful, and the batch size is not known.

    Example:
        >>> import numpy as np
        >>> layer = LSTM(8, return_sequences=True)
        >>> layer(np.zeros((2, 10, 3), "float32")).shape
        (2, 10, 8)
        >>> [weight.shape for weight in layer.weights]
        [(3, 32), (8, 32), (32,)]
    """

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
            unit_forget_bias=unit_forget_bias,
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


class GRU(GRUGates, GatedRecurrent):
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
        go_backwards, stateful, unroll, zero_output_for_mask: as for ``LSTM``.
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
        >>> import numpy as np
        >>> layer = GRU(8, return_state=True)
        >>> output, state = layer(np.zeros((2, 10, 3), "float32"))
        >>> output.shape, state.shape
        ((2, 8), (2, 8))
    """

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
            reset_after=reset_after,
            seed=seed,
            **kwargs,
        )
