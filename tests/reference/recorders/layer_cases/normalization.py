"""BatchNormalization, in training and at other times, and LayerNormalization."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812

from recorders.layer_cases.recorder import FLOAT64, Recorder, main
from recorders.sources import normal

FUSED = "TensorFlow multiplies what the moving variance gets with n / (n - 1) for inputs of four axes."


def batch_normalization(recorder: Recorder) -> None:
    variants: list[tuple[str, dict[str, Any], tuple[int, ...], str]] = [
        ("rank2", {}, (6, 5), "float32"),
        ("rank3", {}, (3, 4, 5), "float32"),
        ("rank4", {}, (3, 4, 2, 5), "float32"),
        ("axis1-rank3", {"axis": 1}, (3, 4, 5), "float32"),
        ("axis1-rank4", {"axis": 1}, (3, 5, 4, 2), "float32"),
        ("options", {"momentum": 0.8, "epsilon": 0.02}, (6, 5), "float32"),
        ("no-scale", {"scale": False}, (6, 5), "float32"),
        ("no-center", {"center": False}, (3, 4, 5), "float32"),
        ("neither", {"center": False, "scale": False}, (6, 5), "float32"),
        ("rank3" + FLOAT64, {}, (3, 4, 5), "float64"),
    ]
    for variant, config, shape, dtype in variants:
        axis = config.get("axis", -1)
        channels = shape[axis]
        # Far from 0, where a careless formula loses digits.
        x = (normal(shape, dtype) + np.asarray(1, dtype)).astype(dtype)
        weights = {
            "scale": normal((channels,), dtype, 0.5, "gamma"),
            "center": normal((channels,), dtype, 0.5, "beta"),
            "mean": normal((channels,), dtype, 0.5, "mean"),
            "variance": (np.abs(normal((channels,), dtype, 0.5, "variance")) + np.asarray(0.5, dtype)).astype(dtype),
        }
        weights = {key: weight for key, weight in weights.items() if config.get(key, True)}
        sources = ("tf_keras",) if dtype == "float64" else ("tf_keras", "keras3")
        if variant == "axis1-rank4":
            # TensorFlow has no channels_first on a CPU.
            sources = ("keras3",)
        for training in (False, True):
            name = f"BatchNormalization/{'train' if training else 'predict'}-{variant}"
            note = FUSED if training and variant == "rank4" else ""
            recorder.keras(name, config, x, list(weights.values()), sources, note, training=training)
            function = torch_function(config, tuple(weights), axis, training)
            recorder.torch(name, config, x, list(weights.values()), function, trained=len(weights) - 2)


def torch_function(config: dict[str, Any], names: tuple[str, ...], axis: int, training: bool) -> Any:
    """torch's batch normalization, for channels on any axis."""

    def function(t: Any, *weights: Any) -> Any:
        given = dict(zip(names, weights, strict=True))
        result = F.batch_norm(
            torch.movedim(t, axis, 1),
            # Copies: torch updates them in place.
            given["mean"].clone(),
            given["variance"].clone(),
            given.get("scale"),
            given.get("center"),
            training,
            1 - config.get("momentum", 0.99),
            config.get("epsilon", 1e-3),
        )
        return torch.movedim(result, 1, axis)

    return function


def layer_normalization(recorder: Recorder) -> None:
    variants: list[tuple[str, dict[str, Any], tuple[int, ...], str]] = [
        ("rank2", {}, (4, 5), "float32"),
        ("rank3", {}, (3, 4, 5), "float32"),
        ("rank4", {}, (2, 3, 2, 5), "float32"),
        ("axis1", {"axis": 1}, (3, 4, 5), "float32"),
        ("axis-2", {"axis": -2}, (3, 4, 5), "float32"),
        ("axis1-rank4", {"axis": 1}, (2, 5, 3, 2), "float32"),
        ("axes12", {"axis": [1, 2]}, (3, 4, 5), "float32"),
        ("axes23", {"axis": [2, 3]}, (2, 3, 4, 2), "float32"),
        ("axes123", {"axis": [1, 2, 3]}, (2, 3, 4, 2), "float32"),
        ("axes13", {"axis": [1, 3]}, (2, 3, 4, 2), "float32"),
        ("axis-list", {"axis": [-1]}, (3, 4, 5), "float32"),
        ("epsilon", {"epsilon": 0.5}, (4, 5), "float32"),
        ("epsilon-small", {"epsilon": 1e-6}, (4, 5), "float32"),
        ("no-scale", {"scale": False}, (3, 4, 5), "float32"),
        ("no-center", {"center": False}, (3, 4, 5), "float32"),
        ("neither", {"center": False, "scale": False}, (4, 5), "float32"),
        ("neither-axes12", {"axis": [1, 2], "center": False, "scale": False}, (3, 4, 5), "float32"),
        ("rank3" + FLOAT64, {}, (3, 4, 5), "float64"),
        ("axes12" + FLOAT64, {"axis": [1, 2]}, (3, 4, 5), "float64"),
        ("epsilon" + FLOAT64, {"epsilon": 1e-12}, (4, 5), "float64"),
    ]
    for variant, config, shape, dtype in variants:
        axis = config.get("axis", -1)
        axes = sorted(number % len(shape) for number in (axis if isinstance(axis, list) else [axis]))
        sizes = tuple(shape[number] for number in axes)
        x = (normal(shape, dtype) + np.asarray(1, dtype)).astype(dtype)
        weights = {
            "scale": normal(sizes, dtype, 0.5, "gamma"),
            "center": normal(sizes, dtype, 0.5, "beta"),
        }
        weights = {key: weight for key, weight in weights.items() if config.get(key, True)}
        name = f"LayerNormalization/{variant}"
        # Keras 3 on PyTorch takes the last axes only.
        last = axes == list(range(len(shape) - len(axes), len(shape)))
        sources = ("tf_keras", "keras3") if last and dtype == "float32" else ("tf_keras",)
        recorder.keras(name, config, x, list(weights.values()), sources)
        recorder.torch(name, config, x, list(weights.values()), torch_layer_norm(config, tuple(weights), axes))


def torch_layer_norm(config: dict[str, Any], names: tuple[str, ...], axes: list[int]) -> Any:
    """torch's layer normalization, for features on any axes."""

    def function(t: Any, *weights: Any) -> Any:
        given = dict(zip(names, weights, strict=True))
        last = list(range(t.dim() - len(axes), t.dim()))
        moved = torch.movedim(t, axes, last)
        shape = moved.shape[t.dim() - len(axes) :]
        result = F.layer_norm(moved, shape, given.get("scale"), given.get("center"), config.get("epsilon", 1e-3))
        return torch.movedim(result, last, axes)

    return function


def record(recorder: Recorder) -> None:
    batch_normalization(recorder)
    layer_normalization(recorder)


if __name__ == "__main__":
    main(record)
