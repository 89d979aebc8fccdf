"""Importing every component in another process, with a time limit for each."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from kcore.registry import Record

# For Python, NumPy and kcore itself to be imported, which no plugin can be blamed for.
_START_SECONDS: Final = 120.0
_PROGRAM: Final = "from kcore.cli.load_worker import main; main()"


class Outcome(NamedTuple):
    """What came of loading one component: the seconds it took, or the problem."""

    record: Record
    seconds: float | None
    problem: str | None
    hanging: bool = False


def load_all(records: Sequence[Record], limit: float) -> list[Outcome]:
    """Load each component in a process of its own, which is ended and replaced when one takes longer than the limit.

    Args:
        records: of components and hook modules, none disabled or incompatible.
        limit: seconds for each.
    """
    outcomes: dict[int, Outcome] = {}
    waiting = list(range(len(records)))
    while waiting:
        with _Worker([records[number] for number in waiting]) as worker:
            for place, outcome in worker.outcomes(limit):
                outcomes[waiting[place]] = outcome
        waiting = [number for number in waiting if number not in outcomes]
    return [outcomes[number] for number in range(len(records))]


class _Worker:
    """One process, and what it tells."""

    def __init__(self, records: Sequence[Record]) -> None:
        self._records = records
        path = os.pathsep.join(filter(None, sys.path))
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": path},
            # Whatever a plugin starts can then be ended together with it.
            start_new_session=True,
        )
        self._events: queue.Queue[list[Any] | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> _Worker:
        task = {"path": sys.path, "items": [[one.family, one.qualified] for one in self._records]}
        assert self._process.stdin is not None
        # A process that has died already is noticed when its events end.
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(task).encode())
            self._process.stdin.close()
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                self._process.kill()
        self._process.wait()
        # A process that left the session may still hold the pipe; the reader is then left to itself.
        self._reader.join(timeout=5)
        if not self._reader.is_alive():
            assert self._process.stdout is not None
            self._process.stdout.close()

    def outcomes(self, limit: float) -> list[tuple[int, Outcome]]:
        """What became of the components, up to the first one that hangs or ends the process."""
        found: list[tuple[int, Outcome]] = []
        current: int | None = None
        wait = _START_SECONDS
        while len(found) < len(self._records):
            try:
                event = self._events.get(timeout=wait)
            except queue.Empty:
                return self._lost(found, current, f"not imported after {limit:g} s", hanging=True)
            if event is None:
                return self._lost(found, current, f"the import ended the process ({self._ending()})", hanging=False)
            wait = limit
            if event[0] == "begin":
                current = event[1]
            elif event[0] == "end":
                _, number, seconds, problem = event
                done = seconds if problem is None else None
                found.append((number, Outcome(self._records[number], done, problem)))
                current = None
        return found

    def _lost(
        self, found: list[tuple[int, Outcome]], current: int | None, problem: str, *, hanging: bool
    ) -> list[tuple[int, Outcome]]:
        """Also the component that was being loaded, and the others of the same module, which would do the same."""
        if current is None:
            if found:
                return found
            # No component is to blame, so that another process would get no further.
            problem = f"could not be tried: the process for it did not get ready ({problem})"
            return [(place, Outcome(record, None, problem)) for place, record in enumerate(self._records)]
        guilty = self._records[current]
        module = guilty.entry_point.partition(":")[0].strip()
        return found + [
            (place, Outcome(record, None, problem, hanging))
            for place, record in enumerate(self._records)
            if place >= current
            and record.distribution == guilty.distribution
            and record.entry_point.partition(":")[0].strip() == module
        ]

    def _ending(self) -> str:
        code = self._process.wait()
        return f"exit code {code}" if code >= 0 else f"signal {-code}"

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with contextlib.suppress(ValueError):
                self._events.put(json.loads(line))
        self._events.put(None)
