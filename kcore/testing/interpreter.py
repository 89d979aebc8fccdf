"""The plainest backend: one equation after the other, each computed at once by its primitive's own kernel.

It plans nothing and shares no memory, so it is what the built-in engine's plans are compared with; and it shows what a
backend has to do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from kcore.engine.eager import evaluate
from kcore.engine.program import Equation, Program, Value
from kcore.engine.tracing import Variable
from kcore.engine.types import Array


class Interpreter:
    """A backend for tests, hundreds of times slower than it could be."""

    name = "interpreter"

    def compile(self, program: Program, state: Sequence[Variable], updates: Sequence[Variable]) -> Interpretation:
        """The program with arrays for its data."""
        return Interpretation(self, program, state, updates)

    def results(self, program: Program, given: Sequence[Array]) -> list[Array]:
        """The outputs of a program for its inputs; some may be the inputs themselves, or views of them."""
        arrays: dict[Value, Array] = dict(zip(program.inputs, given, strict=True)) | program.constants
        for equation in program.equations:
            found = self.equation(equation, [arrays[value] for value in equation.inputs])
            arrays.update(zip(equation.outputs, found, strict=True))
        return [arrays[value] for value in program.outputs]

    def equation(self, equation: Equation, arrays: Sequence[Array]) -> Sequence[Array]:
        """What an equation gives for these inputs."""
        if equation.primitive.name == "scan":
            return self.loop(arrays, **equation.params)
        found = evaluate(equation.primitive, arrays, equation.params)
        return found if isinstance(found, tuple) else (found,)

    def loop(
        self, arrays: Sequence[Array], *, body: Program, consts: int, carry: int, length: int, reverse: bool
    ) -> Sequence[Array]:
        """The steps of a loop: the carry goes from one to the next, and what else they give is stacked."""
        fixed, state, stacks = arrays[:consts], list(arrays[consts : consts + carry]), arrays[consts + carry :]
        types = [value.type for value in body.outputs[carry:]]
        collected = [np.empty((length, *type.shape), type.dtype) for type in types]
        for step in reversed(range(length)) if reverse else range(length):
            given = [*fixed, *state, *(stack[step] for stack in stacks)]
            found = [np.array(array) for array in self.results(body, given)]
            state = found[:carry]
            for stack, array in zip(collected, found[carry:], strict=True):
                stack[step] = array
        return [*state, *collected]


class Interpretation:
    """A program that is interpreted at every run.

    Attributes:
        inputs: the arrays that a run reads.
        outputs: the arrays that a run fills, valid until the next one.
    """

    def __init__(
        self, backend: Interpreter, program: Program, state: Sequence[Variable], updates: Sequence[Variable]
    ) -> None:
        self.backend = backend
        self.program = program
        self.state = list(state)
        self.updates = list(updates)
        data = program.inputs[: len(program.inputs) - len(state)]
        results = program.outputs[: len(program.outputs) - len(updates)]
        self.inputs: list[Array] = [np.zeros(value.type.shape, value.type.dtype) for value in data]
        self.outputs: list[Array] = [np.zeros(value.type.shape, value.type.dtype) for value in results]

    def run(self) -> None:
        """Compute everything before anything is written: a new value may be another variable's old one."""
        given = [*self.inputs, *(variable.value for variable in self.state)]
        found = [np.array(array) for array in self.backend.results(self.program, given)]
        self.write(found)

    def write(self, found: Sequence[Array]) -> None:
        """Put results into the outputs, and new values into the variables."""
        targets = [*self.outputs, *(variable.value for variable in self.updates)]
        for target, array in zip(targets, found, strict=True):
            np.copyto(target, array)

    @contextmanager
    def prepared(self) -> Iterator[Callable[[], object]]:
        """There is nothing to prepare."""
        yield self.run

    def __call__(self, *arrays: Any) -> Sequence[Array]:
        for buffer, array in zip(self.inputs, arrays, strict=True):
            np.copyto(buffer, array, casting="unsafe")
        self.run()
        return self.outputs
