"""The ten activations: values and gradients, far into saturation too."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from recorders.archive import Archive, output_path
from recorders.sources import KERAS, VERSIONS, normal, precision, pull_back

SPECIAL = [-50.0, -20.0, -3.0, -2.5, -1.0, -1e-4, 0.0, 1e-4, 0.5, 1.0, 2.5, 3.0, 6.0, 20.0, 50.0]
# Keras 3 renamed relu's `alpha`.
KERAS3_NAMES = {"relu": {"alpha": "negative_slope"}}
VARIANTS: list[tuple[str, str, dict[str, Any]]] = [
    *((name, "plain", {}) for name in ("relu", "elu", "selu", "softplus", "sigmoid", "hard_sigmoid")),
    *((name, "plain", {}) for name in ("softsign", "tanh", "linear", "softmax")),
    ("relu", "alpha", {"alpha": 0.25}),
    ("relu", "max-value", {"max_value": 2.0}),
    ("relu", "threshold", {"threshold": 0.75}),
    ("relu", "all", {"alpha": 0.125, "max_value": 4.0, "threshold": 0.75}),
    ("elu", "alpha", {"alpha": 0.5}),
    ("softmax", "axis1", {"axis": 1}),
]
SELU = "At exactly 0 the sources take different one-sided slopes: scale * alpha (1.7581) or scale (1.0507)."
NOTES = {
    ("hard_sigmoid", "tf_keras"): "Keras 2's definition: clip(0.2 * x + 0.5, 0, 1).",
    ("selu", "tf_keras"): SELU,
    ("selu", "keras3"): SELU,
    ("hard_sigmoid", "keras3"): "Keras 3's definition: clip(x / 6 + 0.5, 0, 1); not Keras 2's.",
}


def inputs(name: str, variant: str, dtype: str) -> np.ndarray:
    if name == "softmax":
        if variant == "axis1":
            return normal((2, 3, 4), dtype, 2.0)
        rows = normal((6, 5), dtype, 2.0)
        rows[4] = [50.0, -50.0, 0.0, 1e-4, -1e-4]
        rows[5] = 0.0
        return rows
    return np.concatenate([np.array(SPECIAL, dtype), normal((25,), dtype, 3.0)]).reshape(5, 8)


def main() -> None:
    archive = Archive("activations", VERSIONS)
    for name, variant, config in VARIANTS:
        for dtype in ("float32", "float64"):
            x = inputs(name, variant, dtype)
            label = f"{name}/{variant}" + ("-float64" if dtype == "float64" else "")
            for source, library in KERAS.items():
                renamed = KERAS3_NAMES.get(name, {}) if source == "keras3" else {}
                arguments = {renamed.get(key, key): value for key, value in config.items()}
                function = functools.partial(getattr(library.activations, name), **arguments)
                with precision(dtype):
                    y, g, (dx,) = pull_back(source, function, [x])
                archive.add(label, source, config, {"x": x, "y": y, "g": g, "dx": dx}, NOTES.get((name, source), ""))
    archive.write(output_path())


if __name__ == "__main__":
    main()
