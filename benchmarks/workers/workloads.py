"""The benchmark's workloads as plain facts, shared by all workers so that each builds the same network."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

# Layers: ("conv", filters, padding) is 3x3 with relu, ("pool",) is 2x2, ("dense", units) has relu, ("output", units) has none
# or, for more than one unit, a softmax that belongs to the loss.
WORKLOADS: dict[str, dict[str, Any]] = {
    "tiny_mlp": {
        "input": (20,),
        "batch": 32,
        "steps": 500,
        "optimizer": "adam",
        "layers": [("dense", 64), ("dense", 64), ("output", 1)],
    },
    "mlp_mnist": {
        "input": (784,),
        "batch": 128,
        "steps": 100,
        "optimizer": "rmsprop",
        "layers": [("dense", 512), ("dropout", 0.2), ("dense", 512), ("dropout", 0.2), ("output", 10)],
    },
    "cnn_mnist": {
        "input": (28, 28, 1),
        "batch": 128,
        "steps": 12,
        "optimizer": "adadelta",
        "layers": [
            ("conv", 32, "valid"),
            ("conv", 64, "valid"),
            ("pool",),
            ("dropout", 0.25),
            ("flatten",),
            ("dense", 128),
            ("dropout", 0.5),
            ("output", 10),
        ],
    },
    "cnn_cifar": {
        "input": (32, 32, 3),
        "batch": 32,
        "steps": 25,
        "optimizer": "rmsprop",
        "layers": [
            ("conv", 32, "same"),
            ("conv", 32, "valid"),
            ("pool",),
            ("dropout", 0.25),
            ("conv", 64, "same"),
            ("conv", 64, "valid"),
            ("pool",),
            ("dropout", 0.25),
            ("flatten",),
            ("dense", 512),
            ("dropout", 0.5),
            ("output", 10),
        ],
    },
}

EPOCHS = 4
"""The first one is not counted: it traces, plans, and warms the caches."""


def outputs(name: str) -> int:
    """Units of the last layer: 1 for a regression, else the number of classes."""
    units: int = WORKLOADS[name]["layers"][-1][1]
    return units


def data(name: str) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Random inputs and labels; the arithmetic does not depend on what they show."""
    facts = WORKLOADS[name]
    rng = np.random.default_rng(0)
    samples = facts["batch"] * facts["steps"]
    x = rng.random((samples, *facts["input"]), np.float32)
    classes = outputs(name)
    return x, rng.random((samples, 1), np.float32) if classes == 1 else rng.integers(0, classes, samples)


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
