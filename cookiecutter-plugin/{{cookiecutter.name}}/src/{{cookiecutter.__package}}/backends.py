"""Backends: engines that run programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from kcore import Array, Variable
from kcore.extend.backends import Executable, NumpyBackend, Program


class CountingBackend:
    """NumPy's engine, and a count of what it does: see whether something is compiled or run more often than you think.

    Attributes:
        name: under which it is registered.
        compiled: how many programs were compiled.
        runs: how often one was run.

    Example:
        >>> import numpy as np
        >>> from kcore import Sequential
        >>> from kcore.extend.backends import set_backend
        >>> from kcore.layers import Layer
        >>> class Twice(Layer):
        ...     def call(self, inputs):
        ...         return 2 * inputs
        >>> backend = CountingBackend()
        >>> before = set_backend(backend)
        >>> Sequential([Twice(input_shape=(1,))]).predict(np.ones((6, 1)), batch_size=2).sum()
        np.float32(12.0)
        >>> backend.compiled, backend.runs, set_backend(before) is backend
        (1, 3, True)
    """

    name = "{{ cookiecutter.__prefix }}"

    def __init__(self) -> None:
        self.compiled = 0
        self.runs = 0
        self._engine = NumpyBackend()

    def compile(self, program: Program, state: Sequence[Variable], updates: Sequence[Variable]) -> Executable:
        """Make a program ready to run.

        Args:
            program: its last inputs are the state before a run, its last outputs the updated variables after it.
            state: the variables that it reads.
            updates: the variables that it assigns.
        """
        self.compiled += 1
        return _Counted(self._engine.compile(program, state, updates), self)


class _Counted:
    """An executable that tells its backend of each run.

    Attributes:
        inputs: the arrays that a run reads.
        outputs: the arrays that a run fills, valid until the next one.
    """

    def __init__(self, executable: Executable, backend: CountingBackend) -> None:
        self._executable = executable
        self._backend = backend

    @property
    def inputs(self) -> Sequence[Array]:
        return self._executable.inputs

    @property
    def outputs(self) -> Sequence[Array]:
        return self._executable.outputs

    def run(self) -> None:
        """Compute."""
        self._backend.runs += 1
        self._executable.run()

    @contextmanager
    def prepared(self) -> Iterator[Callable[[], object]]:
        """For many runs in a row: what does the same as ``run``, for less each time."""
        with self._executable.prepared() as replay:

            def counted() -> None:
                self._backend.runs += 1
                replay()

            yield counted

    def __call__(self, *arrays: Any) -> Sequence[Array]:
        """Copy the arrays to ``inputs``, run, and return ``outputs``."""
        self._backend.runs += 1
        return self._executable(*arrays)
