"""The backend contract: what an engine has to offer to run programs. NumPy's is built in, others are plugins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from kcore.engine.program import Program
from kcore.engine.tracing import Variable
from kcore.engine.types import Array


class Executable(Protocol):
    """A program made ready to run many times.

    Attributes:
        inputs: the arrays that ``run`` reads, one per data input; write the next batch into them.
        outputs: the arrays that ``run`` fills, one per result; valid until the next run.
    """

    @property
    def inputs(self) -> Sequence[Array]: ...

    @property
    def outputs(self) -> Sequence[Array]: ...

    def run(self) -> None:
        """Compute: read ``inputs`` and the state variables, fill ``outputs``, update the assigned variables."""

    def prepared(self) -> AbstractContextManager[Callable[[], object]]:
        """For many runs in a row: a context whose value does what ``run`` does, for less each time.

        Within it the process may be set up for this program alone: nothing else is to be computed there.
        """

    def __call__(self, *arrays: Any) -> Sequence[Array]:
        """Copy ``arrays`` to ``inputs``, run, and return ``outputs``."""


class Backend(Protocol):
    """An engine.

    Attributes:
        name: under which it is registered in the family ``backends``.
    """

    name: str

    def compile(self, program: Program, state: Sequence[Variable], updates: Sequence[Variable]) -> Executable:
        """Make a program ready to run.

        Args:
            program: its last ``len(state)`` inputs are the variables' values before a run, its last
                ``len(updates)`` outputs the values after it.
            state: the variables that the program reads.
            updates: the variables that it assigns.
        """


_current: Backend | None = None


def current_backend() -> Backend:
    """The engine that compiles programs now; NumPy's unless another was chosen."""
    global _current
    if _current is None:
        from kcore.engine.numpy_backend import NumpyBackend

        _current = NumpyBackend()
    return _current


def set_backend(backend: Backend) -> Backend:
    """Let ``backend`` compile what is compiled from now on; returns the one before."""
    global _current
    before = current_backend()
    _current = backend
    return before
