"""The group of commands: how errors end, and how plugins add commands without being able to break the others."""

from __future__ import annotations

import os
import sys
import traceback
import warnings
from dataclasses import dataclass, field
from typing import Any, NoReturn

import click

from kcore.cli.output import tell
from kcore.cli.plugin_commands import added_commands
from kcore.errors.base import KcoreError
from kcore.errors.warnings import KcoreWarning

EXIT_ERROR = 1
EXIT_DEFECT = 70
EXIT_INTERRUPTED = 130


@dataclass
class Settings:
    """What is said once for the whole command line."""

    debug: bool = False
    told: set[str] = field(default_factory=set)


def _set_debug(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value:
        context.ensure_object(Settings).debug = True


def debug_option() -> click.Option:
    """``--debug``, for the group and for each command, so that it may stand at either place."""
    return click.Option(
        ["--debug"],
        is_flag=True,
        expose_value=False,
        is_eager=True,
        callback=_set_debug,
        help="Show the traceback of an error.",
    )


class Command(click.Command):
    """A command that also takes ``--debug``."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.params.append(debug_option())


class App(click.Group):
    """The commands of kcore, and behind them those that plugins add.

    Plugins are asked for commands only when a command is not one of kcore's own, or when all are listed: the
    commands that find out what is wrong with a plugin never run one.
    """

    command_class = Command

    def list_commands(self, context: click.Context) -> list[str]:
        added = self._added(context)
        return [*self.commands, *(name for name in sorted(added) if name not in self.commands)]

    def get_command(self, context: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in self.commands:
            return self.commands[cmd_name]
        return self._added(context).get(cmd_name)

    def _added(self, context: click.Context) -> dict[str, click.Command]:
        commands, problems = added_commands(self.commands)
        told = context.ensure_object(Settings).told
        for problem in problems:
            if problem not in told:
                told.add(problem)
                tell("Warning", problem)
        return commands

    def main(self, *args: Any, **options: Any) -> NoReturn:
        """Run, tell errors in a sentence on standard error, and exit with a code that says of which kind."""
        settings = Settings()
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning(warnings.showwarning)
            try:
                code = super().main(*args, **{**options, "standalone_mode": False, "obj": settings})
                sys.stdout.flush()
            except click.ClickException as error:
                error.show()
                code = error.exit_code
            except (KeyboardInterrupt, click.Abort):
                # click has ended the line already.
                click.echo("Interrupted.", err=True)
                code = EXIT_INTERRUPTED
            except KcoreError as error:
                if settings.debug:
                    traceback.print_exc()
                else:
                    tell("Error", "\n".join([str(error), *getattr(error, "__notes__", ())]))
                code = EXIT_ERROR
            except BrokenPipeError:
                # The reader (head, less) has seen enough. Python would complain once more when it closes stdout.
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                code = EXIT_ERROR
            except Exception as error:
                if settings.debug:
                    traceback.print_exc()
                else:
                    tell("Error", _unexpected(error))
                code = EXIT_DEFECT
        sys.exit(code if isinstance(code, int) else 0)


def _unexpected(error: Exception) -> str:
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    advice = "This is a defect, in kcore or in a plugin. Run the same command with --debug for the traceback."
    return f"unexpected {what}\n{advice}"


def _show_warning(shown_else: Any) -> Any:
    def show(message: Any, category: Any, filename: str, lineno: int, file: Any = None, line: Any = None) -> None:
        if isinstance(message, KcoreWarning):
            tell("Warning", str(message))
        else:
            shown_else(message, category, filename, lineno, file, line)

    return show
