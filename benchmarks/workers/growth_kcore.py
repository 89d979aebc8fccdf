"""How the cost of a training step grows in kcore: ``growth_kcore.py SWEEP EPOCH_MS SIZE...``.

Sweeps: ``batch``, ``depth`` and ``width`` of networks of Dense layers; ``overhead``, the depth of networks so narrow that
there is hardly any arithmetic in them; ``trace_sgd`` and ``trace_adam``, what the first step of a network of that depth
takes beyond a later one.
"""

from __future__ import annotations

import json
import statistics
import sys
from typing import Any

import numpy as np
from calls import median_microseconds
from epochs import epoch_clock, milliseconds, spans

import kcore
from kcore.layers import Dense

SAMPLES = 65536
"""An epoch is made of as many steps as fill its time, but has no more samples than this."""
EPOCHS = 3


def network(depth: int, width: int, optimizer: str) -> Any:
    """So many hidden layers of one width, and one output."""
    x = inputs = kcore.Input((width,))
    for _ in range(depth):
        x = Dense(width, activation="relu")(x)
    model = kcore.Model(inputs, Dense(1)(x))
    model.compile(optimizer, "mse")
    return model


def data(samples: int, width: int) -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    return rng.random((samples, width), np.float32), rng.random((samples, 1), np.float32)


def step_cost(depth: int, width: int, batch: int, epoch_ms: int) -> dict[str, float]:
    """Milliseconds of a step within ``fit``, and the equations of its program."""
    model = network(depth, width, "adam")
    x, y = data(batch * 4, width)
    model.fit(x, y, batch_size=batch, verbose=0)
    guess = milliseconds(lambda: model.fit(x, y, batch_size=batch, verbose=0)) / 4
    steps = max(4, min(int(epoch_ms / guess), SAMPLES // batch))
    x, y = data(batch * steps, width)
    clock = epoch_clock(kcore.callbacks.Callback)
    model.fit(x, y, batch_size=batch, epochs=EPOCHS + 1, verbose=0, callbacks=[clock])
    explanation = kcore.explain(model, x, y, batch_size=batch, runs=1)
    return {
        "ms": statistics.median(spans(clock.times, steps)[1:]),
        "equations": explanation.equations,
        "views": explanation.views,
        "gflop": explanation.operations / 1e9,
    }


def trace_cost(depth: int, optimizer: str) -> dict[str, float]:
    """The first step of a network of 64 units a layer, and a later one, each with a ``fit`` of its own."""
    building = milliseconds(lambda: network(depth, 64, optimizer))
    model = network(depth, 64, optimizer)
    x, y = data(32, 64)
    first = milliseconds(lambda: model.fit(x, y, batch_size=32, verbose=0))
    later = statistics.median(milliseconds(lambda: model.fit(x, y, batch_size=32, verbose=0)) for _ in range(5))
    explanation = kcore.explain(model, x, y, batch_size=32, runs=1)
    return {"building_ms": building, "first_ms": first, "later_ms": later, "equations": explanation.equations}


def bare_addition() -> dict[str, float]:
    """What NumPy itself takes for an addition of two numbers into an array that exists."""
    a = np.ones((1, 2), np.float32)
    out = np.empty_like(a)

    def thousand() -> None:
        for _ in range(1000):
            np.add(a, a, out)

    return {"bare_us": median_microseconds(thousand, 20) / 1000}


def measured(sweep: str, size: int, epoch_ms: int) -> dict[str, float]:
    match sweep:
        case "batch":
            return step_cost(4, 64, size, epoch_ms)
        case "depth":
            return step_cost(size, 64, 32, epoch_ms)
        case "width":
            return step_cost(2, size, 32, epoch_ms)
        case "overhead":
            return step_cost(size, 2, 1, epoch_ms) | bare_addition()
        case "trace_sgd" | "trace_adam":
            return trace_cost(size, sweep.removeprefix("trace_"))
    raise ValueError(sweep)


def main(sweep: str, epoch_ms: int, sizes: list[int]) -> None:
    rows = [{"size": size, **measured(sweep, size, epoch_ms)} for size in sizes]
    json.dump({"version": kcore.__version__, "rows": rows}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), [int(text) for text in sys.argv[3:]])
