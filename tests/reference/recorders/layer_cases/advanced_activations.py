"""Activations with arguments or weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812

from recorders.layer_cases.recorder import FLOAT64, Recorder, main, tag
from recorders.sources import normal

Options = dict[str, Any]


def inputs(dtype: str = "float32") -> np.ndarray:
    """Ordinary numbers, and some exactly where the functions bend: 0, thresholds, limits."""
    x = normal((4, 9), dtype) * np.asarray(2, dtype)
    x[0] = [0.0, 1.0, -1.0, 0.5, 1.5, 2.0, 6.0, -0.5, 9.0]
    return x


def negative_slope(library: Any, arguments: Options) -> Any:
    """Keras 3 has another name for Keras 2's alpha."""
    name = "alpha" if library.__name__ == "tf_keras" else "negative_slope"
    return library.layers.LeakyReLU(**{name: arguments["alpha"]} if arguments else {})


def simple(recorder: Recorder) -> None:
    """Functions of each entry: their values, and their slopes also where they bend."""
    variants: list[tuple[str, str, Options, Callable[..., Any] | None]] = [
        ("LeakyReLU", "default", {}, lambda t: F.leaky_relu(t, 0.3)),
        ("LeakyReLU", "alpha0.05", {"alpha": 0.05}, lambda t: F.leaky_relu(t, 0.05)),
        ("LeakyReLU", "alpha0", {"alpha": 0.0}, lambda t: F.leaky_relu(t, 0.0)),
        ("LeakyReLU", "alpha2", {"alpha": 2.0}, lambda t: F.leaky_relu(t, 2.0)),
        ("ELU", "default", {}, F.elu),
        ("ELU", "alpha0.3", {"alpha": 0.3}, None),
        ("ELU", "alpha2", {"alpha": 2.0}, None),
        ("ThresholdedReLU", "default", {}, lambda t: F.threshold(t, 1.0, 0.0)),
        ("ThresholdedReLU", "theta0", {"theta": 0.0}, lambda t: F.threshold(t, 0.0, 0.0)),
        ("ThresholdedReLU", "theta0.5", {"theta": 0.5}, lambda t: F.threshold(t, 0.5, 0.0)),
        ("ReLU", "default", {}, F.relu),
        ("ReLU", "max6", {"max_value": 6.0}, None),
        ("ReLU", "max1.5", {"max_value": 1.5}, None),
        ("ReLU", "slope", {"negative_slope": 0.2}, None),
        ("ReLU", "threshold", {"threshold": 0.5}, None),
        ("ReLU", "slope-threshold", {"negative_slope": 0.2, "threshold": 1.5}, None),
        ("ReLU", "slope-max", {"negative_slope": 0.2, "max_value": 2.0}, None),
        ("ReLU", "threshold-max", {"threshold": 0.5, "max_value": 6.0}, None),
        ("ReLU", "all", {"max_value": 2.0, "negative_slope": 0.25, "threshold": 0.5}, None),
    ]
    for component, variant, config, function in variants:
        make = negative_slope if component == "LeakyReLU" else None
        # Keras 3 has no ThresholdedReLU.
        sources = ("tf_keras",) if component == "ThresholdedReLU" else ("tf_keras", "keras3")
        name = f"{component}/{variant}"
        recorder.keras(name, config, inputs(), sources=sources, make=make)
        images = normal((2, 3, 2, 4))
        recorder.keras(f"{name}-rank4", config, images, sources=sources, make=make)
        # TensorFlow keeps a slope in float32.
        exact = {key: round(number * 64) / 64 for key, number in config.items()}
        if config or component != "LeakyReLU":
            recorder.keras(name + FLOAT64, exact, inputs("float64"), sources=("tf_keras",), make=make)
        if function is not None:
            recorder.torch(name, config, inputs(), (), function)
            recorder.torch(f"{name}-rank4", config, images, (), function)


def prelu(recorder: Recorder) -> None:
    variants: list[tuple[str, Options, tuple[int, ...], tuple[int, ...]]] = [
        ("rank2", {}, (4, 9), (9,)),
        ("rank3", {}, (3, 4, 5), (4, 5)),
        ("shared1", {"shared_axes": [1]}, (3, 4, 5), (1, 5)),
        ("shared2", {"shared_axes": [2]}, (3, 4, 5), (4, 1)),
        ("shared12", {"shared_axes": [1, 2]}, (2, 3, 4, 5), (1, 1, 5)),
        ("shared-all", {"shared_axes": [1, 2, 3]}, (2, 3, 4, 5), (1, 1, 1)),
        ("shared13", {"shared_axes": [1, 3]}, (2, 3, 4, 5), (1, 4, 1)),
    ]
    for variant, config, shape, weight in variants:
        x, alpha = normal(shape), [normal(weight, "float32", 0.5, "alpha")]
        x[0, 0] = 0
        name = f"PReLU/{variant}"
        recorder.keras(name, config, x, alpha)
        # torch's own has the slope alpha at 0.
        recorder.torch(name, config, x, alpha, lambda t, a: torch.relu(t) - a * torch.relu(-t))
    x, alpha = normal((3, 4, 5), "float64"), [normal((1, 5), "float64", 0.5, "alpha")]
    recorder.keras(f"PReLU/shared1{FLOAT64}", {"shared_axes": [1]}, x, alpha, sources=("tf_keras",))


def softmax(recorder: Recorder) -> None:
    x = normal((3, 4, 5))
    for axis in (-1, 1, 2, [1, 2], [-1], [1, -1]):
        name = f"Softmax/{'axes' if isinstance(axis, list) else 'axis'}{tag(axis)}"
        recorder.keras(name, {"axis": axis}, x)
        recorder.torch(name, {"axis": axis}, x, (), torch_softmax(axis))
        recorder.keras(name + FLOAT64, {"axis": axis}, normal((3, 4, 5), "float64"), sources=("tf_keras",))
    recorder.keras("Softmax/default", {}, normal((4, 9)) * np.float32(20))
    mask = normal((3, 4, 5), tag="mask") > -0.5
    mask[:, 0, 0] = True
    mask[:, :, 1] = True
    mask[:, 1, :] = True
    for axis in (-1, 1, [1, 2]):
        recorder.keras(f"Softmax/mask-axis{tag(axis)}", {"axis": axis}, x, mask=mask)
        # Sizes of 1: one mask for all entries along an axis.
        broadcast = mask[:, :1] if axis == -1 else mask[:1]
        recorder.keras(f"Softmax/mask-broadcast-axis{tag(axis)}", {"axis": axis}, x, mask=broadcast)
    nothing = mask.copy()
    nothing[1, 2] = False
    note = "A row of which all is masked: 0 in Keras 3, equal shares in tf_keras."
    recorder.keras("Softmax/mask-nothing-left", {}, x, sources=("keras3",), note=note, mask=nothing)


def torch_softmax(axis: int | list[int]) -> Any:
    axes = tuple(axis) if isinstance(axis, list) else (axis,)
    return lambda t: torch.exp(t - torch.logsumexp(t, axes, keepdim=True))


def record(recorder: Recorder) -> None:
    for part in (simple, prelu, softmax):
        part(recorder)


if __name__ == "__main__":
    main(record)
