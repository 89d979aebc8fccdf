"""Dense, and the layers that only change shapes or apply a function."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812

from recorders.layer_cases.recorder import FLOAT64, Recorder, main
from recorders.sources import KERAS, KERAS_FLOAT64, normal, to_numpy


def dense(recorder: Recorder) -> None:
    variants: list[tuple[str, dict[str, Any], tuple[int, ...], str]] = [
        ("plain", {}, (4, 5), "float32"),
        ("relu", {"activation": "relu"}, (4, 5), "float32"),
        ("tanh", {"activation": "tanh"}, (4, 5), "float32"),
        ("softmax", {"activation": "softmax"}, (4, 5), "float32"),
        ("nobias", {"use_bias": False}, (4, 5), "float32"),
        ("relu-nobias", {"activation": "relu", "use_bias": False}, (4, 5), "float32"),
        ("rank3", {}, (2, 3, 5), "float32"),
        ("rank3-tanh", {"activation": "tanh"}, (2, 3, 5), "float32"),
        ("rank4-relu", {"activation": "relu"}, (2, 3, 2, 5), "float32"),
        ("one-row", {}, (1, 5), "float32"),
        ("relu" + FLOAT64, {"activation": "relu"}, (4, 5), "float64"),
        ("softmax" + FLOAT64, {"activation": "softmax"}, (4, 5), "float64"),
    ]
    functions = {
        None: lambda t: t,
        "relu": torch.relu,
        "tanh": torch.tanh,
        "softmax": lambda t: t.softmax(-1),
    }
    for variant, options, shape, dtype in variants:
        config = {"units": 3} | options
        x = normal(shape, dtype)
        weights = [normal((shape[-1], 3), dtype, 0.5, "kernel"), normal((3,), dtype, 0.5, "bias")]
        if not config.get("use_bias", True):
            weights = weights[:1]
        activation = functions[config.get("activation")]

        def function(t: Any, *w: Any, activation: Any = activation) -> Any:
            return activation(F.linear(t, w[0].T, *w[1:]))

        recorder.keras(f"Dense/{variant}", config, x, weights, KERAS_FLOAT64 if dtype == "float64" else tuple(KERAS))
        recorder.torch(f"Dense/{variant}", config, x, weights, function)


def shapes_only(recorder: Recorder) -> None:
    """Flatten, Reshape, Activation, and Dropout at prediction."""
    x = normal((2, 3, 4, 2))
    for data_format in ("channels_last", "channels_first"):
        recorder.keras(f"Flatten/{data_format}", {"data_format": data_format}, x)
        recorder.keras(f"Flatten/rank3-{data_format}", {"data_format": data_format}, normal((2, 3, 4)))
    recorder.keras("Flatten/rank2", {}, normal((2, 5)))
    for shape in ([24], [6, 4], [-1], [-1, 3], [2, -1, 4], [4, 3, 2]):
        variant = "x".join("any" if size == -1 else str(size) for size in shape)
        recorder.keras(f"Reshape/{variant}", {"target_shape": shape}, x)
    for activation in ("relu", "tanh", "softmax", "linear"):
        recorder.keras(f"Activation/{activation}", {"activation": activation}, x)
    for source, library in KERAS.items():
        layer = library.layers.Dropout(0.5)
        y = to_numpy(layer(x, training=False))
        note = "Prediction: the input, unchanged. Training is random and not recorded."
        recorder.archive.add("Dropout/predict", source, {"rate": 0.5}, {"x": x, "y": y}, note)


def record(recorder: Recorder) -> None:
    dense(recorder)
    shapes_only(recorder)


if __name__ == "__main__":
    main(record)
