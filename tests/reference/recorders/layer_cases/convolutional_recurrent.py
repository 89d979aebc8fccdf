"""ConvLSTM2D: windows, layouts, masks, first states, and states that stay from call to call."""

from __future__ import annotations

from typing import Any

import numpy as np

from recorders.layer_cases.recorder import FLOAT64, Recorder, main, pair, tag
from recorders.sources import KERAS, normal, tensor, to_numpy

FILTERS, BATCH, STEPS, CHANNELS = 2, 2, 3, 2
BOTH = ("tf_keras", "keras3")
MASKS = {
    "behind": np.array([[1, 1, 1], [1, 0, 0]], bool),
    "anywhere": np.array([[0, 1, 1], [1, 0, 1]], bool),
}
Options = dict[str, Any]
WINDOWS: list[Options] = [
    {"kernel_size": 2},
    {"kernel_size": [3, 2], "padding": "same"},
    {"kernel_size": [2, 3], "strides": 2},
    {"kernel_size": 3, "strides": [2, 1], "padding": "same"},
    {"kernel_size": 2, "dilation_rate": 2},
    {"kernel_size": 1},
]
VARIANTS: dict[str, Options] = {
    "last": {},
    "sequences": {"return_sequences": True},
    "states": {"return_state": True},
    "backwards": {"go_backwards": True},
    "backwards-sequences": {"go_backwards": True, "return_sequences": True},
    "no_bias": {"use_bias": False},
    "relu": {"activation": "relu", "recurrent_activation": "softsign"},
    "hard_sigmoid": {"recurrent_activation": "hard_sigmoid"},
}


def record(recorder: Recorder) -> None:
    for window in WINDOWS:
        label = "-".join(
            f"{key[0]}{tag(value) if not isinstance(value, str) else value}" for key, value in window.items()
        )
        for variant in ("last", "sequences"):
            case(recorder, f"{label}-{variant}", window | VARIANTS[variant])
            # TensorFlow has no convolution with channels first on a CPU.
            first = window | VARIANTS[variant] | {"data_format": "channels_first"}
            case(recorder, f"{label}-{variant}-channels_first", first, ("keras3",))
    same = {"kernel_size": 2, "padding": "same"}
    for variant, options in VARIANTS.items():
        # Keras 3 has another function of this name.
        case(recorder, variant, same | options, ("tf_keras",) if variant == "hard_sigmoid" else BOTH)
    for mask, array in MASKS.items():
        for variant in ("last", "sequences", "states", "backwards", "backwards-sequences"):
            case(recorder, f"mask-{mask}-{variant}", same | VARIANTS[variant], mask=array)
    case(recorder, "states-channels_first", same | {"return_state": True, "data_format": "channels_first"}, ("keras3",))
    states = [normal((BATCH, 4, 3, FILTERS), tag=f"state{i}") for i in range(2)]
    for variant in ("last", "sequences", "states", "backwards"):
        case(recorder, f"initial-{variant}", same | VARIANTS[variant], initial_state=states)
    case(recorder, "sequences" + FLOAT64, same | {"return_sequences": True}, ("tf_keras",))
    stateful(recorder, same)


def arrays_of(config: Options, dtype: str = "float32") -> tuple[np.ndarray, list[np.ndarray]]:
    size, columns = pair(config["kernel_size"]), 4 * FILTERS
    weights = [
        normal((*size, CHANNELS, columns), dtype, 0.6, "kernel"),
        normal((*size, FILTERS, columns), dtype, 0.6, "recurrent"),
        normal((columns,), dtype, 0.5, "bias"),
    ]
    first = config.get("data_format") == "channels_first"
    x = normal((BATCH, STEPS, CHANNELS, 4, 3) if first else (BATCH, STEPS, 4, 3, CHANNELS), dtype)
    return x, weights[: 3 if config.get("use_bias", True) else 2]


def case(recorder: Recorder, variant: str, options: Options, sources: tuple[str, ...] = BOTH, **inputs: Any) -> None:
    config = {"filters": FILTERS, "recurrent_activation": "sigmoid", "data_format": "channels_last"} | options
    x, weights = arrays_of(config, "float64" if variant.endswith(FLOAT64) else "float32")
    recorder.keras(f"ConvLSTM2D/{variant}", config, x, weights, sources, **inputs)


def stateful(recorder: Recorder, options: Options) -> None:
    """The output of the third call: the states went on from the first two."""
    config = {"filters": FILTERS, "recurrent_activation": "sigmoid", "data_format": "channels_last"} | options
    config |= {"stateful": True, "return_sequences": True}
    x, weights = arrays_of(config)
    for source in BOTH:
        fixed = {"batch_input_shape": x.shape} if source == "tf_keras" else {}
        layer = KERAS[source].layers.ConvLSTM2D(**config, **fixed)
        layer.build(x.shape)
        layer.set_weights(weights)
        for _ in range(3):
            y = to_numpy(layer(tensor(source, x)))
        arrays = {"x": x} | {f"w{i}": w for i, w in enumerate(weights)} | {"y": y}
        note = "The output of the third call; the states went on from the first two."
        recorder.archive.add("ConvLSTM2D/stateful", source, config, arrays, note)


if __name__ == "__main__":
    main(record)
