"""The results as JSON files, one per section: a partial run changes what it measured and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def merged(old: Any, new: Any, depth: int) -> Any:
    """``new`` over ``old``, where dictionaries are merged by key down to ``depth`` levels."""
    if depth == 0 or not isinstance(old, dict):
        return new
    return {**old, **{key: merged(old.get(key), value, depth - 1) for key, value in new.items()}}


class Store:
    """A folder of results: each file has ``about``, the run that wrote to it last, and ``data``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def load(self, section: str) -> dict[str, Any]:
        """What is stored of a section; empty when there is nothing."""
        path = self.folder / f"{section}.json"
        found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
        return found

    def add(self, section: str, about: dict[str, Any], data: dict[str, Any], depth: int) -> None:
        """Merge new data into a section's file, in one step."""
        self.folder.mkdir(parents=True, exist_ok=True)
        whole = {"about": about, "data": merged(self.load(section).get("data", {}), data, depth)}
        path = self.folder / f"{section}.json"
        part = path.with_suffix(".part")
        part.write_text(json.dumps(whole, indent=1) + "\n")
        part.replace(path)
