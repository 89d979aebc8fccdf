"""The NumPy backend: memory planned by liveness, kernels bound to it once, and then replayed."""

from __future__ import annotations

from kcore.engine.numpy_backend.executable import NumpyBackend, NumpyExecutable
from kcore.engine.numpy_backend.threads import set_threads

__all__ = ["NumpyBackend", "NumpyExecutable", "set_threads"]
