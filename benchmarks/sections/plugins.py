"""What finding names takes when hundreds of distributions are installed."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.distributions import NAMES, install_many
from benchmarks.libraries import KCORE
from benchmarks.session import Session
from benchmarks.tables import first_problem, mark, number, padded, problem, table

NAME = "plugins"
TITLE = "Names among hundreds of distributions (kcore alone)"
DEPTH = 1

PROCESSES = 20
COUNT = 600
LOOKUP_MS = 15.0
LISTING_MS = 100.0
KEYS = ("import_ms", "view_ms", "lookup_ms", "list_ms", "check_ms")


def measure(session: Session) -> Iterator[dict[str, Any]]:
    """Fresh processes, the cases in turn, each with a folder of made-up distributions and an index of its own."""
    count, processes = (20, 2) if session.quick else (COUNT, PROCESSES)
    cases = {"none": (0, 0), "others": (count, 0), "plugins": (count, count)}
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in cases}
    with tempfile.TemporaryDirectory(prefix="kcore-bench-") as place:
        for name, (distributions, plugins) in cases.items():
            install_many(Path(place) / name, distributions, plugins)
        # What has changed this instant is not indexed.
        time.sleep(0.2)
        for _ in range(processes + 1):
            for name in cases:
                folders = [str(Path(place) / name), str(Path(place) / f"{name}-cache")]
                found[name].append(session.run(KCORE, "plugins_kcore.py", *folders))
    session.say("plugins", f"{processes} processes each")
    yield {
        name: {"run": session.started, "distributions": cases[name][0], "plugins": cases[name][1], **summary(results)}
        for name, results in found.items()
    }


def summary(results: list[dict[str, Any]]) -> dict[str, Any]:
    """What is kept of a case: the first process writes the index, the others use it."""
    failed = first_problem(results)
    if failed:
        return failed
    cold, warm = results[0], results[1:]
    medians = {key: statistics.median(entry[key] for entry in warm) for key in KEYS}
    most = max(entry["lookup_ms"] for entry in warm)
    rest = {"names": cold["names"], "cold_ms": cold["lookup_ms"], "lookup_max_ms": most, "processes": len(warm)}
    return {**medians, **rest, "scans": sum(entry["scanned"] for entry in warm)}


def render(about: dict[str, Any], data: dict[str, Any]) -> list[str]:
    """One table, and whether the targets are met."""
    rows = []
    for entry in data.values():
        label = f"{entry['distributions']}, {entry['plugins']} of them plugins{mark(entry, about)}"
        if problem(entry):
            rows.append([label, *padded([problem(entry)], 8)])
            continue
        cells = [entry[key] for key in ("import_ms", "view_ms", "lookup_ms", "lookup_max_ms", "list_ms", "check_ms")]
        rows.append([label, str(entry["names"]), *map(number, cells), number(entry["cold_ms"])])
    worst = data.get("plugins", {})
    verdict = ""
    if "lookup_ms" in worst:
        met = worst["lookup_ms"] < LOOKUP_MS and max(worst["list_ms"], worst["check_ms"]) < LISTING_MS
        verdict = f" In the last row: {'met' if met else 'not met'}."
    return [
        f"Distributions beside kcore's own; a plugin has {NAMES} names. Each row: fresh processes, the index written, "
        "medians. The first lookup is that of `Dense` when `kcore.layers` is imported, and imports no layer. A listing "
        "is of all families, after that; the check also looks whether each module exists. Without an index, the first "
        f"lookup reads all metadata. Targets: a first lookup in less than {LOOKUP_MS:.0f} ms, a listing in less than "
        f"{LISTING_MS:.0f} ms.{verdict}",
        "",
        *table(
            [
                "distributions",
                "names",
                "`import kcore`, ms",
                "`import kcore.layers` after it, ms",
                "first lookup, ms",
                "slowest",
                "listing, ms",
                "listing with check, ms",
                "first lookup without index, ms",
            ],
            rows,
        ),
    ]
