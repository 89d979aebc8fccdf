"""Exit codes, tracebacks, and what a plugin can and cannot do to the command line."""

from __future__ import annotations

import re
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest

import kcore as framework
from kcore.cli.app import app
from kcore.cli.plugin_commands import added_commands
from kcore.errors import KcoreWarning
from kcore.registry import hookimpl, register_hooks, unregister_hooks

COMMANDS = list(app.commands)


@pytest.fixture
def command() -> Iterator[Any]:
    """Adds a command that runs a function."""

    def add(function: Callable[[], Any]) -> None:
        app.command("try")(function)

    yield add
    app.commands.pop("try", None)


def test_the_version(kcore: Any) -> None:
    assert kcore("--version").stdout == f"kcore, version {framework.__version__}\n"


@pytest.mark.parametrize("arguments", [["--help"], ["-h"]])
def test_help_lists_the_commands(kcore: Any, arguments: list[str]) -> None:
    result = kcore(*arguments)
    assert result.exit_code == 0
    for name in COMMANDS:
        assert f"\n  {name} " in result.stdout
    assert "Examples:\n" in result.stdout
    assert "Exit codes: 0 done" in result.stdout
    assert "..." not in result.stdout.partition("Commands:")[2]


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_help_with_an_example(kcore: Any, name: str) -> None:
    result = kcore(name, "--help")
    assert result.exit_code == 0
    assert "Example" in result.stdout
    assert f"\n    kcore {name}" in result.stdout
    assert "--debug" in result.stdout


@pytest.mark.parametrize("arguments", [["--debug", "train", "none.yaml"], ["train", "none.yaml", "--debug"]])
def test_debug_shows_the_traceback(kcore: Any, arguments: list[str]) -> None:
    result = kcore(*arguments)
    assert result.exit_code == 1
    assert result.stderr.startswith("Traceback (most recent call last):\n")
    assert "MissingFileError: There is no file 'none.yaml'." in result.stderr


def test_an_unexpected_exception_is_told_as_a_defect(kcore: Any, command: Any) -> None:
    def fail() -> None:
        raise KeyError("oops")

    command(fail)
    result = kcore("try")
    assert result.exit_code == 70
    assert result.stderr == (
        "Error: unexpected KeyError: 'oops'\n"
        "This is a defect, in kcore or in a plugin. Run the same command with --debug for the traceback.\n"
    )
    result = kcore("try", "--debug")
    assert result.exit_code == 70
    assert "KeyError: 'oops'" in result.stderr
    assert "Traceback" in result.stderr


def test_a_command_may_choose_its_exit_code(kcore: Any, command: Any) -> None:
    command(lambda: click.get_current_context().exit(5))
    assert kcore("try").exit_code == 5


def test_what_a_command_returns_is_no_exit_code(kcore: Any, command: Any) -> None:
    command(lambda: "something")
    assert kcore("try").exit_code == 0


def test_interrupts(kcore: Any, command: Any) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    command(interrupt)
    result = kcore("try")
    assert result.exit_code == 130
    assert result.stderr.strip() == "Interrupted."


def test_warnings_of_ours_are_a_line(kcore: Any, command: Any) -> None:
    def warn() -> None:
        warnings.simplefilter("always")
        warnings.warn(KcoreWarning("careful"), stacklevel=1)

    command(warn)
    result = kcore("try")
    assert (result.exit_code, result.stderr) == (0, "Warning: careful\n")


def test_an_unknown_command_is_wrong_usage(kcore: Any) -> None:
    result = kcore("trian")
    assert result.exit_code == 2
    assert "No such command 'trian'" in result.stderr


def test_a_reader_that_stops_is_no_error(tmp_path: Path) -> None:
    code = "from kcore.cli import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", code, "list", "--json"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""
    assert process.returncode == 1


def test_the_console_script_is_this_function() -> None:
    from importlib.metadata import entry_points

    from kcore.cli import main

    (script,) = entry_points(group="console_scripts", name="kcore")
    assert script.load() is main


def test_a_terminal_without_unicode_is_served(process: Callable[..., Any]) -> None:
    for arguments in (["list", "layers"], ["info", "activations/selu"], ["train", "größe.yaml"]):
        result = process(*arguments, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
        assert result.returncode == (1 if arguments[0] == "train" else 0), result.stderr
        assert "Unicode" not in result.stderr


def test_python_dash_m(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "kcore.cli", "--version"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("kcore, version ")


# --- commands of plugins ---------------------------------------------------------------------------------------------


class Greeting:
    @hookimpl
    def kcore_cli_commands(self, group: click.Group) -> None:
        @group.command()
        def hello() -> None:
            """Say hello."""
            click.echo("hello there")


class Rival:
    @hookimpl
    def kcore_cli_commands(self, group: click.Group) -> None:
        group.add_command(click.Command("hello"))
        group.add_command(click.Command("train"))
        group.add_command(click.Command("goodbye", callback=lambda: click.echo("bye")))


class Broken:
    @hookimpl
    def kcore_cli_commands(self, group: click.Group) -> None:
        group.add_command(click.Command("half"))
        raise SystemExit("I leave")


class Silent:
    @hookimpl
    def kcore_cli_commands(self) -> None:
        """Takes no argument, as hooks may."""


@pytest.fixture
def plugged() -> Iterator[Callable[..., None]]:
    plugins: list[Any] = []

    def plug(*classes: type) -> None:
        for one in classes:
            plugins.append(one())
            register_hooks(plugins[-1])

    yield plug
    for plugin in plugins:
        unregister_hooks(plugin)


def test_a_plugin_adds_a_command(kcore: Any, plugged: Any) -> None:
    plugged(Greeting, Silent)
    result = kcore("hello")
    assert (result.exit_code, result.stdout) == (0, "hello there\n")
    assert re.search(r"^  hello +Say hello\.$", kcore("--help").stdout, re.M)


def test_a_broken_plugin_takes_nothing_else_with_it(kcore: Any, plugged: Any) -> None:
    plugged(Broken, Greeting)
    assert kcore("hello").stdout == "hello there\n"
    result = kcore("--help")
    assert result.exit_code == 0
    assert "  half" not in result.stdout
    assert result.stderr == "Warning: the commands of local>Broken are left out: SystemExit: I leave\n"
    unknown = kcore("half")
    assert unknown.exit_code == 2
    assert "the commands of local>Broken are left out" in unknown.stderr
    # Commands of kcore's own ask no plugin at all.
    assert kcore("list", "layers").stderr == ""


def test_names_that_are_taken_are_left_out(plugged: Any) -> None:
    plugged(Greeting, Rival)
    commands, problems = added_commands(app.commands)
    assert list(commands) == ["goodbye"]
    assert problems == [
        "the command 'hello' is left out: local>Greeting and local>Rival both add it",
        "the command 'train' of local>Rival is left out: kcore has one of that name",
    ]


def test_an_installed_plugin_that_cannot_be_imported(
    process: Callable[..., Any], distribution: Callable[..., Path]
) -> None:
    folder = distribution("sick", "sick", "import nowhere_at_all", {"kcore.plugins": {"sick": "sick"}})
    result = process("--help", PYTHONPATH=str(folder))
    assert result.returncode == 0
    assert "Commands:" in result.stdout
    assert "Warning: " in result.stderr
    assert "sick 1.5" in result.stderr
    assert "Traceback" not in result.stderr
    assert process("list", "layers", PYTHONPATH=str(folder)).stderr == ""


HOOK = """
import click
from kcore.registry import hookimpl
@hookimpl
def kcore_cli_commands(group):
    @group.command()
    def {name}():
        {body}
    {then}
"""


def test_commands_of_installed_plugins_do_not_disturb_each_other(
    process: Callable[..., Any], distribution: Callable[..., Path]
) -> None:
    plugins = {
        "good": HOOK.format(name="wave", body="click.echo('waved')", then=""),
        "half": HOOK.format(name="half", body="pass", then="raise KeyError('half')"),
        "failing": HOOK.format(name="fail", body="raise ValueError('on duty')", then=""),
        "broken": "1 / 0",
        "future": HOOK.format(name="later", body="pass", then=""),
    }
    for name, code in plugins.items():
        points = {"kcore.plugins": {name: name}, "kcore.api": {"99" if name == "future" else "1": name}}
        folder = distribution(name, name, code, points)
    done = process("wave", PYTHONPATH=str(folder))
    assert (done.returncode, done.stdout) == (0, "waved\n")
    for said in ("broken 1.5", "future 1.5", "half>half"):
        assert said in done.stderr
    listed = process("--help", PYTHONPATH=str(folder)).stdout.partition("Commands:")[2].splitlines()
    names = {line.split()[0] for line in listed if line.startswith("  ")}
    assert {"wave", "fail", "list"} <= names and not {"later", "half"} & names
    failed = process("fail", PYTHONPATH=str(folder))
    assert failed.returncode == 70 and "unexpected ValueError: on duty" in failed.stderr
    assert process("later", PYTHONPATH=str(folder)).returncode == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["list"],
        ["list", "plugins"],
        ["plugins"],
        ["doctor"],
        ["disable", "bomb"],
        ["enable", "bomb"],
        ["prefer", "layers/Dense", "bomb"],
        ["stubs"],
        ["--version"],
    ],
)
def test_the_commands_of_recovery_import_no_plugin(
    process: Callable[..., Any], distribution: Callable[..., Path], tmp_path: Path, arguments: list[str]
) -> None:
    mark = "from pathlib import Path\nPath(__file__).with_suffix('.mark').touch()\nraise SystemExit('imported')\n"
    folder = distribution("bomb", "bomb", mark, {"kcore.layers": {"Dense": "bomb:D"}, "kcore.plugins": {"b": "bomb"}})
    variables = {"PYTHONPATH": str(folder), "KCORE_CONFIG": str(tmp_path / "switches.toml")}
    done = process(*arguments, **variables, python=("-X", "importtime"))
    assert done.returncode == 0
    assert not (folder / "bomb.mark").exists()
    assert not [line for line in done.stderr.splitlines() if line.rpartition("|")[2].strip().startswith("kcore_")]
    # The mark is what importing leaves.
    process("info", "layers/bomb>Dense", **variables)
    assert (folder / "bomb.mark").exists() or arguments[0] == "disable"
