"""Randomness, explicit: every stream is derived from one seed and its own purpose."""

from __future__ import annotations

import secrets
import zlib
from typing import Any

import numpy as np

from kcore.engine.tracing import Variable, current_value
from kcore.engine.types import Array

_seed: int = secrets.randbits(63)
_generators: dict[str, np.random.Generator] = {}
_sequences: int = 0


def set_random_seed(seed: int) -> None:
    """Start all streams anew from ``seed``: initial weights, dropout, shuffling.

    Layers draw from the stream that was current when they were made, so set the seed before building a model.
    """
    global _seed, _sequences
    _seed = int(seed)
    _sequences = 0
    _generators.clear()


def _derived(purpose: str, number: int = 0) -> np.random.SeedSequence:
    return np.random.SeedSequence([_seed, zlib.crc32(purpose.encode()), number])


def generator(purpose: str) -> np.random.Generator:
    """The host's generator for ``purpose`` ("initializers", "shuffle", ...); it goes on from call to call."""
    if purpose not in _generators:
        _generators[purpose] = np.random.Generator(np.random.Philox(_derived(purpose)))
    return _generators[purpose]


class KeySequence:
    """Keys for random numbers inside programs: each ``next()`` gives another, also from step to step.

    Args:
        seed: fixes the sequence; by default it is derived from the global seed and differs for every instance.
    """

    def __init__(self, seed: int | None = None) -> None:
        global _sequences
        if seed is None:
            source = _derived("keys", _sequences)
            _sequences += 1
        else:
            source = np.random.SeedSequence(seed)
        stream = source.generate_state(1, np.uint64)[0]
        self.state = Variable(np.array([stream, 0], np.uint64), name="seed_state", trainable=False)

    def next(self) -> Array:
        """A key, uint64[2], for one draw of ``kcore.ops.random_uniform`` or ``random_normal``."""
        key: Any = current_value(self.state)
        if isinstance(key, np.ndarray):
            key = key.copy()
        self.state.assign(key + np.array([0, 1], np.uint64))
        return key  # type: ignore[no-any-return]
