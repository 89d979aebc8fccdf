"""The rules that tie names, documentation and tests together find what is missing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

TOOLS = Path(__file__).parents[2] / "tools"


def said(code: str) -> list[str]:
    """The problems that a piece of code prints, where the rules are imported."""
    program = "import check_tree, hooks_page, sys\n" + code
    environment = {**os.environ, "PYTHONPATH": str(TOOLS), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-W", "error", "-c", program]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [line for line in done.stdout.splitlines() if not line.startswith("  ")]


def test_an_error_without_docstring_and_test_is_found() -> None:
    # A name in pieces, so that this file does not have it.
    code = """
import kcore.errors
name = "Brandnew" + "Error"
setattr(kcore.errors, name, type(name, (kcore.errors.KcoreError,), {}))
print(*check_tree.error_problems(), sep="\\n")
"""
    name = "Brandnew" + "Error"
    assert said(code) == [f"kcore.errors.{name} has no docstring", f"kcore.errors.{name} is in no test"]


def test_a_hook_without_documentation_and_test_is_found() -> None:
    code = """
from kcore.registry import hookspecs
def new(model): "Do something new."
setattr(hookspecs, "kcore_brand" + "new", new)
print(*check_tree.hook_problems(), sep="\\n")
"""
    name = "kcore_brand" + "new"
    assert said(code) == ["docs/hooks.md is out of date: run tools/hooks_page.py", f"the hook {name} is not in a test"]


def test_a_family_and_a_command_without_documentation_and_test_are_found() -> None:
    code = """
import click
from kcore.registry import FAMILIES
from kcore.cli.app import app
FAMILIES["brand" + "new"] = "new one"
app.add_command(click.Command("fresh" + "ly"))
print(*check_tree.name_problems(), sep="\\n")
"""
    family, command = "brand" + "new", "fresh" + "ly"
    assert said(code) == [
        f"the family {family} is not in docs/names.md",
        f"the family {family} is not in a test",
        f"the command {command} is not in docs/command-line.md",
        f"the command {command} is not in a test",
    ]


def test_the_tree_has_none_of_these_problems() -> None:
    checks = "check_tree.error_problems, check_tree.hook_problems, check_tree.name_problems"
    assert said(f"for check in ({checks}):\n    for one in check(): print(one)") == []


def test_the_page_of_hooks_shows_signatures_and_arguments() -> None:
    page = "\n".join(said("print(hooks_page.page())"))
    assert "## `kcore_data_source(x, y)`\n" in page
    assert "* `x`, `y`: what the user gave; `predict` has no `y`." in page
    assert "Fires at the beginning of each `fit`." in page
