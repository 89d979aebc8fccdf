"""Binding a planned program to memory, and replaying it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kcore.engine.numpy_backend.arena import ALIGNMENT
from kcore.engine.numpy_backend.storage import StoragePlan
from kcore.engine.primitive import Thunk
from kcore.engine.program import Program, Value
from kcore.engine.tracing import Variable
from kcore.engine.types import Array, ArrayType

BUFFER_ELEMENTS = 64


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
        for equation, blocks in zip(program.equations, plan.scratch, strict=True):
            inputs = [arrays[value] for value in equation.inputs]
            if equation.outputs[0] in plan.views:
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
            rule = equation.primitive.scratch
            types = () if rule is None else rule(*(value.type for value in equation.inputs), **equation.params)
            scratch = [self._part(block.offset, type) for block, type in zip(blocks, types, strict=True)]
            outputs = [arrays[value] for value in equation.outputs]
            self._thunks.append(equation.primitive.bind(inputs, outputs, scratch, **equation.params))
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
        with np.errstate(all="ignore"):
            # NumPy's broadcasting loops allocate a buffer of this many elements. Kernels never convert dtypes in a
            # ufunc, so that a small one is as fast. Leaving errstate restores the size as well.
            np.setbufsize(BUFFER_ELEMENTS)
            for thunk in self._thunks:
                thunk()

    def __call__(self, *arrays: Any) -> Sequence[Array]:
        """Copy ``arrays`` into ``inputs``, run, return ``outputs``."""
        for buffer, array in zip(self.inputs, arrays, strict=True):
            np.copyto(buffer, array, casting="unsafe")
        self.run()
        return self.outputs


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
