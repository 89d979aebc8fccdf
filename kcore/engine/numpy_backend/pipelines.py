"""Work beside a loop: while one thread goes through the steps, others compute slices to come and use those gone by.

The steps of a recurrent layer wait for each other, and are too small to be shared. What surrounds them is neither: the
product of all inputs with a kernel before the loop, and those that give the gradients after it. Both are cut along the
steps, into stretches, and go on beside the loop.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from queue import Empty, SimpleQueue
from typing import Any

from kcore.engine.numpy_backend.grouping import Group, Pipeline, readers
from kcore.engine.numpy_backend.kernels import Kernel
from kcore.engine.numpy_backend.loops import loop_plan
from kcore.engine.numpy_backend.threads import ThreadTeam
from kcore.engine.numpy_backend.views import Views
from kcore.engine.primitive import Thunk
from kcore.engine.primitives import layout
from kcore.engine.primitives.batching import Cut
from kcore.engine.primitives.cost import multiplications
from kcore.engine.primitives.matmul import matmul_p
from kcore.engine.primitives.scan import scan_p
from kcore.engine.program import Equation, Program, Value
from kcore.engine.types import Array, ArrayType

STRETCHES = 8
"""Into how many parts the steps are divided."""
ENOUGH = 1 << 25
"""Multiplications beside the loop, below which it is not worth the threads' meetings."""


def with_pipelines(found: Sequence[Group], program: Program, views: Views) -> list[Group]:
    """The groups with loops and what can go on beside them put together."""
    return _Search(found, program, views).result()


class _Search:
    """Looks for work beside the loops of a program."""

    def __init__(self, found: Sequence[Group], program: Program, views: Views) -> None:
        self._groups, self._views = list(found), views
        self._readers = readers(program.equations)
        self._results = {views.of(value) for value in program.outputs}
        self._viewed = {value: step for step in program.equations for value in step.outputs if value in views.source}
        self._number = {value: number for number, group in enumerate(found) for step in group.equations
                        for value in step.outputs}  # fmt: skip
        self._taken: set[int] = set()

    def result(self) -> list[Group]:
        replaced: dict[int, Group] = {}
        for number, group in enumerate(self._groups):
            loop = group.equations[0]
            if loop.primitive is not scan_p or loop.params["length"] < 2 * STRETCHES or _shared(group):
                continue
            feeders, chains = self._feeders(number, loop), self._followers(number, loop)
            followers = [index for chain in chains for index in chain]
            if _multiplied(self._groups[index] for index in (*feeders, *followers)) >= ENOUGH:
                self._taken.update((*feeders, *followers))
                fed = [self._groups[index] for index in sorted(feeders)]
                ahead = [Group.of(feeder.equations, {"rows": feeder.cuts["rows"]}) for feeder in fed]
                replaced[number] = _joined(ahead, group, [list(chain.values()) for chain in chains])
        return [replaced.get(number, group) for number, group in enumerate(self._groups) if number not in self._taken]

    def _stretches(self, value: Value, source: Value, length: int) -> bool:
        """Whether a stretch of steps of a view is a stretch of what it views."""
        while value is not source:
            step = self._viewed[value]
            before, after = step.inputs[0].type.shape, step.outputs[0].type.shape
            if not before or not after or before[0] % length or after[0] % length:
                return False
            if step.primitive is not layout.reshape_p and not (
                step.primitive is layout.transpose_p and step.params["axes"][0] == 0
            ):
                return False
            value = step.inputs[0]
        return value.type.ndim > 0 and value.type.shape[0] % length == 0

    def _feeders(self, number: int, loop: Equation) -> list[int]:
        """Numbers of groups before the loop that nothing but the loop waits for."""
        length, first = loop.params["length"], loop.params["consts"] + loop.params["carry"]
        found: list[int] = []
        waiting = [value for value in loop.inputs[first:] if self._views.contiguous(value)]
        # Which operands of an equation it reads stretch by stretch.
        serving = {loop: [number >= first for number in range(len(loop.inputs))]}
        while waiting:
            value = waiting.pop()
            index = self._number.get(self._views.of(value), -1)
            if index < 0 or index in self._taken or index in found:
                continue
            group = self._groups[index]
            cuts = group.cuts.get("rows")
            if cuts is None or cuts[0].size % length or any(cut.output is None for cut in cuts):
                continue
            reads = {step: [axis == 0 for axis in cut.inputs] for step, cut in zip(group.equations, cuts, strict=True)}
            if not self._only_for(group, serving, length):
                continue
            found.append(index)
            serving.update(reads)
            waiting += [
                operand
                for step, by_stretch in reads.items()
                for operand, known in zip(step.inputs, by_stretch, strict=True)
                if known
            ]
        return found

    def _only_for(self, group: Group, serving: Mapping[Equation, list[bool]], length: int) -> bool:
        """Whether all that is computed in the group is read there, or in ``serving``, there stretch by stretch."""
        produced = [value for step in group.equations for value in step.outputs]
        if not self._results.isdisjoint(produced):
            return False
        pending = [(value, value) for value in produced]
        while pending:
            value, source = pending.pop()
            for reader in self._readers.get(value, ()):
                if reader.outputs[0] in self._views.source:
                    pending.append((reader.outputs[0], source))
                elif reader in serving:
                    here = [known for operand, known in zip(reader.inputs, serving[reader], strict=True)
                            if operand is value]  # fmt: skip
                    if not all(here) or not self._stretches(value, source, length):
                        return False
                elif reader not in group.equations:
                    return False
        return True

    def _followers(self, number: int, loop: Equation) -> list[dict[int, Group]]:
        """Groups behind the loop, by number, that use its slices stretch by stretch and wait for nothing later.

        Returns:
            chains: a group that reads what another one computes is in the same chain.
        """
        length, carry = loop.params["length"], loop.params["carry"]
        chains: list[dict[int, Group]] = []
        known = set(loop.outputs[carry:])
        for index in range(number + 1, len(self._groups)):
            group = self._groups[index]
            cuts = None if index in self._taken else self._following_cuts(group, known, length)
            if cuts is None or not all(self._ready(group, known, number)):
                continue
            follower = Group.of(group.equations, {"rows": cuts})
            before = {self._number.get(self._views.of(value)) for step in group.equations for value in step.inputs}
            merged = {i: g for chain in chains if before & chain.keys() for i, g in chain.items()}
            chains = [chain for chain in chains if not before & chain.keys()]
            chains.append({**dict(sorted(merged.items())), index: follower})
            known.update(
                value
                for step, cut in zip(group.equations, cuts, strict=True)
                if cut.output is not None
                for value in step.outputs
            )
        return chains

    def _ready(self, group: Group, known: set[Value], number: int) -> list[bool]:
        """For each operand, whether it is there when the loop begins, or comes stretch by stretch."""
        own = {value for step in group.equations for value in step.outputs}
        return [
            source in known or source in own or self._number.get(source, -1) < number
            for step in group.equations
            for source in map(self._views.of, step.inputs)
        ]

    def _following_cuts(self, group: Group, known: set[Value], length: int) -> list[Cut] | None:
        """How each equation of the group is cut along the steps, if it reads some and all can be."""
        cuts = group.cuts.get("rows")
        if len(group.equations) == 1 and group.equations[0].primitive is matmul_p:
            cuts = self._product_cut(group.equations[0], length) or cuts
        reads = any(self._views.of(value) in known for step in group.equations for value in step.inputs)
        if cuts is None or not reads or cuts[0].size % length:
            return None
        own = {value for step in group.equations for value in step.outputs}
        for step, cut in zip(group.equations, cuts, strict=True):
            for value, axis in zip(step.inputs, cut.inputs, strict=True):
                source = self._views.of(value)
                if source not in known or source in own:
                    continue
                if axis == 1:
                    # The transposed operand of a product that adds up over the steps.
                    value = self._viewed[value].inputs[0]
                elif axis != 0:
                    return None
                if not self._stretches(value, source, length):
                    return None
        return cuts

    def _product_cut(self, step: Equation, length: int) -> list[Cut] | None:
        """For a product of a transposed operand and another one, both with all steps: sums over stretches of steps."""
        x, y = step.inputs
        turn = self._viewed.get(x)
        if x.type.ndim != 2 or y.type.ndim != 2 or turn is None or turn.primitive is not layout.transpose_p:
            return None
        if x.type.shape[1] % length or turn.params["axes"] != (1, 0):
            return None
        return [Cut("rows", x.type.shape[1], (1, 0), None, 0)]


def _shared(group: Group) -> bool:
    """Whether the loop is cut along its batch, so that all threads have a share of it."""
    cut = group.cuts["loop"][0] if "loop" in group.cuts else None
    return cut is not None and cut.size // cut.least > 1


def _multiplied(groups: Iterable[Group]) -> int:
    return sum(
        multiplications(step.primitive, [value.type for value in step.inputs], step.outputs[0].type, step.params)
        for group in groups
        for step in group.equations
    )


def _joined(feeders: list[Group], loop: Group, chains: list[list[Group]]) -> Group:
    followers = [follower for chain in chains for follower in chain]
    equations = [step for part in (*feeders, loop, *followers) for step in part.equations]
    return Group.of(equations, {}, Pipeline(feeders, loop.equations[0], chains))


class PipelineKernel:
    """A loop and what goes on beside it, cut into stretches of steps by shapes alone.

    Attributes:
        equations, internal, scratch: as of ``Kernel``.
        shards: one for each stretch.
    """

    def __init__(self, group: Group, threads: int) -> None:
        assert group.pipeline is not None
        self.equations = group.equations
        self.internal: frozenset[Value] = frozenset()
        feeders, self._loop, chains = group.pipeline
        self._length, self._reverse = self._loop.params["length"], self._loop.params["reverse"]
        bounds = [number * self._length // STRETCHES for number in range(STRETCHES + 1)]
        self._stretches = [slice(bounds[number], bounds[number + 1]) for number in range(STRETCHES)]
        if self._reverse:
            # In the order in which the loop goes through them.
            self._stretches.reverse()
        self._feeders = [self._kernel(feeder) for feeder in feeders]
        self._chains = [[self._kernel(follower) for follower in chain] for chain in chains]
        params = self._loop.params
        self._plan = loop_plan(params["body"], params["consts"], params["carry"])
        self.shards = [[stretch] for stretch in self._stretches]
        self.scratch: list[ArrayType] = [*self._plan.scratch]
        for chain in (self._feeders, *self._chains):
            for kernel in chain:
                self.scratch += kernel.scratch

    @property
    def pieces(self) -> int:
        return len(self.shards)

    def _kernel(self, group: Group) -> Kernel:
        rows = group.cuts["rows"][0].size // self._length
        shards = [slice(stretch.start * rows, stretch.stop * rows) for stretch in self._stretches]
        # Work memory for each stretch: any two of them may be worked on at the same time.
        return Kernel(group, frozenset(), STRETCHES, shards)

    def bind(self, arrays: Mapping[Value, Array], scratch: Sequence[Array], team: ThreadTeam) -> list[Thunk]:
        """Thunks that compute all of it on these arrays."""
        given, results = ([arrays[value] for value in side] for side in (self._loop.inputs, self._loop.outputs))
        used = len(self._plan.scratch)
        first, steps, last = self._plan.bind_steps(given, results, scratch[:used], self._length, self._reverse)
        totals: list[Thunk] = []
        tasks: list[list[list[Thunk]]] = []
        for chain in (self._feeders, *self._chains):
            # One task for each stretch: within a chain one group waits for the other.
            tasks.append([[] for _ in self._stretches])
            for kernel in chain:
                own = scratch[used : used + len(kernel.scratch)]
                used += len(own)
                for task, calls in zip(tasks[-1], kernel.bind_shards(arrays, own, STRETCHES), strict=True):
                    task += calls
                totals += kernel.bind_totals(arrays, own)
        ahead, *chains = tasks
        behind = [[chain[number] for chain in chains] for number in range(len(self._stretches))]
        loop: list[list[Thunk]] = []
        for stretch in self._stretches:
            count = stretch.stop - stretch.start
            loop.append([call for step in steps[:count] for call in step])
            del steps[:count]
        loop[0] = [*first, *loop[0]]
        if team.threads == 1:
            parts = [*ahead, *loop, *(calls for stretch in behind for calls in stretch)]
            return [*(call for calls in parts for call in calls), *last, *totals]
        return [_beside(team, ahead, loop, behind), *last, *totals]


def _beside(
    team: ThreadTeam, ahead: Sequence[list[Thunk]], loop: Sequence[list[Thunk]], behind: Sequence[Sequence[list[Thunk]]]
) -> Thunk:
    """Run the loop in this thread, and everything else in whichever thread is free."""
    feeding = any(ahead)

    def run() -> None:
        tasks: SimpleQueue[Any] = SimpleQueue()
        finished: SimpleQueue[Any] = SimpleQueue()
        fed: set[int] = set()
        errors: list[BaseException] = []

        def work(task: Any) -> None:
            number, calls = task
            try:
                if not errors:
                    for call in calls:
                        call()
            except BaseException as error:
                errors.append(error)
            if number is not None:
                fed.add(number)
                finished.put(number)

        def serve() -> None:
            while (task := tasks.get()) is not None:
                work(task)

        def help_out() -> bool:
            try:
                task = tasks.get_nowait()
            except Empty:
                return False
            work(task)
            return True

        with team.helped_by(serve) as helpers:
            try:
                if feeding:
                    for task in enumerate(ahead):
                        tasks.put(task)
                for number, calls in enumerate(loop):
                    while feeding and number not in fed:
                        if not help_out():
                            finished.get()
                    if errors:
                        break
                    for call in calls:
                        call()
                    for follower in behind[number]:
                        tasks.put((None, follower))
                while help_out():
                    pass
            finally:
                for _ in range(helpers):
                    tasks.put(None)
        if errors:
            raise errors[0]

    return run
