"""``RNN``, which repeats any cell along a sequence, and cells on top of each other."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import numpy as np

from kcore import Shape, layers
from kcore.errors import InvalidArgumentError
from kcore.layers import Layer
from kcore_layers.recurrence import Recurrent, States, Step
from kcore_layers.state_arguments import as_list


class StackedRNNCells(Layer):
    """Cells on top of each other, as one cell: the output of each is the input of the next.

    Input (batch, ...) and the states of all cells, in the order of the cells; output that of the last cell, and the
    list of the next states. The weights are those of the cells, in their order.

    Args:
        cells: at least one; or their configs.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: there is no cell, or something that is none.

    Example:
        >>> from kcore.layers import GRUCell, LSTMCell
        >>> StackedRNNCells([LSTMCell(4), GRUCell(3)]).state_size
        (4, 4, 3)
    """

    def __init__(self, cells: Sequence[Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(cells, list | tuple) or not cells:
            raise InvalidArgumentError(
                component="StackedRNNCells", argument="cells", value=cells, allowed="a list of at least one cell"
            )
        self.cells = [checked_cell("StackedRNNCells", "cells", cell) for cell in cells]

    @property
    def state_size(self) -> tuple[Any, ...]:
        """The sizes of all states, cell by cell."""
        return tuple(shape[0] if len(shape) == 1 else shape for cell in self.cells for shape in state_shapes_of(cell))

    @property
    def output_size(self) -> Any:
        """The size of the last cell's output."""
        shape = output_shape_of(self.cells[-1])
        return shape[0] if len(shape) == 1 else shape

    @property
    def output_state(self) -> int | None:
        """Which of all states is the output; ``None`` if that is not known to be one."""
        own: int | None = getattr(self.cells[-1], "output_state", None)
        return None if own is None else sum(len(state_shapes_of(cell)) for cell in self.cells[:-1]) + own

    @property
    def takes_constants(self) -> bool:
        """Whether one of the cells takes constants."""
        return any(takes_constants(cell) for cell in self.cells)

    def get_initial_state(self, inputs: Any = None, batch_size: Any = None, dtype: Any = None) -> list[Any]:
        """The first states of all cells."""
        return [state for cell in self.cells for state in first_states_of(cell, inputs, batch_size, dtype)]

    def sequence_masks(self, shape: Sequence[int], training: bool) -> list[Any]:
        """The masks of dropout of each cell, for one sequence."""
        masks = []
        for cell in self.cells:
            masks.append(sequence_masks_of(cell, shape, training))
            shape = (shape[0], *output_shape_of(cell))  # type: ignore[arg-type]
        return masks

    def build(self, input_shape: Any) -> None:
        shape, constants = (input_shape[0], input_shape[1:]) if isinstance(input_shape, list) else (input_shape, [])
        for cell in self.cells:
            cell.ensure_built([shape, *constants] if takes_constants(cell) and constants else shape)
            shape = (shape[0], *output_shape_of(cell))

    def call(  # type: ignore[override]
        self, inputs: Any, states: Any, constants: Any = None, masks: Any = None, training: bool = False
    ) -> Any:
        """(batch, ...) and the states -> the last cell's output, and the list of next states."""
        given, following = as_list(states), []
        masks = self.sequence_masks(inputs.shape, training) if masks is None else masks
        for cell, own in zip(self.cells, masks, strict=True):
            count = len(state_shapes_of(cell))
            inputs, new = step_of(cell, inputs, given[:count], constants, own)
            given = given[count:]
            following += new
        return inputs, following

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shapes of the output and of the states."""
        batch = (input_shape[0] if isinstance(input_shape, list) else input_shape)[0]
        return [(batch, *shape) for shape in (output_shape_of(self), *state_shapes_of(self))]


class RNN(Recurrent):
    """Repeats a cell along a sequence.

    A cell is a layer that computes one step: ``cell(x, states)`` with (batch, ...) and a list of states gives the
    output and the list of next states. It has

    * ``state_size``: the size of its state, or a list of the sizes of its states; a size is an integer, or a tuple for
      a state with more axes, all without the batch axis,
    * ``call(inputs, states)``, perhaps with the arguments ``constants`` and ``training``,
    * and it may have ``output_size`` (by default the size of the first state), ``get_initial_state(inputs, batch_size,
      dtype)`` in place of zeros, and ``output_state``, the position of the state that is also the output.

    A masked step changes no state, and its output repeats: the state where ``output_state`` says so, as with the cells
    of this distribution, else the output of the step before, which is 0 at first, as in Keras 2.

    Input (batch, steps, ...), output that of the last step, (batch, output size). The weights are the cell's. The input
    is converted to the layer's dtype. With ``LSTMCell``, ``GRUCell`` and ``SimpleRNNCell`` the numbers are those of
    ``LSTM``, ``GRU`` and ``SimpleRNN``.

    Args:
        cell: a cell, its config, or a list of cells, which are put on top of each other (``StackedRNNCells``).
        return_sequences: whether the output is that of all steps, (batch, steps, output size).
        return_state: whether the output is the list of it and the last states; those of cells on top of each other
            in the order of the cells.
        go_backwards, stateful, unroll, zero_output_for_mask: as for ``LSTM``.
        **kwargs: those of ``Layer``.

    When called, ``initial_state`` gives the first states, and ``constants`` what each step gets as it is, an array or
    symbolic tensor or a list of these. A cell that takes constants is built for a list: the shape of its input, and
    those of the constants.

    Raises:
        InvalidArgumentError: no cell, or one with a penalty on its output; first states of another number or shape;
            constants, and the cell takes none, or none, and it needs some.
        LayerInputError: the input has fewer than three axes, or, where stateful, another batch size.
        LayerCallError: the cell failed, or gave no output with the right states.
        LayerStateError: stateful, and the batch size is not known.

    Example:
        >>> import numpy as np
        >>> from kcore.layers import GRUCell, LSTMCell
        >>> layer = RNN([LSTMCell(8), GRUCell(4)], return_state=True)
        >>> [array.shape for array in layer(np.zeros((2, 10, 3), "float32"))]
        [(2, 4), (2, 8), (2, 8), (2, 4)]
    """

    input_ndim = None

    def __init__(
        self,
        cell: Any,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            return_sequences=return_sequences,
            return_state=return_state,
            go_backwards=go_backwards,
            stateful=stateful,
            unroll=unroll,
            **kwargs,
        )
        if isinstance(cell, list | tuple):
            cell = StackedRNNCells(cell, dtype=self.dtype)
        self.cell: Layer = checked_cell("RNN", "cell", cell)
        if any(inside.activity_regularizer is not None for inside in self.cell.walk()):
            raise InvalidArgumentError(
                component="RNN",
                argument="cell",
                value=self.cell,
                allowed="a cell without activity_regularizer, for which a step has no place; give it to RNN",
            )
        self.output_state = getattr(self.cell, "output_state", None)
        self.takes_constants = takes_constants(self.cell)
        self._constant_shapes: list[Shape] = []

    def ensure_built(self, input_shape: Any) -> None:
        self._constant_shapes = self.split(input_shape)[2]
        super().ensure_built(input_shape)

    def build(self, input_shape: Shape) -> None:
        if needs_constants(self.cell) and not self._constant_shapes:
            raise InvalidArgumentError(
                component="RNN",
                argument="constants",
                value=None,
                allowed="the arrays that the cell's call has as constants, in layer(x, constants=...)",
            )
        step_shape = (input_shape[0], *input_shape[2:])
        self.cell.ensure_built([step_shape, *self._constant_shapes] if self._constant_shapes else step_shape)

    def state_shapes(self, input_shape: Shape) -> list[Shape]:
        return state_shapes_of(self.cell)

    def step_shape(self, input_shape: Shape) -> Shape:
        return output_shape_of(self.cell)

    def first_states(self, inputs: Any) -> States:
        # The sequence as users have it, the batch first.
        return tuple(first_states_of(self.cell, np.swapaxes(inputs, 0, 1), inputs.shape[1], self.dtype))

    def prepare(self, inputs: Any, constants: Sequence[Any], training: bool) -> tuple[Any, Step]:
        cell = self.cell
        masks = sequence_masks_of(cell, inputs.shape[1:], training)

        def step(states: States, x: Any) -> tuple[Any, Sequence[Any]]:
            return step_of(cell, x, list(states), list(constants) or None, masks)

        return inputs, step


def checked_cell(component: str, argument: str, cell: Any) -> Layer:
    """A cell, given as such or as its config.

    Raises:
        InvalidArgumentError: it is no layer with a ``state_size``.
    """
    found = layers.deserialize(cell) if isinstance(cell, dict) else cell
    if not isinstance(found, Layer) or not hasattr(found, "state_size"):
        raise InvalidArgumentError(
            component=component,
            argument=argument,
            value=cell,
            allowed="a cell, such as LSTMCell(8), or a list of cells: a cell is a Layer with state_size and "
            "call(inputs, states)",
        )
    return found


def _shape(size: Any) -> Shape:
    return tuple(size) if isinstance(size, list | tuple) else (int(size),)


def state_shapes_of(cell: Any) -> list[Shape]:
    """The shapes of a cell's states without the batch axis."""
    size = cell.state_size
    return [_shape(one) for one in size] if isinstance(size, list | tuple) else [_shape(size)]


def output_shape_of(cell: Any) -> Shape:
    """The shape of a cell's output without the batch axis."""
    size = getattr(cell, "output_size", None)
    return state_shapes_of(cell)[0] if size is None else _shape(size)


def takes_constants(cell: Any) -> bool:
    """Whether a cell's call has an argument for constants."""
    own = getattr(cell, "takes_constants", None)
    return bool(own) if own is not None else "constants" in inspect.signature(cell.call).parameters


def needs_constants(cell: Any) -> bool:
    """Whether a cell cannot be called without constants."""
    if isinstance(cell, StackedRNNCells):
        return any(needs_constants(one) for one in cell.cells)
    found = inspect.signature(cell.call).parameters.get("constants")
    return found is not None and found.default is found.empty


def first_states_of(cell: Any, inputs: Any, batch: int, dtype: Any) -> list[Any]:
    """A cell's states before the first step: what ``get_initial_state`` gives, or zeros."""
    make = getattr(cell, "get_initial_state", None)
    if make is None:
        return [np.zeros((batch, *shape), dtype) for shape in state_shapes_of(cell)]
    known = {"inputs": inputs, "batch_size": batch, "dtype": dtype}
    wanted = inspect.signature(make).parameters
    return as_list(make(**{name: value for name, value in known.items() if name in wanted}))


def sequence_masks_of(cell: Any, shape: Sequence[int], training: bool) -> Any:
    """What a cell draws once for a whole sequence, if it draws anything; ``None`` if not."""
    draw = getattr(cell, "sequence_masks", None)
    return None if draw is None else draw(shape, training)


def step_of(cell: Any, x: Any, states: list[Any], constants: Any, masks: Any) -> tuple[Any, list[Any]]:
    """The output and the next states of one step of a cell."""
    further = {} if masks is None else {"masks": masks}
    if constants is not None and takes_constants(cell):
        further["constants"] = constants
    result = cell(x, states, **further)
    new = as_list(result[1]) if isinstance(result, list | tuple) and len(result) == 2 else None
    if new is None or len(new) != len(states):
        raise InvalidArgumentError(
            component=f"RNN around the cell {cell.name!r}",
            argument="the result of call",
            value=type(result).__name__ if new is None else f"an output and {len(new)} states",
            allowed=f"an output and the list of the {len(states)} next states, as state_size says",
        )
    return result[0], new
