"""How commands show things: tables for people, JSON for programs."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click

# A table that goes to a file or a pipe is never folded.
WIDE = 100_000


def tell(kind: str, text: str) -> None:
    """A line on standard error; ``kind`` is "Error" or "Warning"."""
    click.echo(f"{click.style(f'{kind}:', fg='red' if kind == 'Error' else 'yellow', bold=True)} {text}", err=True)


def print_json(value: Any, *, indent: int | None = 2) -> None:
    """The value as JSON on standard output; numbers that JSON cannot say (NaN, infinities) become null."""
    click.echo(json.dumps(_sayable(value), indent=indent, ensure_ascii=False, allow_nan=False))


def _sayable(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _sayable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_sayable(item) for item in value]
    return value


def print_table(headings: Sequence[str], rows: Sequence[Sequence[str]], styles: Mapping[str, str]) -> None:
    """A table; cells that are keys of ``styles`` are coloured, empty columns left out."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = [column for column in range(len(headings)) if any(row[column] for row in rows)]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in shown:
        table.add_column(headings[column], overflow="fold")
    for row in rows:
        # Text, not markup: a name or reason with brackets stays as it is.
        table.add_row(*(Text(row[column], style=styles.get(row[column], "")) for column in shown))
    console = Console() if sys.stdout.isatty() else Console(width=WIDE)
    if rows:
        console.print(table)


def number(value: float) -> str:
    """Four decimals, or powers of ten where these would show nothing."""
    return f"{value:.4f}" if value == 0 or not math.isfinite(value) or 1e-3 <= abs(value) < 1e6 else f"{value:.4e}"


def results_line(what: str, samples: int, results: Mapping[str, float]) -> str:
    """``Test data (360 samples): loss 0.0510, accuracy 0.9861``."""
    listed = ", ".join(f"{name} {number(value)}" for name, value in results.items())
    return f"{what} ({samples} sample{'' if samples == 1 else 's'}): {listed}"
