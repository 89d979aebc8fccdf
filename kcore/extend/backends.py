"""Engines of one's own: the contract, the programs that they run, and NumPy's engine to build on.

A backend is a class with a ``name`` and ``compile(program, state, updates)``, registered in the family ``backends``.
``set_backend`` lets an instance compile everything from then on::

    from kcore.extend.backends import set_backend
    from kcore.registry import registry

    before = set_backend(registry("backends").get("numpy"))
"""

from __future__ import annotations

from kcore.engine.backend import Backend as Backend
from kcore.engine.backend import Executable as Executable
from kcore.engine.backend import current_backend as current_backend
from kcore.engine.backend import set_backend as set_backend
from kcore.engine.eager import evaluate as evaluate
from kcore.engine.numpy_backend import NumpyBackend as NumpyBackend
from kcore.engine.program import Equation as Equation
from kcore.engine.program import Program as Program
from kcore.engine.program import Value as Value
from kcore.engine.tracing import Variable as Variable

__all__ = [
    "Backend",
    "Equation",
    "Executable",
    "NumpyBackend",
    "Program",
    "Value",
    "Variable",
    "current_backend",
    "evaluate",
    "set_backend",
]
