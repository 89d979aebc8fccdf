"""One workload in kcore, through ``fit``."""

from __future__ import annotations

import sys
from typing import Any

from workloads import WORKLOADS, data, outputs, report

import kcore
from kcore import layers as kinds


def layer(kind: str, *facts: Any, **first: Any) -> kinds.Layer:
    if kind == "conv":
        return kinds.Conv2D(facts[0], 3, padding=facts[1], activation="relu", **first)
    if kind == "dense":
        return kinds.Dense(facts[0], activation="relu", **first)
    if kind == "output":
        return kinds.Dense(facts[0], activation=None if facts[0] == 1 else "softmax", **first)
    made: kinds.Layer = {"pool": kinds.MaxPooling2D, "dropout": kinds.Dropout, "flatten": kinds.Flatten}[kind](*facts)
    return made


def network(name: str) -> kcore.Model:
    first, *rest = WORKLOADS[name]["layers"]
    model = kcore.Sequential([layer(*first, input_shape=WORKLOADS[name]["input"]), *(layer(*facts) for facts in rest)])
    loss = "mse" if outputs(name) == 1 else "sparse_categorical_crossentropy"
    model.compile(WORKLOADS[name]["optimizer"], loss)
    return model


def main(name: str) -> None:
    x, y = data(name)
    model = network(name)
    batch = WORKLOADS[name]["batch"]
    report(name, "kcore", kcore.__version__, lambda: model.fit(x, y, batch_size=batch, epochs=1, verbose=0))


if __name__ == "__main__":
    main(sys.argv[1])
