"""``kcore plugins``: the distributions that bring something for kcore."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

import click

from kcore.cli.group import Command
from kcore.cli.output import print_json, print_table

if TYPE_CHECKING:
    from kcore.registry import Record

_STYLES = {"available": "green", "disabled": "yellow", "incompatible": "red"}


@dataclass
class Plugin:
    """One distribution.

    Attributes:
        api: the range of the plugin API that it declares; None if it declares none.
        state: ``available``, ``disabled`` or ``incompatible``; reason: why.
        families: how many names it has in each family; hooks: its hook modules by name.
    """

    distribution: str
    version: str
    api: str | None
    state: str = "available"
    reason: str | None = None
    families: dict[str, int] = field(default_factory=dict)
    hooks: list[str] = field(default_factory=list)


@click.command(cls=Command, short_help="The installed distributions: versions, plugin API, what they bring.")
@click.option("--json", "as_json", is_flag=True, help="A JSON array with an object for each distribution.")
@click.option("--requirements", is_flag=True, help="A line NAME==VERSION for each, as pip install -r reads it.")
def plugins(as_json: bool, requirements: bool) -> None:
    """List the distributions that bring components or hooks, and the core itself. No plugin is imported.

    Each with its version, the plugin API that it was made for, how many names it has in which family, and its hook
    modules. (kcore list plugins lists those modules.)

    \b
    Examples:
      kcore plugins
      kcore plugins --requirements > requirements.txt
    """
    found = distributions()
    if requirements:
        for plugin in found:
            click.echo(f"{plugin.distribution}=={plugin.version}")
    elif as_json:
        print_json([asdict(plugin) for plugin in found])
    else:
        from kcore.registry.api import supported

        headings = ["Distribution", "Version", "Plugin API", "State", "Components", "Hooks", "Reason"]
        print_table(headings, [_row(plugin) for plugin in found], _STYLES)
        click.echo(f"{len(found)} distributions; the plugin API of this kcore is {supported()}")


def distributions() -> list[Plugin]:
    """Every distribution with an entry point for kcore, by name; the core itself first."""
    from kcore import __version__
    from kcore.registry import FAMILIES, hook_records, registry
    from kcore.registry.api import declared_api, incompatible, supported
    from kcore.registry.catalogue import catalogue
    from kcore.registry.families import CORE_DISTRIBUTION, LOCAL, normalised
    from kcore.registry.switches import switches

    versions = {CORE_DISTRIBUTION: __version__, **catalogue.versions()}
    records = [record for family in FAMILIES for record in registry(family).records()] + hook_records()
    by_name: dict[str, list[Record]] = {}
    for record in records:
        if record.distribution != LOCAL:
            by_name.setdefault(record.distribution, []).append(record)
    policy = switches.policy()
    found = []
    for name, version in versions.items():
        declared = declared_api(name)
        plugin = Plugin(name, version, None if declared is None else declared.text)
        if name == CORE_DISTRIBUTION:
            plugin.api = supported()
        refusal, misfit = policy.refusal(name), incompatible(name)
        if refusal is not None or misfit is not None:
            plugin.state = "incompatible" if refusal is None else "disabled"
            plugin.reason = refusal or misfit
        own = by_name.get(name, [])
        plugin.families = dict(Counter(record.family for record in own if record.family in FAMILIES))
        plugin.hooks = [record.name for record in own if record.family not in FAMILIES]
        found.append(plugin)
    return sorted(found, key=lambda plugin: (plugin.distribution != CORE_DISTRIBUTION, normalised(plugin.distribution)))


def counted(families: Mapping[str, int]) -> str:
    """``layers 3, losses 2``."""
    return ", ".join(f"{family} {count}" for family, count in families.items())


def _row(plugin: Plugin) -> list[str]:
    components, hooks = counted(plugin.families), ", ".join(plugin.hooks)
    return [
        plugin.distribution,
        plugin.version,
        plugin.api or "(not said)",
        plugin.state,
        components,
        hooks,
        plugin.reason or "",
    ]
