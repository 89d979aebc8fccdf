"""What importing a component costs and changes, and whether its distribution declares what it imports."""

from __future__ import annotations

import functools
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from kcore.registry import Record
from kcore.registry.families import normalised

IMPORT_SECONDS: Final = 1.0
"""Processor time that importing a component may take beyond NumPy and kcore: what a user waits for at the first use."""
_PROGRAM: Final = "from kcore.testing.import_worker import main; main()"
_LIMIT: Final = 300.0
# Extras that no user of a component installs.
_FOR_AUTHORS: Final = ("test", "tests", "testing", "lint", "dev", "docs", "doc")


@dataclass(frozen=True)
class Imported:
    """What came of one import.

    Attributes:
        problem: why there is nothing to tell; empty if all went well.
        seconds: of processor time.
        changes: what it changed for everybody, in sentences.
        modules: the top-level modules that came with it.
    """

    problem: str = ""
    seconds: float = 0.0
    changes: Sequence[str] = ()
    modules: Sequence[str] = ()


class ImportProbe:
    """Imports some components in a process of their own, once, when the first of them is asked for."""

    def __init__(self, records: Sequence[Record]) -> None:
        self._records = list(records)
        self._found: dict[tuple[str, str], Imported] | None = None

    def of(self, record: Record) -> Imported:
        """What came of a record's import, after those before it in the list."""
        if self._found is None:
            found = _imported(self._records)
            self._found = {(one.family, one.qualified): fact for one, fact in zip(self._records, found, strict=True)}
        return self._found[record.family, record.qualified]


def _imported(records: Sequence[Record]) -> list[Imported]:
    task = {"path": sys.path, "items": [[record.family, record.qualified] for record in records]}
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    process = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    try:
        output, errors = process.communicate(json.dumps(task), timeout=_LIMIT)
        ending = f"ended the process (exit code {process.returncode}) {_last_line(errors)}".strip()
    except subprocess.TimeoutExpired:
        process.kill()
        output, _ = process.communicate()
        ending = f"did not end within {_LIMIT:g} s"
    facts: dict[int, Imported] = {}
    current = -1
    for line in output.splitlines():
        event = json.loads(line)
        if event[0] == "begin":
            current = event[1]
        else:
            facts[event[1]] = Imported(**event[2])
    found = []
    for number in range(len(records)):
        other = f"was not tried: an import before it {ending}"
        found.append(facts.get(number) or Imported(f"the import {ending}" if number == max(current, 0) else other))
    return found


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else ""


def check_import_cost(fact: Imported) -> None:
    """Importing the component takes at most `IMPORT_SECONDS`."""
    assert not fact.problem, fact.problem
    assert fact.seconds <= IMPORT_SECONDS, (
        f"the import takes {fact.seconds:.1f} s of processor time, {IMPORT_SECONDS:g} s are the most; it brings the"
        f" modules {', '.join(fact.modules)}: import what is slow in the function that needs it"
    )


def check_import_effects(fact: Imported) -> None:
    """Importing the component changes nothing for others: no seed, no setting, no filter, no thread, no output."""
    assert not fact.problem, fact.problem
    assert not fact.changes, f"the import changes what all code shares: {'; '.join(fact.changes)}"


def check_declared(fact: Imported, distribution: str) -> None:
    """Whatever is imported comes from a distribution that this one requires, itself or through others."""
    assert not fact.problem, fact.problem
    allowed = _required(distribution)
    owners = _owners()
    for module in fact.modules:
        provided = {normalised(name) for name in owners.get(module, [])}
        assert not provided or provided & allowed, (
            f"the import brings the module {module!r} of {', '.join(sorted(provided))}, which {distribution} does not"
            " declare among its dependencies"
        )


@functools.cache
def _owners() -> dict[str, list[str]]:
    """Top-level modules to the distributions that have them."""
    import importlib.metadata

    return {module: list(names) for module, names in importlib.metadata.packages_distributions().items()}


@functools.cache
def _required(distribution: str) -> frozenset[str]:
    """The distribution and all that it requires, directly or not, by normalised names."""
    found: set[tuple[str, str]] = set()
    # Its own extras are declared, too; those of others only where they are asked for.
    todo = [(normalised(distribution), extra) for extra in ("", *_extras(distribution))]
    while todo:
        one = todo.pop()
        if one not in found:
            found.add(one)
            todo += _requirements(*one)
    return frozenset(name for name, _ in found)


def _extras(distribution: str) -> list[str]:
    import importlib.metadata

    try:
        extras = importlib.metadata.metadata(distribution).get_all("Provides-Extra") or []
    except importlib.metadata.PackageNotFoundError:
        return []
    return [extra for extra in extras if extra not in _FOR_AUTHORS]


def _requirements(distribution: str, extra: str) -> Iterator[tuple[str, str]]:
    """What a distribution requires of itself, or for one of its extras: names, and extras of these."""
    import importlib.metadata

    try:
        lines: Any = importlib.metadata.requires(distribution)
    except importlib.metadata.PackageNotFoundError:
        return
    for line in lines or ():
        needed = re.search(r"extra\s*==\s*['\"]([^'\"]+)", line)
        match = re.match(r"([A-Za-z0-9._-]+)\s*(?:\[([^\]]*)\])?", line)
        if match and (needed[1] if needed else "") == extra:
            for asked in ("", *filter(None, re.split(r"[\s,]+", match[2] or ""))):
                yield normalised(match[1]), asked
