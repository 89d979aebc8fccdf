"""A training step through ``fit``, on every workload."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from typing import Any

from benchmarks.libraries import KCORE, LIBRARIES
from benchmarks.session import Session
from benchmarks.tables import (
    first_problem,
    mark,
    mebibytes,
    median_of,
    number,
    padded,
    problem,
    ratio,
    table,
)
from benchmarks.training_plan import FURTHER, PLAN

NAME = "training"
TITLE = "A training step, through `fit`"
DEPTH = 2

EPOCHS = 3
QUICK_EPOCHS = 1


def measure(session: Session) -> Iterator[dict[str, Any]]:
    """Every library on every workload, in turn; yields one workload after another."""
    for workload in session.workloads:
        plan = PLAN[workload]
        steps, epochs = (max(2, plan.steps // 10), QUICK_EPOCHS) if session.quick else (plan.steps, EPOCHS)
        results: dict[str, list[dict[str, Any]]] = {library.name: [] for library in session.libraries}
        for _ in range(session.repeats):
            for library in session.libraries:
                if first_problem(results[library.name]):
                    continue
                found = session.run(library, f"train_{library.worker}.py", workload, steps, epochs)
                if "epochs_ms" in found:
                    found["median_ms"] = statistics.median(found["epochs_ms"])
                    found["min_ms"] = min(found["epochs_ms"])
                results[library.name].append(found)
                session.say(workload, library.name, problem(found) or f"{found['median_ms']:.3f} ms/step")
        kcore = summary(results[KCORE.name], session.started, None) if KCORE.name in results else {}
        reference = kcore.get("median_ms")
        yield {workload: {name: summary(found, session.started, reference) for name, found in results.items()}}


def summary(results: list[dict[str, Any]], run: str, kcore_ms: float | None) -> dict[str, Any]:
    """What is kept of one library's processes; ``kcore_ms`` is kcore's median in the same run."""
    failed = first_problem(results)
    if failed:
        return {"run": run, **failed}
    return {
        "run": run,
        "version": results[0]["version"],
        "median_ms": median_of(results, "median_ms"),
        "min_ms": min(result["min_ms"] for result in results),
        "first_step_ms": median_of(results, "first_step_ms"),
        "peak_kib": median_of(results, "peak_kib"),
        "medians_ms": [result["median_ms"] for result in results],
        "kcore_ms": kcore_ms,
    }


def against(entry: dict[str, Any]) -> float | None:
    """kcore's time over the peer's, both of one run."""
    if not entry.get("kcore_ms") or "median_ms" not in entry:
        return None
    return float(entry["kcore_ms"] / entry["median_ms"])


def render(about: dict[str, Any], data: dict[str, Any]) -> list[str]:
    """A block for every workload."""
    epochs = QUICK_EPOCHS if about["quick"] else EPOCHS
    lines = [
        f"float32, two threads for everybody, shuffling and batching in it, loss only. Medians of {about['repeats']} "
        f"processes, each the median of {epochs} epochs after the first. First step: a `fit` on one batch, with "
        "tracing or compiling. Memory: the most that the process ever had (VmHWM). Keras and PyTorch with their "
        "defaults, PyTorch eager with a loop by hand. kcore / peer below 1: kcore is faster.",
    ]
    for workload, plan in PLAN.items():
        if workload in data:
            lines += ["", f"### {workload}", "", f"{plan.text}{FURTHER if plan.target is None else ''}", ""]
            lines += block(data[workload], about)
    return lines


def block(found: dict[str, dict[str, Any]], about: dict[str, Any]) -> list[str]:
    """The table of one workload."""
    rows = []
    for name, library in LIBRARIES.items():
        if name in found:
            entry = found[name]
            label = f"{library.label} {entry.get('version', '')}".strip() + mark(entry, about)
            quotient = None if name == KCORE.name else against(entry)
            rows.append([label, *(padded([problem(entry)], 5) if problem(entry) else cells(entry, quotient))])
    return table(["library", "median ms/step", "min", "first step, ms", "peak memory, MiB", "kcore / peer"], rows)


def cells(entry: dict[str, Any], quotient: float | None) -> list[str]:
    """The numbers of one row."""
    times = [number(entry[key]) for key in ("median_ms", "min_ms", "first_step_ms")]
    return [*times, mebibytes(entry["peak_kib"]), ratio(quotient)]


def render_summary(data: dict[str, Any]) -> list[str]:
    """kcore beside the fastest peer of every workload, and the target."""
    rows = []
    for workload, plan in PLAN.items():
        if workload not in data:
            continue
        found = data[workload]
        kcore = found.get(KCORE.name, {})
        peers = {name: entry for name, entry in found.items() if name != KCORE.name and "median_ms" in entry}
        target = "" if plan.target is None else f"{plan.target:.1f}"
        if not peers:
            rows.append([workload, problem(kcore) or number(kcore.get("median_ms")), "", "", "", target, ""])
            continue
        fastest = min(peers, key=lambda name: relative_time(peers[name]))
        quotient = against(peers[fastest])
        met = "" if plan.target is None or quotient is None else "yes" if quotient <= plan.target else "no"
        own = peers[fastest].get("kcore_ms") or kcore.get("median_ms")
        row = [workload, problem(kcore) or number(own), LIBRARIES[fastest].label]
        rows.append([*row, number(peers[fastest]["median_ms"]), ratio(quotient), target, met])
    return table(["workload", "kcore, ms/step", "fastest peer", "its ms/step", "kcore / it", "target", "met"], rows)


def relative_time(entry: dict[str, Any]) -> float:
    """A time that can be compared between peers even if they were measured in different runs."""
    quotient = against(entry)
    return float(entry["median_ms"]) if quotient is None else 1 / quotient
