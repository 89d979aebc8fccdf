"""Timing of training: the first step alone, then whole epochs."""

from __future__ import annotations

import itertools
import json
import sys
import time
from collections.abc import Callable
from typing import Any

from process_memory import status


def epoch_clock(base: type) -> Any:
    """A callback that notes the time at the end of every epoch; ``base`` is the library's own class of callbacks.

    It listens to nothing that happens within an epoch, so that no batch waits for it.
    """

    class EpochClock(base):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.times: list[float] = []

        def on_train_begin(self, logs: Any = None) -> None:
            self.times.append(time.perf_counter())

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.times.append(time.perf_counter())

    return EpochClock()


def milliseconds(call: Callable[[], object]) -> float:
    """What a call takes."""
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1e3


def spans(times: list[float], steps: int) -> list[float]:
    """Milliseconds per step of each epoch, from the times at which epochs began and ended."""
    return [(after - before) / steps * 1e3 for before, after in itertools.pairwise(times)]


def report(version: str, imported: int, ready: int, first_step: float, epochs: list[float]) -> None:
    """Print the results of a worker as JSON. The first epoch is not counted: it warms the caches.

    Args:
        version: of the library.
        imported, ready: KiB that the process had after the imports, and with data and network.
        first_step: milliseconds.
        epochs: milliseconds per step in each epoch.
    """
    result = {
        "version": version,
        "first_step_ms": first_step,
        "first_epoch_ms": epochs[0],
        "epochs_ms": epochs[1:],
        "imported_kib": imported,
        "ready_kib": ready,
        "peak_kib": status("VmHWM"),
    }
    json.dump(result, sys.stdout)
