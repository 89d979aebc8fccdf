"""Looking inside a compiled program: what it computes, where time and memory go, how near that is to the limit."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from kcore.engine.compiled import Replay
from kcore.engine.numpy_backend import NumpyExecutable
from kcore.engine.numpy_backend.threads import available_threads
from kcore.errors.engine import UnsupportedOperationError

RUNS = 10


@dataclass(frozen=True)
class Row:
    """Groups of equations of one kind: the same primitives on the same types.

    Attributes:
        name: primitives and types; a group of several equations runs all of them piece by piece.
        count: how many such groups there are in the program.
        equations: in all of them.
        pieces: into how many each is cut; 1 if it is computed whole.
        operations: floating-point operations of all of them.
        nbytes: moved by all of them.
        seconds: that all of them take in one run.
    """

    name: str
    count: int
    equations: int
    pieces: int
    operations: int
    nbytes: int
    seconds: float


@dataclass(frozen=True)
class Explanation:
    """A program and its costs; ``str()`` is a readable table.

    Attributes:
        rows: the costliest kind first; views cost nothing and have none.
        equations: number of equations, views included.
        views: how many of them are views.
        arena_bytes: memory of all intermediate values together.
        state_bytes: of the variables that it reads and updates.
        seconds: of one run, the median; 0 if it was not run.
        product_rate: operations a second of a large matrix product here, with all threads: the limit.
        text: the program.
    """

    rows: list[Row]
    equations: int
    views: int
    arena_bytes: int
    state_bytes: int
    seconds: float
    product_rate: float
    text: str

    @property
    def operations(self) -> int:
        """Floating-point operations of one run."""
        return sum(row.operations for row in self.rows)

    def to_text(self, most: int = 20) -> str:
        """A table of the ``most`` costliest kinds of groups, and the totals."""
        measured = self.seconds > 0
        shown, left = self.rows[:most], self.rows[most:]
        lines = self._times(shown, left) if measured else self._sizes(shown, left)
        groups = sum(row.count for row in self.rows)
        took = f"a run takes {self.seconds * 1e3:.3f} ms" if measured else "not run"
        lines.append(f"{self.equations} equations, {self.views} of them views, in {groups} groups; {took}")
        amount = f"{self.operations / 1e9:.3f} GFLOP a run"
        if measured:
            rate = self.operations / self.seconds
            amount += (
                f": {rate / 1e9:.1f} GFLOP/s, {rate / self.product_rate * 100:.0f} % of a large matrix product's "
                f"{self.product_rate / 1e9:.1f}"
            )
        lines += [
            amount,
            f"memory: {self.arena_bytes / 2**20:.1f} MiB for intermediate values, "
            f"{self.state_bytes / 2**20:.1f} MiB for variables; {available_threads()} threads",
        ]
        return "\n".join(lines)

    def _times(self, shown: Sequence[Row], left: Sequence[Row]) -> list[str]:
        lines = [f"{'ms':>9} {'%':>5} {'count':>5} {'pieces':>6} {'GFLOP/s':>8} {'GB/s':>7}  equations"]
        total = sum(row.seconds for row in self.rows) or 1.0
        for row in shown:
            seconds = row.seconds or 1e-12
            lines.append(
                f"{row.seconds * 1e3:9.3f} {row.seconds / total * 100:5.1f} {row.count:5d} {row.pieces:6d} "
                f"{row.operations / seconds / 1e9:8.1f} {row.nbytes / seconds / 1e9:7.1f}  {row.name}"
            )
        if left:
            lines.append(f"{sum(row.seconds for row in left) * 1e3:9.3f} in {_groups(left)} more groups")
        return lines

    def _sizes(self, shown: Sequence[Row], left: Sequence[Row]) -> list[str]:
        lines = [f"{'MFLOP':>9} {'MB':>8} {'count':>5} {'pieces':>6}  equations"]
        lines += [
            f"{row.operations / 1e6:9.3f} {row.nbytes / 1e6:8.3f} {row.count:5d} {row.pieces:6d}  {row.name}"
            for row in shown
        ]
        if left:
            lines.append(f"{sum(row.operations for row in left) / 1e6:9.3f} in {_groups(left)} more groups")
        return lines

    __str__ = to_text


def _groups(rows: Sequence[Row]) -> int:
    return sum(row.count for row in rows)


def explain_replay(replay: Replay, runs: int = RUNS) -> Explanation:
    """Run a compiled program a few times, group by group, and put its variables back as they were.

    With ``runs=0`` it is not run: operations, bytes and memory follow from the plan.

    Raises:
        UnsupportedOperationError: another engine than NumPy's compiled it.
    """
    executable = replay.executable
    if not isinstance(executable, NumpyExecutable):
        raise UnsupportedOperationError(
            operation="explain", reason="it was compiled by another engine", advice="Use that engine's own profiler."
        )
    costs = executable.costs()
    seconds, whole = [0.0] * len(costs), 0.0
    if runs:
        before = [(variable, variable.numpy()) for variable in replay.traced.state]
        try:
            seconds = executable.time_groups(runs)
            whole = _median(_timed(executable.run) for _ in range(runs))
        finally:
            for variable, value in before:
                variable.assign(value)
    rows: dict[str, list[Row]] = {}
    for (name, equations, pieces, operations, nbytes), spent in zip(costs, seconds, strict=True):
        rows.setdefault(name, []).append(Row(name, 1, equations, pieces, operations, nbytes, spent))
    merged = [
        Row(
            name,
            len(same),
            sum(row.equations for row in same),
            same[0].pieces,
            sum(row.operations for row in same),
            sum(row.nbytes for row in same),
            sum(row.seconds for row in same),
        )
        for name, same in rows.items()
    ]
    program = replay.traced.program
    return Explanation(
        rows=sorted(merged, key=lambda row: (-row.seconds, -row.operations)),
        equations=len(program.equations),
        views=executable.views,
        arena_bytes=executable.nbytes,
        state_bytes=sum(variable.value.nbytes for variable in replay.traced.state),
        seconds=whole,
        product_rate=product_rate() if runs else 0.0,
        text=program.to_text(),
    )


def product_rate(size: int = 1024) -> float:
    """Operations a second of a float32 matrix product of this size, the best of a few, with BLAS's own threads."""
    a = np.ones((size, size), np.float32)
    out = np.empty_like(a)
    best = min(_timed(lambda: np.matmul(a, a, out)) for _ in range(5))
    return 2 * size**3 / best


def _timed(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def _median(values: Iterable[float]) -> float:
    return float(np.median(list(values)))
