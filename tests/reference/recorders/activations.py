"""The activations: values and gradients, far into saturation too."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch.nn.functional as F  # noqa: N812

from recorders.archive import Archive, output_path
from recorders.sources import KERAS, VERSIONS, normal, precision, pull_back

SPECIAL = [-50.0, -20.0, -3.0, -2.5, -1.0, -1e-4, 0.0, 1e-4, 0.5, 1.0, 2.5, 3.0, 6.0, 20.0, 50.0]
# Keras 3 renamed relu's `alpha`.
KERAS3_NAMES = {"relu": {"alpha": "negative_slope"}}
# Not sparsemax: Keras 3.15 subtracts the sum of all running sums, where the paper has the last one. What it gives does not
# sum to 1.
VARIANTS: list[tuple[str, str, dict[str, Any]]] = [
    *((name, "plain", {}) for name in ("relu", "elu", "selu", "softplus", "sigmoid", "hard_sigmoid")),
    *((name, "plain", {}) for name in ("softsign", "tanh", "linear", "softmax")),
    ("relu", "alpha", {"alpha": 0.25}),
    ("relu", "max-value", {"max_value": 2.0}),
    ("relu", "threshold", {"threshold": 0.75}),
    ("relu", "all", {"alpha": 0.125, "max_value": 4.0, "threshold": 0.75}),
    ("elu", "alpha", {"alpha": 0.5}),
    ("softmax", "axis1", {"axis": 1}),
    *((name, "plain", {}) for name in ("exponential", "silu", "gelu", "mish", "celu", "log_sigmoid", "tanh_shrink")),
    *((name, "plain", {}) for name in ("leaky_relu", "relu6", "hard_tanh", "hard_silu", "hard_shrink", "soft_shrink")),
    *((name, "plain", {}) for name in ("squareplus", "sparse_plus", "sparse_sigmoid", "log_softmax")),
    ("glu", "plain", {}),
    ("gelu", "approximate", {"approximate": True}),
    ("celu", "alpha", {"alpha": 0.5}),
    ("squareplus", "b", {"b": 1.0}),
    ("leaky_relu", "negative_slope", {"negative_slope": 0.125}),
    ("hard_shrink", "threshold", {"threshold": 2.0}),
    ("soft_shrink", "threshold", {"threshold": 2.0}),
    ("threshold", "plain", {"threshold": 0.75, "default_value": -2.0}),
    *((name, "axis1", {"axis": 1}) for name in ("log_softmax", "glu")),
]
# Keras 2 computes these with constants in float32.
ROUNDED_BY_KERAS2 = ("gelu",)
ALONG_AXIS = ("softmax", "log_softmax", "glu")
# What PyTorch calls them; those that Keras 2 has not, and whose numbers Keras 3 rounds to float32.
TORCH: dict[str, Callable[..., Any]] = {
    "silu": F.silu,
    "gelu": lambda x, approximate=False: F.gelu(x, approximate="tanh" if approximate else "none"),
    "mish": F.mish,
    "celu": F.celu,
    "leaky_relu": lambda x, negative_slope=0.2: F.leaky_relu(x, negative_slope),
    "relu6": F.relu6,
    "hard_tanh": F.hardtanh,
    "hard_silu": F.hardswish,
    "hard_shrink": lambda x, threshold=0.5: F.hardshrink(x, threshold),
    "soft_shrink": lambda x, threshold=0.5: F.softshrink(x, threshold),
    "threshold": lambda x, threshold, default_value: F.threshold(x, threshold, default_value),
    "log_sigmoid": F.logsigmoid,
    "tanh_shrink": F.tanhshrink,
    "log_softmax": lambda x, axis=-1: F.log_softmax(x, dim=axis),
    "glu": lambda x, axis=-1: F.glu(x, dim=axis),
}
SELU = "At exactly 0 the sources take different one-sided slopes: scale * alpha (1.7581) or scale (1.0507)."
NOTES = {
    ("hard_sigmoid", "tf_keras"): "Keras 2's definition: clip(0.2 * x + 0.5, 0, 1).",
    ("selu", "tf_keras"): SELU,
    ("selu", "keras3"): SELU,
    ("hard_sigmoid", "keras3"): "Keras 3's definition: clip(x / 6 + 0.5, 0, 1); not Keras 2's.",
}


def inputs(name: str, variant: str, dtype: str) -> np.ndarray:
    if name in ALONG_AXIS:
        if variant == "axis1":
            return normal((2, 4, 3) if name == "glu" else (2, 3, 4), dtype, 2.0)
        rows = normal((6, 6 if name == "glu" else 5), dtype, 2.0)
        rows[4, :5] = [50.0, -50.0, 0.0, 1e-4, -1e-4]
        rows[5] = 0.0
        return rows
    return np.concatenate([np.array(SPECIAL, dtype), normal((25,), dtype, 3.0)]).reshape(5, 8)


def functions(name: str, config: dict[str, Any], dtype: str) -> Iterator[tuple[str, Callable[..., Any]]]:
    """The function of each library that has it, with these arguments."""
    for source, library in KERAS.items():
        renamed = KERAS3_NAMES.get(name, {}) if source == "keras3" else {}
        arguments = {renamed.get(key, key): value for key, value in config.items()}
        found = getattr(library.activations, "swish" if (source, name) == ("tf_keras", "silu") else name, None)
        rounded = source == "tf_keras" and dtype == "float64" and name in ROUNDED_BY_KERAS2
        if found is not None and not rounded:
            yield source, functools.partial(found, **arguments)
    if name in TORCH:
        yield "torch", functools.partial(TORCH[name], **config)


def main() -> None:
    archive = Archive("activations", VERSIONS)
    for name, variant, config in VARIANTS:
        for dtype in ("float32", "float64"):
            x = inputs(name, variant, dtype)
            label = f"{name}/{variant}" + ("-float64" if dtype == "float64" else "")
            for source, function in functions(name, config, dtype):
                with precision(dtype):
                    y, g, (dx,) = pull_back(source, function, [x])
                archive.add(label, source, config, {"x": x, "y": y, "g": g, "dx": dx}, NOTES.get((name, source), ""))
    archive.write(output_path())


if __name__ == "__main__":
    main()
