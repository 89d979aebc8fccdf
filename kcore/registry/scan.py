"""The one scan: all kcore entry points of all installed distributions, read from metadata alone."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, cast

from kcore.registry.families import PREFIX, normalised

if TYPE_CHECKING:
    from importlib_metadata import Distribution


class Entry(NamedTuple):
    """One entry point of one distribution."""

    group: str
    name: str
    value: str
    distribution: str
    version: str


class Scan(NamedTuple):
    """What a scan found.

    Attributes:
        entries: every entry point in a group ``kcore.*``, in the order of the import path, then by distribution.
        files: the metadata files whose change would change the entries though their folder stays.
        unreadable: where metadata could not be read, and why.
    """

    entries: tuple[Entry, ...]
    files: tuple[str, ...]
    unreadable: tuple[tuple[str, str], ...]


def search_path() -> list[str]:
    """The import path as absolute paths, each once."""
    try:
        return list(dict.fromkeys(os.path.abspath(entry) for entry in sys.path if isinstance(entry, str)))
    except OSError:  # The current folder was removed, and the path is relative to it.
        return [entry for entry in dict.fromkeys(sys.path) if os.path.isabs(entry)]


def scan(path: Sequence[str]) -> Scan:
    """Read the metadata of every distribution on the path.

    A distribution found twice (an editable install and what an older one left, say) counts once: the first on the
    path is the one that Python imports from. Metadata that cannot be read is noted and passed over.
    """
    entries: list[Entry] = []
    files: list[str] = []
    unreadable: list[tuple[str, str]] = []
    seen: set[str] = set()
    for folder in path:
        here: set[str] = set()
        for key, candidates in _distributions(folder, unreadable):
            if key in seen:
                continue
            here.add(key)
            distribution = max(candidates, key=_version_key) if len(candidates) > 1 else candidates[0]
            file = _entry_points_file(distribution)
            # An old-style folder is rewritten in place, so it has to be watched whatever it says now.
            if file is not None and os.path.dirname(file).endswith(".egg-info"):
                files.append(file)
            try:
                text = distribution.read_text("entry_points.txt") or ""
                if PREFIX not in text:
                    continue
                found = list(_kcore_entries(text, distribution, key))
            except Exception as error:
                unreadable.append((file or folder, f"{type(error).__name__}: {error}"))
                continue
            if found:
                seen.add(normalised(found[0].distribution))
                entries.extend(found)
                if file is not None and file not in files:
                    files.append(file)
        seen |= here
    return Scan(tuple(entries), tuple(files), tuple(unreadable))


def _distributions(folder: str, unreadable: list[tuple[str, str]]) -> Iterator[tuple[str, list[Distribution]]]:
    """The distributions of one folder by name, in an order that does not depend on the file system."""
    import importlib_metadata

    found: dict[str, list[Distribution]] = {}
    try:
        distributions = cast("Iterable[Distribution]", importlib_metadata.distributions(path=[folder]))
        for distribution in distributions:
            try:
                # Taken from the folder's name where there is one: that needs no file to be read.
                name = getattr(distribution, "_normalized_name", None) or distribution.metadata["Name"] or ""
                key = normalised(str(name))
            except Exception as error:
                unreadable.append((folder, f"{type(error).__name__}: {error}"))
                continue
            # pip renames what it is about to delete; a leftover of that is not installed.
            if key and not key.startswith("~"):
                found.setdefault(key, []).append(distribution)
    except Exception as error:
        unreadable.append((folder, f"{type(error).__name__}: {error}"))
    return iter(sorted(found.items(), key=lambda item: item[0]))


def _kcore_entries(text: str, distribution: Distribution, key: str) -> Iterator[Entry]:
    name, version = _identity(distribution, key)
    taken: set[tuple[str, str, str]] = set()
    group = ""
    for line in text.splitlines():
        line = line.strip()
        if not line or line[0] in "#;":
            continue
        if line[0] == "[" and line[-1] == "]":
            group = line[1:-1].strip()
        elif group.startswith(PREFIX):
            # Not left to the library: there, one line that it cannot read makes all of a distribution's unreadable.
            component, _, value = (part.strip() for part in line.partition("="))
            if component and (group, component, value) not in taken:
                taken.add((group, component, value))
                yield Entry(group, component, value, name, version)


def _identity(distribution: Distribution, key: str) -> tuple[str, str]:
    """Name and version, from the metadata, or else from the folder's name."""
    try:
        metadata = distribution.metadata
        name, version = metadata.get("Name"), metadata.get("Version")
    except Exception:
        name = version = None
    file = _entry_points_file(distribution)
    if version is None and file is not None:
        _, _, version = os.path.basename(os.path.dirname(file)).rpartition(".")[0].partition("-")
    return str(name or key), str(version or "unknown")


def _entry_points_file(distribution: Distribution) -> str | None:
    """Where a distribution's entry points are written, if in a file of their own."""
    from pathlib import Path

    folder = getattr(distribution, "_path", None)
    return os.path.join(folder, "entry_points.txt") if isinstance(folder, Path) else None


def _version_key(distribution: Distribution) -> tuple[list[int], str]:
    version = _identity(distribution, "")[1]
    return [int(number) for number in re.findall(r"\d+", version)], version
