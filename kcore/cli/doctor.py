"""``kcore doctor``: the environment, the plugins, what is wrong with them, and what a saved model needs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kcore.cli.families import known_families
from kcore.cli.findings import Finding, broken, findings, merged, ordered
from kcore.cli.group import EXIT_ERROR, Command
from kcore.cli.listing import records_of
from kcore.cli.needed import check_suffix
from kcore.cli.output import print_json, print_table
from kcore.errors.plain_text import printable

if TYPE_CHECKING:
    from kcore.cli.load_check import Outcome
    from kcore.cli.needed import Needed
    from kcore.registry import Record

_STYLES = {
    "broken": "red",
    "hanging": "red",
    "clashing": "red",
    "incompatible": "red",
    "unreadable": "red",
    "switches": "red",
    "missing": "red",
    "available": "green",
    "shadowed": "yellow",
    "disabled": "yellow",
}
_MOST_NAMES = 6
_SLOWEST = 5


@click.command(cls=Command, short_help="What is installed, what is wrong with it, and what a saved model needs.")
@click.argument("file", required=False, callback=check_suffix, metavar="[FILE]")
@click.option("--load", is_flag=True, help="Import every component (with FILE: those it needs), in other processes.")
@click.option(
    "--seconds",
    type=click.FloatRange(min=0, min_open=True),
    default=10.0,
    show_default=True,
    help="With --load: how long the import of a component may take.",
)
@click.option("--json", "as_json", is_flag=True, help="All of it as a JSON object.")
def doctor(file: Path | None, load: bool, seconds: float, as_json: bool) -> None:
    """Report the environment, the distributions, and each plugin that is broken, hanging, clashing, incompatible,
    shadowed or disabled: with the cause, the distribution, and the next step.

    With FILE, a model saved as .h5 or .json: every component it names, whether that is installed, from which
    distribution, with which it was saved, and what to install if it is not. Nothing of the file is run.

    No plugin is imported, so that what fails when imported is not seen. --load imports all of them, in other processes
    and with a time limit for each, and reports what fails or hangs. The exit code is 1 if something does not work.

    \b
    Examples:
      kcore doctor
      kcore doctor runs/digits.h5
      kcore doctor --load --seconds 30
    """
    from kcore.cli.environment_facts import environment_facts
    from kcore.cli.plugins import distributions

    # Before anything is looked up, which writes the index.
    facts = environment_facts()
    found = _without_bad_switches()
    records = [record for family in known_families() for record in records_of(family)]
    found += findings(records)
    needed = None
    if file is not None:
        from kcore.cli.needed import what_it_needs

        needed = what_it_needs(file)
    outcomes = None
    if load:
        outcomes = _load(records if needed is None else [one.record for one in needed if one.record], seconds)
        failed = [broken(one.record, one.problem, hanging=one.hanging) for one in outcomes if one.problem is not None]
        found = ordered([*found, *merged(failed)])
    plugins = distributions()
    if as_json:
        report = {
            "environment": facts,
            "distributions": [asdict(plugin) for plugin in plugins],
            "findings": [asdict(one) for one in found],
            "file": None if needed is None or file is None else _file_data(file, needed),
            "loaded": None if outcomes is None else [_outcome_data(one) for one in outcomes],
        }
        print_json(report)
    else:
        _show(facts, plugins, found)
        if outcomes is not None:
            _show_loaded(outcomes)
        if needed is not None and file is not None:
            _show_file(file, needed)
    if any(one.serious for one in found) or any(one.problem for one in needed or ()):
        raise click.exceptions.Exit(EXIT_ERROR)


def _without_bad_switches() -> list[Finding]:
    """Findings about switches that cannot be understood, which are then taken as not set, to see the rest."""
    from kcore.errors.registry import SwitchError, SwitchFileError
    from kcore.registry.switches import PLUGINS, PREFER, switches

    found: list[Finding] = []
    # One error hides the next: a file and two variables may be wrong.
    for _ in range(3):
        try:
            switches.policy()
        except SwitchFileError as error:
            os.environ["KCORE_CONFIG"] = "off"
            found.append(Finding("switches", "", "", (error.path,), error.problem, "repair or remove the file"))  # type: ignore[attr-defined]
        except SwitchError as error:
            name = PLUGINS if error.switch == PLUGINS else PREFER  # type: ignore[attr-defined]
            os.environ.pop(name, None)
            found.append(Finding("switches", "", "", (name,), str(error), f"correct or unset {name}"))
    return found


def _load(records: Sequence[Record], seconds: float) -> list[Outcome]:
    from kcore.cli.load_check import load_all

    usable = [record for record in records if record.state in ("available", "shadowed")]
    return load_all(list(dict.fromkeys(usable)), seconds)


def _outcome_data(outcome: Outcome) -> dict[str, Any]:
    return {
        "family": outcome.record.family,
        "name": outcome.record.qualified,
        "seconds": outcome.seconds,
        "problem": outcome.problem,
        "hanging": outcome.hanging,
    }


def _file_data(file: Path, needed: Sequence[Needed]) -> dict[str, Any]:
    components = [
        {
            "family": one.need.family,
            "name": one.need.name,
            "place": one.need.place,
            "state": one.state,
            "distribution": one.record.distribution if one.record else None,
            "version": one.record.version if one.record else None,
            "problem": one.problem,
            "install": one.install,
            "saved_with": one.saved._asdict() if one.saved else None,
        }
        for one in needed
    ]
    return {"path": str(file), "components": components}


def _show(facts: dict[str, str], plugins: Sequence[Any], found: Sequence[Finding]) -> None:
    from kcore.cli.plugins import counted

    _heading("Environment")
    for label, value in facts.items():
        click.echo(f"  {label + ':':<12} {value}")
    _heading(f"Distributions ({len(plugins)})")
    rows = [
        [one.distribution, one.version, one.api or "(not said)", one.state, counted(one.families), ", ".join(one.hooks)]
        for one in plugins
    ]
    print_table(["Distribution", "Version", "Plugin API", "State", "Components", "Hooks"], rows, _STYLES)
    _heading(f"Findings ({len(found)})")
    for one in found:
        kind = click.style(f"{one.kind:<12}", fg=_STYLES[one.kind])
        click.echo(f"  {kind} {f'{one.distribution} {one.version}: '.lstrip(' :')}{_names(one.names)}")
        click.echo(f"  {'':<12} {one.cause}")
        click.echo(f"  {'':<12} Next: {one.advice}")
    if not found:
        click.echo("  Nothing is wrong with the plugins, as far as can be seen.")


def _show_loaded(outcomes: Sequence[Outcome]) -> None:
    good = [one for one in outcomes if one.seconds is not None]
    _heading(f"Loaded {len(good)} of {len(outcomes)}")
    slowest = sorted(good, key=lambda one: -(one.seconds or 0))[:_SLOWEST]
    for one in slowest:
        click.echo(f"  {(one.seconds or 0) * 1e3:8.1f} ms  {one.record.family}/{one.record.qualified}")


def _show_file(file: Path, needed: Sequence[Needed]) -> None:
    _heading(f"What {file} needs ({len(needed)})")
    rows = [
        [
            f"{one.need.family}/{printable(one.need.name)}",
            one.state,
            f"{one.record.distribution} {one.record.version}" if one.record else "",
            str(one.saved or ""),
            printable(one.need.place),
            printable(one.problem or "", 1000),
        ]
        for one in needed
    ]
    print_table(["Component", "State", "From", "Saved with", "First named at", "Problem"], rows, _STYLES)
    if not needed:
        click.echo("  No component: the file holds weights alone.")
    install = sorted({one.install for one in needed if one.install})
    if install:
        strange = any(one.install and one.only_saved for one in needed)
        trust = " (the file names them: install only what you trust)" if strange else ""
        click.echo(f"Next: pip install {' '.join(install)}{trust}")
    elif not any(one.problem for one in needed):
        click.echo("Everything that it needs is installed.")


def _heading(text: str) -> None:
    click.echo("\n" + click.style(text, bold=True))


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_MOST_NAMES])
    return shown if len(names) <= _MOST_NAMES else f"{shown} and {len(names) - _MOST_NAMES} more"
