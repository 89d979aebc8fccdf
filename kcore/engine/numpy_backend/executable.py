"""Binding a planned program to memory, and replaying it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any, NamedTuple

import numpy as np

from kcore.engine.numpy_backend.arena import ALIGNMENT
from kcore.engine.numpy_backend.kernels import Kernel
from kcore.engine.numpy_backend.storage import StoragePlan
from kcore.engine.numpy_backend.threads import BUFFER_ELEMENTS, SingleThreadedProducts, thread_team
from kcore.engine.primitive import Thunk
from kcore.engine.primitives.cost import moved_bytes, operations
from kcore.engine.program import Program, Value
from kcore.engine.tracing import Variable
from kcore.engine.types import Array, ArrayType


class Cost(NamedTuple):
    """An equation with its types, the number of its pieces, and what it computes and moves."""

    name: str
    pieces: int
    operations: int
    nbytes: int


_single_threaded = SingleThreadedProducts()
_as_it_is = nullcontext()


class NumpyExecutable:
    """A program bound to its memory: running it calls one bound kernel after the other and allocates nothing.

    Attributes:
        inputs: the arrays that a run reads.
        outputs: the arrays that a run fills, valid until the next one.
        nbytes: memory of the arena that all intermediate values share.
    """

    def __init__(self, program: Program, state: Sequence[Variable], updates: Sequence[Variable]) -> None:
        plan = StoragePlan(program, state, updates)
        self.nbytes = plan.nbytes
        self.inputs: list[Array] = plan.inputs
        self._arena = _aligned(plan.nbytes)
        arrays: dict[Value, Array] = {}
        for value in (*program.inputs, *program.constants):
            owner = plan.storages[value].owner
            assert owner is not None
            arrays[value] = owner
        self._thunks: list[Thunk] = []
        self._kernels = plan.kernels
        team = thread_team()
        for equation, kernel, blocks in zip(program.equations, plan.kernels, plan.scratch, strict=True):
            inputs = [arrays[value] for value in equation.inputs]
            if kernel is None:
                assert equation.primitive.view is not None
                arrays[equation.outputs[0]] = equation.primitive.view(*inputs, **equation.params)  # type: ignore[assignment]
                continue
            for value in equation.outputs:
                storage = plan.storages[value]
                if storage.owner is not None:
                    arrays[value] = storage.owner
                else:
                    assert storage.block is not None
                    arrays[value] = self._part(storage.block.offset, value.type)
            scratch = [self._part(block.offset, type) for block, type in zip(blocks, kernel.scratch, strict=True)]
            outputs = [arrays[value] for value in equation.outputs]
            self._thunks.append(kernel.bind(inputs, outputs, scratch, team))
        self._threaded = any(kernel is not None and kernel.pieces for kernel in plan.kernels)
        self.outputs: list[Array] = []
        for value in program.outputs[: len(program.outputs) - len(updates)]:
            array = arrays[value]
            if plan.storages[value].owner is not None:
                # A result must not change with the input or the variable that it happens to be.
                array = np.empty(array.shape, array.dtype)
                self._thunks.append(_copy(array, arrays[value]))
            self.outputs.append(array)
        self._thunks += _copies([(arrays[value], variable.value) for value, variable in plan.copies])

    def _part(self, offset: int, type: ArrayType) -> Array:
        return self._arena[offset : offset + type.nbytes].view(type.dtype).reshape(type.shape)

    def run(self) -> None:
        """Replay the program once."""
        with np.errstate(all="ignore"), _single_threaded if self._threaded else _as_it_is:
            # Leaving errstate restores the size as well.
            np.setbufsize(BUFFER_ELEMENTS)
            for thunk in self._thunks:
                thunk()

    def costs(self) -> list[Cost | None]:
        """What each equation costs; ``None`` for a view."""
        return [None if kernel is None else _cost(kernel) for kernel in self._kernels]

    def time_equations(self, runs: int) -> list[float]:
        """Seconds that each equation takes, the mean of several runs; 0 for views. Variables change as in any run."""
        spent = [0.0] * len(self._kernels)
        computed = [number for number, kernel in enumerate(self._kernels) if kernel is not None]
        with np.errstate(all="ignore"), _single_threaded if self._threaded else _as_it_is:
            np.setbufsize(BUFFER_ELEMENTS)
            for _ in range(runs):
                for number, thunk in zip(computed, self._thunks, strict=False):
                    start = time.perf_counter()
                    thunk()
                    spent[number] += time.perf_counter() - start
        return [seconds / runs for seconds in spent]

    def __call__(self, *arrays: Any) -> Sequence[Array]:
        """Copy ``arrays`` into ``inputs``, run, return ``outputs``."""
        for buffer, array in zip(self.inputs, arrays, strict=True):
            np.copyto(buffer, array, casting="unsafe")
        self.run()
        return self.outputs


def _cost(kernel: Kernel) -> Cost:
    equation = kernel.equation
    inputs, output = [value.type for value in equation.inputs], equation.outputs[0].type
    name = f"{equation.primitive.name}({', '.join(map(str, inputs))}) -> {output}"
    counted = operations(equation.primitive, inputs, output, equation.params)
    return Cost(name, len(kernel.pieces) or 1, counted, moved_bytes(inputs, output))


class NumpyBackend:
    """The built-in engine: NumPy on the processor."""

    name = "numpy"

    def compile(self, program: Program, state: Sequence[Variable], updates: Sequence[Variable]) -> NumpyExecutable:
        """Plan the memory of an optimized program and bind its kernels."""
        return NumpyExecutable(program, state, updates)


def _aligned(nbytes: int) -> Array:
    """Uninitialised bytes that begin at a cache line."""
    memory = np.empty(nbytes + ALIGNMENT, np.uint8)
    start = -memory.__array_interface__["data"][0] % ALIGNMENT
    return memory[start : start + nbytes]


def _copies(pairs: Sequence[tuple[Array, Array]]) -> list[Thunk]:
    """Thunks that copy each source into its variable as if all at once: a source may be another's variable."""
    before: list[Thunk] = []
    after: list[Thunk] = []
    for source, target in pairs:
        if source is target:
            continue
        if any(np.may_share_memory(source, other) for _, other in pairs):
            staging = np.empty(source.shape, source.dtype)
            before.append(_copy(staging, source))
            source = staging
        after.append(_copy(target, source))
    return [*before, *after]


def _copy(target: Array, source: Array) -> Thunk:
    def copy() -> None:
        np.copyto(target, source)

    return copy
