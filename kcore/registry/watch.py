"""What tells, at the price of a few stat calls, that the installed distributions are still the same."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

# A folder changed so shortly before it was looked at may change once more within the same tick of its clock.
_TICK: Final = 20_000_000
_METADATA: Final = (".dist-info", ".egg-info", ".egg", ".egg-link")


class Watch(NamedTuple):
    """The state of the import path when it was scanned.

    Attributes:
        folders: of each entry of the import path its time (None if it is not there) and what metadata it held.
        files: of each watched metadata file its time and size (None if it is not there).
    """

    folders: dict[str, tuple[int | None, list[list[Any]]]]
    files: dict[str, list[int] | None]

    @classmethod
    def of(cls, path: Sequence[str]) -> Watch:
        """The state now; to be taken before the scan, so that a change during the scan is seen."""
        return cls({folder: (_time(folder), _metadata(folder)) for folder in path}, {})

    def watching(self, files: Sequence[str]) -> Watch:
        """The same folders, and these files too."""
        return Watch(self.folders, {file: _stamp(file) for file in files})

    def still_holds(self, path: Sequence[str]) -> bool:
        """Whether a scan of the path would find the same. A folder in which only other things changed is the same."""
        if list(path) != list(self.folders):
            return False
        return all(
            _time(folder) == when or _metadata(folder) == held for folder, (when, held) in self.folders.items()
        ) and all(_stamp(file) == stamp for file, stamp in self.files.items())

    def is_exact(self) -> bool:
        """Whether all times are still the very same, so that the next check will need no folder to be listed."""
        return all(_time(folder) == when for folder, (when, _) in self.folders.items())

    def has_settled(self) -> bool:
        """Whether a change right after the look would have left another time."""
        now = time.time_ns()
        return not any(when is not None and 0 <= now - when < _TICK for when, _ in self.folders.values())


def _time(path: str) -> int | None:
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return None


def _stamp(path: str) -> list[int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return [found.st_mtime_ns, found.st_size]


def _metadata(folder: str) -> list[list[Any]]:
    """Names and times of the metadata in a folder; an empty list if there is none, or no such folder."""
    try:
        with os.scandir(folder) as entries:
            names = [entry for entry in entries if entry.name.endswith(_METADATA) or entry.name.lower() == "egg-info"]
            return sorted([entry.name, entry.stat().st_mtime_ns] for entry in names)
    except OSError:
        return []
