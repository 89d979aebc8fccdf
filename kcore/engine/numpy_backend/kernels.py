"""From an equation to a bound kernel: whole, or in pieces that threads run side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from kcore.engine.numpy_backend.threads import ThreadTeam
from kcore.engine.primitive import Thunk
from kcore.engine.primitives.batching import cut
from kcore.engine.program import Equation
from kcore.engine.types import Array, ArrayType

GRAIN = 1 << 20
"""Work of one piece, in the measure of ``Cut.work``: 50 to 100 microseconds, several times what a hand-over takes."""
MOST_PIECES = 8


class Piece(NamedTuple):
    """A part of an equation.

    Attributes:
        rows: of the axis that is cut.
        scratch: its work arrays, as numbers among those of the equation.
        params: its static parameters.
    """

    rows: slice
    scratch: slice
    params: dict[str, Any]


class Kernel:
    """An equation, and how it is cut. Cutting depends on shapes alone, so that results do not depend on threads.

    Attributes:
        scratch: types of all work arrays, those of every piece and the partial sums.
        pieces: empty where the equation is computed whole.
    """

    def __init__(self, equation: Equation) -> None:
        self.equation = equation
        self.pieces: list[Piece] = []
        self.scratch: list[ArrayType] = []
        inputs = [value.type for value in equation.inputs]
        outputs = [value.type for value in equation.outputs]
        self._cut = cut(equation.primitive, inputs, outputs, equation.params)
        if self._cut is not None:
            self._plan(inputs)
        if not self.pieces:
            self.scratch = self._scratch(inputs, equation.params)

    def _scratch(self, inputs: Sequence[ArrayType], params: dict[str, Any]) -> list[ArrayType]:
        rule = self.equation.primitive.scratch
        return [] if rule is None else list(rule(*inputs, **params))

    def _plan(self, inputs: Sequence[ArrayType]) -> None:
        assert self._cut is not None
        most = min(MOST_PIECES, self._cut.size // self._cut.least, self._cut.work // GRAIN)
        if most < 2:
            return
        # A power of two, so that two, four or eight threads get equal shares.
        count = 1 << (most.bit_length() - 1)
        for number in range(count):
            rows = slice(number * self._cut.size // count, (number + 1) * self._cut.size // count)
            types = [
                type if axis is None else _cut_type(type, axis, rows)
                for type, axis in zip(inputs, self._cut.inputs, strict=True)
            ]
            params = self.equation.params
            if self._cut.params is not None:
                params = self._cut.params(params, rows)
            own = self._scratch(types, params)
            self.pieces.append(Piece(rows, slice(len(self.scratch), len(self.scratch) + len(own)), params))
            self.scratch += own
        if self._cut.output is None:
            output = self.equation.outputs[0].type
            self.scratch.append(ArrayType((count, *output.shape), output.dtype))

    def bind(
        self, inputs: Sequence[Array], outputs: Sequence[Array], scratch: Sequence[Array], team: ThreadTeam
    ) -> Thunk:
        """The thunk that computes the equation on these arrays."""
        primitive = self.equation.primitive
        if not self.pieces:
            return primitive.bind(inputs, outputs, scratch, **self.equation.params)
        assert self._cut is not None
        sums = self._cut.output is None
        thunks = []
        for number, piece in enumerate(self.pieces):
            parts = [
                array if axis is None else _cut_array(array, axis, piece.rows)
                for array, axis in zip(inputs, self._cut.inputs, strict=True)
            ]
            part = scratch[-1][number, ...] if sums else _cut_array(outputs[0], self._cut.output or 0, piece.rows)
            thunks.append(primitive.bind(parts, [part], scratch[piece.scratch], **piece.params))
        run = team.bind(thunks)
        return _then_add(run, scratch[-1], outputs[0]) if sums else run


def _then_add(run: Thunk, partial_sums: Array, total: Array) -> Thunk:
    """Partial sums are added in the order of the pieces, whichever was done first."""

    def run_and_add() -> None:
        run()
        np.add.reduce(partial_sums, axis=0, out=total)

    return run_and_add


def _cut_type(type: ArrayType, axis: int, rows: slice) -> ArrayType:
    shape = list(type.shape)
    shape[axis] = rows.stop - rows.start
    return ArrayType(shape, type.dtype)


def _cut_array(array: Array, axis: int, rows: slice) -> Array:
    return array[(slice(None),) * axis + (rows,)]
