"""Recurrent cells: one step of a recurrent layer as a layer of its own, to be repeated by ``RNN``."""

from __future__ import annotations

from typing import Any

from kcore import Shape, ops
from kcore.layers import InputSpec
from kcore_layers.gated import Gated, GRUGates, LSTMGates, Masks, SimpleGate
from kcore_layers.state_arguments import as_list


class GatedCell(Gated):
    """One step: ``cell(x, states)`` gives the output and the next states, (batch, units) each."""

    # Which of the states is also the output.
    output_state = 0

    @property
    def state_size(self) -> Any:
        """The size of the state, or of each state."""
        return self.units if self.kept_states == 1 else (self.units,) * self.kept_states

    @property
    def output_size(self) -> int:
        """The size of the output."""
        return self.units

    def build(self, input_shape: Shape) -> None:
        features: Any = input_shape[-1]
        columns = self.gates * self.units
        self.add_gates((features, columns), (self.units, columns))
        self.input_spec = InputSpec(ndim=2, axes={-1: features})

    def call(  # type: ignore[override]
        self, inputs: Any, states: Any, masks: tuple[Masks, Masks] | None = None, training: bool = False
    ) -> Any:
        """(batch, features) and the states -> the output, and the list of next states.

        Args:
            inputs: of one step.
            states: a list.
            masks: those of dropout for this sequence, as ``sequence_masks`` gave them; by default new ones.
            training: whether this is training.
        """
        for_input, for_state = self.sequence_masks(inputs.shape, training) if masks is None else masks
        projected = self.projected(ops.cast(inputs, self.dtype), for_input)
        new = self.advance(for_state)(tuple(ops.cast(state, self.dtype) for state in as_list(states)), projected)
        return new[0], list(new)

    def compute_output_shape(self, input_shape: Shape) -> Any:
        """The shapes of the output and of the states."""
        return [(input_shape[0], self.units)] * (1 + self.kept_states)


class SimpleRNNCell(SimpleGate, GatedCell):
    """One step of ``SimpleRNN``, with its formula, weights and arguments.

    Input (batch, features) and the state (batch, units); output h and the list [h], (batch, units). Weights: ``kernel``
    (features, units), ``recurrent_kernel`` (units, units), ``bias`` (units,). Input and state are converted to the
    layer's dtype.

    Args:
        units, activation, use_bias, kernel_initializer, recurrent_initializer, bias_initializer, kernel_regularizer,
            recurrent_regularizer, bias_regularizer, kernel_constraint, recurrent_constraint, bias_constraint, dropout,
            recurrent_dropout, seed: as for ``SimpleRNN``; within ``RNN`` dropout has one mask for a whole sequence.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: an argument outside the values allowed.
        LayerInputError: the input has not two axes, or other features than at the first call.

    Example:
        >>> import numpy as np
        >>> output, states = SimpleRNNCell(4)(np.zeros((2, 3), "float32"), [np.zeros((2, 4), "float32")])
        >>> output.shape, [state.shape for state in states]
        ((2, 4), [(2, 4)])
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
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        *,
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
            kernel_constraint=kernel_constraint,
            recurrent_constraint=recurrent_constraint,
            bias_constraint=bias_constraint,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            implementation=1,
            seed=seed,
            **kwargs,
        )


class GRUCell(GRUGates, GatedCell):
    """One step of ``GRU``, with its formula, weights, arguments and defaults.

    Input (batch, features) and the state (batch, units); output h and the list [h], (batch, units). Weights: ``kernel``
    (features, 3 * units), ``recurrent_kernel`` (units, 3 * units), ``bias`` (3 * units,) or, with ``reset_after``,
    (2, 3 * units). Input and state are converted to the layer's dtype.

    Args:
        units, activation, recurrent_activation, use_bias, kernel_initializer, recurrent_initializer, bias_initializer,
            kernel_regularizer, recurrent_regularizer, bias_regularizer, kernel_constraint, recurrent_constraint,
            bias_constraint, dropout, recurrent_dropout, implementation, reset_after, seed: as for ``GRU``; within
            ``RNN`` dropout has the same masks for a whole sequence.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: an argument outside the values allowed.
        LayerInputError: the input has not two axes, or other features than at the first call.

    Example:
        >>> import numpy as np
        >>> cell = GRUCell(4)
        >>> output, states = cell(np.zeros((2, 3), "float32"), [np.zeros((2, 4), "float32")])
        >>> output.shape, cell.state_size
        ((2, 4), 4)
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
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        implementation: int = 1,
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
            kernel_constraint=kernel_constraint,
            recurrent_constraint=recurrent_constraint,
            bias_constraint=bias_constraint,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            implementation=implementation,
            reset_after=reset_after,
            seed=seed,
            **kwargs,
        )


class LSTMCell(LSTMGates, GatedCell):
    """One step of ``LSTM``, with its formula, weights, arguments and defaults.

    Input (batch, features) and two states h and c (batch, units); output h and the list [h, c], (batch, units) each.
    Weights: ``kernel`` (features, 4 * units), ``recurrent_kernel`` (units, 4 * units), ``bias`` (4 * units,). Input and
    states are converted to the layer's dtype.

    Args:
        units, activation, recurrent_activation, use_bias, kernel_initializer, recurrent_initializer, bias_initializer,
            unit_forget_bias, kernel_regularizer, recurrent_regularizer, bias_regularizer, kernel_constraint,
            recurrent_constraint, bias_constraint, dropout, recurrent_dropout, implementation, seed: as for ``LSTM``;
            within ``RNN`` dropout has the same masks for a whole sequence.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: an argument outside the values allowed.
        LayerInputError: the input has not two axes, or other features than at the first call.

    Example:
        >>> import numpy as np
        >>> cell = LSTMCell(4)
        >>> output, states = cell(np.zeros((2, 3), "float32"), [np.zeros((2, 4), "float32")] * 2)
        >>> output.shape, cell.state_size
        ((2, 4), (4, 4))
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
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        implementation: int = 1,
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
            kernel_constraint=kernel_constraint,
            recurrent_constraint=recurrent_constraint,
            bias_constraint=bias_constraint,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            implementation=implementation,
            seed=seed,
            **kwargs,
        )
