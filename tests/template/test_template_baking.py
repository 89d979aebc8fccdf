"""What comes out of the template: every family, every combination of options, and no trace of what was not chosen.

That the plugins install, pass their tests and have right types is checked by ``tools/template.py``.
"""

from __future__ import annotations

import ast
import datetime
import doctest
import importlib
import itertools
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

import kcore
from kcore import value_and_grad
from kcore.cli.plugin_template import PluginTemplate
from kcore.registry import FAMILIES, registry
from kcore.testing.suites import suite

TEMPLATE = PluginTemplate.find()
COMPUTING = ("layers", "losses", "metrics", "regularizers", "activations")
# What each family brings, with the prefix taken off.
BROUGHT = {
    "layers": ["LogScale"],
    "losses": ["_symlog_error", "SymlogError"],
    "metrics": ["SymlogDistance"],
    "optimizers": ["Signum"],
    "schedules": ["Warmup"],
    "initializers": ["Signs"],
    "regularizers": ["LogPenalty"],
    "constraints": ["Interval"],
    "callbacks": ["StopAtTarget"],
    "activations": ["_symlog"],
    "datasets": ["_spirals"],
    "backends": [""],
    "formats": [""],
}
QUESTIONS = TEMPLATE.questions
PRODUCT = list(
    itertools.product(QUESTIONS["licence"], QUESTIONS["python"], (True, False), (True, False), QUESTIONS["engine"])
)


def answers_of(number: int) -> dict[str, Any]:
    """A combination of options, with families that go round: one that can take the engine, and another one."""
    licence, python, docs, ci, engine = PRODUCT[number]
    families = f"{COMPUTING[number % 5]},{list(FAMILIES)[number % 13]}"
    options = {"licence": licence, "python": python, "docs": docs, "ci": ci, "engine": engine}
    return {"name": f"combined-{number}", "families": families, "author": "Ada Łovelace", **options}


ALONE = [{"name": f"alone-{family}", "families": family} for family in FAMILIES]
ALONE += [{"name": f"alone-{family}-primitive", "families": family, "engine": "primitive"} for family in COMPUTING]
WHOLE = [{"name": f"whole-{engine}", "families": "all", "engine": engine} for engine in QUESTIONS["engine"]]
# The shortest and the longest names: lines must neither be joined nor broken.
NAMES = [
    {"name": name, "families": "all", "engine": engine, "email": "ada@example.org"}
    for name, engine in (("z", "numpy"), ("long-" + "o" * 35, "primitive"), ("kcore-two-words", "numpy"))
]
EVERY = [*ALONE, *WHOLE, *NAMES, *(answers_of(number) for number in range(len(PRODUCT)))]


@pytest.fixture(scope="module")
def baked(tmp_path_factory: pytest.TempPathFactory) -> Callable[[dict[str, Any]], Path]:
    """Bakes plugins, each once, in one folder."""
    output = tmp_path_factory.mktemp("baked")

    def bake(answers: dict[str, Any]) -> Path:
        folder = output / str(answers["name"])
        return folder if folder.exists() else TEMPLATE.bake(answers, output)

    return bake


def texts(project: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(project.rglob("*")):
        if path.is_file():
            yield path.relative_to(project).as_posix(), path.read_text(encoding="utf-8")


def expected_files(answers: dict[str, Any]) -> set[str]:
    families = TEMPLATE.chosen(answers["families"])
    package = f"src/{answers['name'].replace('-', '_')}"
    files = {".gitignore", "LICENSE", "README.md", "pyproject.toml", "tests/test_conformance.py"}
    files |= {f"{package}/__init__.py", f"{package}/py.typed"}
    files |= {f"{package}/{family}.py" for family in families}
    files |= {f"{package}/conformance/{family}.yaml" for family in families}
    files |= {f"{package}/symlog.py"} if set(families) & set(COMPUTING) else set()
    files |= {"docs/components.md"} if answers.get("docs", True) else set()
    files |= {".github/workflows/ci.yml"} if answers.get("ci", True) else set()
    return files


@pytest.mark.parametrize("answers", EVERY, ids=lambda answers: str(answers["name"]))
def test_the_plugin_is_whole_and_has_nothing_else(baked: Any, answers: dict[str, Any]) -> None:
    project = baked(answers)
    found = dict(texts(project))
    assert set(found) == expected_files(answers)
    assert [path for path in project.rglob("*") if path.is_dir() and not any(path.iterdir())] == []
    for name, text in found.items():
        bare = text.replace("${{ matrix.python }}", "")
        assert not re.search(r"\{\{|\{%|cookiecutter", bare), f"{name} has a rest of the template"
        assert text.endswith("\n") or not text, f"{name} has no end of line at its end"
        if name.endswith(".py"):
            ast.parse(text)
    check_metadata(project, answers)
    check_entry_points(project, answers)
    check_options(found, answers)


def check_metadata(project: Path, answers: dict[str, Any]) -> None:
    table = tomllib.loads((project / "pyproject.toml").read_text())["project"]
    assert table["name"] == answers["name"]
    assert table["requires-python"] == f">={answers.get('python', '3.11')}"
    author = {"name": answers.get("author", f"The {answers['name']} authors")}
    assert table["authors"] == [author | ({"email": answers["email"]} if "email" in answers else {})]
    licence = answers.get("licence", "MIT")
    assert table["license"] == ("LicenseRef-Proprietary" if licence == "proprietary" else licence)
    assert ("Private :: Do Not Upload" in table["classifiers"]) == (licence == "proprietary")
    imported = "\n".join(text for name, text in texts(project / "src") if name.endswith(".py"))
    assert any(one.startswith("numpy") for one in table["dependencies"]) == (
        re.search(r"^import numpy", imported, re.M) is not None
    )


def check_entry_points(project: Path, answers: dict[str, Any]) -> None:
    families = TEMPLATE.chosen(answers["families"])
    package = answers["name"].replace("-", "_")
    points = tomllib.loads((project / "pyproject.toml").read_text())["project"]["entry-points"]
    assert points.pop("kcore.api") == {str(kcore.PLUGIN_API): package}
    assert set(points) == {f"kcore.{family}" for family in families}
    words = package.removeprefix("kcore_").split("_")
    for family in families:
        expected = [
            ("_".join(words) if not name or name[0] == "_" else "".join(map(str.capitalize, words))) + name
            for name in BROUGHT[family]
        ]
        assert list(points[f"kcore.{family}"]) == expected
        for target in points[f"kcore.{family}"].values():
            module, _, name = target.partition(":")
            tree = ast.parse((project / "src" / (module.replace(".", "/") + ".py")).read_text())
            assert name in {node.name for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef)}
        tables = yaml.safe_load((project / "src" / package / "conformance" / f"{family}.yaml").read_text())
        assert list(tables) == [family] and tables[family]
        kind = suite(family)
        named = {name for row in tables[family] for name in kind.names_of(kind.case.from_row(row))}
        assert named == set(expected), "each name has a case"
    absent = [
        name for family in FAMILIES if family not in families for name in BROUGHT[family] if name not in ("", "_symlog")
    ]
    for place, text in texts(project):
        for name in absent:
            assert not re.search(rf"{re.escape(name)}\b", text), f"{place} speaks of {name}, which was not chosen"


def check_options(found: dict[str, str], answers: dict[str, Any]) -> None:
    licence, author = found["LICENSE"], answers.get("author", f"The {answers['name']} authors")
    begins = {
        "MIT": "MIT License",
        "Apache-2.0": "Apache License",
        "BSD-3-Clause": "BSD 3-Clause",
        "proprietary": "Copyright",
    }
    assert licence.strip().startswith(begins[answers.get("licence", "MIT")])
    assert author in licence
    years = {str(datetime.date.today().year), str((datetime.date.today() - datetime.timedelta(1)).year)}
    assert years & set(re.findall(rf"Copyright.*?(\d{{4}}).*{re.escape(author)}", licence))
    workflow = found.get(".github/workflows/ci.yml")
    if workflow is not None:
        job = yaml.safe_load(workflow)["jobs"]["check"]
        floor = answers.get("python", "3.11")
        assert job["strategy"]["matrix"]["python"] == [one for one in QUESTIONS["python"] if one >= floor]
        runs = [step["run"] for step in job["steps"] if "run" in step]
        assert runs[1:] == ["ruff check .", "ruff format --check .", "mypy", "pytest"]
    own = next((text for name, text in found.items() if name.endswith("/symlog.py")), "")
    assert ("Primitive(" in own) == (answers.get("engine") == "primitive")


def test_ruff_finds_nothing(baked: Any) -> None:
    folders = {baked(answers).parent for answers in EVERY}
    (folder,) = folders
    for arguments in (["check", "--quiet"], ["format", "--check", "--quiet"]):
        command = [sys.executable, "-m", "ruff", *arguments, "--no-cache", "."]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr


@pytest.fixture(params=WHOLE, ids=lambda answers: str(answers["engine"]))
def package(baked: Any, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The import package of a plugin with everything, while it can be imported."""
    monkeypatch.syspath_prepend(baked(request.param) / "src")
    name = str(request.param["name"]).replace("-", "_")
    yield name
    for module in [one for one in sys.modules if one.partition(".")[0] == name]:
        del sys.modules[module]


def test_the_examples_in_the_docstrings_are_right(package: str) -> None:
    for family in FAMILIES:
        module = importlib.import_module(f"{package}.{family}")
        found = doctest.testmod(module, extraglobs={"np": np})
        assert found.attempted > 0 and found.failed == 0, family


def test_the_shared_function_has_its_values_and_derivatives(package: str) -> None:
    symlog = importlib.import_module(f"{package}.symlog").symlog
    x = np.array([-1e6, -2.0, -1e-9, 0.0, 1e-9, 0.5, 1e6])
    value, slope = value_and_grad(lambda x: np.sum(symlog(x)))(x)
    np.testing.assert_allclose(symlog(x), np.sign(x) * np.log1p(np.abs(x)), rtol=1e-15)
    np.testing.assert_allclose(value, np.sum(np.sign(x) * np.log1p(np.abs(x))), rtol=1e-12)
    np.testing.assert_allclose(slope, 1 / (1 + np.abs(x)), rtol=1e-15)
    assert symlog(np.array([3])).dtype == "float64" and symlog(np.float32([3])).dtype == "float32"


def test_the_backend_counts_what_was_run(package: str) -> None:
    from kcore.engine import CompiledFunction, set_backend

    backend = importlib.import_module(f"{package}.backends").CountingBackend()
    before = set_backend(backend)
    try:
        double = CompiledFunction(lambda x: 2 * x)
        assert [double(np.ones(3)).sum() for _ in range(4)] == [6.0] * 4
    finally:
        set_backend(before)
    assert (backend.compiled, backend.runs) == (1, 4)


def test_the_format_refuses_what_it_cannot_read(package: str, tmp_path: Path) -> None:
    format = importlib.import_module(f"{package}.formats").ArchiveFormat()
    model = kcore.Sequential([kcore.layers.Dense(2, input_shape=(3,)), kcore.layers.Dense(1)])
    path = tmp_path / "model.archive"
    format.save(model, path)
    x = np.ones((2, 3), "float32")
    np.testing.assert_array_equal(format.load(path).predict(x), model.predict(x))
    other = kcore.Sequential([kcore.layers.Dense(2, input_shape=(4,))])
    before = other.get_weights()
    with pytest.raises(kcore.errors.FileContentError, match=r"model\.archive holds weights of the shapes"):
        format.load_weights(other, path)
    for one, kept in zip(other.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, kept)
    with pytest.raises(kcore.errors.UnsupportedByFormatError, match="load by name"):
        format.load_weights(model, path, by_name=True)
    format.save_weights(model, path)
    with pytest.raises(kcore.errors.FileContentError, match="no entry 'model'"):
        format.load(path)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(kcore.errors.FileContentError, match="cannot be read"):
        format.load(path)


def test_the_names_clash_neither_with_each_other_nor_with_those_of_kcore(baked: Any) -> None:
    names = []
    for answers in (WHOLE[0], NAMES[0], NAMES[2]):
        points = tomllib.loads((baked(answers) / "pyproject.toml").read_text())["project"]["entry-points"]
        names += [(group, name) for group, own in points.items() if group != "kcore.api" for name in own]
    assert len(names) == len(set(names))
    for group, name in names:
        assert name not in registry(group.removeprefix("kcore."))
