"""Rules for the tree that no linter knows: sizes, names, forbidden text, packaging, imports, and what is documented.

    python tools/check_tree.py

Run it with the Python of `.venv`: it imports every module. Prints each problem; exit code 1 when there is one.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import sys
import tomllib
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, get_args

import hooks_page
import registry_pages
from tracked_files import ROOT, tracked_files

LONGEST = 450
NO_SUBJECT = {"utils.py", "util.py", "helpers.py", "misc.py", "common.py"}
LOCK_FILES = {"uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "pylock.toml"}
TEXT = {".py", ".pyi", ".md", ".toml", ".yaml", ".yml", ".txt", ".json", ".sh", ".cfg", ".ini", ""}
FORBIDDEN = {
    "the host of a package registry": re.compile(r"pypi\.(org|python)|files\.pythonhosted|conda\.anaconda"),
    # The homes of nobody in particular are examples.
    "an absolute path of one machine": re.compile(
        r"(?<![\w./:-])/(root|work|(home|Users)/(?!someone/|user/|you/)\w+)/"
    ),
    "a mark of unfinished work": re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b"),
}
API_GROUP = "kcore.api"
COMMAND_PAGE = ROOT / "docs" / "command-line.md"
# Module names that differ from the name of the distribution that brings them.
DISTRIBUTION_OF = {"yaml": "pyyaml", "sklearn": "scikit-learn", "importlib_metadata": "importlib-metadata"}


def projects() -> list[Path]:
    """The folders of all distributions."""
    return [ROOT, *sorted(path.parent for path in (ROOT / "plugins").glob("*/pyproject.toml"))]


def metadata(project: Path) -> dict[str, Any]:
    """The table `[project]` of a project."""
    table: dict[str, Any] = tomllib.loads((project / "pyproject.toml").read_text())["project"]
    return table


def packages() -> list[Path]:
    """The folders of all import packages: the core's and the plugins'."""
    return [ROOT / "kcore", *sorted(path.parent for path in (ROOT / "plugins").glob("*/*kcore*/__init__.py"))]


def file_problems() -> Iterator[str]:
    """Files that are too long, have a name without a subject, or say what no file may say."""
    for path in tracked_files():
        name = path.relative_to(ROOT)
        if path.name in LOCK_FILES:
            yield f"{name}: a lock file"
        if path.name in NO_SUBJECT:
            yield f"{name}: a name that says no subject"
        if path.suffix not in TEXT:
            continue
        lines = path.read_text(encoding="utf-8").splitlines()
        if path.suffix == ".py" and name.parts[0] in ("kcore", "plugins") and len(lines) > LONGEST:
            yield f"{name}: {len(lines)} lines; {LONGEST} are the most"
        for number, line in enumerate(lines, 1):
            for what, pattern in FORBIDDEN.items():
                if pattern.search(line):
                    yield f"{name}:{number}: {what}: {line.strip()[:80]}"


def packaging_problems() -> Iterator[str]:
    """Projects whose metadata does not fit the tree, the core, or their own imports."""
    licence = (ROOT / "LICENSE").read_bytes()
    core = metadata(ROOT)
    for project in projects()[1:]:
        family, table = project.name, metadata(project)
        name = f"plugins/{family}"
        if (project / "LICENSE").read_bytes() != licence:
            yield f"{name}/LICENSE is not the LICENSE of the root"
        if table["name"] not in (f"kcore-{family}", f"{family}-kcore"):
            yield f"{name}: the distribution's name is {table['name']!r}"
        if table["version"] != core["version"]:
            yield f"{name}: version {table['version']}, while the core has {core['version']}"
        if family not in ("standard", "pytest"):
            yield from entry_point_problems(project, table)
    for package in packages():
        # Without it, neither import-linter nor mypy sees the folder.
        for folder in sorted({path.parent for path in package.rglob("*.py")}):
            if not (folder / "__init__.py").is_file():
                yield f"{folder.relative_to(ROOT)} has no __init__.py"
        project = ROOT if package.parent == ROOT else package.parent
        table = metadata(project)
        yield from dependency_problems(package, table)
    first_party = {table["name"] for table in map(metadata, projects())} - {"kcore", "kcore-standard", "pytest-kcore"}
    standard = {requirement_name(text) for text in metadata(ROOT / "plugins" / "standard")["dependencies"]}
    if missing := first_party - standard:
        yield f"plugins/standard does not depend on {', '.join(sorted(missing))}"


def entry_point_problems(project: Path, table: dict[str, Any]) -> Iterator[str]:
    """Entry points that point to nothing, and names that the plugin's README does not show."""
    readme = (project / "README.md").read_text()
    ranges = table.get("entry-points", {}).get(API_GROUP, {})
    if list(ranges.values()) != [f"kcore_{project.name}"]:
        yield f"plugins/{project.name}: no entry point in {API_GROUP} says for which plugin API it was made"
    for group, points in table.get("entry-points", {}).items():
        for name, target in points.items() if group != API_GROUP else ():
            module = project / (target.split(":")[0].replace(".", "/") + ".py")
            if not module.is_file():
                yield f"plugins/{project.name}: {group} {name} points to {target}, but there is no {module.name}"
            if f"`{name}`" not in readme:
                yield f"plugins/{project.name}/README.md does not show the name `{name}`"


def first_party_problems() -> Iterator[str]:
    """Entry points that the core's table of first-party names lacks, and the other way round."""
    table = importlib.import_module("kcore.registry.first_party").FIRST_PARTY
    ours = {
        (group.removeprefix("kcore."), project["name"], name)
        for project in map(metadata, projects())
        for group, points in project.get("entry-points", {}).items()
        if group.startswith("kcore.") and group != API_GROUP
        for name in points
    }
    listed = {
        (family, distribution, name)
        for family, distributions in table.items()
        for distribution, names in distributions.items()
        for name in names
    }
    for family, distribution, name in sorted(ours - listed):
        yield f"kcore/registry/first_party.py lacks {family} {name} of {distribution}"
    for family, distribution, name in sorted(listed - ours):
        yield f"{distribution} has no entry point for {family} {name}, which kcore/registry/first_party.py lists"


def requirement_name(requirement: str) -> str:
    """The distribution's name in a requirement such as "numpy>=2"."""
    match = re.match(r"[A-Za-z0-9._-]+", requirement)
    return match.group().lower() if match else ""


def dependency_problems(package: Path, table: dict[str, Any]) -> Iterator[str]:
    """Imports that nothing declares, and declared libraries that nothing imports."""
    declared = {requirement_name(text) for text in table["dependencies"]}
    optional = {
        requirement_name(text)
        for extra, texts in table.get("optional-dependencies", {}).items()
        if extra != "test"
        for text in texts
    }
    imported = set()
    for path in package.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                imported.add(node.module.split(".")[0])
    # A module may be imported by its name in a string: import_module("h5py").
    text = "".join(path.read_text() for path in package.rglob("*.py"))
    imported |= set(re.findall(r"import_module\(\"(\w+)[\".]", text))
    third_party = imported - set(sys.stdlib_module_names) - {package.name}
    names = {DISTRIBUTION_OF.get(module, module) for module in third_party}
    for name in sorted(names - declared - optional):
        yield f"{package.relative_to(ROOT)} imports {name}, which its pyproject.toml does not declare"
    libraries = {name for name in declared if not name.startswith("kcore")}
    for name in sorted(libraries - names):
        yield f"{package.relative_to(ROOT)} does not import {name}, which its pyproject.toml declares"


def module_names() -> list[str]:
    """Every module of the core and of the plugins, by its dotted name."""
    found = []
    for package in packages():
        for path in sorted(package.rglob("*.py")):
            parts = path.relative_to(package.parent).with_suffix("").parts
            found.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return [name for name in found if not name.endswith("__main__")]


def import_problems() -> Iterator[str]:
    """Modules that cannot be imported first, before any other of ours, or that warn."""
    ours = tuple(package.name for package in packages())
    names = module_names()
    for name in names:
        for loaded in [module for module in sys.modules if module.split(".")[0] in ours]:
            del sys.modules[loaded]
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                importlib.import_module(name)
        except Exception as error:
            yield f"{name} cannot be imported alone: {type(error).__name__}: {error}"
    print(f"  {len(names)} modules imported alone")


def test_text() -> str:
    """All tests, as one text."""
    return "\n".join(path.read_text() for path in tracked_files(".py") if "tests" in path.relative_to(ROOT).parts)


def error_problems() -> Iterator[str]:
    """Classes of kcore.errors without a docstring of their own, and those that no test names."""
    errors = importlib.import_module("kcore.errors")
    tests = test_text()
    classes = dict(inspect.getmembers(errors, inspect.isclass))
    classes = {name: value for name, value in classes.items() if issubclass(value, BaseException)}
    for name, value in classes.items():
        if not (vars(value).get("__doc__") or "").strip():
            yield f"kcore.errors.{name} has no docstring"
        if not re.search(rf"\b{name}\b", tests):
            yield f"kcore.errors.{name} is in no test"
    print(f"  {len(classes)} error classes")


def hook_problems() -> Iterator[str]:
    """A page of hooks that is not what their specifications say, and hooks that no test names."""
    if not hooks_page.PAGE.is_file() or hooks_page.PAGE.read_text() != hooks_page.page():
        yield f"{hooks_page.PAGE.relative_to(ROOT)} is out of date: run tools/hooks_page.py"
    yield from unsaid("the hook", hooks_page.specifications(), "a test", test_text(), r"\b{}\b")
    print(f"  {len(hooks_page.specifications())} hooks")


def reference_problems() -> Iterator[str]:
    """Pages of the reference that are not what the registries say."""
    for path, text in registry_pages.pages().items():
        if not path.is_file() or path.read_text() != text:
            yield f"{path.relative_to(ROOT)} is out of date: run tools/registry_pages.py"


def name_problems() -> Iterator[str]:
    """Families, states, commands and checks that the documentation or the tests do not name."""
    families = importlib.import_module("kcore.registry").FAMILIES
    states = get_args(importlib.import_module("kcore.registry.records").State)
    commands = importlib.import_module("kcore.cli.app").app.commands
    tests, names = test_text(), (ROOT / "docs" / "names.md").read_text()
    yield from unsaid("the family", families, "docs/names.md", names, "`{}`")
    yield from unsaid("the family", families, "a test", tests, "[\"'/]{}[\"'/]")
    yield from unsaid("the state", states, "docs/names.md", names, "`{}`")
    yield from unsaid("the state", states, "a test", tests, "[\"']{}[\"']")
    yield from unsaid("the command", commands, "docs/command-line.md", COMMAND_PAGE.read_text(), "`kcore {}\\b")
    yield from unsaid("the command", commands, "a test", tests, "[\"']{}[\"']")
    # Those of one family stand on its page of the reference.
    checks = {check.name for check in importlib.import_module("kcore.testing").conformance_checks("kcore-regularizers")}
    general = checks - set(importlib.import_module("kcore.testing.regularizers").CHECKS)
    page = (ROOT / "docs" / "conformance.md").read_text()
    yield from unsaid("the check", general, "docs/conformance.md", page, "`{}`")
    yield from unsaid("the check", general, "a test", tests, "[\"']{}[\"']")
    print(f"  {len(families)} families, {len(states)} states, {len(commands)} commands, {len(general)} general checks")


def unsaid(what: str, names: Iterable[str], where: str, text: str, pattern: str) -> Iterator[str]:
    """A problem for each name that a text does not have."""
    for name in names:
        if not re.search(pattern.format(re.escape(name)), text):
            yield f"{what} {name} is not in {where}"


CHECKS: dict[str, Callable[[], Iterator[str]]] = {
    "files": file_problems,
    "packaging": packaging_problems,
    "first-party names": first_party_problems,
    "imports": import_problems,
    "errors": error_problems,
    "hooks": hook_problems,
    "reference": reference_problems,
    "names": name_problems,
}


def main() -> None:
    count = 0
    for name, check in CHECKS.items():
        print(f"tree: {name}", flush=True)
        for problem in check():
            print(f"  PROBLEM {problem}", flush=True)
            count += 1
    if count:
        raise SystemExit(f"tree: {count} problems")
    print("tree: all rules kept")


if __name__ == "__main__":
    main()
