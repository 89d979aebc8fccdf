"""What importing takes, and what installing brings."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from typing import Any

from benchmarks.environments import InstallationError, installed_bytes
from benchmarks.libraries import KCORE, LIBRARIES, Library
from benchmarks.session import Session
from benchmarks.tables import first_problem, mark, number, padded, problem, ratio, table

NAME = "imports"
TITLE = "Import and installation"
DEPTH = 1

PROCESSES = 20
PEER_PROCESSES = 5
# -P: what lies in the current folder is not imported.
PROGRAM = """
import time
{before}
start = time.perf_counter()
import {module}
print('{{"ms":', (time.perf_counter() - start) * 1e3, '}}')
"""


def measure(session: Session) -> Iterator[dict[str, Any]]:
    """Import times in fresh processes, in turn, and the sizes of the environments."""
    count = 2 if session.quick else PROCESSES
    times: dict[str, list[dict[str, Any]]] = {}

    def add(name: str, library: Library, module: str, before: str = "") -> None:
        program = PROGRAM.format(before=before, module=module)
        times.setdefault(name, []).append(session.run_python(library, "-P", "-c", program))

    for number_of_round in range(count + 1):
        add("numpy", KCORE, "numpy")
        add("over_numpy", KCORE, "kcore", "import numpy")
        for library in session.libraries:
            # The peers take seconds.
            if library == KCORE or number_of_round <= (1 if session.quick else PEER_PROCESSES):
                add(library.name, library, library.module)
    session.say("imports", f"{count} processes")
    # The first round filled the system's caches.
    entries = {name: {"run": session.started, **timed(found[1:])} for name, found in times.items()}
    for library in session.libraries:
        if library != KCORE or not session.in_place:
            entries[library.name] |= sizes(session, library)
    yield entries


def timed(found: list[dict[str, Any]]) -> dict[str, Any]:
    """The statistics of one import."""
    failed = first_problem(found)
    if failed:
        return failed
    values = [entry["ms"] for entry in found]
    return {
        "median_ms": statistics.median(values),
        "min_ms": min(values),
        "max_ms": max(values),
        "processes": len(values),
    }


def sizes(session: Session, library: Library) -> dict[str, Any]:
    """What a library's environment weighs."""
    try:
        session.python(library)
    except InstallationError:
        return {}
    parts = installed_bytes(library.folder)
    own = sum(size for name, size in parts.items() if name.startswith(library.module))
    return {"bytes": sum(parts.values()), "own_bytes": own, "requirements": list(library.requirements)}


def render(about: dict[str, Any], data: dict[str, Any]) -> list[str]:
    """Times, then sizes."""
    rows = []
    for name, code in {"numpy": "`import numpy`", "over_numpy": "`import kcore` after it"}.items():
        if name in data:
            rows.append([code + mark(data[name], about), *times_of(data[name])])
    for name, library in LIBRARIES.items():
        if name in data:
            label = f"`import {library.module}`" + ("" if name in (KCORE.name, "torch") else f" ({library.label})")
            rows.append([label + mark(data[name], about), *times_of(data[name])])
    lines = [
        "Each import in a process of its own, in turn. `import kcore` imports little, and the rest when it is first "
        "used: what that comes to is part of the time from start to trained.",
        "",
        *table(["import", "median ms", "min", "max", "processes"], rows),
    ]
    sized = {name: data[name] for name in LIBRARIES if "bytes" in data.get(name, {})}
    if not sized:
        return lines
    kcore = sized.get(KCORE.name, {}).get("bytes")
    rows = []
    for name, entry in sized.items():
        quotient = kcore / entry["bytes"] if kcore and name != KCORE.name else None
        label = f"{LIBRARIES[name].label}{mark(entry, about)}"
        what = ", ".join(entry["requirements"]) + (", kcore and its plugins" if name == KCORE.name else "")
        megabytes = [number(entry[key] / 1e6) for key in ("bytes", "own_bytes")]
        rows.append([label, what, *megabytes, ratio(quotient)])
    return [
        *lines,
        "",
        "What a fresh environment holds after installing: all files of its packages, compiled Python included, without "
        "pip and setuptools.",
        "",
        *table(["environment", "asked for", "MB", "of it the library itself", "kcore / peer"], rows, texts=2),
    ]


def times_of(entry: dict[str, Any]) -> list[str]:
    """The cells of one import."""
    if problem(entry):
        return padded([problem(entry)], 4)
    return [*(number(entry[key]) for key in ("median_ms", "min_ms", "max_ms")), str(entry["processes"])]
