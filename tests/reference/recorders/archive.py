"""Write a reference file: the format that ``kcore.testing.reference.load_cases`` reads."""

from __future__ import annotations

import io
import json
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

FORMAT = 1
# The earliest date a zip can hold. A real date would make every recording differ.
NO_DATE = (1980, 1, 1, 0, 0, 0)


class Archive:
    """Collects cases, then writes them with equal arrays stored once."""

    def __init__(self, subject: str, versions: Mapping[str, Mapping[str, str]]) -> None:
        self.subject = subject
        self.versions = versions
        self.cases: list[dict[str, Any]] = []
        self._pools: dict[str, list[np.ndarray]] = {}
        self._sizes: dict[str, int] = {}
        self._places: dict[tuple[str, bytes], int] = {}
        self._names: set[tuple[str, str]] = set()

    def add(self, name: str, source: str, config: Mapping[str, Any], arrays: Mapping[str, Any], note: str = "") -> None:
        """Add one case; ``(name, source)`` must be new, and NaN is refused: it would compare with nothing."""
        if (name, source) in self._names:
            raise ValueError(f"recorded twice: {name}@{source}")
        self._names.add((name, source))
        places = {key: self._store(f"{name}@{source}: {key}", value) for key, value in arrays.items()}
        entry = {"name": name, "source": source, "config": dict(config), "arrays": places}
        if note:
            entry["note"] = note
        self.cases.append(entry)

    def _store(self, label: str, value: Any) -> list[Any]:
        array = np.ascontiguousarray(value)
        shape = list(np.shape(value))
        if array.dtype.kind not in "fiu":
            raise TypeError(f"{label} has dtype {array.dtype}")
        if array.dtype.kind == "f" and np.isnan(array).any():
            raise ValueError(f"{label} has NaN")
        pool = array.dtype.name
        key = (pool, array.tobytes())
        if key not in self._places:
            self._places[key] = self._sizes.get(pool, 0)
            self._sizes[pool] = self._places[key] + array.size
            self._pools.setdefault(pool, []).append(array.ravel())
        return [pool, self._places[key], shape]

    def write(self, path: Path) -> None:
        used = sorted({case["source"] for case in self.cases})
        meta = {
            "format": FORMAT,
            "subject": self.subject,
            "versions": {source: dict(self.versions[source]) for source in used},
            "cases": self.cases,
        }
        members = {"meta": np.array(json.dumps(meta, sort_keys=True, separators=(",", ":")))}
        members |= {pool: np.concatenate(self._pools[pool]) for pool in sorted(self._pools)}
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            for name, array in members.items():
                buffer = io.BytesIO()
                np.save(buffer, array, allow_pickle=False)
                info = zipfile.ZipInfo(f"{name}.npy", NO_DATE)
                info.compress_type = zipfile.ZIP_DEFLATED
                info.create_system = 3
                info.external_attr = 0o644 << 16
                archive.writestr(info, buffer.getvalue(), compresslevel=9)


def output_path() -> Path:
    """The file named on the recorder's command line."""
    if len(sys.argv) != 2:
        sys.exit(f"usage: python -m recorders.SUBJECT FILE (got {sys.argv[1:]})")
    return Path(sys.argv[1])
