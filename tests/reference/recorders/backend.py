"""Keras's backend functions: values and gradients, over a few arguments each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from recorders.archive import Archive, output_path
from recorders.backend_cases.calls import NOT_IN_KERAS2, NOT_IN_KERAS3, calls, tuples
from recorders.backend_cases.rows import ROWS
from recorders.sources import VERSIONS, precision, pull_back, tensor, to_numpy


def value(array: Any) -> np.ndarray:
    """Bool as uint8, positions as int64."""
    found = to_numpy(array)
    if found.dtype == bool:
        return found.astype("uint8")
    return found.astype("int64") if found.dtype == np.int32 and found.ndim else found


def compute(source: str, call: Callable[..., Any], arrays: list[np.ndarray]) -> dict[str, np.ndarray]:
    """The value, and the gradients of those inputs that are floating, where the value is."""
    fixed = [None if array.dtype.kind == "f" else tensor(source, array) for array in arrays]
    positions = [place for place, array in enumerate(arrays) if array.dtype.kind == "f"]

    def function(*given: Any) -> Any:
        items = iter(given)
        return call(*(next(items) if one is None else one for one in fixed))

    floating = [arrays[place] for place in positions]
    plain = function(*(tensor(source, array) for array in floating))
    y = value(plain)
    if y.dtype.kind != "f" or not positions:
        return {"y": y}
    y, g, gradients = pull_back(source, function, floating)
    return {"y": y, "g": g, **{f"dx{place}": found for place, found in zip(positions, gradients, strict=True)}}


def main() -> None:
    archive = Archive("backend", VERSIONS)
    for component, variant, arrays, config, wide in ROWS:
        for dtype in ("float32", "float64") if wide else ("float32",):
            given = [array.astype(dtype) if wide and array.dtype == np.float32 else array for array in arrays]
            label = f"{component}/{variant}" + ("-float64" if dtype == "float64" else "")
            double = dtype == "float64" or "float64" in variant
            inputs = {f"x{place}": array for place, array in enumerate(given)}
            keras2, keras3 = calls(component, {key: tuples(item) for key, item in config.items()})
            with precision(dtype):
                if label not in NOT_IN_KERAS2:
                    archive.add(label, "tf_keras", config, inputs | compute("tf_keras", keras2, given))
                if keras3 is not None and label not in NOT_IN_KERAS3 and not double:
                    archive.add(label, "keras3", config, inputs | compute("keras3", keras3, given))
    archive.write(output_path())


if __name__ == "__main__":
    main()
