"""TimeDistributed around layers, and Bidirectional around recurrent layers."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import torch

from recorders.layer_cases import cells, convolutional_recurrent
from recorders.layer_cases.recorder import FLOAT64, Recorder, main, nested
from recorders.layer_cases.recurrent import BATCH, BOTH, FEATURES, GATES, MASKS, STATES, STEPS, UNITS, torch_function
from recorders.sources import normal

Described = dict[str, Any]
MERGES = ("concat", "sum", "mul", "ave", None)
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "SimpleRNN": ("SimpleRNN", {"units": UNITS}),
    "LSTM": ("LSTM", {"units": UNITS, "recurrent_activation": "sigmoid"}),
    "GRU_before": ("GRU", {"units": UNITS, "recurrent_activation": "sigmoid", "reset_after": False}),
    "GRU_after": ("GRU", {"units": UNITS, "recurrent_activation": "sigmoid", "reset_after": True}),
}


def layer(name: str, **config: Any) -> Described:
    return {"class_name": name, "config": config}


def make(component: str) -> Any:
    return lambda library, arguments: nested(library, {"class_name": component, "config": arguments})


def record(recorder: Recorder) -> None:
    bidirectional(recorder)
    time_distributed(recorder)


# --- Bidirectional ---------------------------------------------------------------------------------------------------


def weights_of(component: str, config: dict[str, Any], dtype: str = "float32") -> list[np.ndarray]:
    columns = UNITS * GATES[component]
    bias = (2, columns) if config.get("reset_after") else (columns,)
    return [
        normal(shape, dtype, scale, f"{direction}-{what}")
        for direction in ("forth", "back")
        for what, shape, scale in (
            ("kernel", (FEATURES, columns), 0.8),
            ("recurrent", (UNITS, columns), 0.8),
            ("bias", bias, 0.5),
        )
    ]


def bidirectional(recorder: Recorder) -> None:
    x = normal((BATCH, STEPS, FEATURES))
    wrap = make("Bidirectional")
    for kind, (component, options) in KINDS.items():
        weights = weights_of(component, options)
        for merge, sequences, mask in itertools.product(MERGES, (False, True), (None, "anywhere")):
            if merge in ("sum", "mul") and not sequences and mask is not None:
                continue
            inner = layer(component, **options, return_sequences=sequences)
            config = {"layer": inner, "merge_mode": merge}
            name = f"Bidirectional/{kind}-{merge}-{'sequences' if sequences else 'last'}-{mask}"
            inputs = {} if mask is None else {"mask": MASKS[mask]}
            recorder.keras(name, config, x, weights, BOTH, make=wrap, **inputs)
            if merge == "concat" and mask is None and kind != "GRU_before":
                recorder.torch(name, config, x, weights, torch_both(component, options, sequences))
        states = [normal((BATCH, UNITS), tag=f"state{i}") for i in range(2 * STATES[component])]
        for merge, backwards in itertools.product(("concat", None), (False, True)):
            inner = layer(component, **options, return_state=True, go_backwards=backwards)
            config = {"layer": inner, "merge_mode": merge}
            # Keras 3 makes the other layer go backwards, whatever the first does, and refuses the pair.
            sources = ("tf_keras",) if backwards else BOTH
            name = f"Bidirectional/{kind}-{merge}-states{'-back' * backwards}"
            recorder.keras(name, config, x, weights, sources, make=wrap)
            recorder.keras(f"{name}-initial", config, x, weights, sources, make=wrap, initial_state=states)
        inner = layer(component, **options, return_sequences=True)
        for mask in (None, "behind"):
            inputs = {"initial_state": states} | ({} if mask is None else {"mask": MASKS[mask]})
            name = f"Bidirectional/{kind}-initial-sequences-{mask}"
            recorder.keras(name, {"layer": inner}, x, weights, BOTH, make=wrap, **inputs)
    around_cells_and_images(recorder, x)
    component, options = KINDS["LSTM"]
    forth, back = layer(component, **options), layer(component, **options, activation="relu", go_backwards=True)
    config = {"layer": forth, "backward_layer": back}
    recorder.keras("Bidirectional/LSTM-own_backward", config, x, weights_of(component, options), BOTH, make=wrap)
    inner = layer(component, **options, return_sequences=True, dtype="float64")
    x, weights = normal((BATCH, STEPS, FEATURES), "float64"), weights_of(component, options, "float64")
    recorder.keras("Bidirectional/LSTM" + FLOAT64, {"layer": inner}, x, weights, ("tf_keras",), make=wrap)


def around_cells_and_images(recorder: Recorder, x: np.ndarray) -> None:
    for kind, (sequences, mask) in itertools.product(cells.CELLS, ((False, None), (True, None), (True, "anywhere"))):
        described = cells.CELLS[kind]
        config = {"layer": layer("RNN", cell=described, return_sequences=sequences), "merge_mode": "sum"}
        weights = cells.weights_of(described)
        weights = [*weights, *(0.9 * w for w in weights)]
        inputs = {} if mask is None else {"mask": MASKS[mask]}
        name = f"Bidirectional/{kind}-{'sequences' if sequences else 'last'}-{mask}"
        recorder.keras(name, config, x, weights, BOTH, make=make("Bidirectional"), **inputs)
    for merge, sequences in itertools.product(("concat", "ave"), (False, True)):
        options = {"filters": 2, "kernel_size": 2, "padding": "same", "recurrent_activation": "sigmoid"}
        inner = layer("ConvLSTM2D", **options, return_sequences=sequences, data_format="channels_last")
        images, weights = convolutional_recurrent.arrays_of(options)
        weights = [*weights, *(0.9 * w for w in weights)]
        name = f"Bidirectional/ConvLSTM2D-{merge}-{'sequences' if sequences else 'last'}"
        config = {"layer": inner, "merge_mode": merge}
        recorder.keras(name, config, images, weights, BOTH, make=make("Bidirectional"))


def torch_both(component: str, options: dict[str, Any], sequences: bool) -> Any:
    forth = torch_function(component, options | {"return_sequences": sequences})
    back = torch_function(component, options | {"return_sequences": sequences, "go_backwards": True})

    def function(t: Any, *weights: Any) -> Any:
        y = back(t, *weights[3:])
        return torch.cat([forth(t, *weights[:3]), y.flip(1) if sequences else y], -1)

    return function


# --- TimeDistributed -------------------------------------------------------------------------------------------------


def time_distributed(recorder: Recorder) -> None:
    wrap = make("TimeDistributed")
    x = normal((BATCH, STEPS, FEATURES))
    deep = normal((BATCH, 3, STEPS, FEATURES))
    images = normal((2, 3, 4, 5, 2), tag="images")
    kernel, bias = normal((FEATURES, UNITS), tag="kernel"), normal((UNITS,), tag="bias")
    cases: list[tuple[str, Described, np.ndarray, list[np.ndarray]]] = [
        ("Dense", layer("Dense", units=UNITS), x, [kernel, bias]),
        ("Dense-tanh", layer("Dense", units=UNITS, activation="tanh", use_bias=False), x, [kernel]),
        ("Dense-deep", layer("Dense", units=UNITS, activation="relu"), deep, [kernel, bias]),
        ("Activation", layer("Activation", activation="softmax"), x, []),
        ("Flatten", layer("Flatten"), images, []),
        ("Reshape", layer("Reshape", target_shape=[5, 8]), images, []),
        ("MaxPooling2D", layer("MaxPooling2D", pool_size=2), images, []),
        ("GlobalMaxPooling1D", layer("GlobalMaxPooling1D"), deep, []),
        ("UpSampling2D", layer("UpSampling2D", size=2), images, []),
    ]
    for strides, padding in itertools.product((1, 2), ("valid", "same")):
        conv = layer("Conv2D", filters=3, kernel_size=[3, 2], strides=strides, padding=padding, activation="tanh")
        weights = [normal((3, 2, 2, 3), scale=0.5, tag="conv"), normal((3,), tag="bias")]
        cases.append((f"Conv2D-s{strides}-{padding}", conv, images, weights))
    conv = layer("Conv1D", filters=3, kernel_size=2, padding="causal")
    cases.append(("Conv1D", conv, deep, [normal((2, FEATURES, 3), tag="conv"), normal((3,), tag="bias")]))
    twice = layer("TimeDistributed", layer=layer("Dense", units=UNITS))
    cases.append(("TimeDistributed", twice, deep, [kernel, bias]))
    for name, inner, given, weights in cases:
        recorder.keras(f"TimeDistributed/{name}", {"layer": inner}, given, weights, BOTH, make=wrap)
    words = (np.arange(2 * 3 * 4).reshape(2, 3, 4) * 5 % 7).astype("int32")
    inner = layer("Embedding", input_dim=7, output_dim=2)
    recorder.keras("TimeDistributed/Embedding", {"layer": inner}, words, [normal((7, 2))], BOTH, make=wrap)
    statistics = [1 + 0.1 * normal((2,), tag="gamma"), normal((2,), tag="beta"), normal((2,), tag="mean")]
    statistics.append(np.abs(normal((2,), tag="variance")) + 0.5)
    inner = layer("BatchNormalization")
    recorder.keras("TimeDistributed/predict-BatchNormalization", {"layer": inner}, x, statistics, BOTH, make=wrap)
    # Keras 3 calls the layer step by step, so that its means are those of single steps.
    name = "TimeDistributed/train-BatchNormalization"
    recorder.keras(name, {"layer": inner}, x, statistics, ("tf_keras",), make=wrap, training=True)
    recurrent_inside(recorder, deep)
    inner = layer("Dense", units=UNITS, activation="tanh", dtype="float64")
    weights = [kernel.astype("float64"), bias.astype("float64")]
    recorder.keras(
        "TimeDistributed/Dense" + FLOAT64, {"layer": inner}, x.astype("float64"), weights, ("tf_keras",), make=wrap
    )


def recurrent_inside(recorder: Recorder, deep: np.ndarray) -> None:
    """Sequences of sequences; a mask then has an axis for each."""
    inside = np.arange(3 * BATCH * STEPS).reshape(BATCH, 3, STEPS) % 7 > 1
    for kind, (component, options) in KINDS.items():
        weights = weights_of(component, options)
        for sequences, masked in itertools.product((False, True), (False, True)):
            inner = layer(component, **options, return_sequences=sequences)
            name = f"TimeDistributed/{kind}-{'sequences' if sequences else 'last'}{'-mask' * masked}"
            inputs = {"mask": inside} if masked else {}
            recorder.keras(name, {"layer": inner}, deep, weights[:3], BOTH, make=make("TimeDistributed"), **inputs)
        both = layer("Bidirectional", layer=layer(component, **options))
        name = f"TimeDistributed/Bidirectional-{kind}"
        recorder.keras(name, {"layer": both}, deep, weights, BOTH, make=make("TimeDistributed"))


if __name__ == "__main__":
    main(record)
