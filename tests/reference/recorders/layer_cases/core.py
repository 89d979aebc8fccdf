"""Dense, and the layers that only change shapes, apply a function, mark padding or add a penalty."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812

from recorders.layer_cases.recorder import FLOAT64, Recorder, main
from recorders.sources import KERAS, KERAS_FLOAT64, normal, tensor, tf, to_numpy


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


def orders_and_repeats(recorder: Recorder) -> None:
    """Permute and RepeatVector."""
    orders = ([1], [1, 2], [2, 1], [3, 1, 2], [2, 3, 1], [1, 3, 2], [3, 2, 1], [2, 4, 1, 3])
    for dims in orders:
        x = normal((2, 3, 4, 2, 3)[: len(dims) + 1])
        name = f"Permute/{'-'.join(map(str, dims))}"
        recorder.keras(name, {"dims": dims}, x)
        recorder.torch(name, {"dims": dims}, x, (), lambda t, dims=dims: t.permute(0, *dims))
    recorder.keras(f"Permute/2-1{FLOAT64}", {"dims": [2, 1]}, normal((2, 3, 4), "float64"), sources=("tf_keras",))
    for n in (1, 2, 5):
        x = normal((3, 4))
        recorder.keras(f"RepeatVector/{n}", {"n": n}, x)
        recorder.torch(f"RepeatVector/{n}", {"n": n}, x, (), lambda t, n=n: t[:, None].expand(-1, n, -1))
    recorder.keras(f"RepeatVector/3{FLOAT64}", {"n": 3}, normal((3, 4), "float64"), sources=("tf_keras",))


def channels_dropped(recorder: Recorder) -> None:
    """SpatialDropout at prediction."""
    for rank, shape in ((1, (2, 5, 3)), (2, (2, 3, 4, 2)), (3, (2, 3, 2, 2, 2))):
        for data_format in ("channels_last", "channels_first") if rank > 1 else ("",):
            config: dict[str, Any] = {"rate": 0.5} | ({"data_format": data_format} if data_format else {})
            name = f"SpatialDropout{rank}D/predict{'-' * bool(data_format)}{data_format}"
            recorder.keras(name, config, normal(shape), note="Prediction: the input, unchanged.")


def penalties(recorder: Recorder) -> None:
    """ActivityRegularization: the output, and what is added to the loss with its gradient."""
    for variant, config, shape in (
        ("l1", {"l1": 0.3}, (4, 5)),
        ("l2", {"l2": 0.02}, (4, 5)),
        ("both", {"l1": 0.3, "l2": 0.02}, (4, 5)),
        ("rank4", {"l1": 0.01, "l2": 0.02}, (2, 3, 4, 2)),
        ("none", {}, (4, 5)),
    ):
        x = normal(shape)
        for source, library in KERAS.items():
            layer = library.layers.ActivityRegularization(**config)
            given = tensor(source, x)
            if source == "tf_keras":
                with tf.GradientTape() as tape:
                    tape.watch(given)
                    y = layer(given)
                    (penalty,) = layer.losses
                slope = tape.gradient(penalty, given, unconnected_gradients="zero")
            else:
                given.requires_grad_()
                y = layer(given)
                (penalty,) = layer.losses
                (slope,) = torch.autograd.grad(
                    penalty + 0 * given.sum(), given, allow_unused=True, materialize_grads=True
                )
            arrays = {"x": x, "y": y, "penalty": penalty, "penalty_dx": slope}
            note = (
                "penalty: what the layer adds to the loss, the sum divided by the batch size; penalty_dx: its gradient."
            )
            recorder.archive.add(
                f"ActivityRegularization/{variant}",
                source,
                config,
                {key: to_numpy(array) for key, array in arrays.items()},
                note,
            )


def masking(recorder: Recorder) -> None:
    """Masking: the output with its gradient, and the mask."""
    for variant, config, shape in (
        ("plain", {}, (3, 5, 2)),
        ("value", {"mask_value": -1.5}, (3, 5, 2)),
        ("not-exact", {"mask_value": 0.1}, (3, 5, 2)),
        ("rank2", {}, (4, 3)),
        ("rank4", {"mask_value": 2.0}, (2, 3, 2, 2)),
    ):
        x = normal(shape)
        value = np.float32(config.get("mask_value", 0.0))
        # Whole steps, and a single entry of one that stays; the reshaped array is a view.
        steps = x.reshape(-1, shape[-1])
        steps[[0, -1]] = value
        steps[1, 0] = value
        recorder.keras(f"Masking/{variant}", config, x)
        for source, library in KERAS.items():
            layer = library.layers.Masking(**config)
            mask = to_numpy(layer.compute_mask(tensor(source, x))).astype("uint8")
            y = to_numpy(layer(tensor(source, x)))
            recorder.archive.add(f"Masking/mask-{variant}", source, config, {"x": x, "y": y, "y_mask": mask})


def record(recorder: Recorder) -> None:
    for part in (dense, shapes_only, orders_and_repeats, channels_dropped, penalties, masking):
        part(recorder)


if __name__ == "__main__":
    main(record)
