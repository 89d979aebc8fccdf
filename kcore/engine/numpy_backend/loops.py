"""Running a loop: every step bound to memory once, with its slices as views and its results written in place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from kcore.engine.numpy_backend.arena import Arena, Block, part
from kcore.engine.numpy_backend.views import Views
from kcore.engine.primitive import Thunk
from kcore.engine.primitives.calls import copied
from kcore.engine.primitives.layout import part_regions
from kcore.engine.primitives.windows import staged
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
        # Stand-ins for slices: what is a view does not depend on how far apart the rows of a stack are.
        given = {value: np.empty(value.type.shape, value.type.dtype) for value in body.inputs}
        self._views = Views(body, {**given, **body.constants})
        produced = {value for equation in body.equations for value in equation.outputs} - set(self._views.source)
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
        self._parts = self._placed(produced)
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

    def _placed(self, produced: set[Value]) -> dict[Value, tuple[Value, Any]]:
        """Values that only become a part of another one, (value, region): they are computed where they will lie."""
        uses = Counter(value for equation in self.body.equations for value in equation.inputs)
        uses.update(self.body.outputs)
        found: dict[Value, tuple[Value, Any]] = {}
        for equation in self.body.equations:
            types = [value.type for value in equation.inputs]
            regions = part_regions(equation.primitive, types, equation.params)
            for value, region in zip(equation.inputs, regions or (), strict=False):
                if value in produced and uses[value] == 1:
                    found[value] = (equation.outputs[0], region)
        return found

    def _whole(self, value: Value) -> Value:
        """What a value becomes a part of, and that perhaps of another one."""
        while value in self._parts:
            value = self._parts[value][0]
        return value

    def _allocate(self) -> int:
        """Places for what does not leave a step, by liveness within it."""
        last: dict[Value, int] = {}
        for position, equation in enumerate(self.body.equations):
            for value in equation.inputs:
                last[self._views.of(value)] = position
        for value in self.body.outputs:
            last[self._views.of(value)] = len(self.body.equations)
        arena = Arena()
        ending: dict[int, list[Block]] = {}
        for position, equation in enumerate(self.body.equations):
            inherited = None
            for output in equation.outputs:
                value = self._whole(output)
                placed = value in self._views.source or value in self._end_of or value in self._slice_of
                if placed or value in self._blocks:
                    continue
                inherited = self._inherited(equation, value, position, last)
                if inherited is not None:
                    ending[position].remove(inherited)
                self._blocks[value] = inherited or arena.allocate(value.type.nbytes)
                ending.setdefault(last.get(value, position), []).append(self._blocks[value])
            work = []
            if equation.outputs[0] not in self._views.source and equation.primitive.scratch is not None:
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
            alone = sum(self._views.of(other) is given for other in equation.inputs) == 1
            if given in self._blocks and last[given] == position and given.type == value.type and alone:
                return self._blocks[given]
        return None

    def bind(
        self, inputs: Sequence[Array], outputs: Sequence[Array], scratch: Sequence[Array], length: int, reverse: bool
    ) -> Thunk:
        """The thunk that runs all steps on these arrays."""
        first, steps, last = self.bind_steps(inputs, outputs, scratch, length, reverse)
        calls = [*first, *(call for step in steps for call in step), *last]

        def run() -> None:
            for call in calls:
                call()

        return run

    def bind_steps(
        self, inputs: Sequence[Array], outputs: Sequence[Array], scratch: Sequence[Array], length: int, reverse: bool
    ) -> tuple[list[Thunk], list[list[Thunk]], list[Thunk]]:
        """The calls before all steps, those of each step in the order in which they run, and those after all."""
        first: list[Thunk] = []
        consts, carry = self.consts, self.carry
        inputs = self._lying(inputs, first)
        memory = scratch[0]
        fixed: dict[Value, Array] = dict(zip(self.body.inputs[:consts], inputs[:consts], strict=True))
        fixed.update(self.body.constants)
        fixed.update((value, part(memory, block, value.type)) for value, block in self._blocks.items())
        work = [[part(memory, block, type) for block, type in arrays] for arrays in self._work]
        at = list(inputs[consts : consts + carry])
        order = range(length - 1, -1, -1) if reverse else range(length)
        for number, position in self._stack_of_starts.items():
            if length:
                first.append(copied(outputs[carry + position][order[0], ...], at[number]))
                at[number] = outputs[carry + position][order[0], ...]
        steps: list[list[Thunk]] = []
        for count, step in enumerate(order):
            after = order[count + 1] if count + 1 < length else None
            steps.append([])
            at = self._bind_step(steps[-1], dict(fixed), work, at, inputs, outputs, scratch, step, after, count)
        return first, steps, [copied(end, array) for end, array in zip(outputs, at, strict=False)]

    def _lying(self, inputs: Sequence[Array], calls: list[Thunk]) -> list[Array]:
        """The inputs with constants and slices that lie in memory as the plan assumes; others are copied first."""
        found = []
        for number, array in enumerate(inputs):
            sliced = number >= self.consts + self.carry and len(array)
            if (array[0, ...] if sliced else array).flags.c_contiguous:
                found.append(array)
                continue
            copy, fill = staged(array)
            assert fill is not None
            calls.append(fill)
            found.append(copy)
        return found

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
        for value in reversed(self._parts):
            whole, region = self._parts[value]
            arrays[value] = arrays[whole][region]
        for equation, own in zip(body.equations, work, strict=True):
            given = [arrays[value] for value in equation.inputs]
            if equation.outputs[0] in self._views.source:
                view = equation.primitive.view
                assert view is not None
                arrays[equation.outputs[0]] = view(*given, **equation.params)  # type: ignore[assignment]
                continue
            results = [arrays[value] for value in equation.outputs]
            calls.append(equation.primitive.bind(given, results, own, **equation.params))
        for position, value in enumerate(body.outputs[carry:]):
            if position not in self._stack_of_starts.values() and self._slice_of.get(value) != position:
                calls.append(copied(outputs[carry + position][step, ...], arrays[value]))
        # A carry that another one takes over must be read before it is overwritten; places of ends are never starts.
        for number, value in enumerate(body.outputs[:carry]):
            if self._end_of.get(value) != number:
                calls.append(copied(ends[number], arrays[value]))
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


@lru_cache(maxsize=128)
def loop_plan(body: Program, consts: int, carry: int) -> LoopPlan:
    """The plan of a body, made once for its work arrays and for binding it."""
    return LoopPlan(body, consts, carry)
