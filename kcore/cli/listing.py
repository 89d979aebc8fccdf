"""``kcore list``: every component by name, from metadata alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from kcore.cli.families import FAMILY, HOOKS, known_families
from kcore.cli.group import Command
from kcore.cli.output import print_json, print_table, tell

if TYPE_CHECKING:
    from kcore.registry import Record

COLUMNS = ("family", "name", "distribution", "version", "state", "reason")
STYLES = {"available": "green", "broken": "red", "shadowed": "yellow", "disabled": "yellow", "local": "cyan"}


@click.command("list", cls=Command, short_help="What is installed: names, distributions, versions, states.")
@click.argument("family", type=FAMILY, required=False)
@click.option("--json", "as_json", is_flag=True, help="A JSON array with an object for each component.")
def list_(family: str | None, as_json: bool) -> None:
    """List the components that are installed, or those of one FAMILY (the family plugins: modules with hooks).

    Each with the distribution that brings it, its version, and its state: available; broken (its plugin cannot
    work; the reason says why); shadowed (another distribution has the bare name; distribution>Name reaches it);
    disabled (by KCORE_PLUGINS); local (registered by running code). No plugin is imported.

    \b
    Examples:
      kcore list
      kcore list layers
      kcore list --json | python -m json.tool
    """
    from kcore.registry import unreadable

    records = [record for name in ([family] if family else known_families()) for record in records_of(name)]
    for where, why in unreadable():
        tell("Warning", f"metadata in {where} could not be read: {why}")
    if as_json:
        print_json([as_data(record) for record in records])
        return
    print_table([name.capitalize() for name in COLUMNS], [_row(record) for record in records], STYLES)
    click.echo(_totals(records))


def records_of(family: str) -> list[Record]:
    """What there is in a family, or, for ``plugins``, the modules with hooks."""
    from kcore.registry import hook_records, registry

    return hook_records() if family == HOOKS else registry(family).records(check=True)


def as_data(record: Record) -> dict[str, Any]:
    """A record as an object for JSON."""
    return {name: getattr(record, name) for name in (*COLUMNS, "entry_point")}


def _row(record: Record) -> list[str]:
    return [str(getattr(record, name) or "") for name in COLUMNS]


def _totals(records: Sequence[Record]) -> str:
    states = Counter(record.state for record in records)
    distributions = {record.distribution for record in records}
    found = f"{len(records)} components from {len(distributions)} distributions"
    other = ", ".join(f"{count} {state}" for state, count in states.items() if state != "available")
    return f"{found} ({other})" if other else found
