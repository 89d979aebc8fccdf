"""The benchmark's workloads as plain facts, shared by all workers so that each builds the same network."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

WORKLOADS: dict[str, dict[str, Any]] = {
    "mlp_mnist": {
        "input": (784,),
        "batch": 128,
        "steps": 100,
        "optimizer": "rmsprop",
    },
    "cnn_mnist": {
        "input": (28, 28, 1),
        "batch": 128,
        "steps": 12,
        "optimizer": "adam",
    },
}

EPOCHS = 4
"""The first one is not counted: it traces, plans, and warms the caches."""


def data(name: str) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Random images and labels; the arithmetic does not depend on what they show."""
    facts = WORKLOADS[name]
    rng = np.random.default_rng(0)
    samples = facts["batch"] * facts["steps"]
    return rng.random((samples, *facts["input"]), np.float32), rng.integers(0, 10, samples)


def report(name: str, peer: str, version: str, epoch: Callable[[], object]) -> None:
    """Time whole epochs, shuffling and batching included, and print milliseconds per step as JSON."""
    times = []
    for _ in range(EPOCHS):
        start = time.perf_counter()
        epoch()
        times.append((time.perf_counter() - start) / WORKLOADS[name]["steps"] * 1e3)
    result = {
        "workload": name,
        "peer": peer,
        "version": version,
        "first_epoch_ms": times[0],
        "median_ms": statistics.median(times[1:]),
        "min_ms": min(times[1:]),
    }
    json.dump(result, sys.stdout)
