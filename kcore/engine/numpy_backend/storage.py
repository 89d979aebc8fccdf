"""Where every value of a program lives: views, variables updated in place, blocks shared by liveness."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kcore.engine.numpy_backend.arena import Arena, Block
from kcore.engine.numpy_backend.grouping import Group, groups, readers
from kcore.engine.numpy_backend.kernels import Kernel
from kcore.engine.numpy_backend.pipelines import PipelineKernel, with_pipelines
from kcore.engine.numpy_backend.views import Views
from kcore.engine.program import Equation, Program, Value
from kcore.engine.tracing import Variable
from kcore.engine.types import Array, ArrayType


class Storage:
    """The memory behind a value and all views of it.

    Attributes:
        type: of the value that owns it.
        owner: the array, where it exists already (an input, a constant, a variable); otherwise it is in the arena.
        first, last: numbers of the groups that write it first and read it last.
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
    """The kernels of a program, the storage of each value, and what has to be copied into variables after the run.

    Attributes:
        inputs: the arrays for the program's data inputs.
        storages: the storage of every value that is not internal to a group.
        views: values that are a view of another.
        kernels: one per group, in order.
        scratch: per kernel, the blocks of its work arrays.
        copies: (value, variable) pairs left over: updates that could not be written in place.
        nbytes: size of the arena.
    """

    def __init__(self, program: Program, state: Sequence[Variable], updates: Sequence[Variable], threads: int) -> None:
        self.program = program
        self.inputs = [np.zeros(v.type.shape, v.type.dtype) for v in program.inputs[: len(program.inputs) - len(state)]]
        given = dict(zip(program.inputs, [*self.inputs, *(variable.value for variable in state)], strict=True))
        given.update(program.constants)
        self.views = Views(program, given)
        self.storages = {value: Storage(value.type, -1, array) for value, array in given.items()}
        self._groups = with_pipelines(groups(program, self.views), program, self.views)
        self._readers = readers(program.equations)
        self._place_results()
        self._find_last_reads(len(updates))
        self.copies = self._update_in_place(updates)
        self.kernels: list[Kernel | PipelineKernel] = []
        self.scratch, self.nbytes = self._allocate(threads)

    def _place_results(self) -> None:
        self._place: dict[Equation, tuple[int, int]] = {}
        for number, group in enumerate(self._groups):
            for position, equation in enumerate(group.equations):
                self._place[equation] = (number, position)
                for output in equation.outputs:
                    self.storages[output] = Storage(output.type, number)
        for view, source in self.views.source.items():
            self.storages[view] = self.storages[source]

    def _find_last_reads(self, updates: int) -> None:
        self._last_reader: dict[Storage, tuple[int, int]] = {}
        for number, group in enumerate(self._groups):
            for position, equation in enumerate(group.equations):
                for value in equation.inputs:
                    storage = self.storages[value]
                    storage.last = number
                    self._last_reader[storage] = (number, position)
        self._results = self.program.outputs[: len(self.program.outputs) - updates]
        for value in self._results:
            self._keep(self.storages[value])

    def _keep(self, storage: Storage) -> None:
        """Its value is needed after the run."""
        storage.last = len(self._groups)
        self._last_reader[storage] = (storage.last, 0)

    def _update_in_place(self, updates: Sequence[Variable]) -> list[tuple[Value, Variable]]:
        """Let the equation that computes a variable's new value write into the variable, where nobody is hurt."""
        copies = []
        candidates: dict[Storage, tuple[Value, Variable]] = {}
        values = self.program.outputs[len(self.program.outputs) - len(updates) :]
        for value, variable in zip(values, updates, strict=True):
            storage = self.storages[value]
            if storage.owner is None and value not in self.views.source and storage not in candidates:
                candidates[storage] = (value, variable)
            else:
                copies.append((value, variable))
                self._keep(storage)
        # Only now are the last reads of all old values known.
        old = {id(storage.owner): storage for storage in self.storages.values() if storage.owner is not None}
        written = {value: equation for equation in self._place for value in equation.outputs}
        for storage, (value, variable) in candidates.items():
            if self._may_overwrite(old[id(variable.value)], written[value]):
                storage.owner = variable.value
            else:
                copies.append((value, variable))
                self._keep(storage)
        return copies

    def _may_overwrite(self, old: Storage, equation: Equation) -> bool:
        """Whether ``equation`` can write its output over ``old``."""
        number, _ = self._place[equation]
        return old.last < number or (
            self._last_reader.get(old, (-1, 0)) <= self._place[equation]
            and self._piecewise(self._groups[number], old)
            and self._takes_in_place(equation, old)
        )

    def _piecewise(self, group: Group, storage: Storage) -> bool:
        """Whether no equation of the group reads more of ``storage`` than the piece that it works on."""
        if group.pipeline is not None:
            return False
        if group.mode is None:
            return True
        return all(
            axis is not None and value not in self.views.source
            for equation, cut in zip(group.equations, group.cuts[group.mode], strict=True)
            for value, axis in zip(equation.inputs, cut.inputs, strict=True)
            if self.storages[value] is storage
        )

    def _takes_in_place(self, equation: Equation, storage: Storage) -> bool:
        """Whether ``equation`` may write its output over ``storage`` while it reads it, or after all have read it."""
        if equation.outputs[0].type != storage.type:
            return False
        # Element for element only: not through a view, and only where the kernel allows it.
        return all(
            position in equation.primitive.inplace and value not in self.views.source and value.type == storage.type
            for position, value in enumerate(equation.inputs)
            if self.storages[value] is storage
        )

    def _internal(self, number: int, group: Group) -> set[Value]:
        """What only the group itself reads, piece by piece."""
        kept = set(self.program.outputs)
        found: set[Value] = set()
        if group.mode is None:
            return found
        for equation, cut in zip(group.equations, group.cuts[group.mode], strict=True):
            output = equation.outputs[0]
            reading = self._readers.get(output, ())
            if cut.output is not None and not cut.outputs and output not in kept and all(
                self._place.get(reader, (-1, 0))[0] == number for reader in reading
            ):  # fmt: skip
                found.add(output)
        return found

    def _allocate(self, threads: int) -> tuple[list[list[Block]], int]:
        arena = Arena()
        ending: dict[int, list[Storage]] = {}
        scratch: list[list[Block]] = []
        for number, group in enumerate(self._groups):
            internal = self._internal(number, group)
            for equation in group.equations:
                for output in equation.outputs:
                    storage = self.storages[output]
                    if output in internal or storage.owner is not None:
                        continue
                    storage.block = self._inherited(equation, output, ending) or arena.allocate(storage.type.nbytes)
                    ending.setdefault(storage.last, []).append(storage)
            kernel = Kernel(group, internal, threads) if group.pipeline is None else PipelineKernel(group, threads)
            self.kernels.append(kernel)
            scratch.append([arena.allocate(type.nbytes) for type in kernel.scratch])
            for block in scratch[-1]:
                arena.free(block)
            for storage in ending.pop(number, ()):
                assert storage.block is not None
                arena.free(storage.block)
        return scratch, arena.size

    def _inherited(self, equation: Equation, output: Value, ending: dict[int, list[Storage]]) -> Block | None:
        """The block of an input that ends here and may be written over."""
        if output is not equation.outputs[0]:
            return None
        place = self._place[equation]
        for value in equation.inputs:
            storage = self.storages[value]
            if (
                storage.owner is None
                and storage.block is not None
                and self._last_reader.get(storage) == place
                and storage.last == place[0]
                and self._piecewise(self._groups[place[0]], storage)
                and self._takes_in_place(equation, storage)
            ):
                ending[place[0]].remove(storage)
                return storage.block
        return None
