"""The threads that pieces of an equation run on, and the matrix products' own threads, which rest meanwhile."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from kcore.engine.primitive import Thunk
from kcore.errors.components import InvalidArgumentError

BUFFER_ELEMENTS = 64
"""NumPy's broadcasting loops allocate a buffer of this many elements. Kernels never convert dtypes in a ufunc, so that
a small one is as fast."""


class _Worker:
    """A thread that waits for work, runs it, and says so."""

    def __init__(self, number: int) -> None:
        self._begin = threading.Lock()
        self._done = threading.Lock()
        self._begin.acquire()
        self._done.acquire()
        self._thunks: Sequence[Thunk] = ()
        self._error: BaseException | None = None
        threading.Thread(target=self._loop, name=f"kcore-{number}", daemon=True).start()

    def start(self, thunks: Sequence[Thunk]) -> None:
        self._thunks = thunks
        self._begin.release()

    def wait(self) -> BaseException | None:
        self._done.acquire()
        error, self._error = self._error, None
        return error

    def _loop(self) -> None:
        np.seterr(all="ignore")
        np.setbufsize(BUFFER_ELEMENTS)
        while True:
            self._begin.acquire()
            try:
                for thunk in self._thunks:
                    thunk()
            except BaseException as error:
                self._error = error
            self._done.release()


class ThreadTeam:
    """Runs the pieces of one equation side by side: piece i on thread ``i * threads // pieces``.

    Which thread runs a piece does not change what it computes, so the number of threads does not change results.
    """

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self._workers = [_Worker(number) for number in range(1, threads)]
        # One equation at a time: programs that run in several threads take turns here.
        self._turn = threading.Lock()

    def bind(self, pieces: Sequence[Sequence[Thunk]]) -> list[Thunk]:
        """Thunks that run the calls of all pieces, each piece's in order, and return when the last one is done."""
        shares = [
            [call for piece in pieces[_share(part, len(pieces), self.threads)] for call in piece]
            for part in range(self.threads)
        ]
        own, *others = [share for share in shares if share]
        if not others:
            return own
        pairs = list(zip(self._workers, others, strict=False))
        turn = self._turn

        def run() -> None:
            with turn:
                for worker, share in pairs:
                    worker.start(share)
                error: BaseException | None = None
                try:
                    for thunk in own:
                        thunk()
                except BaseException as raised:
                    error = raised
                for worker, _ in pairs:
                    error = worker.wait() or error
            if error is not None:
                raise error

        return [run]

    @contextmanager
    def helped_by(self, serve: Thunk) -> Iterator[int]:
        """Let all other threads of the team run ``serve`` beside the block, which has to see to it that they return.

        Yields:
            how many they are.
        """
        error: BaseException | None = None
        with self._turn:
            for worker in self._workers:
                worker.start([serve])
            try:
                yield len(self._workers)
            finally:
                for worker in self._workers:
                    error = worker.wait() or error
        if error is not None:
            raise error


def _share(part: int, pieces: int, threads: int) -> slice:
    """The pieces of one thread: those i with ``i * threads // pieces == part``."""
    return slice(-(-part * pieces // threads), -(-(part + 1) * pieces // threads))


_team: ThreadTeam | None = None
_lock = threading.Lock()


def available_threads() -> int:
    """How many threads programs use: ``KCORE_THREADS``, or the processors that this process may run on.

    ``OMP_NUM_THREADS`` lowers the latter: joblib and its like set it in the workers that share the processors.

    Raises:
        InvalidArgumentError: ``KCORE_THREADS`` is no positive whole number.
    """
    wanted = os.environ.get("KCORE_THREADS", "").strip()
    if not wanted:
        processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        shared = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
        return min(processors, int(shared)) if shared.isdigit() and int(shared) else processors
    if not wanted.isdigit() or int(wanted) < 1:
        raise InvalidArgumentError(
            component="The environment", argument="KCORE_THREADS", value=wanted, allowed="a whole number of at least 1"
        )
    return int(wanted)


def thread_team() -> ThreadTeam:
    """The team of this process, made at first use."""
    global _team
    with _lock:
        if _team is None:
            _team = ThreadTeam(available_threads())
        return _team


def set_threads(count: int | None) -> None:
    """Let programs that are compiled from now on use ``count`` threads; ``None`` is what the environment says.

    Raises:
        InvalidArgumentError: no positive whole number.
    """
    global _team
    if count is not None and (isinstance(count, bool) or not isinstance(count, int) or count < 1):
        raise InvalidArgumentError(
            component="kcore", argument="threads", value=count, allowed="a whole number of at least 1, or None"
        )
    with _lock:
        _team = ThreadTeam(available_threads() if count is None else count)


def _after_fork() -> None:
    # Threads do not survive a fork; the child makes its own when it compiles a program.
    global _team, _lock
    _team = None
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


class SingleThreadedProducts:
    """Matrix products on one thread within the block: the pieces are what runs side by side.

    Two pools on the same processors would wait for each other, spinning. Programs may run in several threads at once:
    the last one to leave gives the products their threads back.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._libraries: list[tuple[Callable[[], int], Callable[[int], Any]]] | None = None
        self._before: list[int] = []

    def __enter__(self) -> None:
        with self._lock:
            self._inside += 1
            if self._inside > 1:
                return
            if self._libraries is None:
                from threadpoolctl import ThreadpoolController

                found = ThreadpoolController().select(user_api="blas").lib_controllers
                self._libraries = [(library.get_num_threads, library.set_num_threads) for library in found]
            self._before = [threads() for threads, _ in self._libraries]
            for _, set_threads in self._libraries:
                set_threads(1)

    def __exit__(self, *exception: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0 and self._libraries is not None:
                for (_, set_threads), before in zip(self._libraries, self._before, strict=True):
                    set_threads(before)
