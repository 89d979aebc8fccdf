"""Importing what an entry point names, and telling without import whether that could work."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any

from kcore.registry.records import split_entry_point


def load_object(entry_point: str) -> Any:
    """Import ``"module:attribute"``, or the module alone if no attribute is named.

    Raises:
        ValueError: the text is no entry point. Anything else: whatever the module does when imported.
    """
    target = split_entry_point(entry_point)
    if target is None:
        raise ValueError(f"{entry_point!r} is not of the form 'module:attribute'")
    module, attribute = target
    found: Any = import_module(module)
    for part in filter(None, attribute.split(".")):
        found = getattr(found, part)
    return found


def is_half_imported(entry_point: str) -> bool:
    """Whether the entry point's module is being imported right now, so that what it lacks may still come."""
    target = split_entry_point(entry_point)
    module = sys.modules.get(target[0]) if target else None
    return bool(getattr(getattr(module, "__spec__", None), "_initializing", False))


class ModuleFinder:
    """Tells whether modules exist, importing none. One finder serves one listing, and asks once for each module.

    Python's own finders take a tenth of a millisecond a module, so that plain files are looked for in listings of the
    folders first. Whatever is not found so (in an archive, by somebody's import hook) is left to the finders.
    """

    def __init__(self) -> None:
        self._found: dict[str, Any] = {}
        self._problems: dict[str, str | None] = {}
        self._folders: dict[str, frozenset[str]] = {}

    def problem(self, entry_point: str) -> str | None:
        """Why the entry point cannot work, as far as the files show."""
        target = split_entry_point(entry_point)
        if target is None:
            return f"the entry point {entry_point!r} is not of the form 'module:attribute'"
        module = target[0]
        if module not in self._problems:
            plain = module in sys.modules or self._is_plain(module.split("."))
            self._problems[module] = None if plain else self._asked(module)
        return self._problems[module]

    def _is_plain(self, parts: list[str]) -> bool:
        """Whether the module is a source file, each package above it a folder with an ``__init__.py``."""
        name = parts[0]
        for entry in sys.path:
            files = self._files_in(entry or os.curdir)
            if name in files or f"{name}.py" in files:
                break
        else:
            return False
        place = entry or os.curdir
        for part in parts[:-1]:
            place = os.path.join(place, part)
            if "__init__.py" not in self._files_in(place):
                return False
        files = self._files_in(place)
        inside = os.path.join(place, parts[-1])
        return f"{parts[-1]}.py" in files or (parts[-1] in files and "__init__.py" in self._files_in(inside))

    def _files_in(self, folder: str) -> frozenset[str]:
        if folder not in self._folders:
            try:
                self._folders[folder] = frozenset(os.listdir(folder))
            except OSError:
                self._folders[folder] = frozenset()
        return self._folders[folder]

    def _asked(self, module: str) -> str | None:
        """What Python's finders say of the module and the packages above it."""
        path: Any = None
        parts = module.split(".")
        for depth in range(1, len(parts) + 1):
            name = ".".join(parts[:depth])
            if name in sys.modules:
                path = getattr(sys.modules[name], "__path__", None)
                spec: Any = sys.modules[name]
            else:
                spec = self._find(name, path)
                path = getattr(spec, "submodule_search_locations", None)
            if spec is None:
                return f"the module {name!r} was not found"
            if path is None and depth < len(parts):
                return f"the module {name!r} is no package, so there is no {'.'.join(parts[: depth + 1])!r}"
        return None

    def _find(self, name: str, path: Any) -> Any:
        if name not in self._found:
            self._found[name] = None
            for finder in sys.meta_path:
                try:
                    spec = finder.find_spec(name, path, None)
                except Exception:
                    spec = None
                if spec is not None:
                    self._found[name] = spec
                    break
        return self._found[name]
