"""Constraints: the weights after the constraint."""

from __future__ import annotations

from typing import Any

from recorders.archive import Archive, output_path
from recorders.sources import KERAS, KERAS_FLOAT64, VERSIONS, normal, precision, tensor, to_numpy

CLASSES = {
    "max_norm": "MaxNorm",
    "non_neg": "NonNeg",
    "unit_norm": "UnitNorm",
    "min_max_norm": "MinMaxNorm",
    "radial_constraint": "RadialConstraint",
}
VARIANTS: list[tuple[str, str, dict[str, Any], tuple[int, ...]]] = [
    ("max_norm", "default", {}, (5, 4)),
    ("max_norm", "axis0", {"max_value": 1.0, "axis": 0}, (5, 4)),
    ("max_norm", "axis1", {"max_value": 1.0, "axis": 1}, (5, 4)),
    ("max_norm", "kernel", {"max_value": 1.0, "axis": [0, 1, 2]}, (3, 3, 2, 4)),
    ("max_norm", "rank1", {"max_value": 0.5}, (6,)),
    ("non_neg", "plain", {}, (5, 4)),
    ("non_neg", "kernel", {}, (3, 3, 2, 4)),
    ("unit_norm", "default", {}, (5, 4)),
    ("unit_norm", "axis1", {"axis": 1}, (5, 4)),
    ("unit_norm", "kernel", {"axis": [0, 1, 2]}, (3, 3, 2, 4)),
    ("unit_norm", "recurrent", {}, (4, 16)),
    ("min_max_norm", "default", {}, (5, 4)),
    ("min_max_norm", "between", {"min_value": 0.5, "max_value": 1.5}, (5, 4)),
    ("min_max_norm", "rate", {"min_value": 0.5, "max_value": 1.5, "rate": 0.25, "axis": 1}, (5, 4)),
    ("min_max_norm", "kernel", {"min_value": 1.0, "max_value": 1.0, "rate": 0.5, "axis": [0, 1, 2]}, (3, 3, 2, 4)),
    *(("radial_constraint", f"size{size}", {}, (size, size, 2, 4)) for size in (2, 3, 4, 5, 6)),
]


def sources(name: str, dtype: str) -> tuple[str, ...]:
    """The libraries that have the constraint, and do not round its numbers."""
    if name == "radial_constraint":
        return ("tf_keras",)
    # Keras 3 promotes float64 with a number to float32 where it takes a maximum.
    return KERAS_FLOAT64 if (name, dtype) == ("non_neg", "float64") else tuple(KERAS)


def main() -> None:
    archive = Archive("constraints", VERSIONS)
    for name, variant, config, shape in VARIANTS:
        for dtype in ("float32", "float64"):
            w = normal(shape, dtype)
            # One column is zero: its norm is 0; one is small: it stays.
            w[..., 0] = 0.0
            w[..., 1] *= 0.05
            label = f"{name}/{variant}" + ("-float64" if dtype == "float64" else "")
            for source in sources(name, dtype):
                with precision(dtype):
                    y = to_numpy(getattr(KERAS[source].constraints, CLASSES[name])(**config)(tensor(source, w)))
                archive.add(label, source, config, {"w": w, "y": y})
    archive.write(output_path())


if __name__ == "__main__":
    main()
