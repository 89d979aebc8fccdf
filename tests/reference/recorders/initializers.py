"""The initializers without chance, the fans from which the random ones take their scale, and what that scale is.

Of the random ones, whose numbers no two libraries share, the deviation and the largest number of a large sample.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from keras.src.initializers.random_initializers import compute_fans as keras3_compute_fans
from tf_keras.src.initializers.initializers import _compute_fans as tf_keras_compute_fans

from recorders.archive import Archive, output_path
from recorders.sources import KERAS, VERSIONS, to_numpy

VARIANTS: list[tuple[str, dict[str, Any]]] = [
    ("Zeros", {}),
    ("Ones", {}),
    ("Constant", {"value": 0.3}),
    ("Constant", {"value": -2.0}),
]
IDENTITIES: list[tuple[dict[str, Any], tuple[int, ...]]] = [
    ({}, (3, 3)),
    ({"gain": 0.5}, (2, 4)),
    ({"gain": -2.0}, (4, 2)),
]
RANDOM: list[tuple[str, str, dict[str, Any]]] = [
    ("RandomNormal", "default", {}),
    ("RandomNormal", "wide", {"mean": 1.0, "stddev": 2.0}),
    ("TruncatedNormal", "default", {}),
    ("TruncatedNormal", "wide", {"mean": 1.0, "stddev": 2.0}),
    ("RandomUniform", "default", {}),
    ("RandomUniform", "wide", {"minval": -1.0, "maxval": 3.0}),
    ("VarianceScaling", "default", {}),
    *(
        ("VarianceScaling", f"{mode}-{distribution}", {"scale": 3.0, "mode": mode, "distribution": distribution})
        for mode in ("fan_in", "fan_out", "fan_avg")
        for distribution in ("truncated_normal", "untruncated_normal", "uniform")
    ),
    *((name, "default", {}) for name in ("GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform")),
    *((name, "default", {}) for name in ("LecunNormal", "LecunUniform", "Orthogonal")),
    ("Orthogonal", "gain", {"gain": 2.0}),
]
SAMPLED = (3, 5, 40, 90)
FANS = {"tf_keras": tf_keras_compute_fans, "keras3": keras3_compute_fans}
# Dense, recurrent, Conv1D, Conv2D, depthwise with a multiplier of 2, pointwise, Conv3D, and vectors and numbers.
SHAPES = (
    (), (7,), (5, 3), (4, 16), (3, 4, 5), (3, 3, 1, 32), (3, 2, 4, 6), (5, 5, 6, 2), (1, 1, 12, 7), (2, 3, 2, 4, 5),
)  # fmt: skip


def main() -> None:
    archive = Archive("initializers", VERSIONS)
    for source, library in KERAS.items():
        for name, config in VARIANTS:
            for shape in ((3,), (2, 3)):
                for dtype in ("float32", "float64"):
                    y = to_numpy(getattr(library.initializers, name)(**config)(shape, dtype=dtype))
                    variant = "-".join([*map(str, config.values()), "x".join(map(str, shape))])
                    label = f"{name}/{variant}" + ("-float64" if dtype == "float64" else "")
                    archive.add(label, source, config, {"y": y})
        for config, shape in IDENTITIES:
            for dtype in ("float32", "float64"):
                y = to_numpy(library.initializers.Identity(**config)(shape, dtype=dtype))
                label = f"Identity/{config.get('gain', 1.0)}-{'x'.join(map(str, shape))}"
                archive.add(label + ("-float64" if dtype == "float64" else ""), source, config, {"y": y})
        for name, variant, config in RANDOM:
            y = to_numpy(getattr(library.initializers, name)(**config, seed=3)(SAMPLED)).astype("float64")
            statistics = {"mean": y.mean(), "deviation": y.std()}
            if "untruncated" not in variant and name not in ("RandomNormal", "Orthogonal"):
                statistics["largest"] = np.abs(y).max()
            archive.add(f"{name}/{variant}-sample", source, config, {"shape": np.array(SAMPLED, "int64"), **statistics})
        for shape in SHAPES:
            fans = np.array([int(fan) for fan in FANS[source](shape)], "int64")
            label = f"compute_fans/{'x'.join(map(str, shape)) or 'scalar'}"
            archive.add(label, source, {}, {"shape": np.array(shape, "int64"), "fans": fans})
    archive.write(output_path())


if __name__ == "__main__":
    main()
