"""Regularizers: penalty and gradient. Exact zeros are among the weights."""

from __future__ import annotations

from typing import Any

from recorders.archive import Archive, output_path
from recorders.sources import KERAS, KERAS_FLOAT64, VERSIONS, normal, precision, pull_back

CLASSES = {"l1": "L1", "l2": "L2", "l1_l2": "L1L2", "orthogonal_regularizer": "OrthogonalRegularizer"}
VARIANTS: list[tuple[str, str, dict[str, Any]]] = [
    ("l1", "default", {}),
    ("l1", "large", {"l1": 0.3}),
    ("l2", "default", {}),
    ("l2", "large", {"l2": 0.3}),
    ("l1_l2", "default", {}),
    ("l1_l2", "both", {"l1": 0.02, "l2": 0.3}),
    ("l1_l2", "only-l2", {"l1": 0.0, "l2": 0.5}),
    ("orthogonal_regularizer", "default", {}),
    ("orthogonal_regularizer", "rows", {"factor": 0.5, "mode": "rows"}),
    ("orthogonal_regularizer", "columns", {"factor": 0.5, "mode": "columns"}),
]


def main() -> None:
    archive = Archive("regularizers", VERSIONS)
    for name, variant, config in VARIANTS:
        for dtype in ("float32", "float64"):
            for shape in ((4, 3), (2, 2, 3, 2)):
                if name == "orthogonal_regularizer" and len(shape) > 2:
                    continue
                w = normal(shape, dtype)
                w.reshape(-1)[:2] = 0.0
                label = f"{name}/{variant}-rank{len(shape)}" + ("-float64" if dtype == "float64" else "")
                for source in KERAS_FLOAT64 if dtype == "float64" else tuple(KERAS):
                    penalty = getattr(KERAS[source].regularizers, CLASSES[name])(**config)
                    with precision(dtype):
                        value, _, (dw,) = pull_back(source, penalty, [w])
                    archive.add(label, source, config, {"w": w, "value": value, "dw": dw})
    archive.write(output_path())


if __name__ == "__main__":
    main()
