"""Binding a planned program to memory, and replaying it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, NamedTuple

import numpy as np

from kcore.engine.numpy_backend.arena import ALIGNMENT, part
from kcore.engine.numpy_backend.kernels import Kernel
from kcore.engine.numpy_backend.pipelines import PipelineKernel
from kcore.engine.numpy_backend.storage import StoragePlan
from kcore.engine.numpy_backend.threads import BUFFER_ELEMENTS, SingleThreadedProducts, thread_team
from kcore.engine.primitive import Thunk
from kcore.engine.primitives.calls import copied
from kcore.engine.primitives.cost import operations
from kcore.engine.program import Program, Value
from kcore.engine.tracing import Variable
from kcore.engine.types import Array


class Cost(NamedTuple):
    """A group of equations with its types, how many they are, its pieces, and what it computes and moves."""

    name: str
    equations: int
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
        team = thread_team()
        plan = StoragePlan(program, state, updates, team.threads)
        self.nbytes = plan.nbytes
        self.inputs: list[Array] = plan.inputs
        self._equations = len(program.equations)
        self._kernels = plan.kernels
        memory = _aligned(plan.nbytes)
        arrays = self._arrays(program, plan, memory)
        self._thunks: list[Thunk] = []
        # Where the calls of each kernel end.
        self._ends: list[int] = []
        for kernel, blocks in zip(plan.kernels, plan.scratch, strict=True):
            scratch = [part(memory, block, type) for block, type in zip(blocks, kernel.scratch, strict=True)]
            self._thunks += kernel.bind(arrays, scratch, team)
            self._ends.append(len(self._thunks))
        self._threaded = team.threads > 1 and any(len(kernel.shards) > 1 for kernel in plan.kernels)
        self.outputs: list[Array] = []
        for value in program.outputs[: len(program.outputs) - len(updates)]:
            array = arrays[value]
            if plan.storages[value].owner is not None:
                # A result must not change with the input or the variable that it happens to be.
                array = np.empty(array.shape, array.dtype)
                self._thunks.append(copied(array, arrays[value]))
            self.outputs.append(array)
        self._thunks += _copies([(arrays[value], variable.value) for value, variable in plan.copies])

    def _arrays(self, program: Program, plan: StoragePlan, memory: Array) -> dict[Value, Array]:
        """The array of every value that is not internal to a group."""
        arrays: dict[Value, Array] = {}
        for value in (*program.inputs, *program.constants):
            owner = plan.storages[value].owner
            assert owner is not None
            arrays[value] = owner
        for equation in program.equations:
            if equation.outputs[0] in plan.views.source:
                assert equation.primitive.view is not None
                viewed = [arrays[value] for value in equation.inputs]
                arrays[equation.outputs[0]] = equation.primitive.view(*viewed, **equation.params)  # type: ignore[assignment]
                continue
            for value in equation.outputs:
                storage = plan.storages[value]
                if storage.owner is not None:
                    arrays[value] = storage.owner
                elif storage.block is not None:
                    arrays[value] = part(memory, storage.block, value.type)
        return arrays

    def run(self) -> None:
        """Replay the program once."""
        # As in ``prepared``, without a helper on the way.
        with np.errstate(all="ignore"), _single_threaded if self._threaded else _as_it_is:
            np.setbufsize(BUFFER_ELEMENTS)
            for thunk in self._thunks:
                thunk()

    @contextmanager
    def prepared(self) -> Iterator[Thunk]:
        """What a run needs of NumPy and BLAS, set up once for any number of runs."""
        with np.errstate(all="ignore"), _single_threaded if self._threaded else _as_it_is:
            # Leaving errstate restores the size as well.
            np.setbufsize(BUFFER_ELEMENTS)
            yield self._replay

    def _replay(self) -> None:
        for thunk in self._thunks:
            thunk()

    @property
    def views(self) -> int:
        """How many of the program's equations are views."""
        return self._equations - sum(len(kernel.equations) for kernel in self._kernels)

    def costs(self) -> list[Cost]:
        """What each group of equations costs."""
        return [_cost(kernel) for kernel in self._kernels]

    def time_groups(self, runs: int) -> list[float]:
        """Seconds that each group takes, the mean of several runs. Variables change as in any run."""
        spent = [0.0] * len(self._kernels)
        with self.prepared():
            for _ in range(runs):
                begin = 0
                for number, end in enumerate(self._ends):
                    start = time.perf_counter()
                    for thunk in self._thunks[begin:end]:
                        thunk()
                    spent[number] += time.perf_counter() - start
                    begin = end
        return [seconds / runs for seconds in spent]

    def __call__(self, *arrays: Any) -> Sequence[Array]:
        """Copy ``arrays`` into ``inputs``, run, return ``outputs``."""
        for buffer, array in zip(self.inputs, arrays, strict=True):
            np.copyto(buffer, array, casting="unsafe")
        self.run()
        return self.outputs


def _cost(kernel: Kernel | PipelineKernel) -> Cost:
    outside: dict[Value, int] = {}
    total = 0
    for equation in kernel.equations:
        inputs, output = [value.type for value in equation.inputs], equation.outputs[0].type
        total += operations(equation.primitive, inputs, output, equation.params)
        values = (*equation.inputs, *equation.outputs)
        outside.update((value, value.type.nbytes) for value in values if value not in kernel.internal)
    first, last = kernel.equations[0], kernel.equations[-1]
    if first is last:
        name = f"{first.primitive.name}({', '.join(str(value.type) for value in first.inputs)})"
    else:
        name = " ".join(equation.primitive.name for equation in kernel.equations)
    return Cost(f"{name} -> {last.outputs[0].type}", len(kernel.equations), kernel.pieces, total, sum(outside.values()))


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
            before.append(copied(staging, source))
            source = staging
        after.append(copied(target, source))
    return [*before, *after]
