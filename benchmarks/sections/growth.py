"""How kcore's costs grow with batch, depth and width, what an equation costs, and what tracing costs."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from typing import Any

from benchmarks.libraries import KCORE
from benchmarks.session import Session
from benchmarks.tables import first_problem, mark, number, problem, table

NAME = "growth"
TITLE = "How the cost of a step grows (kcore alone)"
DEPTH = 1

SWEEPS = {
    "batch": [1, 4, 16, 64, 256, 1024],
    "depth": [2, 5, 20, 50, 100, 200],
    "width": [16, 32, 64, 128, 256, 512, 1024, 2048],
    "overhead": [2, 5, 20, 50, 100, 200],
    "trace_sgd": [200],
    "trace_adam": [200],
}
TEXTS = {
    "batch": "Batch: four Dense layers of 64 units",
    "depth": "Depth: Dense layers of 64 units, batch 32",
    "width": "Width: two Dense layers, batch 32",
}
EPOCH_MS = 150
OVERHEAD_TARGET_US = 2.0
TRACE_TARGET_MS = 1000.0


def measure(session: Session) -> Iterator[dict[str, Any]]:
    """Each sweep in a process of its own, as often as everything is repeated; yields one sweep after another."""
    for sweep, all_sizes in SWEEPS.items():
        epoch_ms, sizes = (5, [min(size, 16) for size in all_sizes[:2]]) if session.quick else (EPOCH_MS, all_sizes)
        results = []
        for _ in range(session.repeats):
            results.append(session.run(KCORE, "growth_kcore.py", sweep, epoch_ms, *sizes))
            session.say("growth", sweep, problem(results[-1]) or "done")
        failed = first_problem(results)
        rows = failed or {"rows": [medians([found["rows"][place] for found in results]) for place in range(len(sizes))]}
        yield {sweep: {"run": session.started, **rows}}


def medians(rows: list[dict[str, float]]) -> dict[str, float]:
    """The median of every value of the same row in several processes."""
    return {key: statistics.median(row[key] for row in rows) for key in rows[0]}


def render(about: dict[str, Any], data: dict[str, Any]) -> list[str]:
    """A table for every sweep."""
    lines = ["Training steps within `fit`, Adam, mean squared error, relu, two threads."]
    for sweep, text in TEXTS.items():
        if sweep in data:
            lines += ["", f"### {text}{mark(data[sweep], about)}", "", *sweep_table(sweep, data[sweep])]
    if "overhead" in data:
        lines += ["", f"### What an equation costs{mark(data['overhead'], about)}", "", *overhead(data["overhead"])]
    lines += tracing(data, about)
    return lines


def sweep_table(sweep: str, found: dict[str, Any]) -> list[str]:
    """Time and equations by size."""
    if problem(found):
        return [problem(found)]
    rows = []
    for row in found["rows"]:
        rate = row["gflop"] / row["ms"] * 1e3
        computing = row["equations"] - row["views"]
        counts = [f"{row['equations']:.0f}", f"{row['views']:.0f}"]
        rows.append(
            [f"{row['size']:.0f}", number(row["ms"]), *counts, number(row["ms"] * 1e3 / computing), number(rate)]
        )
    return table([sweep, "ms/step", "equations", "of them views", "µs per computing equation", "GFLOP/s"], rows)


def overhead(found: dict[str, Any]) -> list[str]:
    """Networks in which the arithmetic is nearly nothing."""
    if problem(found):
        return [problem(found)]
    rows = []
    for row in found["rows"]:
        computing = row["equations"] - row["views"]
        rows.append(
            [f"{row['size']:.0f}", number(row["ms"] * 1e3), f"{computing:.0f}", number(row["ms"] * 1e3 / computing)]
        )
    first, last = found["rows"][0], found["rows"][-1]
    more = (last["equations"] - last["views"]) - (first["equations"] - first["views"])
    slope = (
        f" From the first row to the last: {number((last['ms'] - first['ms']) * 1e3 / more)} µs per equation."
        if more
        else ""
    )
    bare = statistics.median(row["bare_us"] for row in found["rows"])
    return [
        "Dense layers of two units, batch 1: time per step over the equations that compute. The calls of NumPy are in "
        f"it; an addition of two numbers into an array that exists takes {number(bare)} µs by itself. Target: at "
        f"most {OVERHEAD_TARGET_US:.0f} µs.{slope}",
        "",
        *table(["depth", "µs/step", "computing equations", "µs per equation"], rows),
    ]


def tracing(data: dict[str, Any], about: dict[str, Any]) -> list[str]:
    """What the first step takes beyond a later one."""
    rows = []
    for optimizer, label in {"trace_sgd": "SGD", "trace_adam": "Adam"}.items():
        found = data.get(optimizer)
        if found is None:
            continue
        name = f"{label}{mark(found, about)}"
        if problem(found):
            rows.append([name, problem(found), "", "", "", "", ""])
            continue
        for row in found["rows"]:
            times = [row["building_ms"], row["first_ms"], row["later_ms"], row["first_ms"] - row["later_ms"]]
            rows.append([name, f"{row['size']:.0f}", f"{row['equations']:.0f}", *map(number, times)])
    if not rows:
        return []
    head = ["optimizer", "layers", "equations", "building, ms", "first `fit`, ms", "later one, ms", "difference, ms"]
    return [
        "",
        "### Tracing, differentiating, planning",
        "",
        "Dense layers of 64 units; a `fit` of one step of batch 32, the first and a later one. Target for the "
        f"difference: less than {TRACE_TARGET_MS:.0f} ms.",
        "",
        *table(head, rows),
    ]
