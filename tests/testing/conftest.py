"""Distributions that are made up, and what the conformance suite says of them in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

PROGRAM = """
import json, sys
from kcore.testing import check_distribution
report = check_distribution(sys.argv[1])
print(json.dumps([[str(r.check), r.check.component, r.check.name, r.outcome, r.text] for r in report.results]))
"""


class Made:
    """A folder for the import path, with distributions in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(
        self, name: str, modules: Mapping[str, str], entries: Mapping[str, Mapping[str, str]], tables: Mapping[str, str]
    ) -> None:
        """A distribution with a package of the same name; ``tables`` by file name."""
        package = self.folder / name.replace("-", "_")
        metadata = self.folder / f"{package.name}-1.0.dist-info"
        (package / "conformance").mkdir(parents=True)
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\nRequires-Dist: kcore\n")
        lines = []
        for family, points in entries.items():
            lines += [f"[kcore.{family}]", *(f"{key} = {value}" for key, value in points.items())]
        (metadata / "entry_points.txt").write_text("\n".join(lines) + "\n")
        for module, code in {"__init__": "", **modules}.items():
            (package / f"{module}.py").write_text(code)
        for file, text in tables.items():
            (package / "conformance" / file).write_text(text)

    def environment(self) -> dict[str, str]:
        """For a process that has the distributions."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("KCORE_", "PYTHON"))}
        cache = str(self.folder.parent / "cache")
        return {**kept, "PYTHONPATH": str(self.folder), "KCORE_CACHE_DIR": cache, "KCORE_CONFIG": "off"}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Python with these arguments."""
        return subprocess.run(
            [sys.executable, *arguments], env=self.environment(), capture_output=True, text=True, timeout=300
        )

    def results(self, name: str) -> dict[str, dict[str, tuple[str, str]]]:
        """Component -> check (of its case or of itself) -> outcome and text."""
        done = self.run("-W", "error", "-c", PROGRAM, name)
        assert done.returncode == 0, done.stderr
        found: dict[str, dict[str, tuple[str, str]]] = {}
        rows: list[list[Any]] = json.loads(done.stdout.splitlines()[-1])
        for _, component, check, outcome, text in rows:
            found.setdefault(component, {})[check] = (outcome, text)
        return found


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Made]:
    """Gives a new folder for distributions at each call."""
    return lambda: Made(tmp_path_factory.mktemp("made") / "site")
