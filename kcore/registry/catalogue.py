"""The entry points of this process's installed distributions: from the index if it holds, else from a scan."""

from __future__ import annotations

import threading

from kcore.registry import index
from kcore.registry.scan import Entry, Scan, scan, search_path
from kcore.registry.watch import Watch


class Catalogue:
    """Every kcore entry point by group, found on first need. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._found: tuple[Scan, Watch] | None = None
        self._groups: dict[str, tuple[Entry, ...]] = {}
        self.generation = 0

    def entries(self, group: str) -> tuple[Entry, ...]:
        """The entry points of one group."""
        if self._found is None:
            self._load(use_index=True)
        return self._groups.get(group, ())

    def unreadable(self) -> tuple[tuple[str, str], ...]:
        """Where metadata could not be read, and why."""
        if self._found is None:
            self._load(use_index=True)
        assert self._found is not None
        return self._found[0].unreadable

    def versions(self) -> dict[str, str]:
        """The distributions that bring anything for kcore, with their versions."""
        self.entries("")
        return {entry.distribution: entry.version for group in self._groups.values() for entry in group}

    def refresh(self) -> None:
        """Scan anew, whatever the index says."""
        import importlib

        # Else Python itself would not see modules that were installed since.
        importlib.invalidate_caches()
        self._load(use_index=False)

    def refresh_if_changed(self) -> bool:
        """Scan anew if something was installed, removed, or put on the path; says whether that was so."""
        found = self._found
        if found is not None and found[1].still_holds(search_path()):
            return False
        self.refresh()
        return True

    def _load(self, *, use_index: bool) -> None:
        with self._lock:
            if use_index and self._found is not None:
                return
            path = search_path()
            kept = index.read(path) if use_index else None
            if kept is None or not kept[1].is_exact():
                watch = Watch.of(path)
                found = kept[0] if kept is not None else scan(path)
                kept = found, watch.watching(found.files)
                index.write(path, *kept)
            groups: dict[str, list[Entry]] = {}
            for entry in kept[0].entries:
                groups.setdefault(entry.group, []).append(entry)
            self._groups = {group: tuple(entries) for group, entries in groups.items()}
            self._found = kept
            self.generation += 1


catalogue = Catalogue()
