"""A temporary workshop: wheels built from this tree, and clean environments that have nothing else.

Used by the steps of CI that try things as a user would who has only what was published.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import tomllib
import venv
import xml.etree.ElementTree
import zipfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
AT_ONCE = 2


class CheckError(Exception):
    """A command that failed; the text is its output."""


class Workshop:
    """A temporary folder with the built wheels, everything they need, and one environment per check."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.wheels = folder / "wheels"
        self.wheelhouse = folder / "wheelhouse"
        self.built: dict[str, Path] = {}
        home = folder / "home"
        # Also the folder of the wheels, which two builds at once would both want to make.
        for place in (self.wheels, home):
            place.mkdir()
        # The user's settings stay outside, except what tells pip where packages are.
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("KCORE_", "PYTHON", "PYTEST_", "VIRTUAL_ENV"))}
        self.pip_environment = kept
        self.environment = {**kept, "HOME": str(home), "XDG_CACHE_HOME": str(home / "cache")}

    def run(self, command: list[Any], *, cwd: Path | None = None, pip: bool = False) -> str:
        """The output of a command; `CheckError` when it fails."""
        done = subprocess.run(
            [str(part) for part in command],
            cwd=cwd or self.folder,
            env=self.pip_environment if pip else self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode:
            raise CheckError(f"$ {' '.join(map(str, command))}\n{done.stdout}")
        return done.stdout

    def build(self, project: Path) -> None:
        """Build one project's wheel and look into it."""
        name = str(metadata(project)["name"])
        self.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", self.wheels], cwd=project)
        (wheel,) = self.wheels.glob(f"{name.replace('-', '_')}-[0-9]*.whl")
        problem = wheel_problem(wheel, metadata(project))
        if problem:
            raise CheckError(f"{wheel.name}: {problem}")
        self.built[name] = wheel

    def gather(self, requirements: list[str]) -> None:
        """Put everything that the requirements need into the wheelhouse: one question to the index for all."""
        # Every wheel is named by its path: a distribution of the same name in an index is never taken.
        wheels = list(self.built.values())
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        self.run([*pip, "-d", self.wheelhouse, *wheels, *requirements], pip=True)

    def install(self, name: str, *requirements: str) -> Path:
        """A new environment that has the requirements from the wheelhouse; the path of its Python."""
        folder = self.folder / "environments" / name
        venv.create(folder, symlinks=True)
        python = folder / "bin" / "python"
        self.add(python, *requirements)
        return python

    def add(self, python: Path, *requirements: str) -> None:
        """Install more from the wheelhouse into an environment that is there."""
        pip = [sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check"]
        source = ["--no-index", "--find-links", self.wheels, "--find-links", self.wheelhouse]
        self.run([*pip, "install", "--quiet", "--no-compile", *source, *requirements], pip=True)
        self.run([*pip, "check"], pip=True)

    def run_tests(self, python: Path, place: Path, tests: str) -> int:
        """Run the tests in a folder with the configuration that is there; how many they were."""
        report = place / "report.xml"
        options = ["-q", "-p", "no:cacheprovider", "--rootdir", place, "-c", place / "pyproject.toml"]
        self.run([python, "-m", "pytest", *options, f"--junitxml={report}", tests], cwd=place)
        suite = xml.etree.ElementTree.parse(report).getroot().find("testsuite")
        count = int(suite.get("tests", 0)) if suite is not None else 0
        if count == 0:
            raise CheckError("no test ran")
        return count

    def requirement(self, name: str, extra: str = "") -> str:
        """A requirement that only the built wheel meets."""
        return f"{self.built[name]}{extra}"


def metadata(project: Path) -> dict[str, Any]:
    """The table `[project]` of a project."""
    table: dict[str, Any] = tomllib.loads((project / "pyproject.toml").read_text())["project"]
    return table


def wheel_problem(wheel: Path, project: dict[str, Any]) -> str:
    """What is wrong with the files in a wheel; empty when nothing is."""
    names = set(zipfile.ZipFile(wheel).namelist())
    package = str(project["name"]).replace("-", "_")
    info = f"{package}-{project['version']}.dist-info"
    stray = sorted(name for name in names if name.split("/")[0] not in (package, info))
    if stray:
        return f"has files outside its package: {', '.join(stray[:5])}"
    if f"{info}/licenses/LICENSE" not in names:
        return "has no licence text"
    if project["name"] != "kcore-standard" and f"{package}/py.typed" not in names:
        return "has no py.typed"
    targets = {target for group in project.get("entry-points", {}).values() for target in group.values()}
    targets |= set(project.get("scripts", {}).values())
    for target in sorted(targets):
        module = target.split(":")[0].replace(".", "/")
        if not {f"{module}.py", f"{module}/__init__.py"} & names:
            return f"an entry point names {target}, but there is no such module"
    return ""


def run_checks(step: str, checks: Mapping[str, Callable[[], str]], start: float) -> None:
    """Run checks side by side, and print what each says of itself; ends the program when one failed.

    Args:
        step: of CI, for the last line.
        checks: each gives a summary, or raises `CheckError`.
        start: when the step began, of `time.monotonic`.
    """
    failed = []

    def outcome(name: str) -> tuple[str, str, float, str]:
        begin = time.monotonic()
        try:
            return name, checks[name](), time.monotonic() - begin, ""
        except CheckError as failure:
            return name, "FAILED", time.monotonic() - begin, str(failure)

    width = max(map(len, checks), default=0)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for name, summary, seconds, error in pool.map(outcome, checks):
            print(f"{name:<{width}} {summary} ({seconds:.0f} s)", flush=True)
            if error:
                print(error, flush=True)
                failed.append(name)
    if failed or not checks:
        raise SystemExit(f"{step}: failed: {', '.join(failed) or 'nothing was checked'}")
    print(f"{step}: {len(checks)} checks passed ({time.monotonic() - start:.0f} s)")
