"""From the start of a process to a trained small network and the end of the process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.libraries import KCORE, LIBRARIES
from benchmarks.session import Session
from benchmarks.tables import first_problem, mark, median_of, number, padded, problem, ratio, table

NAME = "cold_start"
TITLE = "From start to trained"
DEPTH = 1

STEPS = 500
PROCESSES = 5
TARGET = 5.0


def measure(session: Session) -> Iterator[dict[str, Any]]:
    """Whole processes, in turn; one each goes before, so that files are in the system's caches."""
    count, steps = (1, 10) if session.quick else (max(PROCESSES, session.repeats), STEPS)
    results: dict[str, list[dict[str, Any]]] = {library.name: [] for library in session.libraries}
    for number_of_round in range(count + 1):
        for library in session.libraries:
            found = session.seconds(library, f"cold_{library.worker}.py", steps)
            session.say("cold start", library.name, problem(found) or f"{found['seconds']:.2f} s")
            if number_of_round or problem(found):
                results[library.name].append(found)
    kcore = median_of(results.get(KCORE.name, []), "seconds")
    yield {name: {"run": session.started, **summary(found, steps, kcore)} for name, found in results.items()}


def summary(results: list[dict[str, Any]], steps: int, kcore: float | None) -> dict[str, Any]:
    """What is kept of one library's processes."""
    failed = first_problem(results)
    if failed:
        return failed
    values = [found["seconds"] for found in results]
    return {
        "median_s": median_of(results, "seconds"),
        "min_s": min(values),
        "max_s": max(values),
        "processes": len(values),
        "steps": steps,
        "kcore_s": kcore,
    }


def render(about: dict[str, Any], data: dict[str, Any]) -> list[str]:
    """One table, and whether the target is met."""
    rows, steps = [], STEPS
    times_slower = {}
    for name, library in LIBRARIES.items():
        if name not in data:
            continue
        entry = data[name]
        label = f"{library.label}{mark(entry, about)}"
        if problem(entry):
            rows.append([label, *padded([problem(entry)], 4)])
            continue
        steps = entry["steps"]
        if name != KCORE.name and entry["kcore_s"]:
            times_slower[name] = entry["median_s"] / entry["kcore_s"]
        rows.append(
            [label, *(number(entry[key]) for key in ("median_s", "min_s", "max_s")), ratio(times_slower.get(name))]
        )
    keras = [quotient for name, quotient in times_slower.items() if name.startswith("keras")]
    verdict = f" Here: {min(keras):.1f}." if keras else ""
    return [
        f"A whole process: start, import, build the network of `tiny_mlp`, train one epoch of {steps} steps, exit. In "
        f"turn, wall time. Target: the fastest Keras takes at least {TARGET:.0f} times as long as kcore.{verdict}",
        "",
        *table(["library", "median s", "min", "max", "its time / kcore's"], rows),
    ]
