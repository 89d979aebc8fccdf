"""The memory that training a convolutional network takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.libraries import KCORE, LIBRARIES
from benchmarks.session import Session
from benchmarks.tables import first_problem, mark, mebibytes, median_of, padded, problem, ratio, table
from benchmarks.training_plan import PLAN

NAME = "memory"
TITLE = "Memory of training"
DEPTH = 1

WORKLOAD = "cnn_mnist"
KEYS = ("imported_kib", "ready_kib", "peak_kib")


def measure(session: Session) -> Iterator[dict[str, Any]]:
    """Train in a process of its own for each library, in turn."""
    steps = 2 if session.quick else PLAN[WORKLOAD].steps
    results: dict[str, list[dict[str, Any]]] = {library.name: [] for library in session.libraries}
    for _ in range(session.repeats):
        for library in session.libraries:
            found = session.run(library, f"train_{library.worker}.py", WORKLOAD, steps, 1)
            results[library.name].append(found)
            session.say("memory", library.name, problem(found) or f"{found['peak_kib'] / 1024:.0f} MiB")
    entries = {}
    for name, found_by in results.items():
        failed = first_problem(found_by)
        values = failed or {key: median_of(found_by, key) for key in KEYS}
        entries[name] = {"run": session.started, "version": found_by[0].get("version", ""), **values}
    reference = entries.get(KCORE.name, {}).get("peak_kib")
    yield {name: {**entry, "kcore_kib": reference} for name, entry in entries.items()}


def render(about: dict[str, Any], data: dict[str, Any]) -> list[str]:
    """One table."""
    rows = []
    for name, library in LIBRARIES.items():
        if name not in data:
            continue
        entry = data[name]
        label = f"{library.label} {entry['version']}{mark(entry, about)}"
        if problem(entry):
            rows.append([label, *padded([problem(entry)], 5)])
            continue
        imported, ready, peak = (entry[key] for key in KEYS)
        quotient = None if name == KCORE.name or not entry["kcore_kib"] else entry["kcore_kib"] / peak
        sizes = [mebibytes(value) for value in (imported, ready, peak, peak - ready)]
        rows.append([label, *sizes, ratio(quotient)])
    return [
        f"`{WORKLOAD}` ({PLAN[WORKLOAD].text}), resident memory in MiB: after the imports, with data and network, and "
        "the most that the process ever had (VmHWM). Target: kcore's peak is at most PyTorch's.",
        "",
        *table(
            ["library", "after imports", "before training", "peak", "peak over before", "kcore's peak / its"],
            rows,
        ),
    ]
