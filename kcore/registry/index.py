"""The index on disk: what the last scan found, kept while the import path's metadata stays the same.

``KCORE_CACHE_DIR`` says where (by default the user's cache folder), ``KCORE_INDEX=off`` does without. A missing home, a
full or read-only disk, a damaged file and two writers at once cost a scan each, and nothing else.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Sequence
from functools import partial
from itertools import chain
from typing import Any, Final

from kcore.registry.scan import Entry, Scan
from kcore.registry.watch import Watch

FORMAT: Final = 2
MOST_FILES: Final = 32
MOST_DAYS: Final = 60
_DAY: Final = 86_400.0
_WRITING: Final = ".writing-"
# Entry._make without its check of the length, which the columns have seen to.
_ENTRY: Final = partial(tuple.__new__, Entry)


def read(path: Sequence[str]) -> tuple[Scan, Watch] | None:
    """What the last scan of this path found, if it still holds."""
    file = index_file(path)
    if file is None:
        return None
    try:
        with open(file, "rb") as stream:
            status = os.fstat(stream.fileno())
            # The index says what to import, so nobody but this user (or the administrator) may have written it.
            if hasattr(os, "geteuid") and (status.st_uid not in (os.geteuid(), 0) or status.st_mode & 0o022):
                return None
            content = _parsed(json.loads(stream.read()))
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    if content is None or not content[1].still_holds(path):
        return None
    with contextlib.suppress(OSError):
        # Files in use stay young, so that pruning takes those of environments that are no longer used.
        if time.time() - status.st_mtime > _DAY:
            os.utime(file)
    return content


def write(path: Sequence[str], found: Scan, watch: Watch) -> None:
    """Keep what a scan found; silently not, if that cannot be."""
    file = index_file(path)
    if file is None or not watch.has_settled():
        return
    document = {
        "format": FORMAT,
        "folders": [[folder, *state] for folder, state in watch.folders.items()],
        "files": watch.files,
        # By column: few containers make reading much faster than a row for each entry would.
        "entries": [[entry[column] for entry in found.entries] for column in range(len(Entry._fields))],
        "unreadable": found.unreadable,
    }
    folder = os.path.dirname(file)
    temporary = os.path.join(folder, f"{_WRITING}{os.getpid()}-{time.time_ns()}")
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
            # Not json.dump, which does without the encoder in C.
            stream.write(json.dumps(document))
        os.replace(temporary, file)
    except (OSError, ValueError):
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        return
    _prune(folder, keep=file)


def index_file(path: Sequence[str]) -> str | None:
    """Where the index of this path is kept; None if nothing is to be kept."""
    folder = cache_folder()
    if folder is None or os.environ.get("KCORE_INDEX", "").strip().lower() in ("off", "0", "no", "false"):
        return None
    # A finder of someone else's may bring distributions from where no file time tells of a change.
    for finder in sys.meta_path:
        owner = getattr(finder, "__module__", None) or type(finder).__module__
        if hasattr(finder, "find_distributions") and owner.partition(".")[0] not in (
            "_frozen_importlib_external",
            "importlib",
            "importlib_metadata",
        ):
            return None
    from zlib import crc32

    # Two paths with one key take the file from each other, and no more: the file itself says for which path it is.
    # A cryptographic hash would cost more than reading the file.
    text = "\0".join([str(FORMAT), *path]).encode("utf-8", "surrogatepass")
    key = f"{crc32(text):08x}{crc32(text[::-1]):08x}{len(text):x}"
    return os.path.join(folder, "index", f"{key}.json")


def cache_folder() -> str | None:
    """kcore's cache folder, which need not exist; None if there is no home to have one in."""
    own = os.environ.get("KCORE_CACHE_DIR")
    if own:
        return os.path.abspath(own)
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):  # The XDG specification: a relative path is to be ignored.
        if sys.platform == "win32":
            base = os.environ.get("LOCALAPPDATA", "")
        elif sys.platform == "darwin":
            base = os.path.expanduser("~/Library/Caches")
        else:
            base = os.path.expanduser("~/.cache")
    return os.path.join(base, "kcore") if os.path.isabs(base) else None


def _parsed(document: dict[str, Any]) -> tuple[Scan, Watch] | None:
    if document["format"] != FORMAT:
        return None
    # Thousands of entries, on the way to the first lookup: the loops are in C.
    columns = document["entries"]
    if len(columns) != len(Entry._fields) or not set(map(type, chain.from_iterable(columns))) <= {str}:
        return None
    entries = tuple(map(_ENTRY, zip(*columns, strict=True)))
    folders = {folder: (when, held) for folder, when, held in document["folders"]}
    unreadable = tuple((str(where), str(why)) for where, why in document["unreadable"])
    return Scan(entries, tuple(document["files"]), unreadable), Watch(folders, dict(document["files"]))


def _prune(folder: str, keep: str) -> None:
    """Remove the indexes of paths that are gone, those long unused, and the oldest of too many."""
    now = time.time()
    ages: list[tuple[float, str]] = []
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                age = now - entry.stat().st_mtime
                if entry.name.startswith(_WRITING):
                    if age > _DAY:
                        os.unlink(entry.path)
                elif entry.path != keep and entry.name.endswith(".json"):
                    ages.append((age, entry.path))
    ages.sort()
    for place, (age, file) in enumerate(ages, start=1):
        if place >= MOST_FILES or age > MOST_DAYS * _DAY or _is_orphan(file):
            with contextlib.suppress(OSError):
                os.unlink(file)


def _is_orphan(file: str) -> bool:
    """Whether a folder that the index was made from is gone, or the file is no index at all."""
    try:
        with open(file, "rb") as stream:
            folders = json.loads(stream.read())["folders"]
        return any(when is not None and not os.path.exists(folder) for folder, when, _ in folders)
    except OSError:
        return False
    except (ValueError, TypeError, KeyError, RecursionError):
        return True
