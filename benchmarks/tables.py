"""Numbers and tables in Markdown."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from typing import Any

OTHER_RUN = "†"
"""Marks a row of an earlier run than the others'."""


def number(value: float | None) -> str:
    """Three significant digits, and never an exponent."""
    if value is None:
        return ""
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3
    return f"{value:.{digits}f}"


def ratio(value: float | None) -> str:
    """Two digits after the point, or three for a small one."""
    return "" if value is None else f"{value:.{2 if value >= 0.1 else 3}f}"


def mebibytes(kibibytes: float | None) -> str:
    """MiB without digits after the point."""
    return "" if kibibytes is None else f"{kibibytes / 1024:.0f}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], texts: int = 1) -> list[str]:
    """A table of which the first ``texts`` columns are texts, and the others numbers."""
    rules = ["---"] * texts + ["--:"] * (len(head) - texts)
    body = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    return [_line(head), f"|{'|'.join(rules)}|", *map(_line, body)]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def median_of(results: Iterable[dict[str, Any]], key: str) -> float | None:
    """The median of a value over the results that have it; ``None`` if none has."""
    values = [result[key] for result in results if key in result]
    return statistics.median(values) if values else None


def problem(entry: dict[str, Any]) -> str:
    """What a row says instead of numbers: empty if it has numbers."""
    if "missing" in entry:
        return f"kcore has no {entry['missing']} yet"
    return f"failed: {entry['error'][:160]}" if "error" in entry else ""


def first_problem(results: Iterable[dict[str, Any]]) -> dict[str, Any] | None:
    """The first result that is none."""
    return next((result for result in results if "error" in result or "missing" in result), None)


def padded(cells: Sequence[str], length: int) -> list[str]:
    """Cells filled up with empty ones."""
    return [*cells, *[""] * (length - len(cells))]


def measured(about: dict[str, Any]) -> str:
    """One line about the run that a section's numbers are from."""
    if not about:
        return "Not measured yet."
    commit = f", commit {about['commit']}" if about.get("commit") else ""
    quick = " **A quick run of few steps, which says only that everything works.**" if about.get("quick") else ""
    return (
        f"Measured {about['started']}{commit}, Python {about['python']}, {about['machine']}, {about['processors']} "
        f"processors, load before it {about['load']}.{quick}"
    )


def mark(entry: dict[str, Any], about: dict[str, Any]) -> str:
    """A dagger where an entry is not from the section's last run."""
    return "" if entry.get("run") == about.get("started") else f" {OTHER_RUN}"
