"""Build every wheel once, then test each plugin from its wheel in a clean environment.

    python tools/wheels.py [FAMILY ...]

Each environment has the plugin's wheel with its extra `test`, and what their metadata declares: nothing else. The
tests run from a copy beside which there is no source tree, so a file that the wheel lacks is missed. Run it with
the Python of `.venv` (it needs the dependency group "build").
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
import venv
import xml.etree.ElementTree
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
AT_ONCE = 2

# Imports everything that the metadata names, as a user's first use of each name would.
LOAD_ALL = """
from kcore.registry import FAMILIES, registry
count = 0
for family in FAMILIES:
    for record in registry(family).records():
        assert record.state == "available", record
        registry(family).load(record.qualified)
        count += 1
print(count)
"""


@dataclass(frozen=True)
class Report:
    """What came of one environment: ``error`` is empty when all is well."""

    name: str
    summary: str
    seconds: float
    error: str = ""


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
        home.mkdir()
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

    def install(self, name: str, requirement: str) -> Path:
        """A new environment that has the requirement from the wheelhouse; the path of its Python."""
        folder = self.folder / "environments" / name
        venv.create(folder, symlinks=True)
        python = folder / "bin" / "python"
        pip = [sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check"]
        source = ["--no-index", "--find-links", self.wheels, "--find-links", self.wheelhouse]
        self.run([*pip, "install", "--quiet", "--no-compile", *source, requirement], pip=True)
        self.run([*pip, "check"], pip=True)
        return python

    def requirement(self, name: str, extra: str = "") -> str:
        """A requirement that only the built wheel meets."""
        return f"{self.built[name]}{extra}"

    def test_plugin(self, project: Path) -> str:
        """Run a plugin's tests against its wheel; the summary of the run."""
        family = project.name
        python = self.install(family, self.requirement(str(metadata(project)["name"]), "[test]"))
        place = self.folder / "tests" / family
        shutil.copytree(project / "tests", place / "plugins" / family / "tests")
        for name in ("pyproject.toml", "conftest.py"):
            shutil.copy(ROOT / name, place)
        report = place / "report.xml"
        options = ["-q", "-p", "no:cacheprovider", "--rootdir", place, "-c", place / "pyproject.toml"]
        self.run([python, "-m", "pytest", *options, f"--junitxml={report}", "plugins"], cwd=place)
        suite = xml.etree.ElementTree.parse(report).getroot().find("testsuite")
        tests = int(suite.get("tests", 0)) if suite is not None else 0
        if tests == 0:
            raise CheckError("no test ran")
        return f"{tests} tests passed"

    def check_core(self) -> str:
        """The core with no plugin: it imports, and its command line works and says what there is."""
        python = self.install("core", self.requirement("kcore"))
        command = python.parent / "kcore"
        self.run([python, "-W", "error", "-c", "import kcore; dir(kcore.layers)"])
        if "list" not in self.run([command, "--help"]):
            raise CheckError("`kcore --help` does not name the command `list`")
        self.run([command, "list"])
        records = json.loads(self.run([command, "list", "--json"]))
        others = [record for record in records if record["distribution"] != "kcore"]
        if others or not records:
            raise CheckError(f"`kcore list --json` of the core alone: {records}")
        return f"imports, `kcore list` shows its own {len(records)} names"

    def check_standard(self) -> str:
        """All first-party families together: every name that the metadata promises can be loaded."""
        python = self.install("standard", self.requirement("kcore-standard", "[digits]"))
        return f"{self.run([python, '-W', 'error', '-c', LOAD_ALL]).strip()} names load"


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


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("families", nargs="*", metavar="FAMILY", help="these plugins only (default: all, and the core)")
    chosen = parser.parse_args().families
    plugins = sorted(path.parent for path in (ROOT / "plugins").glob("*/pyproject.toml"))
    tested = [path for path in plugins if (path / "tests").is_dir() and (not chosen or path.name in chosen)]
    start = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="kcore-wheels-") as temporary,
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        workshop = Workshop(Path(temporary))
        try:
            list(pool.map(workshop.build, [ROOT, *plugins]))
            wheel_of = workshop.requirement
            workshop.gather(
                [wheel_of(str(metadata(path)["name"]), "[test]") for path in tested]
                + [wheel_of("kcore-standard", "[digits]")]
            )
        except CheckError as failure:
            raise SystemExit(str(failure)) from None
        print(f"{len(workshop.built)} wheels built ({time.monotonic() - start:.0f} s)", flush=True)

        def check(name: str) -> Report:
            begin = time.monotonic()
            try:
                if name == "core":
                    summary = workshop.check_core()
                elif name == "standard":
                    summary = workshop.check_standard()
                else:
                    summary = workshop.test_plugin(ROOT / "plugins" / name)
            except CheckError as failure:
                return Report(name, "FAILED", time.monotonic() - begin, str(failure))
            return Report(name, summary, time.monotonic() - begin)

        reports = []
        names = [path.name for path in tested] if chosen else ["core", "standard", *(path.name for path in tested)]
        for report in pool.map(check, names):
            print(f"{report.name:<14} {report.summary} ({report.seconds:.0f} s)", flush=True)
            if report.error:
                print(report.error, flush=True)
            reports.append(report)
    failed = [report.name for report in reports if report.error]
    if failed or not reports:
        raise SystemExit(f"wheels: failed: {', '.join(failed) or 'nothing was tested'}")
    print(f"wheels: {len(reports)} clean environments passed ({time.monotonic() - start:.0f} s)")


if __name__ == "__main__":
    main()
