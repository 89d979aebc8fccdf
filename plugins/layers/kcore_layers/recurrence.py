"""The loop over the steps of a sequence, which all recurrent layers share: states, masks, and what is returned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ClassVar, NoReturn, Self

import numpy as np

from kcore import Array, Shape, Variable, ops
from kcore.errors import AbstractLayerError, InvalidArgumentError, LayerStateError
from kcore.layers import InputSpec
from kcore_layers.state_arguments import TakesStates, as_list, mask_of_first, shapes_of

States = tuple[Any, ...]
Step = Callable[[States, Any], tuple[Any, Sequence[Any]]]

FLAGS = ("return_sequences", "return_state", "go_backwards", "stateful", "unroll", "zero_output_for_mask")


class Recurrent(TakesStates):
    """The base of recurrent layers: goes through the steps of a sequence and hands states from each to the next.

    It computes nothing by itself. A subclass writes two methods, and makes its weights in ``build`` as any layer:

    * ``state_shapes(input_shape)``: the shapes of its states, without the batch axis.
    * ``prepare(inputs, constants, training)``: what each step gets, and the function of one step.

    Everything else is done here: masks (a masked step changes no state, and its output repeats the one before, as in
    Keras 2), first states, states that stay from batch to batch, both directions, and what is returned. The loop is
    ``kcore.ops.scan``: traced once, differentiated, planned. What does not depend on the states, such as the product
    of the input with a kernel, belongs into ``prepare``, where it is computed for all steps at once.

    Input (batch, steps, ...), converted to the layer's dtype; output of the last step, (batch, ...).

    Args:
        return_sequences: whether the output is that of all steps, (batch, steps, ...).
        return_state: whether the output is a list of it and the last states, (batch, ...) each.
        go_backwards: begin with the last step; returned sequences and their mask are in that order.
        stateful: begin each batch with the states in which the one before ended, sample by sample. The batch size is
            fixed then (``batch_input_shape``); ``reset_states()`` makes the states 0.
        unroll: accepted, without effect: the loop is part of the traced program.
        zero_output_for_mask: whether returned sequences are 0 at masked steps, instead of repeating.
        **kwargs: those of ``Layer``.

    When called, ``initial_state`` gives the first states, and ``constants`` what every step sees, arrays or symbolic
    tensors, or lists of them.

    Attributes:
        output_state: which state is also the output; ``None`` if the output is none of them.
        takes_constants: whether ``prepare`` makes use of constants.
        input_ndim: the number of the input's axes; ``None`` for at least three.

    Raises:
        AbstractLayerError: it is not a subclass that was made, or one that lacks a method.
        InvalidArgumentError: when called, first states of another number or shape, or constants that nothing takes.
        LayerStateError: stateful, and the batch size is not known.

    Example:
        >>> import numpy as np
        >>> from kcore.layers import Recurrent
        >>> class MovingMean(Recurrent):
        ...     def state_shapes(self, input_shape):
        ...         return [input_shape[2:]]
        ...
        ...     def prepare(self, inputs, constants, training):
        ...         def step(states, x):
        ...             mean = 0.5 * states[0] + x
        ...             return mean, [mean]
        ...
        ...         return 0.5 * inputs, step
        >>> MovingMean(return_sequences=True)(np.array([[[8.0], [8.0], [0.0]]])).ravel().tolist()
        [4.0, 6.0, 3.0]
    """

    output_state: int | None = 0
    takes_constants: bool = False
    input_ndim: ClassVar[int | None] = 3

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        needed = ("state_shapes", "prepare")
        missing = [name for name in needed if getattr(cls, name) is getattr(Recurrent, name)]
        if missing:
            raise AbstractLayerError(
                layer=cls.__name__,
                base="Recurrent",
                concrete=["LSTM", "GRU", "SimpleRNN", "RNN", "ConvLSTM2D"],
                missing=missing,
            )
        return super().__new__(cls)

    def __init__(
        self,
        *,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        zero_output_for_mask: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.return_sequences = bool(return_sequences)
        self.return_state = bool(return_state)
        self.go_backwards = bool(go_backwards)
        self.stateful = bool(stateful)
        self.unroll = bool(unroll)
        self.zero_output_for_mask = bool(zero_output_for_mask)
        self._states: list[Variable] = []
        ndim = self.input_ndim
        self.input_spec = InputSpec(min_ndim=3) if ndim is None else InputSpec(ndim=ndim)

    def get_config(self) -> dict[str, Any]:
        """As ``Layer``; what a subclass passes on without naming it is written where it says anything."""
        flags = {name: True for name in FLAGS if getattr(self, name)}
        return {**flags, **super().get_config()}

    # --- what subclasses write ---------------------------------------------------------------------------------------

    def state_shapes(self, input_shape: Shape) -> list[Shape]:
        """The shapes of the states without the batch axis, for a sequence of this shape; ``None`` for unknown sizes."""
        raise NotImplementedError

    def prepare(self, inputs: Any, constants: Sequence[Any], training: bool) -> tuple[Any, Step]:
        """What is computed for all steps at once, and the function of one step.

        Args:
            inputs: the sequence with the steps first: (steps, batch, ...).
            constants: what the call was given as ``constants``.
            training: whether this is training.

        Returns:
            what the steps get, (steps, ...), an array or several in lists and tuples; and the function (states, its
            part of that) -> (output, next states).
        """
        raise NotImplementedError

    def step_shape(self, input_shape: Shape) -> Shape:
        """The shape of one step's output without the batch axis: by default that of the state that is the output."""
        return self.state_shapes(input_shape)[self.output_state or 0]

    def first_states(self, inputs: Any) -> States:
        """The states before the first step, where nothing else says so: zeros.

        Args:
            inputs: (steps, batch, ...).
        """
        steps, batch, *rest = inputs.shape
        return tuple(np.zeros((batch, *shape), self.dtype) for shape in self.state_shapes((batch, steps, *rest)))

    def inward(self, state: Any) -> Any:
        """A state as the steps want it, of one in the layout of the input; the same by default."""
        return state

    def outward(self, output: Any) -> Any:
        """An output or state in the layout of the input, of one as the steps give it; the same by default."""
        return output

    # --- states ------------------------------------------------------------------------------------------------------

    @property
    def _any_shape(self) -> Shape:
        """The shape of a sequence of which nothing is known."""
        return (None,) * (self.input_ndim or 3)

    @property
    def state_count(self) -> int:
        """How many states there are."""
        return len(self.state_shapes(self._any_shape))

    def ensure_built(self, input_shape: Any) -> None:
        """For the sequence alone: the shapes of first states follow from it."""
        sequence, _, _ = self.split(input_shape)
        keeps = self.stateful and not self.built
        if keeps:
            self.check_input(sequence)
            if sequence[0] is None:
                raise LayerStateError(
                    layer=self.name,
                    problem="is stateful, but the batch size is not known",
                    advice="Fix it: give the first layer a batch_input_shape, or Input a batch_size.",
                )
        super().ensure_built(sequence)
        if keeps:
            self._keep_states(sequence)

    def _keep_states(self, sequence: Shape) -> None:
        shapes = self.state_shapes(sequence)
        if any(size is None for shape in shapes for size in shape):
            raise LayerStateError(
                layer=self.name,
                problem=f"is stateful, but its states have the shapes {shapes}, of which a size is not known",
                advice="Fix the sizes of the input: give the first layer a batch_input_shape without None.",
            )
        self._states = [
            Variable(np.zeros((sequence[0], *shape), self.dtype), name=f"{self.name}/state_{number}", trainable=False)
            for number, shape in enumerate(shapes)
        ]
        spec = self.input_spec if isinstance(self.input_spec, InputSpec) else InputSpec()
        self.input_spec = replace(spec, axes={0: self._states[0].shape[0], **spec.axes})

    @property
    def states(self) -> list[Variable]:
        """The states that a stateful layer keeps, (batch, ...) each; empty for another."""
        return list(self._states)

    def reset_states(self, states: Array | Sequence[Array] | None = None) -> None:
        """Let a stateful layer begin anew.

        Args:
            states: what it begins with, (batch, ...) for each state; zeros by default.

        Raises:
            LayerStateError: the layer is not stateful, or has not seen an input shape yet.
            InvalidArgumentError: another number of states.
            VariableValueError: a state has another shape.
        """
        if not self._states:
            raise LayerStateError(
                layer=self.name,
                problem="has no states to reset",
                advice="Make it with stateful=True, and build it on a fixed batch size, first.",
            )
        given = (
            [np.zeros(state.shape) for state in self._states] if states is None else self.check_states(as_list(states))
        )
        for state, value in zip(self._states, given, strict=True):
            state.assign(value)

    def check_states(self, states: list[Any]) -> list[Any]:
        shapes = self.state_shapes(self._any_shape)
        if len(states) != len(shapes):
            self._refuse_states(states, "batch", shapes)
        return states

    def check_constants(self, constants: list[Any]) -> list[Any]:
        if constants and not self.takes_constants:
            raise InvalidArgumentError(
                component=type(self).__name__,
                argument="constants",
                value=shapes_of(constants),
                allowed="none, as its steps take none; RNN takes them, around a cell whose call does",
            )
        return constants

    def _refuse_states(self, states: Sequence[Any], batch: int | str, shapes: Sequence[Shape]) -> NoReturn:
        spelled = [str((batch, *shape)).replace("'", "").replace("None", "any") for shape in shapes]
        raise InvalidArgumentError(
            component=type(self).__name__,
            argument="initial_state",
            value=shapes_of(states),
            allowed=f"{len(shapes)} array(s) of shape {', '.join(dict.fromkeys(spelled))}",
        )

    # --- calling -----------------------------------------------------------------------------------------------------

    def call(self, inputs: Any, mask: Any = None, training: bool = False) -> Any:
        """(batch, steps, ...), or a list with states and constants -> (batch, ...), and what else is returned."""
        sequence, given, constants = self.split(list(inputs) if isinstance(inputs, tuple) else inputs)
        self.check_constants(constants)
        # Steps first, as the loop wants them.
        x = np.swapaxes(ops.cast(sequence, self.dtype), 0, 1)
        keep = mask_of_first(mask)
        if keep is not None:
            keep = np.swapaxes(ops.cast(keep, "bool"), 0, 1)[:, :, np.newaxis]
        constants = [ops.cast(one, self.dtype) if one.dtype.kind == "f" else one for one in constants]
        slices, step = self.prepare(x, constants, training)
        start = tuple(self.inward(state) for state in self._start(given, x))
        count, position = len(start), self.output_state
        # An output that is no state has to be handed on where a step may repeat it, and to be there at the end.
        carried = position is None and (keep is not None or not self.return_sequences)
        if carried:
            shape = (x.shape[1], x.shape[0], *x.shape[2:])
            start = (*start, np.zeros((x.shape[1], *self.step_shape(shape)), self.dtype))

        def body(carry: States, item: Any) -> tuple[States, Any]:
            part, kept = item
            states = carry[:count]
            output, new = step(states, part)
            if kept is not None:
                new = [chosen(kept, after, before) for after, before in zip(new, states, strict=True)]
            if position is not None:
                output = new[position]
            elif kept is not None:
                output = chosen(kept, output, carry[count])
            return (*new, output) if carried else tuple(new), output if self.return_sequences else None

        # A cell may have layers inside that count or draw at each step.
        ends, outputs = ops.scan(body, start, (slices, keep), reverse=self.go_backwards, assigns=True)
        last = [self.outward(end) for end in ends[:count]]
        for state, end in zip(self._states, last, strict=False):
            state.assign(end)
        if self.return_sequences:
            if keep is not None and self.zero_output_for_mask:
                outputs = chosen(keep, outputs, np.zeros((), self.dtype))
            # In the order in which the steps were gone through.
            result = self.outward(np.swapaxes(outputs[::-1] if self.go_backwards else outputs, 0, 1))
        else:
            result = self.outward(ends[count]) if position is None else last[position]
        return [result, *last] if self.return_state else result

    def _start(self, given: Sequence[Any], x: Any) -> States:
        if not given:
            return tuple(self._states) or self.first_states(x)
        states = tuple(ops.cast(state, self.dtype) for state in self.check_states(list(given)))
        batch = x.shape[1]
        expected = self.state_shapes((batch, x.shape[0], *x.shape[2:]))
        if [state.shape for state in states] != [(batch, *shape) for shape in expected]:
            self._refuse_states(states, batch, expected)
        return states

    # --- masks and shapes --------------------------------------------------------------------------------------------

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The mask of the sequence for returned sequences, in their order; the states have none."""
        result = mask_of_first(mask)
        if result is not None:
            result = None if not self.return_sequences else result[:, ::-1] if self.go_backwards else result
        return [result, *(None for _ in range(self.state_count))] if self.return_state else result

    def compute_output_shape(self, input_shape: Any) -> Any:
        sequence, _, _ = self.split(input_shape)
        batch, steps = sequence[:2]
        one = self.step_shape(sequence)
        shape: Shape = (batch, steps, *one) if self.return_sequences else (batch, *one)
        if not self.return_state:
            return shape
        return [shape, *((batch, *state) for state in self.state_shapes(sequence))]


def chosen(kept: Any, after: Any, before: Any) -> Any:
    """``after`` where a step is kept, else ``before``; ``kept`` has one axis behind those that it speaks of."""
    missing = len(after.shape) - len(kept.shape)
    if missing:
        kept = np.reshape(kept, (*kept.shape[:-1], *(1,) * (missing + 1)))
    return np.where(kept, after, before)
