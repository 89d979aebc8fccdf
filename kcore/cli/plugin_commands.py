"""Commands that plugins add through the hook ``kcore_cli_commands``."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import click


def added_commands(own: Collection[str]) -> tuple[dict[str, click.Command], list[str]]:
    """The commands of all plugins by name, and what went wrong with some of them.

    Each plugin is asked on its own and adds to a group of its own, so that one that fails takes nothing else with it.
    A name that is kcore's own stays kcore's; one that two plugins add is left out.
    """
    from kcore.registry import hooks

    found: dict[str, tuple[str, click.Command]] = {}
    clashes: set[str] = set()
    problems: list[str] = []
    # Without any hook module this is a plain function, which has no implementations.
    implementations: list[Any] = getattr(hooks().kcore_cli_commands, "get_hookimpls", list)()
    for implementation in sorted(implementations, key=lambda one: str(one.plugin_name)):
        plugin = str(implementation.plugin_name)
        group = click.Group()
        try:
            implementation.function(*(group for name in implementation.argnames if name == "group"))
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # A plugin that calls sys.exit() is broken, too.
            problems.append(f"the commands of {plugin} are left out: {type(error).__name__}: {error}")
            continue
        for name, command in group.commands.items():
            if name in own:
                problems.append(f"the command {name!r} of {plugin} is left out: kcore has one of that name")
            elif name in found:
                clashes.add(name)
                problems.append(f"the command {name!r} is left out: {found[name][0]} and {plugin} both add it")
            else:
                found[name] = plugin, command
    return {name: command for name, (_, command) in found.items() if name not in clashes}, problems
