"""Units with gates: weights, dropout and the formulas of one step, for cells and for whole layers alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

from kcore import Array, KeySequence, Shape, Variable, constraints, initializers, regularizers
from kcore.errors import InvalidArgumentError
from kcore.layers import InputSpec, Layer
from kcore_layers.arguments import activation_function, dropped_fraction, optional_seed, positive_integer
from kcore_layers.dropping import keep_mask
from kcore_layers.recurrence import Recurrent, States, Step

Masks = Sequence[Any] | None
Advance = Callable[[States, Any], States]


class Gated(Layer):
    """Weights ``kernel`` (features, gates * units), ``recurrent_kernel`` (units, gates * units), ``bias``, and a step.

    Attributes:
        gates: how many parts of ``units`` columns the kernels have.
        kept_states: how many states of shape (batch, units) there are; the first is also the output.
    """

    gates: ClassVar[int]
    kept_states: ClassVar[int] = 1

    def __init__(
        self,
        units: int,
        *,
        activation: Any,
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
        seed: int | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        kind = type(self).__name__
        self.units = positive_integer(kind, "units", units)
        self.activation = activation_function(kind, activation)
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
        self.seed = optional_seed(kind, seed)
        self._keys = KeySequence(self.seed)

    # --- weights -----------------------------------------------------------------------------------------------------

    def add_gates(self, kernel: Sequence[Any], recurrent_kernel: Sequence[Any]) -> None:
        """Make the weights, with kernels of these shapes."""
        self.kernel: Variable = self.add_weight(
            "kernel",
            kernel,
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.recurrent_kernel: Variable = self.add_weight(
            "recurrent_kernel",
            recurrent_kernel,
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

    def first_bias(self, shape: Sequence[int], dtype: Any = None) -> Array:
        """The bias's first value."""
        return self.bias_initializer(shape, dtype)  # type: ignore[no-any-return]

    def bias_shape(self) -> tuple[int, ...]:
        """The shape of the bias."""
        return (self.gates * self.units,)

    def kernels(self) -> tuple[Any, Any]:
        """Kernel and recurrent kernel as the formulas want them."""
        return self.kernel, self.recurrent_kernel

    def input_bias(self) -> Any:
        """The part of the bias that is added to the projected input; ``None`` for none."""
        return self.bias

    # --- one step ----------------------------------------------------------------------------------------------------

    def advance(self, masks: Masks) -> Advance:
        """The function (states, projected input) -> next states of one step, for one sequence.

        Args:
            masks: for dropout of the state, see ``masked``; ``None`` for none.
        """
        raise NotImplementedError

    def projected(self, x: Any, masks: Masks) -> Any:
        """The input's part in the gates, of one step or of all at once."""
        z = masked(self.input_product, x, self.kernels()[0], masks)
        bias = self.input_bias()
        return z if bias is None else z + bias

    def input_product(self, x: Any, kernel: Any) -> Any:
        """The input with the kernel."""
        return product(x, kernel)

    def state_product(self, h: Any, kernel: Any) -> Any:
        """The state with the recurrent kernel."""
        return product(h, kernel)

    # --- dropout -----------------------------------------------------------------------------------------------------

    def sequence_masks(self, shape: Sequence[int], training: bool) -> tuple[Masks, Masks]:
        """The masks of dropout that serve all steps of a sequence: for the input, and for the state.

        Args:
            shape: of one step's input, (batch, ...).
            training: else there are none.
        """
        return (
            self._drawn(self.dropout, shape) if training and self.dropout > 0 else None,
            self._drawn(self.recurrent_dropout, self.dropped_state(shape))
            if training and self.recurrent_dropout > 0
            else None,
        )

    def dropped_state(self, shape: Sequence[int]) -> Sequence[int]:
        """The shape of the state that dropout sees, for one step's input of this shape."""
        return (shape[0], self.units)

    def _drawn(self, rate: float, shape: Sequence[int]) -> list[Any]:
        """One mask for each gate, or with implementation 2 one for all."""
        count = 1 if self.implementation == 2 else self.gates
        masks = keep_mask(self._keys.next(), (count, *shape), rate, self.dtype)
        return [masks[number] for number in range(count)]


def product(x: Any, matrix: Any) -> Any:
    """x @ matrix; for all steps at once one product of two matrices."""
    if len(x.shape) == 2:
        return x @ matrix
    return np.reshape(np.reshape(x, (-1, x.shape[-1])) @ matrix, (*x.shape[:-1], matrix.shape[-1]))


def masked(function: Callable[[Any, Any], Any], x: Any, kernel: Any, masks: Masks) -> Any:
    """function(x, kernel), where each part of the kernel's columns sees x through its own mask, or all through one."""
    if masks is None:
        return function(x, kernel)
    if len(masks) == 1:
        return function(x * masks[0], kernel)
    parts = np.split(kernel, len(masks), axis=-1)
    return np.concatenate([function(x * mask, part) for mask, part in zip(masks, parts, strict=True)], axis=-1)


class GatedRecurrent(Gated, Recurrent):
    """A recurrent layer with gates: the projected input of all steps is one product before the loop."""

    def build(self, input_shape: Shape) -> None:
        features: Any = input_shape[-1]
        columns = self.gates * self.units
        self.add_gates((features, columns), (self.units, columns))
        self.input_spec = InputSpec(ndim=3, axes={-1: features})

    def state_shapes(self, input_shape: Shape) -> list[Shape]:
        return [(self.units,)] * self.kept_states

    def prepare(self, inputs: Any, constants: Sequence[Any], training: bool) -> tuple[Any, Step]:
        for_input, for_state = self.sequence_masks(inputs.shape[1:], training)
        slices = self.projected(inputs, for_input)
        advance = self.advance(for_state)

        def step(states: States, projected: Any) -> tuple[Any, States]:
            new = advance(states, projected)
            return new[0], new

        return slices, step


class SimpleGate(Gated):
    """h = activation(x @ kernel + bias + h @ recurrent_kernel)."""

    gates = 1

    def advance(self, masks: Masks) -> Advance:
        kernel = self.kernels()[1]

        def advance(states: States, projected: Any) -> States:
            return (self.activation(projected + masked(self.state_product, states[0], kernel, masks)),)

        return advance


class LSTMGates(Gated):
    """The input, forget and output gate and the candidate of a long short-term memory; see ``LSTM``."""

    gates = 4
    kept_states = 2

    def __init__(self, units: int, *, recurrent_activation: Any, unit_forget_bias: bool, **kwargs: Any) -> None:
        super().__init__(units, **kwargs)
        self.recurrent_activation = activation_function(
            type(self).__name__, recurrent_activation, "recurrent_activation"
        )
        self.unit_forget_bias = bool(unit_forget_bias)

    def first_bias(self, shape: Sequence[int], dtype: Any = None) -> Array:
        bias = np.array(super().first_bias(shape, dtype))
        if self.unit_forget_bias:
            # The forget gate's; where there are two biases, as in cuDNN, that of the recurrent part.
            start = shape[0] - 3 * self.units
            bias[start : start + self.units] = 1
        return bias

    def advance(self, masks: Masks) -> Advance:
        units, kernel = self.units, self.kernels()[1]

        def advance(states: States, projected: Any) -> States:
            h, c = states
            z = projected + masked(self.state_product, h, kernel, masks)
            # The first two gates lie side by side.
            write_and_forget = self.recurrent_activation(z[..., : 2 * units])
            write, forget = write_and_forget[..., :units], write_and_forget[..., units:]
            c = forget * c + write * self.activation(z[..., 2 * units : 3 * units])
            h = self.recurrent_activation(z[..., 3 * units :]) * self.activation(c)
            return h, c

        return advance


class GRUGates(Gated):
    """The update and reset gate and the candidate of a gated recurrent unit; see ``GRU``."""

    gates = 3

    def __init__(self, units: int, *, recurrent_activation: Any, reset_after: bool, **kwargs: Any) -> None:
        super().__init__(units, **kwargs)
        self.recurrent_activation = activation_function(
            type(self).__name__, recurrent_activation, "recurrent_activation"
        )
        self.reset_after = bool(reset_after)

    def bias_shape(self) -> tuple[int, ...]:
        columns = self.gates * self.units
        return (2, columns) if self.reset_after else (columns,)

    def input_bias(self) -> Any:
        bias: Any = self.bias
        return bias if bias is None or not self.reset_after else bias[0]

    def state_bias(self) -> Any:
        """The part of the bias that is added to the state's part in the gates; ``None`` for none."""
        bias: Any = self.bias
        return bias if bias is None else bias[1]

    def advance(self, masks: Masks) -> Advance:
        return self._reset_after(masks) if self.reset_after else self._reset_before(masks)

    def _reset_after(self, masks: Masks) -> Advance:
        units, kernel, bias = self.units, self.kernels()[1], self.state_bias()
        both = 2 * units

        def advance(states: States, projected: Any) -> States:
            (h,) = states
            inner = masked(self.state_product, h, kernel, masks)
            if bias is not None:
                inner = inner + bias
            gates = self.recurrent_activation(projected[..., :both] + inner[..., :both])
            new = self.activation(projected[..., both:] + gates[..., units:] * inner[..., both:])
            return (new + gates[..., :units] * (h - new),)

        return advance

    def _reset_before(self, masks: Masks) -> Advance:
        units, kernel = self.units, self.kernels()[1]
        both = 2 * units
        gate_kernel, candidate_kernel = kernel[:, :both], kernel[:, both:]
        # One mask serves all gates, or each has its own.
        first, last = (masks, masks) if masks is None or len(masks) == 1 else (masks[:2], masks[2:])

        def advance(states: States, projected: Any) -> States:
            (h,) = states
            gates = self.recurrent_activation(projected[..., :both] + masked(self.state_product, h, gate_kernel, first))
            reset = masked(self.state_product, gates[..., units:] * h, candidate_kernel, last)
            new = self.activation(projected[..., both:] + reset)
            return (new + gates[..., :units] * (h - new),)

        return advance
