"""``kcore stubs``: the text of the stubs. That mypy understands them is checked by ``tools/check_stubs.py``."""

from __future__ import annotations

import ast
import importlib
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import kcore as framework
from kcore.cli.stub_text import FUNCTIONS, alias_of, stub_of, view_families
from kcore.registry import registry


def public(text: str) -> list[str]:
    (names,) = (
        node.value
        for node in ast.parse(text).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    )
    return [str(name) for name in ast.literal_eval(names)]


def literal(text: str, alias: str) -> set[str]:
    (value,) = (
        node.value
        for node in ast.parse(text).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == alias
    )
    assert isinstance(value, ast.Subscript) and ast.unparse(value.value) == "Literal"
    return set(ast.literal_eval(value.slice))


def test_the_views_are_all_there() -> None:
    modules = {path.stem for path in Path(framework.__file__).parent.glob("*.py")}
    assert set(view_families()) == {name for name in modules if not name.startswith("_")} | {"optimizers"}


@pytest.mark.parametrize("family", view_families())
def test_the_names_are_those_of_the_view(family: str) -> None:
    view, home, alias = importlib.import_module(f"kcore.{family}"), registry(family), alias_of(family)
    text = stub_of(family)
    compile(text, f"{family}.pyi", "exec")
    assert set(public(text)) == {name for name in dir(view) if not name.startswith("__")} | {alias}
    assert literal(text, alias) == {*home.names(), *(record.qualified for record in home.records())}
    assert set(FUNCTIONS) <= {node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("family", view_families())
def test_each_import_is_what_the_view_gives(family: str) -> None:
    view = importlib.import_module(f"kcore.{family}")
    imports = [node for node in ast.parse(stub_of(family)).body if isinstance(node, ast.ImportFrom)]
    checked = 0
    for node in imports:
        if str(node.module).startswith("kcore"):
            for name in node.names:
                found, shown = (
                    getattr(importlib.import_module(str(node.module)), name.name),
                    getattr(view, str(name.asname)),
                )
                # A view inside a view is a module of its own with the same names.
                assert found is shown or (inspect.ismodule(found) and dir(found) == dir(shown))
                checked += 1
    assert checked == len(public(stub_of(family))) - len(FUNCTIONS) - 1


def test_the_command_writes_them(kcore: Any, tmp_path: Path) -> None:
    result = kcore("stubs")
    assert (result.exit_code, result.stdout) == (0, f"Wrote 12 stubs to {Path('typings', 'kcore')}\n")
    written = {path.name for path in (tmp_path / "typings" / "kcore").iterdir()}
    assert written == {"__init__.pyi", *(f"{family}.pyi" for family in view_families())}
    assert (tmp_path / "typings" / "kcore" / "layers.pyi").read_text() == stub_of("layers")
    assert (tmp_path / "typings" / "kcore" / "__init__.pyi").read_text() == (
        Path(framework.__file__).with_suffix(".pyi").read_text()
    )
    assert kcore("stubs", "elsewhere/below").exit_code == 0
    assert (tmp_path / "elsewhere" / "below" / "kcore" / "layers.pyi").exists()


def test_a_folder_that_cannot_be_made(kcore: Any, tmp_path: Path) -> None:
    (tmp_path / "typings").mkdir()
    (tmp_path / "typings" / "kcore").write_text("")
    result = kcore("stubs")
    assert result.exit_code == 1
    assert "was not written" in result.stderr


def test_plugins_of_others_are_in_them_and_are_not_imported(
    process: Callable[..., Any], distribution: Callable[..., Path], tmp_path: Path
) -> None:
    points = {
        "kcore.layers": {
            "Mine": "mine:Mine",
            "Nested": "mine:Outer.Inner",
            "two words": "mine:Mine",
            "class": "mine:Mine",
            "Dense": "mine:Dense",
            "Layer": "mine:Layer",
            "register": "mine:register",
            "Lost": "no_such_module:Lost",
        },
        "kcore.datasets": {"mine": "mine:data"},
    }
    folder = distribution("mine", "mine", "raise SystemExit('imported')", points)
    distribution(
        "later", "later", "raise SystemExit('imported')", {"kcore.layers": {"Late": "later:L"}, "kcore.api": {"9": "l"}}
    )
    done = process("stubs", PYTHONPATH=str(folder))
    assert (done.returncode, done.stderr) == (0, "")
    text = (tmp_path / "typings" / "kcore" / "layers.pyi").read_text()
    compile(text, "layers.pyi", "exec")
    names = public(text)
    assert {"Mine", "Nested", "Dense", "Layer"} <= set(names)
    assert not {"two words", "class", "Lost", "Late"} & set(names)
    assert names.count("register") == 1
    lines = text.splitlines()
    assert "from mine import Mine as Mine" in lines
    assert "from mine import Outer as _mine_Outer" in lines and "Nested = _mine_Outer.Inner" in lines
    assert "from kcore_layers.core import Dense as Dense" in lines
    assert "from kcore.components.layer import Layer as Layer" in lines
    assert "from mine import Layer as Layer" not in lines
    assert {"two words", "class", "mine>Dense", "Layer", "mine>Mine"} <= literal(text, "LayerName")
    assert not {"Lost", "mine>Lost", "Late", "later>Late"} & literal(text, "LayerName")
    assert "mine" not in sys.modules


def test_a_family_without_members(process: Callable[..., Any], tmp_path: Path) -> None:
    done = process("stubs", KCORE_PLUGINS="off")
    assert done.returncode == 0
    text = (tmp_path / "typings" / "kcore" / "losses.pyi").read_text()
    compile(text, "losses.pyi", "exec")
    assert "LossName = str" in text.splitlines()
