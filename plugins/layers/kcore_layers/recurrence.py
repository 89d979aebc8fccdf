"""What recurrent layers share: weights, states, masks, dropout, and the loop over the steps."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

from kcore import Array, KeySequence, Shape, Variable, constraints, initializers, ops, regularizers
from kcore.errors import InvalidArgumentError, LayerStateError
from kcore.layers import InputSpec, Layer
from kcore_layers.arguments import activation_function, dropped_fraction, optional_seed, positive_integer
from kcore_layers.dropping import keep_mask

States = tuple[Any, ...]
Step = Callable[[States, Any], States]


class Recurrent(Layer):
    """A layer that goes through the steps of a sequence and hands its states from each to the next.

    A subclass says how many gates and states it has, and writes ``step``. Weights: ``kernel`` (features, gates *
    units), ``recurrent_kernel`` (units, gates * units), ``bias`` (gates * units,).

    Attributes:
        gates: how many parts of ``units`` columns the kernels have.
        state_count: how many states of shape (batch, units) there are; the first is also the output.
    """

    gates: ClassVar[int]
    state_count: ClassVar[int]

    def __init__(
        self,
        units: int,
        *,
        activation: Any,
        recurrent_activation: Any,
        use_bias: bool,
        kernel_initializer: Any,
        recurrent_initializer: Any,
        bias_initializer: Any,
        kernel_regularizer: Any,
        recurrent_regularizer: Any,
        bias_regularizer: Any,
        kernel_constraint: Any,
        recurrent_constraint: Any,
        bias_constraint: Any,
        dropout: float,
        recurrent_dropout: float,
        implementation: int,
        return_sequences: bool,
        return_state: bool,
        go_backwards: bool,
        stateful: bool,
        unroll: bool,
        seed: int | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        kind = type(self).__name__
        self.units = positive_integer(kind, "units", units)
        self.activation = activation_function(kind, activation)
        self.recurrent_activation = activation_function(kind, recurrent_activation, "recurrent_activation")
        self.use_bias = bool(use_bias)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.recurrent_initializer = initializers.get(recurrent_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.recurrent_regularizer = regularizers.get(recurrent_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.recurrent_constraint = constraints.get(recurrent_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.dropout = dropped_fraction(kind, "dropout", dropout)
        self.recurrent_dropout = dropped_fraction(kind, "recurrent_dropout", recurrent_dropout)
        # Keras 2.0 knew 0 as well, which computed the same numbers as 1.
        if implementation not in (0, 1, 2) or isinstance(implementation, bool):
            raise InvalidArgumentError(
                component=kind, argument="implementation", value=implementation, allowed=[1, 2, 0]
            )
        self.implementation = int(implementation)
        self.return_sequences = bool(return_sequences)
        self.return_state = bool(return_state)
        self.go_backwards = bool(go_backwards)
        self.stateful = bool(stateful)
        self.unroll = bool(unroll)
        self.seed = optional_seed(kind, seed)
        self._keys = KeySequence(self.seed)
        self._states: list[Variable] = []
        self.input_spec = InputSpec(ndim=3)

    # --- what subclasses write ---------------------------------------------------------------------------------------

    @abstractmethod
    def step(self, masks: Sequence[Any] | None) -> Step:
        """The function (states, projected input of one step) -> next states, for one call of the layer.

        Args:
            masks: for dropout of the state, see ``product``; ``None`` for none.
        """

    def first_bias(self, shape: Sequence[int], dtype: Any = None) -> Array:
        """The bias's first value."""
        return self.bias_initializer(shape, dtype)  # type: ignore[no-any-return]

    def bias_shape(self) -> tuple[int, ...]:
        """The shape of the bias."""
        return (self.gates * self.units,)

    def input_bias(self) -> Any:
        """The part of the bias that is added to the projected input of all steps."""
        return self.bias

    # --- weights and states ------------------------------------------------------------------------------------------

    def ensure_built(self, input_shape: Any) -> None:
        """For the sequence alone: the shapes of first states follow from it."""
        super().ensure_built(_sequence(input_shape))

    def build(self, input_shape: Shape) -> None:
        features: Any = input_shape[-1]
        columns = self.gates * self.units
        self.kernel: Variable = self.add_weight(
            "kernel",
            (features, columns),
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.recurrent_kernel: Variable = self.add_weight(
            "recurrent_kernel",
            (self.units, columns),
            self.recurrent_initializer,
            regularizer=self.recurrent_regularizer,
            constraint=self.recurrent_constraint,
        )
        self.bias: Variable | None = None
        if self.use_bias:
            self.bias = self.add_weight(
                "bias",
                self.bias_shape(),
                self.first_bias,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        self.input_spec = InputSpec(ndim=3, axes={-1: features})
        if self.stateful:
            batch = input_shape[0]
            if batch is None:
                raise LayerStateError(
                    layer=self.name,
                    problem="is stateful, but the batch size is not known",
                    advice="Fix it: give the first layer a batch_input_shape, or Input a batch_size.",
                )
            zeros = np.zeros((batch, self.units), self.dtype)
            self._states = [
                Variable(zeros, name=f"{self.name}/state_{number}", trainable=False)
                for number in range(self.state_count)
            ]
            self.input_spec = InputSpec(ndim=3, axes={0: batch, -1: features})

    @property
    def states(self) -> list[Variable]:
        """The states that a stateful layer keeps, (batch, units) each; empty for another."""
        return list(self._states)

    def reset_states(self, states: Array | Sequence[Array] | None = None) -> None:
        """Let a stateful layer begin anew.

        Args:
            states: what it begins with, (batch, units) for each state; zeros by default.

        Raises:
            LayerStateError: the layer is not stateful, or has not seen an input shape yet.
            VariableValueError: a state has another shape.
        """
        if not self._states:
            raise LayerStateError(
                layer=self.name,
                problem="has no states to reset",
                advice="Make it with stateful=True, and build it on a fixed batch size, first.",
            )
        given = [np.zeros(state.shape) for state in self._states] if states is None else self._listed(states)
        for state, value in zip(self._states, given, strict=True):
            state.assign(value)

    def _listed(self, states: Any) -> list[Any]:
        """First states as a list, of the right length."""
        given = list(states) if isinstance(states, list | tuple) else [states]
        if len(given) != self.state_count:
            raise InvalidArgumentError(
                component=type(self).__name__,
                argument="initial_state",
                value=[tuple(np.shape(state)) for state in given],
                allowed=f"{self.state_count} array(s) of shape (batch, {self.units})",
            )
        return given

    # --- calling -----------------------------------------------------------------------------------------------------

    def __call__(
        self, inputs: Any, *, training: bool | None = None, mask: Any = None, initial_state: Any = None, **kwargs: Any
    ) -> Any:
        """As ``Layer``; ``initial_state`` may also follow the sequence in a list: ``layer([x, *states])``."""
        if initial_state is not None:
            states = self._listed(initial_state)
            inputs = [inputs, *states]
            mask = None if mask is None else [mask, *(None for _ in states)]
        return super().__call__(inputs, training=training, mask=mask, **kwargs)

    def call(self, inputs: Any, mask: Any = None, training: bool = False) -> Any:
        """(batch, steps, features), or a list of it and first states -> (batch, units), and what else is returned."""
        given = list(inputs[1:]) if isinstance(inputs, list | tuple) else []
        # Steps first, as the loop wants them.
        x = np.swapaxes(ops.cast(_sequence_of(inputs), self.dtype), 0, 1)
        keep = mask[0] if isinstance(mask, list | tuple) else mask
        if keep is not None:
            keep = np.swapaxes(ops.cast(keep, "bool"), 0, 1)[:, :, np.newaxis]
        dropping = training and self.dropout > 0
        projected = self.product(x, self.kernel, self._masks(self.dropout, x.shape[1:]) if dropping else None)
        if self.bias is not None:
            projected = projected + self.input_bias()
        dropping = training and self.recurrent_dropout > 0
        step = self.step(self._masks(self.recurrent_dropout, (x.shape[1], self.units)) if dropping else None)

        def body(states: States, item: Any) -> tuple[States, Any]:
            z, kept = item
            new = step(states, z)
            if kept is not None:
                new = tuple(np.where(kept, after, before) for after, before in zip(new, states, strict=True))
            return new, new[0] if self.return_sequences else None

        start = self._start(given, x.shape[1])
        ends, outputs = ops.scan(body, start, (projected, keep), reverse=self.go_backwards)
        for state, end in zip(self._states, ends, strict=False):
            state.assign(end)
        result = ends[0]
        if self.return_sequences:
            # In the order in which the steps were gone through.
            result = np.swapaxes(outputs[::-1] if self.go_backwards else outputs, 0, 1)
        return [result, *ends] if self.return_state else result

    def _start(self, given: Sequence[Any], batch: int) -> States:
        if not given:
            return tuple(self._states) or (np.zeros((batch, self.units), self.dtype),) * self.state_count
        states = tuple(ops.cast(state, self.dtype) for state in self._listed(given))
        if any(state.shape != (batch, self.units) for state in states):
            raise InvalidArgumentError(
                component=type(self).__name__,
                argument="initial_state",
                value=[tuple(state.shape) for state in states],
                allowed=f"{self.state_count} array(s) of shape ({batch}, {self.units})",
            )
        return states

    def _masks(self, rate: float, shape: Sequence[int]) -> list[Any]:
        """One mask for each gate, or with implementation 2 one for all; the same in all steps."""
        count = 1 if self.implementation == 2 else self.gates
        masks = keep_mask(self._keys.next(), (count, *shape), rate, self.dtype)
        return [masks[number] for number in range(count)]

    @staticmethod
    def product(x: Any, matrix: Any, masks: Sequence[Any] | None) -> Any:
        """x @ matrix, where each part of the columns sees the input through its own mask, or all through the only one.

        All steps at once are one matrix product.
        """
        if masks is None or len(masks) == 1:
            x = x if masks is None else x * masks[0]
            flat = np.reshape(x, (-1, x.shape[-1])) if len(x.shape) > 2 else x
            return np.reshape(flat @ matrix, (*x.shape[:-1], matrix.shape[-1]))
        parts = np.split(matrix, len(masks), axis=-1)
        return np.concatenate(
            [Recurrent.product(x, part, [mask]) for part, mask in zip(parts, masks, strict=True)], axis=-1
        )

    # --- masks and shapes --------------------------------------------------------------------------------------------

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The mask of the sequence for returned sequences, in their order; the states have none."""
        result = mask[0] if isinstance(mask, list | tuple) else mask
        if result is not None:
            result = None if not self.return_sequences else result[:, ::-1] if self.go_backwards else result
        return [result, *(None for _ in range(self.state_count))] if self.return_state else result

    def compute_output_shape(self, input_shape: Any) -> Any:
        batch, steps, _ = _sequence(input_shape)
        shape: Shape = (batch, steps, self.units) if self.return_sequences else (batch, self.units)
        return [shape, *[(batch, self.units)] * self.state_count] if self.return_state else shape


def _sequence(shape: Any) -> Any:
    """The shape of the sequence, of a shape or a list of that and those of first states."""
    return shape[0] if isinstance(shape, list) else shape


def _sequence_of(inputs: Any) -> Any:
    return inputs[0] if isinstance(inputs, list | tuple) else inputs
