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
STYLES = {
    "available": "green",
    "broken": "red",
    "shadowed": "yellow",
    "disabled": "yellow",
    "incompatible": "red",
    "local": "cyan",
}


@click.command("list", cls=Command, short_help="What is installed: names, distributions, versions, states.")
@click.argument("chosen", type=FAMILY, required=False, metavar="[FAMILY]")
@click.option("--family", "families", type=FAMILY, multiple=True, help="Only this family; may be repeated.")
@click.option(
    "--dist", "dists", metavar="DISTRIBUTION", multiple=True, help="Only what this one brings; may be repeated."
)
@click.option(
    "--state",
    "states",
    type=click.Choice(list(STYLES)),
    multiple=True,
    help="Only what is in this state; may be repeated.",
)
@click.option("--json", "as_json", is_flag=True, help="A JSON array with an object for each component.")
def list_(
    chosen: str | None, families: tuple[str, ...], dists: tuple[str, ...], states: tuple[str, ...], as_json: bool
) -> None:
    """List the components that are installed, or those of one FAMILY (the family plugins: modules with hooks).

    Each with the distribution that brings it, its version, and its state: available; broken (its plugin cannot
    work; the reason says why); shadowed (another distribution has the bare name; distribution>Name reaches it);
    disabled (by KCORE_PLUGINS, or with kcore disable); incompatible (made for another plugin API); local (registered
    by running code). No plugin is imported.

    \b
    Examples:
      kcore list
      kcore list layers
      kcore list --dist kcore-losses --state shadowed
      kcore list --json | python -m json.tool
    """
    from kcore.registry import unreadable
    from kcore.registry.families import normalised

    asked = [*([chosen] if chosen else []), *families]
    wanted = set(map(normalised, dists))
    records = [
        record
        for family in (known_families() if not asked else dict.fromkeys(asked))
        for record in records_of(family)
        if (not dists or normalised(record.distribution) in wanted) and (not states or record.state in states)
    ]
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
