"""Which values of a program are views of others, found before any memory is given out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from kcore.engine.program import Program, Value
from kcore.engine.types import Array


class Views:
    """The views of a program.

    Attributes:
        source: for each view, the value whose memory it shows.
    """

    def __init__(self, program: Program, given: Mapping[Value, Array]) -> None:
        """Ask each view rule on stand-in arrays; only the strides of what it is given matter.

        Args:
            program: the whole program.
            given: an array for each of its inputs and constants, with the strides that it will have.
        """
        self.source: dict[Value, Value] = {}
        self._stand_ins: dict[Value, Array] = dict(given)
        for equation in program.equations:
            view = None
            if equation.primitive.view is not None:
                arrays = [self._stand_ins[value] for value in equation.inputs]
                view = equation.primitive.view(*arrays, **equation.params)
            if view is not None:
                (output,) = equation.outputs
                self.source[output] = self.of(equation.inputs[0])
                self._stand_ins[output] = view
                continue
            for output in equation.outputs:
                # Never touched, so that the operating system gives no memory for it.
                self._stand_ins[output] = np.empty(output.type.shape, output.type.dtype)

    def of(self, value: Value) -> Value:
        """The value whose memory ``value`` shows: itself, unless it is a view."""
        return self.source.get(value, value)

    def contiguous(self, value: Value) -> bool:
        """Whether its elements follow each other in memory."""
        return bool(self._stand_ins[value].flags.c_contiguous)
