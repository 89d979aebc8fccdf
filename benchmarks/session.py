"""One run of the harness: what it measures, how often, and with which Pythons."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks import processes
from benchmarks.environments import InstallationError, environment
from benchmarks.libraries import KCORE, ROOT, Library


@dataclass
class Session:
    """What the sections are told.

    Attributes:
        libraries: kcore and the peers, in the order of the tables.
        workloads: names of those to train.
        repeats: processes for every number; their median counts.
        quick: few steps, to see whether everything works. Such numbers mean little.
        in_place: measure kcore as this Python has it, instead of in an environment of its own.
        started: when; the name of the run in the stored results.
    """

    libraries: list[Library]
    workloads: list[str]
    repeats: int = 3
    quick: bool = False
    in_place: bool = False
    started: str = field(default_factory=lambda: datetime.now().isoformat(sep=" ", timespec="seconds"))
    load: float = field(default_factory=lambda: round(os.getloadavg()[0], 2))
    _pythons: dict[str, Path | InstallationError] = field(default_factory=dict)

    @property
    def peers(self) -> list[Library]:
        """All but kcore."""
        return [library for library in self.libraries if library != KCORE]

    def python(self, library: Library) -> Path:
        """A library's Python; its environment is made if need be.

        Raises:
            InstallationError: it could not be made, now or before.
        """
        if library == KCORE and self.in_place:
            return Path(sys.executable)
        if library.name not in self._pythons:
            try:
                self._pythons[library.name] = environment(library)
            except InstallationError as error:
                self._pythons[library.name] = error
        found = self._pythons[library.name]
        if isinstance(found, InstallationError):
            raise found
        return found

    def run(
        self, library: Library, script: str, *arguments: object, threads: int = processes.THREADS
    ) -> dict[str, Any]:
        """The results of a worker; ``error`` and ``stderr`` where there are none."""
        return self.run_python(library, script, *map(str, arguments), threads=threads)

    def run_python(self, library: Library, *arguments: str, threads: int = processes.THREADS) -> dict[str, Any]:
        """The JSON that the library's Python prints with these arguments, or ``error`` and ``stderr``."""
        try:
            python = self.python(library)
        except InstallationError as error:
            return processes.failure("not installed", str(error))
        return processes.run(python, library, list(arguments), threads)

    def seconds(self, library: Library, script: str, *arguments: object) -> dict[str, Any]:
        """How long a whole process takes, or ``error`` and ``stderr``."""
        try:
            python = self.python(library)
        except InstallationError as error:
            return processes.failure("not installed", str(error))
        return processes.wall_seconds(python, library, [script, *map(str, arguments)])

    def say(self, *words: object) -> None:
        """Progress on the terminal."""
        print(*words, flush=True)

    def about(self) -> dict[str, Any]:
        """What has to be known to read the numbers."""
        return {
            "started": self.started,
            "commit": commit(),
            "python": platform.python_version(),
            "machine": platform.machine(),
            "processors": os.cpu_count(),
            "load": self.load,
            "repeats": self.repeats,
            "quick": self.quick,
        }


def commit() -> str:
    """The commit that is measured, with a plus if files differ from it; empty outside of git."""

    def git(*arguments: str) -> str:
        try:
            done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
        except OSError:
            return ""
        return done.stdout.strip() if done.returncode == 0 else ""

    changed = git("status", "--porcelain", "--untracked-files=no", "--", "kcore", "plugins")
    return git("rev-parse", "--short", "HEAD") + ("+" if changed else "")
