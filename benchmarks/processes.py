"""Processes that measure: each in its library's environment, on the same two processors, with two threads."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.libraries import ROOT, Library

WORKERS = Path(__file__).resolve().parent / "workers"
THREADS = 2
SECONDS = 1800
"""A worker that runs longer than this is ended, and its row says so."""

# What a library does with its threads is its own affair. JAX has no such variable: it counts processors.
COUNTS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu"}
# The settings of somebody's shell change no measurement.
FOREIGN = ("PYTHON", "KCORE_", "KERAS_", "TF_", "JAX_", "XLA_", "TORCH_", "VIRTUAL_ENV")


def variables(library: Library, threads: int = THREADS) -> dict[str, str]:
    """The environment of a library's processes."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    counts = dict.fromkeys(COUNTS, str(threads))
    return {**kept, **counts, **QUIET, "KERAS_HOME": str(library.folder / "keras"), **library.variables}


def core_of(processor: int) -> str:
    """The physical core of a processor; the processor itself where Linux does not say."""
    siblings = Path(f"/sys/devices/system/cpu/cpu{processor}/topology/thread_siblings_list")
    return siblings.read_text().strip() if siblings.exists() else str(processor)


def keep_to_two_processors() -> None:
    """Let this process and its children run on two processors only, of different cores if possible."""
    if not hasattr(os, "sched_getaffinity"):
        return
    available = sorted(os.sched_getaffinity(0))
    if len(available) > THREADS:
        one_of_each = {core_of(processor): processor for processor in reversed(available)}
        chosen = sorted(one_of_each.values())
        os.sched_setaffinity(0, (chosen if len(chosen) >= THREADS else available)[:THREADS])


def plain(text: str) -> str:
    """A text of a process without the paths of this machine."""
    return text.replace(str(ROOT), "<kcore>").replace(str(Path.home()), "~")


def failure(kind: str, stderr: str | bytes | None) -> dict[str, Any]:
    """What is kept of a process that gave no result."""
    text = stderr.decode(errors="replace") if isinstance(stderr, bytes) else stderr or ""
    lines = [line for line in plain(text).strip().splitlines() if line.strip()]
    return {"error": f"{kind}: {lines[-1].strip()}" if lines else kind, "stderr": lines[-20:]}


def run(python: Path, library: Library, arguments: list[str], threads: int = THREADS) -> dict[str, Any]:
    """The JSON object that a process prints in its last line, or ``error`` and ``stderr``."""
    environment = variables(library, threads)
    try:
        done = subprocess.run(
            [python, *arguments], capture_output=True, text=True, env=environment, cwd=WORKERS, timeout=SECONDS
        )
    except subprocess.TimeoutExpired as error:
        return failure(f"ended after {SECONDS} s", error.stderr)
    if done.returncode:
        return failure(f"exit code {done.returncode}", done.stderr)
    try:
        result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    except (ValueError, IndexError):
        return failure("printed no result", done.stderr)
    return result


def wall_seconds(python: Path, library: Library, arguments: list[str]) -> dict[str, Any]:
    """Seconds from the start of a process to its end, or ``error`` and ``stderr``."""
    environment: Mapping[str, str] = variables(library)
    start = time.perf_counter()
    try:
        done = subprocess.run([python, *arguments], capture_output=True, env=environment, cwd=WORKERS, timeout=SECONDS)
    except subprocess.TimeoutExpired as error:
        return failure(f"ended after {SECONDS} s", error.stderr)
    seconds = time.perf_counter() - start
    return failure(f"exit code {done.returncode}", done.stderr) if done.returncode else {"seconds": seconds}
