"""Whether the components that a file names are installed, and what to install for those that are not."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from kcore.cli.file_needs import Need, needs_of

if TYPE_CHECKING:
    from kcore.registry import Record


class Needed(NamedTuple):
    """One component that a file names.

    Attributes:
        state: that of its record, or ``missing``.
        record: what the name means here, if anything.
        problem: why it cannot be had; None if it can.
        install: the first-party distribution that has it, if that is not installed.
    """

    need: Need
    state: str
    record: Record | None
    problem: str | None
    install: str | None


def what_it_needs(file: Path) -> list[Needed]:
    """Every component that the file names. Imports no plugin."""
    return answers(needs_of(file))


def answers(needs: Iterable[Need]) -> list[Needed]:
    """What each name means here."""
    from kcore.errors.base import KcoreError
    from kcore.registry import registry
    from kcore.registry.loading import ModuleFinder

    finder = ModuleFinder()
    found = []
    for need in needs:
        try:
            record = registry(need.family).resolve(need.name)
        except KcoreError as error:
            state = {
                "AmbiguousComponentError": "clashing",
                "BrokenComponentError": "broken",
                "DisabledComponentError": "disabled",
                "IncompatibleComponentError": "incompatible",
            }.get(type(error).__name__, "missing")
            provider = getattr(error, "provider", None)
            install = provider if provider and getattr(error, "provider_version", None) is None else None
            found.append(Needed(need, state, None, str(error), install))
            continue
        problem = None if record.state == "local" else finder.problem(record.entry_point)
        found.append(Needed(need, record.state if problem is None else "broken", record, problem, None))
    return found
