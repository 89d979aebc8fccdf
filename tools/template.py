"""Bake the template of a plugin in all its variants; install, test, lint and type-check what comes out.

    python tools/template.py [NAME ...]

Tests run in clean environments: one for each family alone, on NumPy and (where there is one) on a primitive of its own,
and one for all families together. Each has the plugin's wheel with its extra `test`, and what their metadata declare.
There the code in the plugin's README is run, too. Lint and types are checked for the full product of the other
options. Run it with the Python of `.venv` (it needs the dependency groups "test", "lint" and "build").
"""

from __future__ import annotations

import argparse
import filecmp
import itertools
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from workshop import AT_ONCE, ROOT, CheckError, Workshop, metadata, run_checks, wheel_problem

from kcore.cli.plugin_template import PluginTemplate

TEMPLATE = PluginTemplate.find()
# What the tests of baked plugins may require of kcore's own distributions.
REQUIRED = ("callbacks",)
CODE = re.compile(r"^```python\n(.*?)^```$", re.M | re.S)


@dataclass(frozen=True)
class Plugin:
    """One plugin to bake: its name, and the answers to the other questions."""

    name: str
    answers: dict[str, Any]

    def bake(self, output: Path) -> Path:
        """Its folder."""
        return TEMPLATE.bake({"name": self.name, **self.answers}, output)


def tested_plugins() -> list[Plugin]:
    """One for each environment.

    The options that say nothing about code (licence, documentation, workflow, and the oldest Python, of which those are
    taken that allow the Python running here) go round among them, so that each value is built and installed.
    """
    chosen = [(family, "numpy") for family in TEMPLATE.families]
    chosen += [(family, "primitive") for family in TEMPLATE.computing]
    chosen += [("all", "numpy"), ("all", "primitive")]
    numbers = [int(version.partition(".")[2]) for version in TEMPLATE.questions["python"]]
    pythons = [f"3.{number}" for number in numbers if number <= sys.version_info[1]]
    licences, switches = TEMPLATE.questions["licence"], [(True, False), (False, True), (True, True), (False, False)]
    plugins = []
    for number, (family, engine) in enumerate(chosen):
        docs, ci = switches[number % len(switches)]
        others = {
            "docs": docs,
            "ci": ci,
            "licence": licences[number % len(licences)],
            "python": pythons[number % len(pythons)],
        }
        plugins.append(Plugin(f"baked-{family}-{engine}", {"families": family, "engine": engine, **others}))
    return plugins


def option_plugins() -> list[Plugin]:
    """All families, with every combination of the other options."""
    questions = TEMPLATE.questions
    product = itertools.product(
        questions["licence"], questions["python"], (True, False), (True, False), questions["engine"]
    )
    return [
        Plugin(
            f"option-{number}",
            {"families": "all", "licence": licence, "python": python, "docs": docs, "ci": ci, "engine": engine},
        )
        for number, (licence, python, docs, ci, engine) in enumerate(product)
    ]


def bake(plugin: Plugin, output: Path) -> Path:
    """Bake in a process of its own: cookiecutter changes the current folder."""
    return plugin.bake(output)


class Bakery(Workshop):
    """A workshop with plugins."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.projects = folder / "projects"
        self.options = folder / "options"
        self.projects.mkdir()
        self.options.mkdir()

    def check_plugin(self, plugin: Plugin) -> str:
        """A plugin's tests against its wheel, and the code in its README."""
        project = self.projects / plugin.name
        python = self.install(plugin.name, self.requirement(plugin.name, "[test]"))
        place = self.folder / "tests" / plugin.name
        shutil.copytree(project / "tests", place / "tests")
        shutil.copy(project / "pyproject.toml", place)
        count = self.run_tests(python, place, "tests")
        blocks = CODE.findall((project / "README.md").read_text())
        for block in blocks:
            self.run([python, "-W", "error", "-c", block], cwd=place)
        if not blocks:
            raise CheckError("the README shows no code")
        listed = self.run([python.parent / "kcore", "list", "--dist", plugin.name, "--json"])
        if '"available"' not in listed or re.search(r'"state": "(?!available)', listed):
            raise CheckError(f"not all that it brings is available:\n{listed}")
        return f"{count} tests passed, {len(blocks)} examples run"

    def check_command(self, plugin: Plugin) -> str:
        """`kcore new` of the installed wheel makes what the tree's template makes; without the extra, it says so."""
        bare = self.install("kcore", self.requirement("kcore"))
        try:
            said = self.run([bare.parent / "kcore", "new", plugin.name, "--yes"])
        except CheckError as failure:
            said = str(failure)
        if 'pip install "kcore[new]"' not in said or (self.folder / plugin.name).exists():
            raise CheckError(f"`kcore new` without cookiecutter:\n{said}")
        python = self.install("kcore-new", self.requirement("kcore", "[new]"))
        answers = plugin.answers
        options = [part for name in ("licence", "python") for part in (f"--{name}", answers[name])]
        options += [f"--{'' if answers[name] else 'no-'}{name}" for name in ("docs", "ci")]
        options += ["--family", answers["families"], f"--{answers['engine']}"]
        place = self.folder / "made"
        place.mkdir()
        said = self.run([python.parent / "kcore", "new", plugin.name, *options, "--output", place])
        if plugin.name not in said:
            raise CheckError(f"`kcore new` says:\n{said}")
        if difference := differing(place / plugin.name, self.projects / plugin.name):
            raise CheckError(f"the wheel's template makes another plugin than the tree's: {difference}")
        return "made from the wheel, the same as from the tree; without the extra it says what to install"

    def check_lint(self) -> str:
        """ruff, with each plugin's own settings."""
        ruff = [sys.executable, "-m", "ruff"]
        for folder in (self.projects, self.options):
            self.run([*ruff, "check", "--no-cache", "--quiet", "."], cwd=folder)
            self.run([*ruff, "format", "--check", "--no-cache", "--quiet", "."], cwd=folder)
        return f"{len(list(self.options.iterdir()))} combinations of options, and the plugins with tests"

    def check_builds(self, options: Sequence[Plugin]) -> str:
        """A wheel for each licence and oldest Python, which alone enter the metadata; also of newer Pythons."""
        chosen = {(plugin.answers["licence"], plugin.answers["python"]): plugin.name for plugin in options}
        for name in chosen.values():
            project, place = self.options / name, self.folder / "other-wheels"
            self.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", place], cwd=project)
            (wheel,) = place.glob(f"{name.replace('-', '_')}-[0-9]*.whl")
            if problem := wheel_problem(wheel, metadata(project)):
                raise CheckError(f"{wheel.name}: {problem}")
        return f"{len(chosen)} wheels built"

    def check_types(self, version: str) -> str:
        """mypy, with the plugins' own settings, for one oldest Python and all engines.

        Licence, documentation and workflow do not enter the code. So the plugins of one engine and one oldest Python
        have the same code but for their names, which is checked, and one of them stands for all.
        """
        floor = f'python_version = "{version}"'
        projects = [path for path in sorted(self.options.iterdir()) if floor in (path / "pyproject.toml").read_text()]
        codes = {path: code_of(path) for path in projects}
        engines = TEMPLATE.questions["engine"]
        first = {code: path for path, code in reversed(codes.items())}
        if len(first) != len(engines):
            raise CheckError(f"{len(first)} codes of {', '.join(engines)}: {', '.join(map(str, first.values()))}")
        for path in first.values():
            settings = ["--config-file", path / "pyproject.toml", "--cache-dir", self.folder / f"types-{version}"]
            self.run([sys.executable, "-m", "mypy", *settings], cwd=path)
        return f"{len(projects)} plugins with {len(first)} codes are typed"

    def check_alone(self) -> str:
        """A family alone has the code that it has among all others, so that its types are those that are checked."""
        plugins = sorted(self.projects.iterdir())
        for path in plugins:
            engine = path.name.rpartition("-")[2]
            whole = dict(code_of(self.projects / f"baked-all-{engine}"))
            for name, text in code_of(path):
                if whole.get(name) != text:
                    raise CheckError(f"{path.name}: {name} is another text than in baked-all-{engine}")
        return f"{len(plugins)} plugins have the same code alone"


def code_of(project: Path) -> tuple[tuple[str, str], ...]:
    """The names and texts of a plugin's modules, with the plugin's own name taken out."""
    name = project.name
    spelled = (name, name.replace("-", "_"), "".join(word.capitalize() for word in name.split("-")))
    found = []
    for path in sorted(project.rglob("*.py")):
        text = f"{path.relative_to(project)}\n{path.read_text()}"
        for one in spelled:
            text = text.replace(one, "NAME")
        place, _, code = text.partition("\n")
        found.append((place, code))
    return tuple(found)


def differing(one: Path, other: Path) -> str:
    """The first file in which two folders differ; empty if in none."""
    files = [{str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()} for root in (one, other)]
    for name in sorted(files[0] | files[1]):
        if name not in files[0] & files[1] or not filecmp.cmp(one / name, other / name, shallow=False):
            return name
    return ""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="these checks only, such as baked-layers-numpy")
    chosen = parser.parse_args().names
    start = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="kcore-template-") as temporary,
        ProcessPoolExecutor(AT_ONCE) as processes,
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        bakery = Bakery(Path(temporary))
        plugins, options = tested_plugins(), option_plugins()
        try:
            baked = [processes.submit(bake, plugin, bakery.projects) for plugin in plugins]
            baked += [processes.submit(bake, plugin, bakery.options) for plugin in options]
            projects = [future.result() for future in baked]
            own = [ROOT, *(ROOT / "plugins" / name for name in REQUIRED)]
            list(pool.map(bakery.build, [*own, *projects[: len(plugins)]]))
            needs = [bakery.requirement(plugin.name, "[test]") for plugin in plugins]
            bakery.gather([*needs, bakery.requirement("kcore", "[new]")])
        except CheckError as failure:
            raise SystemExit(str(failure)) from None
        print(f"{len(projects)} plugins baked ({time.monotonic() - start:.0f} s)", flush=True)
        checks: dict[str, Callable[[], str]] = {
            f"types {version}": partial(bakery.check_types, version) for version in TEMPLATE.questions["python"]
        }
        checks |= {
            "alone": bakery.check_alone,
            "lint": bakery.check_lint,
            "builds": partial(bakery.check_builds, options),
        }
        checks |= {"kcore new": partial(bakery.check_command, plugins[-1])}
        checks |= {plugin.name: partial(bakery.check_plugin, plugin) for plugin in plugins}
        run_checks("template", {name: check for name, check in checks.items() if not chosen or name in chosen}, start)


if __name__ == "__main__":
    main()
