"""Running a loop: every step bound to memory once, with its slices as views and its results written in place."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, partial

import numpy as np

from kcore.engine.numpy_backend.arena import Arena, Block
from kcore.engine.primitive import Thunk
from kcore.engine.program import Equation, Program, Value
from kcore.engine.types import Array, ArrayType


class LoopPlan:
    """Where the values of a loop's body live; the steps share the memory of what does not leave a step.

    Attributes:
        scratch: the work arrays of the loop: one piece of memory for intermediate values, then two arrays for each
            carry that no stack of the outputs holds anyway.
    """

    def __init__(self, body: Program, consts: int, carry: int) -> None:
        self.body, self.consts, self.carry = body, consts, carry
        starts, ends, ys = body.inputs[consts : consts + carry], body.outputs[:carry], body.outputs[carry:]
        produced = {value for equation in body.equations for value in equation.outputs} - self._views()
        self._stack_of_starts = {number: ys.index(start) for number, start in enumerate(starts) if start in ys}
        # Each value that leaves a step is written to one place; to all others it is copied.
        self._end_of: dict[Value, int] = {}
        for number, value in enumerate(ends):
            if value in produced:
                self._end_of.setdefault(value, number)
        self._slice_of: dict[Value, int] = {}
        for position, value in enumerate(ys):
            if value in produced and (value not in self._end_of or self._end_of[value] not in self._stack_of_starts):
                self._slice_of.setdefault(value, position)
        self._blocks: dict[Value, Block] = {}
        self._work: list[list[tuple[Block, ArrayType]]] = []
        nbytes = self._allocate()
        self.scratch = [ArrayType((nbytes,), np.uint8)]
        self._pair_of: dict[int, int] = {}
        for number, value in enumerate(ends):
            stacked = number in self._stack_of_starts or (self._end_of.get(value) == number and value in self._slice_of)
            if not stacked:
                self._pair_of[number] = len(self.scratch)
                self.scratch.append(ArrayType((2, *value.type.shape), value.type.dtype))

    def _views(self) -> set[Value]:
        """Values that are a view of another, found on stand-ins, as the strides of slices are not known yet."""
        stand_ins = {value: np.empty(value.type.shape, value.type.dtype) for value in self.body.inputs}
        stand_ins.update(self.body.constants)
        views = set()
        self._source: dict[Value, Value] = {}
        for equation in self.body.equations:
            view = None
            if equation.primitive.view is not None:
                view = equation.primitive.view(*(stand_ins[value] for value in equation.inputs), **equation.params)
            for value in equation.outputs:
                stand_ins[value] = np.empty(value.type.shape, value.type.dtype) if view is None else view
            if view is not None:
                (value,) = equation.outputs
                views.add(value)
                self._source[value] = self._source.get(equation.inputs[0], equation.inputs[0])
        self._strides = {value: array.strides for value, array in stand_ins.items()}
        self._is_view = views
        return views

    def _allocate(self) -> int:
        """Places for what does not leave a step, by liveness within it."""
        last: dict[Value, int] = {}
        for position, equation in enumerate(self.body.equations):
            for value in equation.inputs:
                last[self._source.get(value, value)] = position
        for value in self.body.outputs:
            last[self._source.get(value, value)] = len(self.body.equations)
        arena = Arena()
        ending: dict[int, list[Block]] = {}
        for position, equation in enumerate(self.body.equations):
            inherited = None
            for value in equation.outputs:
                if value in self._is_view or value in self._end_of or value in self._slice_of:
                    continue
                inherited = self._inherited(equation, value, position, last)
                if inherited is not None:
                    ending[position].remove(inherited)
                self._blocks[value] = inherited or arena.allocate(value.type.nbytes)
                ending.setdefault(last.get(value, position), []).append(self._blocks[value])
            work = []
            if equation.outputs[0] not in self._is_view and equation.primitive.scratch is not None:
                types = equation.primitive.scratch(*(value.type for value in equation.inputs), **equation.params)
                work = [(arena.allocate(type.nbytes), type) for type in types]
            self._work.append(work)
            for block, _ in work:
                arena.free(block)
            for block in ending.pop(position, ()):
                arena.free(block)
        return arena.size

    def _inherited(self, equation: Equation, value: Value, position: int, last: dict[Value, int]) -> Block | None:
        """The block of an input that ends here and may be written over element by element."""
        if value is not equation.outputs[0]:
            return None
        for number in equation.primitive.inplace:
            given = equation.inputs[number]
            alone = sum(self._source.get(other, other) is given for other in equation.inputs) == 1
            if given in self._blocks and last[given] == position and given.type == value.type and alone:
                return self._blocks[given]
        return None

    def bind(
        self, inputs: Sequence[Array], outputs: Sequence[Array], scratch: Sequence[Array], length: int, reverse: bool
    ) -> Thunk:
        """The thunk that runs all steps on these arrays."""
        calls: list[Thunk] = []
        consts, carry = self.consts, self.carry
        memory = scratch[0]
        fixed: dict[Value, Array] = dict(zip(self.body.inputs[:consts], inputs[:consts], strict=True))
        fixed.update(self.body.constants)
        for value, block in self._blocks.items():
            fixed[value] = _part(memory, block, value.type)
        work = [[_part(memory, block, type) for block, type in arrays] for arrays in self._work]
        at = list(inputs[consts : consts + carry])
        order = range(length - 1, -1, -1) if reverse else range(length)
        for number, position in self._stack_of_starts.items():
            if length:
                calls.append(partial(np.copyto, outputs[carry + position][order[0], ...], at[number]))
                at[number] = outputs[carry + position][order[0], ...]
        for count, step in enumerate(order):
            after = order[count + 1] if count + 1 < length else None
            at = self._bind_step(calls, dict(fixed), work, at, inputs, outputs, scratch, step, after, count)
        for end, array in zip(outputs, at, strict=False):
            calls.append(partial(np.copyto, end, array))

        def run() -> None:
            for call in calls:
                call()

        return run

    def _bind_step(
        self, calls: list[Thunk], arrays: dict[Value, Array], work: Sequence[Sequence[Array]], at: list[Array],
        inputs: Sequence[Array], outputs: Sequence[Array], scratch: Sequence[Array], step: int, after: int | None,
        count: int,
    ) -> list[Array]:  # fmt: skip
        """Append the calls of one step; returns where the carry is after it."""
        body, carry = self.body, self.carry
        start = self.consts + carry
        arrays.update(zip(body.inputs[self.consts : start], at, strict=True))
        arrays.update(
            (value, stack[step, ...]) for value, stack in zip(body.inputs[start:], inputs[start:], strict=True)
        )
        ends = [self._place_of_end(number, outputs, scratch, step, after, count) for number in range(carry)]
        arrays.update((value, ends[number]) for value, number in self._end_of.items())
        arrays.update((value, outputs[carry + position][step, ...]) for value, position in self._slice_of.items())
        for equation, own in zip(body.equations, work, strict=True):
            given = [arrays[value] for value in equation.inputs]
            if equation.outputs[0] in self._is_view:
                view = equation.primitive.view
                assert view is not None
                arrays[equation.outputs[0]] = view(*given, **equation.params)  # type: ignore[assignment]
                continue
            results = [arrays[value] for value in equation.outputs]
            calls.append(equation.primitive.bind(given, results, own, **equation.params))
        for position, value in enumerate(body.outputs[carry:]):
            if position not in self._stack_of_starts.values() and self._slice_of.get(value) != position:
                calls.append(partial(np.copyto, outputs[carry + position][step, ...], arrays[value]))
        # A carry that another one takes over must be read before it is overwritten; places of ends are never starts.
        for number, value in enumerate(body.outputs[:carry]):
            if self._end_of.get(value) != number:
                calls.append(partial(np.copyto, ends[number], arrays[value]))
        return ends

    def _place_of_end(
        self, number: int, outputs: Sequence[Array], scratch: Sequence[Array], step: int, after: int | None, count: int
    ) -> Array:
        """Where a step leaves a carry: where the next one keeps it, in a stack of the outputs, or in one of a pair."""
        value = self.body.outputs[number]
        if number in self._stack_of_starts:
            stack = outputs[self.carry + self._stack_of_starts[number]]
            return outputs[number] if after is None else stack[after, ...]
        if self._end_of.get(value) == number and value in self._slice_of:
            return outputs[self.carry + self._slice_of[value]][step, ...]
        pair: Array = scratch[self._pair_of[number]][count % 2, ...]
        return pair


def _part(memory: Array, block: Block, type: ArrayType) -> Array:
    return memory[block.offset : block.offset + type.nbytes].view(type.dtype).reshape(type.shape)


@lru_cache(maxsize=128)
def loop_plan(body: Program, consts: int, carry: int) -> LoopPlan:
    """The plan of a body, made once for its work arrays and for binding it."""
    return LoopPlan(body, consts, carry)
