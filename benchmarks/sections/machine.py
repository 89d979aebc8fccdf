"""The machine: what it is, and the limits of what NumPy can get out of it."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.libraries import KCORE
from benchmarks.session import Session
from benchmarks.tables import mark, number, problem, table

NAME = "machine"
TITLE = "The machine"
DEPTH = 0


def processor_name() -> str:
    """What the processor calls itself."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown"


def caches() -> list[str]:
    """Level, kind and size of each cache of the first processor."""
    found = []
    for folder in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        level, kind, size = ((folder / name).read_text().strip() for name in ("level", "type", "size"))
        shared = (folder / "shared_cpu_list").read_text().strip()
        found.append(f"L{level} {kind.lower()} {size} (processors {shared})")
    return found


def memory_gib() -> float:
    """Main memory."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def measure(session: Session) -> Iterator[dict[str, Any]]:
    """The limits with one and with two threads."""
    size, mebibytes, repeats = (256, 16, 2) if session.quick else (1024, 256, 10)
    limits = {}
    for threads in (1, 2):
        limits[str(threads)] = session.run(
            KCORE, "machine_limits.py", threads, size, mebibytes, repeats, threads=threads
        )
        session.say("machine", threads, "threads", limits[str(threads)])
    yield {
        "run": session.started,
        "processor": processor_name(),
        "system": f"{platform.system()} {platform.release()}",
        "cores": os.cpu_count(),
        "memory_gib": memory_gib(),
        "caches": caches(),
        "size": size,
        "mebibytes": mebibytes,
        "limits": limits,
    }


def render(about: dict[str, Any], data: dict[str, Any]) -> list[str]:
    """A line about the machine, and its limits."""
    rows = []
    for threads, found in data["limits"].items():
        values = [number(found.get(key)) for key in ("gemm_gflops", "copy_gbs", "triad_gbs")]
        rows.append([f"{threads}{mark(data, about)} {problem(found)}".strip(), *values])
    return [
        f"{data['processor']}, {data['cores']} processors, {data['memory_gib']:.1f} GiB of memory, {data['system']}. "
        f"Caches: {', '.join(data['caches']) or 'unknown'}.",
        "",
        *table(
            [
                "threads",
                f"float32 product {data['size']}x{data['size']}, GFLOP/s",
                "copy, GB/s",
                "triad, GB/s",
            ],
            rows,
        ),
        "",
        f"By NumPy, the best of several; copy and triad (a = b + s c) over arrays of {data['mebibytes']} MiB, counted "
        "as STREAM counts: two and three arrays.",
    ]
