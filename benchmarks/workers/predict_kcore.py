"""``predict`` of one row in kcore beside the same arithmetic by hand: ``predict_kcore.py CALLS MEMORY_CALLS``.

The arithmetic by hand is what NumPy needs at least: products into arrays that exist, bias, relu and softmax in
place. It is timed with BLAS as it is and with BLAS on one thread; the faster of the two is what counts.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
from calls import median_microseconds
from process_memory import status
from threadpoolctl import threadpool_limits

import kcore
from kcore.layers import Dense


class ByHand:
    """The network in NumPy, with outputs made once."""

    def __init__(self, weights: list[Any]) -> None:
        self.kernels, self.biases = weights[0::2], weights[1::2]
        self.outputs = [np.empty((1, bias.size), np.float32) for bias in self.biases]
        self.row = np.empty((1, 1), np.float32)

    def __call__(self, x: Any) -> Any:
        for kernel, bias, out in zip(self.kernels, self.biases, self.outputs, strict=True):
            np.matmul(x, kernel, out=out)
            np.add(out, bias, out=out)
            if out is not self.outputs[-1]:
                np.maximum(out, 0.0, out=out)
            x = out
        np.maximum.reduce(x, axis=1, out=self.row, keepdims=True)
        np.subtract(x, self.row, out=x)
        np.exp(x, out=x)
        np.add.reduce(x, axis=1, out=self.row, keepdims=True)
        return np.divide(x, self.row, out=x)


def main(calls: int, memory_calls: int) -> None:
    inputs = kcore.Input((784,))
    hidden = Dense(512, activation="relu")(Dense(512, activation="relu")(inputs))
    model = kcore.Model(inputs, Dense(10, activation="softmax")(hidden))
    x = np.random.default_rng(0).random((64, 784), np.float32)
    by_hand = ByHand(model.get_weights())
    np.testing.assert_allclose(by_hand(x[:1]), model.predict(x[:1], verbose=0), rtol=1e-4)

    # Two rounds, because the clock of the processor is not steady.
    framework, bare, bare_one_thread = [], [], []
    for _ in range(2):
        framework.append(median_microseconds(lambda: model.predict(x[:1], verbose=0), calls // 2))
        bare.append(median_microseconds(lambda: by_hand(x[:1]), calls // 2))
        with threadpool_limits(1, "blas"):
            bare_one_thread.append(median_microseconds(lambda: by_hand(x[:1]), calls // 2))
    before = status("VmRSS")
    for _ in range(memory_calls):
        model.predict(x[:1], verbose=0)
    result = {
        "version": kcore.__version__,
        "predict_us": min(framework),
        "by_hand_us": min(bare),
        "by_hand_one_thread_us": min(bare_one_thread),
        "calls": calls,
        "memory_calls": memory_calls,
        "before_kib": before,
        "after_kib": status("VmRSS"),
    }
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
