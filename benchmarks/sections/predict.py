"""``predict`` of a single row: what the framework adds to the arithmetic."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.libraries import KCORE, LIBRARIES, Library
from benchmarks.session import Session
from benchmarks.tables import first_problem, mark, mebibytes, median_of, number, padded, problem, ratio, table

NAME = "predict"
TITLE = "`predict` of one row"
DEPTH = 1

CALLS = {"kcore": 2000, "torch": 2000, "keras": 100}
MEMORY_CALLS = 10_000
TARGET_US = 60.0
KEYS = ("predict_us", "by_hand_us", "by_hand_one_thread_us", "before_kib", "after_kib", "calls", "memory_calls")


def arguments(session: Session, library: Library) -> list[int]:
    """The counts of calls that the library's worker is given."""
    calls = 20 if session.quick else CALLS[library.worker]
    return [calls, 100 if session.quick else MEMORY_CALLS] if library == KCORE else [calls]


def measure(session: Session) -> Iterator[dict[str, Any]]:
    """Every library in turn."""
    results: dict[str, list[dict[str, Any]]] = {library.name: [] for library in session.libraries}
    for _ in range(session.repeats):
        for library in session.libraries:
            found = session.run(library, f"predict_{library.worker}.py", *arguments(session, library))
            results[library.name].append(found)
            session.say("predict", library.name, problem(found) or f"{found['predict_us']:.1f} us")
    reference = median_of(results.get(KCORE.name, []), "predict_us")
    entries = {}
    for name, found_by in results.items():
        values = first_problem(found_by) or {key: median_of(found_by, key) for key in KEYS if key in found_by[0]}
        entries[name] = {"run": session.started, "version": found_by[0].get("version", ""), **values}
        entries[name]["kcore_us"] = reference
    yield entries


def render(about: dict[str, Any], data: dict[str, Any]) -> list[str]:
    """kcore beside the arithmetic, then beside its peers."""
    lines = [
        "The network 784-512-512-10 (relu, softmax), one row of a float32 array, medians over calls timed one by one.",
        "",
    ]
    kcore = data.get(KCORE.name, {})
    if "predict_us" in kcore:
        by_hand = min(kcore["by_hand_us"], kcore["by_hand_one_thread_us"])
        overhead = kcore["predict_us"] - by_hand
        lines += [
            f"kcore takes {number(kcore['predict_us'])} µs, the same arithmetic by hand in NumPy, into outputs that "
            f"exist, {number(kcore['by_hand_us'])} µs ({number(kcore['by_hand_one_thread_us'])} µs with BLAS on one "
            f"thread). **The framework adds {number(overhead)} µs**; the target is less than {TARGET_US:.0f} µs. "
            f"Resident memory before and after {kcore['memory_calls']:.0f} calls: {mebibytes(kcore['before_kib'])} and "
            f"{mebibytes(kcore['after_kib'])} MiB ({kcore['after_kib'] - kcore['before_kib']:+.0f} KiB); the target "
            "is none more.",
            "",
        ]
    rows = []
    for name, library in LIBRARIES.items():
        if name in data:
            entry = data[name]
            label = f"{library.label} {entry['version']}{mark(entry, about)}"
            rows.append([label, *(padded([problem(entry)], 3) if problem(entry) else cells(name, entry))])
    return [*lines, *table(["library", "median µs", "calls", "kcore / peer"], rows)]


def cells(name: str, entry: dict[str, Any]) -> list[str]:
    """The numbers of one row."""
    quotient = None if name == KCORE.name or not entry["kcore_us"] else entry["kcore_us"] / entry["predict_us"]
    return [number(entry["predict_us"]), f"{entry['calls']:.0f}", ratio(quotient)]
