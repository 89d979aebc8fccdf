"""The initializers without chance, and the fans from which the random ones take their scale."""

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
FANS = {"tf_keras": tf_keras_compute_fans, "keras3": keras3_compute_fans}
SHAPES = ((7,), (5, 3), (3, 4, 5), (3, 3, 1, 32), (3, 2, 4, 6), (2, 3, 2, 4, 5))


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
        for shape in SHAPES:
            fans = np.array([int(fan) for fan in FANS[source](shape)], "int64")
            label = f"compute_fans/{'x'.join(map(str, shape))}"
            archive.add(label, source, {}, {"shape": np.array(shape, "int64"), "fans": fans})
    archive.write(output_path())


if __name__ == "__main__":
    main()
