"""Whether the components that a file names are installed, and what to install for those that are not."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

if TYPE_CHECKING:
    from kcore.models.needs import Need
    from kcore.registry import Record
    from kcore.registry.provenance import Origin, Origins


class Needed(NamedTuple):
    """One component that a file names.

    Attributes:
        state: that of its record, or ``missing``.
        record: what the name means here, if anything.
        problem: why it cannot be had; None if it can.
        install: what to give pip to have it, if it is not installed and that is known.
        saved: who provided it when the file was saved, if the file says so.
        only_saved: whether nobody but the file says so.
    """

    need: Need
    state: str
    record: Record | None
    problem: str | None
    install: str | None
    saved: Origin | None
    only_saved: bool = False


def check_suffix(context: click.Context, parameter: click.Parameter, value: str | None) -> Path | None:
    """The path, if its suffix is one that can be looked into."""
    if value is None:
        return None
    if Path(value).suffix.lower() not in (".h5", ".hdf5", ".json"):
        raise click.BadParameter(f"{value!r} does not end in .h5, .hdf5 or .json.", context, parameter)
    return Path(value)


def what_it_needs(file: Path) -> list[Needed]:
    """Every component that the file names. Imports no plugin."""
    from kcore.saving.needs import needs_of

    return answers(*needs_of(file))


def answers(needs: Iterable[Need], origins: Origins) -> list[Needed]:
    """What each name means here."""
    from kcore.errors.base import KcoreError
    from kcore.models.missing import described
    from kcore.registry import registry
    from kcore.registry.loading import ModuleFinder

    finder = ModuleFinder()
    found = []
    for need in needs:
        saved = origins.get((need.family, need.name))
        try:
            record = registry(need.family).resolve(need.name)
        except KcoreError as error:
            one = described(need, error, origins)
            said = one.reason if one.from_file and one.state == "missing" else str(error)
            found.append(Needed(need, one.state, None, said, one.install, saved, one.from_file))
            continue
        problem = None if record.state == "local" else finder.problem(record.entry_point)
        found.append(Needed(need, record.state if problem is None else "broken", record, problem, None, saved))
    return found
