"""RNN around cells and around cells on top of each other; the numbers of the fused layers are in ``recurrent``."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from recorders.layer_cases.recorder import FLOAT64, Recorder, main, nested
from recorders.layer_cases.recurrent import BATCH, BOTH, FEATURES, MASKS, RETURNED, STEPS
from recorders.sources import KERAS, normal, tensor, to_numpy

COLUMNS = {"SimpleRNNCell": 1, "LSTMCell": 4, "GRUCell": 3}


def cell(name: str, units: int, dtype: str = "float32", **options: Any) -> dict[str, Any]:
    config = {"units": units, "activation": "tanh", **options}
    if name != "SimpleRNNCell":
        config.setdefault("recurrent_activation", "sigmoid")
    if name == "GRUCell":
        config.setdefault("reset_after", False)
    if dtype != "float32":
        config["dtype"] = dtype
    return {"class_name": name, "config": config}


def stack(*cells: dict[str, Any]) -> dict[str, Any]:
    return {"class_name": "StackedRNNCells", "config": {"cells": list(cells)}}


CELLS = {
    "simple": cell("SimpleRNNCell", 3),
    "lstm": cell("LSTMCell", 3),
    "gru_before": cell("GRUCell", 3),
    "gru_after": cell("GRUCell", 3, reset_after=True),
    "stack": stack(cell("LSTMCell", 3), cell("GRUCell", 2)),
    "deep": stack(cell("SimpleRNNCell", 2), cell("GRUCell", 3, reset_after=True), cell("LSTMCell", 2)),
}


def parts(described: dict[str, Any]) -> list[dict[str, Any]]:
    return described["config"]["cells"] if described["class_name"] == "StackedRNNCells" else [described]


def weights_of(described: dict[str, Any], features: int = FEATURES, dtype: str = "float32") -> list[np.ndarray]:
    weights = []
    for number, part in enumerate(parts(described)):
        config = part["config"]
        units, columns = config["units"], config["units"] * COLUMNS[part["class_name"]]
        bias = (2, columns) if config.get("reset_after") else (columns,)
        weights += [
            normal((features, columns), dtype, 0.8, f"kernel{number}"),
            normal((units, columns), dtype, 0.8, f"recurrent{number}"),
        ]
        weights += [normal(bias, dtype, 0.5, f"bias{number}")] if config.get("use_bias", True) else []
        features = units
    return weights


def states_of(described: dict[str, Any]) -> list[np.ndarray]:
    sizes = [
        part["config"]["units"] for part in parts(described) for _ in range(1 + (part["class_name"] == "LSTMCell"))
    ]
    return [normal((BATCH, size), tag=f"state{number}") for number, size in enumerate(sizes)]


def make(library: Any, arguments: dict[str, Any]) -> Any:
    return nested(library, {"class_name": "RNN", "config": arguments})


def record(recorder: Recorder) -> None:
    x = normal((BATCH, STEPS, FEATURES))
    for kind, described in CELLS.items():
        weights = weights_of(described)
        for (returned, options), backwards, mask in itertools.product(
            RETURNED.items(), (False, True), (None, "behind", "anywhere")
        ):
            if backwards and mask == "behind":
                continue
            config = {"cell": described} | options | ({"go_backwards": True} if backwards else {})
            name = f"RNN/{kind}-{returned}-{mask}{'-back' * backwards}"
            inputs = {} if mask is None else {"mask": MASKS[mask]}
            recorder.keras(name, config, x, weights, BOTH, make=make, **inputs)
        # The states of a stack are given to Keras as lists in a list, so that only those of one cell are alike.
        if len(parts(described)) == 1:
            for returned, options in RETURNED.items():
                config = {"cell": described} | options
                states = states_of(described)
                recorder.keras(
                    f"RNN/{kind}-initial-{returned}", config, x, weights, BOTH, make=make, initial_state=states
                )
        stateful(recorder, kind, described, x, weights)
    for name in COLUMNS:
        for bias, activation in itertools.product((True, False), ("relu", "softsign")):
            described = cell(name, 2, use_bias=bias, activation=activation)
            label = f"RNN/{name}-{activation}{'' if bias else '-no_bias'}"
            config = {"cell": described, "return_sequences": True}
            recorder.keras(label, config, x, weights_of(described), BOTH, make=make)
    described = cell("LSTMCell", 3, "float64")
    weights, x = weights_of(described, dtype="float64"), normal((BATCH, STEPS, FEATURES), "float64")
    config = {"cell": described, "return_sequences": True}
    recorder.keras("RNN/lstm-sequences" + FLOAT64, config, x, weights, ("tf_keras",), make=make)


def stateful(
    recorder: Recorder, kind: str, described: dict[str, Any], x: np.ndarray, weights: list[np.ndarray]
) -> None:
    """The output of the third call: the states went on from the first two."""
    config = {"cell": described, "stateful": True, "return_sequences": True}
    for source in BOTH:
        layer = make(KERAS[source], config)
        layer.build(x.shape)
        layer.set_weights(weights)
        for _ in range(3):
            y = to_numpy(layer(tensor(source, x)))
        arrays = {"x": x} | {f"w{i}": w for i, w in enumerate(weights)} | {"y": y}
        note = "The output of the third call; the states went on from the first two."
        recorder.archive.add(f"RNN/{kind}-stateful", source, config, arrays, note)


if __name__ == "__main__":
    main(record)
