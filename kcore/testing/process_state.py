"""What all code in a process shares: a component may neither change it when it is imported nor when it is used."""

from __future__ import annotations

import gc
import hashlib
import locale
import logging
import os
import random
import signal
import sys
import threading
import warnings
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

# Whose attributes nobody may replace.
_WATCHED: Final = ("builtins", "numpy", "random", "kcore")
State = dict[str, Any]


class _Stream(str):
    """A checksum of random numbers to come: what it was tells nobody anything."""

    __slots__ = ()


class _Members(dict[str, int]):
    """What stands in a module, by name: which objects, not what they are equal to."""

    __slots__ = ()


def process_state() -> State:
    """What is shared, by a name that tells a reader where to look."""
    state: State = {
        "NumPy's global random numbers (np.random.seed, np.random.rand)": _checksum(np.random.get_state()),
        "Python's global random numbers (random.seed, random.random)": _checksum(random.getstate()),
        "np.geterr()": np.geterr(),
        "np.get_printoptions()": repr(np.get_printoptions()),
        "os.environ": dict(os.environ),
        "the working folder": _working_folder(),
        "the locale": locale.setlocale(locale.LC_ALL),
        "sys.path": list(sys.path),
        "sys.excepthook": sys.excepthook,
        "sys.displayhook": sys.displayhook,
        "sys.getrecursionlimit()": sys.getrecursionlimit(),
        "sys.getswitchinterval()": sys.getswitchinterval(),
        "warnings.filters": list(warnings.filters),
        "the root logger": (list(logging.getLogger().handlers), logging.getLogger().level),
        "the garbage collector": (gc.isenabled(), gc.get_threshold()),
        # The threads that run programs are the engine's own.
        "the running threads": sorted(one.name for one in threading.enumerate() if not one.name.startswith("kcore-")),
    }
    for number in (signal.SIGINT, signal.SIGTERM):
        state[f"the handler of {number.name}"] = signal.getsignal(number)
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in _WATCHED:
            members = {key: id(one) for key, one in vars(module).items() if not key.startswith("_") and callable(one)}
            state[name] = _Members(members)
    return {**state, **_settings_of_kcore()}


def _settings_of_kcore() -> State:
    from kcore.engine import settings
    from kcore.engine.backend import current_backend
    from kcore.registry import FAMILIES, registry
    from kcore.registry.families import LOCAL

    return {
        "kcore's floatx": settings.floatx(),
        "kcore's epsilon": settings.epsilon(),
        "kcore's image_data_format": settings.image_data_format(),
        "kcore's backend": current_backend().name,
        "what is registered by running code": [
            f"{family}/{record.name}"
            for family in FAMILIES
            for record in registry(family).records()
            if record.distribution == LOCAL
        ],
    }


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """A sentence for each thing that is not as it was."""
    found = []
    for name, old in before.items():
        new = after.get(name, old)
        if isinstance(old, _Members):
            # Names that come later are no change: modules load theirs when they are asked for.
            replaced = sorted(key for key, value in old.items() if new.get(key) != value)
            found += [f"{name}.{key} was replaced" for key in replaced]
        elif isinstance(old, dict) and isinstance(new, dict):
            keys = sorted(key for key in {*old, *new} if old.get(key) != new.get(key))
            found += [f"{name}: {key!r} was {old.get(key)!r}, is {new.get(key)!r}" for key in keys]
        elif isinstance(old, _Stream):
            found += [f"{name} were used"] if old != new else []
        elif old != new:
            found.append(f"{name} was {old!r}, is {new!r}")
    return found


def _checksum(state: Any) -> _Stream:
    # The arrays by themselves, as ``repr`` shortens them.
    arrays = b"".join(part.tobytes() for part in state if isinstance(part, np.ndarray))
    return _Stream(hashlib.sha256(repr(state).encode() + arrays).hexdigest())


def _working_folder() -> str:
    try:
        return os.getcwd()
    except OSError:
        return "(removed)"
