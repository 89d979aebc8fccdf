"""Which equations run together: a group is cut once, and all of it runs on one piece before the next piece begins.

What a group computes and nobody else reads stays in the cache and needs no memory of its size; and threads meet once
for a group, not once for an equation.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from kcore.engine.numpy_backend.views import Views
from kcore.engine.primitives.batching import Cut, cuts, elementwise, keeps_rows
from kcore.engine.primitives.loop_rows import loop_cut
from kcore.engine.primitives.scan import scan_p
from kcore.engine.program import Equation, Program, Value

REACH = 3
"""How many groups back an equation may join, past what has come since. Further back, its result would live long."""

WIDE_BYTES = 1 << 18
"""A piece of a matrix product whose result is larger leaves no cache to what would follow it."""


class Group:
    """Equations that are cut in the same way, in order.

    Attributes:
        equations: one or more.
        cuts: the ways in which all of them can be cut, by mode; for each the equations' own.
    """

    def __init__(self, equation: Equation, found: Sequence[Cut]) -> None:
        self.equations = [equation]
        self.cuts: dict[str, list[Cut]] = {cut.mode: [cut] for cut in found}
        self.pipeline: Pipeline | None = None
        self._summed: set[Value] = set()
        self._produced: set[Value] = set(equation.outputs)
        self._note_sums(equation)

    @classmethod
    def of(cls, equations: Sequence[Equation], cuts: dict[str, list[Cut]], pipeline: Pipeline | None = None) -> Group:
        """A group that nothing joins any more."""
        group = cls(equations[0], [])
        group.equations, group.cuts, group.pipeline = list(equations), cuts, pipeline
        return group

    @property
    def mode(self) -> str | None:
        """The way in which it is cut: all elements in a row where that is possible."""
        return next((mode for mode in ("flat", "rows", "last", "loop") if mode in self.cuts), None)

    def join(self, equation: Equation, found: Sequence[Cut], views: Views, viewed: dict[Value, Equation]) -> bool:
        """Take ``equation`` in, if it can be cut as the others are, and belongs to them."""
        if not self._related(equation, found, views):
            return False
        kept = {}
        for cut in found:
            mine = self.cuts.get(cut.mode)
            if mine is None or mine[0].size != cut.size or not self._light(mine):
                continue
            if all(
                self._available(value, axis, cut.mode, views, viewed)
                for value, axis in zip(equation.inputs, cut.inputs, strict=True)
            ):
                kept[cut.mode] = [*mine, cut]
        if not kept:
            return False
        self.equations.append(equation)
        self.cuts = kept
        self._produced.update(equation.outputs)
        self._note_sums(equation)
        return True

    def _note_sums(self, equation: Equation) -> None:
        # In a mode in which it is not a sum it could be read on; simpler is to keep it out of reach in all.
        if any(found[-1].output is None for found in self.cuts.values()):
            self._summed.update(equation.outputs)

    def _related(self, equation: Equation, found: Sequence[Cut], views: Views) -> bool:
        """Whether it reads what the group computes, or does the like, element for element on the same shape."""
        if any(views.of(value) in self._produced for value in equation.inputs):
            return True
        return elementwise(found) and equation.outputs[0].type.shape == self.equations[-1].outputs[0].type.shape

    def _light(self, mine: Sequence[Cut]) -> bool:
        """Whether pieces may become small enough for the cache."""
        broad = max(mine, key=lambda cut: cut.least)
        if broad.least == 1:
            return True
        output = self.equations[mine.index(broad)].outputs[0].type
        return output.nbytes // broad.size * broad.least <= WIDE_BYTES

    def _available(
        self, value: Value, axis: int | None, mode: str, views: Views, viewed: dict[Value, Equation]
    ) -> bool:
        """Whether a piece of ``value`` is there when the piece of the equation that reads it begins."""
        source = views.of(value)
        if source not in self._produced:
            return True
        if axis is None or source in self._summed:
            return False
        if source is value:
            return True
        if mode != "rows":
            return False
        while value is not source:
            if not keeps_rows(viewed[value]):
                return False
            value = viewed[value].inputs[0]
        return True


class Pipeline(NamedTuple):
    """A loop with work that can go on beside it, a stretch of steps ahead of it or behind it.

    Attributes:
        feeders: groups that compute slices of the loop and nothing else, in order.
        loop: the equation.
        followers: groups that read what its steps gave; those of one chain read each other's results as well.
    """

    feeders: list[Group]
    loop: Equation
    followers: list[list[Group]]


def groups(program: Program, views: Views) -> list[Group]:
    """The equations that are no views, in groups, in an order in which they can run."""
    found: list[Group] = []
    place: dict[Value, int] = {}
    viewed: dict[Value, Equation] = {}
    for equation in program.equations:
        if equation.outputs[0] in views.source:
            viewed[equation.outputs[0]] = equation
            continue
        possible = _possible(equation, views)
        needed = max((place.get(views.of(value), -1) for value in equation.inputs), default=-1)
        number = _joined(found, equation, possible, needed, views, viewed) if possible else None
        if number is None:
            found.append(Group(equation, possible))
            number = len(found) - 1
        place.update(dict.fromkeys(equation.outputs, number))
    return found


def _joined(
    found: Sequence[Group], equation: Equation, possible: Sequence[Cut], needed: int, views: Views,
    viewed: dict[Value, Equation],
) -> int | None:  # fmt: skip
    """The number of the group that takes the equation in; the latest that can."""
    for number in range(len(found) - 1, max(needed, len(found) - REACH, 0) - 1, -1):
        if found[number].join(equation, possible, views, viewed):
            return number
    return None


def _possible(equation: Equation, views: Views) -> list[Cut]:
    """The ways to cut it; all elements in a row only where they lie so in memory."""
    if equation.primitive is scan_p:
        cut = loop_cut(equation.params["body"], equation.params["consts"], equation.params["carry"])
        return [] if cut is None else [cut]
    inputs = [value.type for value in equation.inputs]
    found = cuts(equation.primitive, inputs, [value.type for value in equation.outputs], equation.params)
    lying = all(views.contiguous(value) for value in equation.inputs)
    return [cut for cut in found if cut.mode != "flat" or lying]


def readers(equations: Iterable[Equation]) -> dict[Value, list[Equation]]:
    """The equations that read each value."""
    found: dict[Value, list[Equation]] = {}
    for equation in equations:
        for value in equation.inputs:
            found.setdefault(value, []).append(equation)
    return found
