"""Timing of many equal calls."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

WARM_UP = 20


def median_microseconds(call: Callable[[], object], count: int) -> float:
    """The median over so many calls, each timed alone, after a few that are not."""
    for _ in range(WARM_UP):
        call()
    times = []
    for _ in range(count):
        start = time.perf_counter_ns()
        call()
        times.append(time.perf_counter_ns() - start)
    return statistics.median(times) / 1e3
