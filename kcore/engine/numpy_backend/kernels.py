"""From a group of equations to bound kernels: whole, or in shards that threads run side by side.

A shard is what one thread does before all threads meet; within it the equations run block after block, so that what one
leaves in the cache the next finds there. Both depend on shapes alone, so that results do not depend on the number of
threads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import partial
from itertools import pairwise

import numpy as np

from kcore.engine.numpy_backend.arena import Arena, Block, part
from kcore.engine.numpy_backend.grouping import Group, readers
from kcore.engine.numpy_backend.threads import ThreadTeam
from kcore.engine.primitive import Thunk
from kcore.engine.primitives.batching import Cut
from kcore.engine.program import Equation, Value
from kcore.engine.types import Array, ArrayType

GRAIN = 1 << 20
"""Work of one shard, in the measure of ``Cut.work``: 50 to 100 microseconds, several times what a hand-over takes."""
MOST_SHARDS = 8
BLOCK_BYTES = 1 << 21
"""What a block of several equations reads and writes. Smaller ones would fit a second-level cache, but two threads
that make calls of a few microseconds wait for each other at the interpreter's lock: Adam on 2.5 million numbers takes
18 ms in blocks of 256 KiB, 10 in 512 KiB, 6 in 1 to 4 MiB, 9 as a whole."""
MOST_BLOCKS = 1 << 10


class BlockPlan:
    """Work memory for one block of a group: values that nobody else reads, and the work arrays of the primitives.

    Attributes:
        nbytes: of all of it.
        blocks: the place of each internal value.
        scratch: per equation, places and types of its work arrays.
        sums: per equation that adds up over the blocks, the place of one block's share.
    """

    def __init__(
        self, equations: Sequence[Equation], cuts: Sequence[Cut] | None, internal: AbstractSet[Value], rows: int
    ) -> None:
        arena = Arena()
        self.blocks: dict[Value, Block] = {}
        self.scratch: list[list[tuple[Block, ArrayType]]] = []
        self.sums: dict[int, Block] = {}
        last = {value: len(found) for value, found in readers(equations).items()}
        left = {value: last.get(value, 0) for value in internal}
        for number, equation in enumerate(equations):
            cut = None if cuts is None else cuts[number]
            ending = []
            for value in equation.inputs:
                if value in left:
                    left[value] -= 1
                    if not left[value]:
                        ending.append(value)
            output = equation.outputs[0]
            if output in internal:
                heir = self._inherited(equation, ending)
                if heir is not None:
                    ending.remove(heir)
                    self.blocks[output] = self.blocks[heir]
                else:
                    self.blocks[output] = arena.allocate(_output_type(equation, cut, rows).nbytes)
            work = []
            if equation.primitive.scratch is not None:
                types = [
                    cut_type(value.type, None if cut is None else cut.inputs[position], cut, rows)
                    for position, value in enumerate(equation.inputs)
                ]
                params = equation.params
                if cut is not None and cut.params is not None:
                    params = cut.params(params, slice(0, rows))
                work = [(arena.allocate(type.nbytes), type) for type in equation.primitive.scratch(*types, **params)]
            self.scratch.append(work)
            if cut is not None and cut.output is None:
                self.sums[number] = arena.allocate(output.type.nbytes)
                arena.free(self.sums[number])
            for block, _ in work:
                arena.free(block)
            for value in ending:
                arena.free(self.blocks[value])
            if output in internal and not left[output]:
                arena.free(self.blocks[output])
        self.nbytes = arena.size

    def _inherited(self, equation: Equation, ending: Sequence[Value]) -> Value | None:
        """An internal input that ends here, whose memory the output may take over element by element."""
        for position in equation.primitive.inplace:
            value = equation.inputs[position]
            if value in ending and value.type == equation.outputs[0].type and equation.inputs.count(value) == 1:
                return value
        return None


class Kernel:
    """A group, how it is cut, and the work arrays that it needs.

    Attributes:
        equations: of the group, in order.
        internal: values that live within a block only.
        shards: per shard its blocks; one shard of one block where it runs whole.
        scratch: types of all work arrays.
    """

    def __init__(
        self, group: Group, internal: AbstractSet[Value], threads: int, shards: Sequence[slice] | None = None
    ) -> None:
        self.equations, self.internal = group.equations, internal
        mode = group.mode
        self.cuts: list[Cut] | None = None if mode is None else group.cuts[mode]
        self._plans: dict[int, BlockPlan] = {}
        self.shards: list[list[slice]] = [[slice(0, self.cuts[0].size if self.cuts else 0)]]
        if shards is not None:
            self.shards = [[shard] for shard in shards]
        elif self.cuts:
            self._cut()
        parallel = min(threads, len(self.shards))
        nbytes = max(self._plan(block.stop - block.start).nbytes for shard in self.shards for block in shard)
        self.scratch = [ArrayType((nbytes,), np.uint8)] * parallel
        self.partial: dict[int, int] = {}
        if len(self.shards) > 1:
            for number, equation in enumerate(self.equations):
                if self._sums(number):
                    self.partial[number] = len(self.scratch)
                    total = equation.outputs[0].type
                    self.scratch.append(ArrayType((len(self.shards), *total.shape), total.dtype))

    @property
    def pieces(self) -> int:
        """Into how many blocks it is cut in all."""
        return sum(map(len, self.shards))

    def _sums(self, number: int) -> bool:
        return self.cuts is not None and self.cuts[number].output is None

    def _plan(self, rows: int) -> BlockPlan:
        if rows not in self._plans:
            self._plans[rows] = BlockPlan(self.equations, self.cuts, self.internal, rows)
        return self._plans[rows]

    def _cut(self) -> None:
        cuts = self.cuts
        assert cuts
        size, least = cuts[0].size, max(cut.least for cut in cuts)
        most = min(MOST_SHARDS, size // least, sum(cut.work for cut in cuts) // GRAIN)
        # A power of two, so that two, four or eight threads get equal shares.
        shards = 1 << (most.bit_length() - 1) if most > 1 else 1
        blocks = 1
        if len(self.equations) > 1:
            moved = {value: value.type.nbytes for step in self.equations for value in (*step.inputs, *step.outputs)}
            outside = sum(nbytes for value, nbytes in moved.items() if value not in self.internal)
            wanted = (outside + self._plan(size).nbytes) // BLOCK_BYTES
            blocks = max(1, min(wanted, size // least, MOST_BLOCKS) // shards)
        if shards * blocks == 1:
            return
        bounds = [number * size // (shards * blocks) for number in range(shards * blocks + 1)]
        pieces = [slice(start, stop) for start, stop in pairwise(bounds)]
        self.shards = [pieces[number * blocks : (number + 1) * blocks] for number in range(shards)]
        self._plans.clear()

    def bind(self, arrays: Mapping[Value, Array], scratch: Sequence[Array], team: ThreadTeam) -> list[Thunk]:
        """Thunks that compute the group on these arrays, to be run in order."""
        shards = self.bind_shards(arrays, scratch, team.threads)
        if len(shards) == 1:
            return shards[0]
        return [*team.bind(shards), *self.bind_totals(arrays, scratch)]

    def bind_shards(self, arrays: Mapping[Value, Array], scratch: Sequence[Array], threads: int) -> list[list[Thunk]]:
        """The calls of each shard; shards of one thread share its work memory."""
        return [self._bind_shard(number, blocks, arrays, scratch, threads) for number, blocks in enumerate(self.shards)]

    def bind_totals(self, arrays: Mapping[Value, Array], scratch: Sequence[Array]) -> list[Thunk]:
        """The calls that add up the partial sums, when all shards are done."""
        calls: list[Thunk] = []
        for number, position in self.partial.items():
            # In the order of the shards, whichever was done first.
            total = arrays[self.equations[number].outputs[0]]
            calls.append(partial(np.add.reduce, scratch[position], axis=0, out=total))
        return calls

    def _bind_shard(
        self, shard: int, blocks: Sequence[slice], arrays: Mapping[Value, Array], scratch: Sequence[Array], threads: int
    ) -> list[Thunk]:
        parallel = min(threads, len(self.shards))
        memory = scratch[shard * parallel // len(self.shards)]
        calls: list[Thunk] = []
        for rows in blocks:
            plan = self._plan(rows.stop - rows.start)
            for number, equation in enumerate(self.equations):
                cut = None if self.cuts is None else self.cuts[number]
                axes = (None,) * len(equation.inputs) if cut is None else cut.inputs
                given = [
                    _operand(value, axis, cut, rows, arrays, plan, memory)
                    for value, axis in zip(equation.inputs, axes, strict=True)
                ]
                work = [part(memory, block, type) for block, type in plan.scratch[number]]
                params = equation.params
                if cut is not None and cut.params is not None and rows.stop - rows.start != cut.size:
                    params = cut.params(params, rows)
                if not self._sums(number):
                    places = (None,) * len(equation.outputs) if cut is None else cut.places
                    results = [
                        _operand(value, axis, cut, rows, arrays, plan, memory)
                        for value, axis in zip(equation.outputs, places, strict=True)
                    ]
                    calls.append(equation.primitive.bind(given, results, work, **params))
                    continue
                total = arrays[equation.outputs[0]]
                if number in self.partial:
                    total = scratch[self.partial[number]][shard, ...]
                if rows is blocks[0]:
                    calls.append(equation.primitive.bind(given, [total], work, **params))
                else:
                    share = part(memory, plan.sums[number], equation.outputs[0].type)
                    calls.append(equation.primitive.bind(given, [share], work, **params))
                    calls.append(partial(np.add, total, share, total))
        return calls


def _operand(
    value: Value, axis: int | None, cut: Cut | None, rows: slice, arrays: Mapping[Value, Array], plan: BlockPlan,
    memory: Array,
) -> Array:  # fmt: skip
    """The piece of a value that a block works on."""
    if value in plan.blocks:
        return part(memory, plan.blocks[value], cut_type(value.type, axis, cut, rows.stop - rows.start))
    return cut_array(arrays[value], axis, cut, rows)


def _output_type(equation: Equation, cut: Cut | None, rows: int) -> ArrayType:
    return cut_type(equation.outputs[0].type, None if cut is None else cut.output, cut, rows)


def cut_type(type: ArrayType, axis: int | None, cut: Cut | None, rows: int) -> ArrayType:
    """The type of a piece of so many rows."""
    if axis is None or cut is None or rows == cut.size:
        return type
    if cut.mode == "flat":
        return ArrayType((rows,), type.dtype)
    return ArrayType((*type.shape[:axis], rows, *type.shape[axis + 1 :]), type.dtype)


def cut_array(array: Array, axis: int | None, cut: Cut | None, rows: slice) -> Array:
    """A piece of an array, as a view."""
    if axis is None or cut is None or (rows.start == 0 and rows.stop == cut.size):
        return array
    if cut.mode == "flat":
        return array.reshape(-1)[rows]
    return array[(slice(None),) * axis + (rows,)]
