"""Where every value of a program lives: views, variables updated in place, blocks shared by liveness."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kcore.engine.numpy_backend.arena import Arena, Block
from kcore.engine.numpy_backend.kernels import Kernel
from kcore.engine.program import Equation, Program, Value
from kcore.engine.tracing import Variable
from kcore.engine.types import Array, ArrayType


class Storage:
    """The memory behind a value and all views of it.

    Attributes:
        type: of the value that owns it.
        owner: the array, where it exists already (an input, a constant, a variable); otherwise it is in the arena.
        first, last: positions of the equations that write it first and read it last.
        block: its place in the arena.
    """

    __slots__ = ("block", "first", "last", "owner", "type")

    def __init__(self, type: ArrayType, first: int, owner: Array | None = None) -> None:
        self.type = type
        self.first = first
        self.last = first
        self.owner = owner
        self.block: Block | None = None


class StoragePlan:
    """The storage of each value, the views, and what has to be copied into variables after the run.

    Attributes:
        storages: the storage of every value.
        views: values that are a view of their equation's first input.
        kernels: per equation, how it is computed; ``None`` for a view.
        scratch: per equation, the blocks of its work arrays.
        copies: (value, variable) pairs left over: updates that could not be written in place.
        nbytes: size of the arena.
    """

    def __init__(self, program: Program, state: Sequence[Variable], updates: Sequence[Variable]) -> None:
        self.program = program
        self.storages: dict[Value, Storage] = {}
        self.views: set[Value] = set()
        self.inputs = [np.zeros(v.type.shape, v.type.dtype) for v in program.inputs[: len(program.inputs) - len(state)]]
        self._place_given(state)
        self._find_views()
        self._find_last_reads(len(updates))
        self.copies = self._update_in_place(updates)
        self.kernels: list[Kernel | None] = []
        self.scratch, self.nbytes = self._allocate()

    def _place_given(self, state: Sequence[Variable]) -> None:
        given = [*self.inputs, *(variable.value for variable in state)]
        for value, array in zip(self.program.inputs, given, strict=True):
            self.storages[value] = Storage(value.type, -1, array)
        for value, array in self.program.constants.items():
            self.storages[value] = Storage(value.type, -1, array)

    def _find_views(self) -> None:
        """Ask each view rule on stand-in arrays; only the strides of what it is given matter."""
        stand_ins: dict[Value, Array] = {}
        for value, storage in self.storages.items():
            assert storage.owner is not None
            stand_ins[value] = storage.owner
        for position, equation in enumerate(self.program.equations):
            if equation.primitive.view is not None:
                view = equation.primitive.view(*(stand_ins[v] for v in equation.inputs), **equation.params)
                if view is not None:
                    (output,) = equation.outputs
                    stand_ins[output] = view
                    self.storages[output] = self.storages[equation.inputs[0]]
                    self.views.add(output)
                    continue
            for output in equation.outputs:
                # Never touched, so that the operating system gives no memory for it.
                stand_ins[output] = np.empty(output.type.shape, output.type.dtype)
                self.storages[output] = Storage(output.type, position)

    def _find_last_reads(self, updates: int) -> None:
        for position, equation in enumerate(self.program.equations):
            for value in equation.inputs:
                self.storages[value].last = position
        results = self.program.outputs[: len(self.program.outputs) - updates]
        for value in results:
            self.storages[value].last = len(self.program.equations)

    def _update_in_place(self, updates: Sequence[Variable]) -> list[tuple[Value, Variable]]:
        """Let the equation that computes a variable's new value write into the variable, where nobody is hurt."""
        copies = []
        candidates: dict[Storage, tuple[Value, Variable]] = {}
        values = self.program.outputs[len(self.program.outputs) - len(updates) :]
        for value, variable in zip(values, updates, strict=True):
            storage = self.storages[value]
            if storage.owner is None and value not in self.views and storage not in candidates:
                candidates[storage] = (value, variable)
            else:
                copies.append((value, variable))
                storage.last = len(self.program.equations)
        # Only now are the last reads of all old values known.
        old = {id(storage.owner): storage for storage in self.storages.values() if storage.owner is not None}
        for storage, (value, variable) in candidates.items():
            if self._may_overwrite(old[id(variable.value)], storage.first):
                storage.owner = variable.value
            else:
                copies.append((value, variable))
                storage.last = len(self.program.equations)
        return copies

    def _may_overwrite(self, old: Storage, position: int) -> bool:
        """Whether the equation at ``position`` can write over ``old``."""
        return old.last < position or (
            old.last == position and self._takes_in_place(self.program.equations[position], old)
        )

    def _takes_in_place(self, equation: Equation, storage: Storage) -> bool:
        """Whether ``equation`` may write its output over ``storage`` while it reads it."""
        if not equation.primitive.inplace or equation.outputs[0].type != storage.type:
            return False
        # Element for element only: not through a view, and only where the kernel allows it.
        return all(
            position in equation.primitive.inplace and value not in self.views and value.type == storage.type
            for position, value in enumerate(equation.inputs)
            if self.storages[value] is storage
        )

    def _allocate(self) -> tuple[list[list[Block]], int]:
        arena = Arena()
        ending: dict[int, list[Storage]] = {}
        scratch: list[list[Block]] = []
        for position, equation in enumerate(self.program.equations):
            for output in equation.outputs:
                storage = self.storages[output]
                if output in self.views or storage.owner is not None:
                    continue
                storage.block = self._inherited(equation, output, position, ending) or arena.allocate(
                    storage.type.nbytes
                )
                ending.setdefault(storage.last, []).append(storage)
            kernel = None if equation.outputs[0] in self.views else Kernel(equation)
            self.kernels.append(kernel)
            wanted = [] if kernel is None else kernel.scratch
            scratch.append([arena.allocate(type.nbytes) for type in wanted])
            for block in scratch[-1]:
                arena.free(block)
            for storage in ending.pop(position, ()):
                assert storage.block is not None
                arena.free(storage.block)
        return scratch, arena.size

    def _inherited(
        self, equation: Equation, output: Value, position: int, ending: dict[int, list[Storage]]
    ) -> Block | None:
        """The block of an input that ends here and may be written over."""
        if output is not equation.outputs[0]:
            return None
        for value in equation.inputs:
            storage = self.storages[value]
            if storage.owner is None and storage.last == position and self._takes_in_place(equation, storage):
                ending[position].remove(storage)
                return storage.block
        return None
