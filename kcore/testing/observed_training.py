"""A small training that is looked at: what came of it, what callbacks did to the logs, which files they hold open."""

from __future__ import annotations

import copy
import gc
import io
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from kcore.components.callback import HOOKS, Callback
from kcore.engine.types import Array
from kcore.testing.folders import marked


class Training(NamedTuple):
    """What came of the small training: the weights, and what it logs by itself, a number an epoch."""

    weights: list[Array]
    logs: dict[str, list[float]]

    def arrays(self) -> list[Array]:
        return [*self.weights, *map(np.array, self.logs.values())]


def same_training(found: Training, expected: Training) -> str:
    """Where two trainings differ, to the bit; empty if nowhere."""
    if list(found.logs) != list(expected.logs):
        return f"it logs {', '.join(found.logs)}, not {', '.join(expected.logs)}"
    for name, values in expected.logs.items():
        if not np.array_equal(found.logs[name], values, equal_nan=True):
            return f"{name} is {found.logs[name]}, not {values}"
    pairs = zip(found.weights, expected.weights, strict=True)
    return "" if all(np.array_equal(*pair, equal_nan=True) for pair in pairs) else "the weights are others"


def state_of(callback: Callback, folder: Path, left_out: Collection[str] = ()) -> dict[str, Any]:
    """The public attributes that are plain data, which compare by ``==``; the folder is written as ``{folder}``."""
    hidden = {"model", "params", *left_out}
    kept = {name: _plain(value) for name, value in vars(callback).items() if name not in hidden and name[0] != "_"}
    return {name: marked(value[0], folder) for name, value in kept.items() if value}


def _plain(value: Any) -> list[Any]:
    """The data as a list of one, that compares by ``==``; an empty list for anything else, such as an open file."""
    if value is None or isinstance(value, str | bool | int | bytes):
        return [value]
    if isinstance(value, float | np.generic | np.ndarray):
        # As a text, NaN is equal to itself.
        return [repr(np.asarray(value).tolist())]
    if isinstance(value, list | tuple):
        items = [_plain(item) for item in value]
        return [[item[0] for item in items]] if all(items) else []
    if isinstance(value, Mapping):
        entries = {str(key): _plain(item) for key, item in value.items()}
        return [{key: item[0] for key, item in entries.items()}] if all(entries.values()) else []
    return []


class Probe:
    """Two callbacks, ``before`` and ``after`` the one that is looked at, and what they notice.

    Args:
        folder: where to look for open files; this takes a while, ``None`` leaves it out.

    Attributes:
        added: what was added to the logs, by name.
        changes: what happened to entries of the logs, a sentence each.
        open_files: files in the folder that were open after a hook, a sentence each.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self.given: dict[str, Any] = {}
        self.added: dict[str, Any] = {}
        self.changes: list[str] = []
        self.open_files: list[str] = []
        self.before, self.after = Callback(), Callback()
        for hook in HOOKS:
            setattr(self.before, hook, self._begin)
            setattr(self.after, hook, self._end(hook))

    def _begin(self, *arguments: Any) -> None:
        self.given = copy.deepcopy(arguments[-1])

    def _end(self, hook: str) -> Callable[..., None]:
        def end(*arguments: Any) -> None:
            logs = arguments[-1]
            for name, value in self.given.items():
                if name not in logs or logs[name] != value:
                    self.changes.append(f"{hook} changed {name!r} in the logs from {value} to {logs.get(name)}")
            self.added.update({name: value for name, value in logs.items() if name not in self.given})
            if self.folder is not None and hook in ("on_train_begin", "on_epoch_end", "on_test_end", "on_train_end"):
                self._look_for_files(hook)

        return end

    def _look_for_files(self, hook: str) -> None:
        for one in gc.get_objects():
            # By type: an object may say anything of its class.
            if issubclass(type(one), io.FileIO) and not one.closed and str(one.name).startswith(str(self.folder)):
                self.open_files.append(f"after {hook}, the file {Path(str(one.name)).name} is still open")
