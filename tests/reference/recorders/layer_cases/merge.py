"""Layers that make one tensor of several."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from recorders.layer_cases.recorder import FLOAT64, Recorder, main
from recorders.sources import normal

ENTRYWISE: dict[str, Any] = {
    "Add": lambda *t: sum(t[1:], t[0]),
    "Subtract": lambda a, b: a - b,
    "Multiply": lambda *t: torch.stack(torch.broadcast_tensors(*t)).prod(0),
    "Average": lambda *t: sum(t[1:], t[0]) / len(t),
    "Maximum": lambda *t: torch.stack(torch.broadcast_tensors(*t)).amax(0),
    "Minimum": lambda *t: torch.stack(torch.broadcast_tensors(*t)).amin(0),
}


def inputs(*shapes: tuple[int, ...], dtype: str = "float32") -> list[np.ndarray]:
    return [normal(shape, dtype, tag=f"input {number}") for number, shape in enumerate(shapes)]


def entrywise(recorder: Recorder) -> None:
    variants: dict[str, list[tuple[int, ...]]] = {
        "rank2": [(3, 4)] * 2,
        "rank4": [(2, 3, 2, 2)] * 2,
        "three": [(3, 4)] * 3,
        "five": [(2, 3)] * 5,
        "broadcast-last": [(3, 4, 1), (3, 1, 5)],
        "broadcast-first": [(2, 1, 3), (2, 4, 3)],
        "broadcast-ranks": [(2, 3, 4), (2, 4)],
        "broadcast-ranks-turned": [(2, 4), (2, 3, 3, 4)],
    }
    for component, function in ENTRYWISE.items():
        for variant, shapes in variants.items():
            if component == "Subtract" and len(shapes) > 2:
                continue
            xs = inputs(*shapes)
            recorder.keras(f"{component}/{variant}", {}, xs)
            if "ranks" not in variant:
                recorder.torch(f"{component}/{variant}", {}, xs, [], function)
        xs = inputs((3, 4), (3, 4), dtype="float64")
        recorder.keras(f"{component}/rank2{FLOAT64}", {}, xs, sources=("tf_keras",))
        recorder.torch(f"{component}/rank2{FLOAT64}", {}, xs, [], function)


def concatenate(recorder: Recorder) -> None:
    variants: dict[str, tuple[int, list[tuple[int, ...]]]] = {
        "rank2": (-1, [(3, 4), (3, 2)]),
        "rank3-last": (-1, [(2, 3, 4), (2, 3, 1)]),
        "rank3-axis2": (2, [(2, 3, 4), (2, 3, 1)]),
        "rank3-axis1": (1, [(2, 3, 4), (2, 1, 4)]),
        "rank3-axis-2": (-2, [(2, 3, 4), (2, 1, 4)]),
        "rank4-axis1": (1, [(2, 1, 2, 2), (2, 3, 2, 2)]),
        "rank4-axis3": (3, [(2, 2, 3, 2), (2, 2, 3, 4)]),
        "three": (-1, [(2, 3), (2, 1), (2, 4)]),
    }
    for variant, (axis, shapes) in variants.items():
        xs = inputs(*shapes)
        recorder.keras(f"Concatenate/{variant}", {"axis": axis}, xs)
        recorder.torch(f"Concatenate/{variant}", {"axis": axis}, xs, [], lambda *t, axis=axis: torch.cat(t, axis))
    recorder.keras(f"Concatenate/rank2{FLOAT64}", {}, inputs((3, 4), (3, 2), dtype="float64"), sources=("tf_keras",))


def dot(recorder: Recorder) -> None:
    variants: dict[str, tuple[Any, list[tuple[int, ...]]]] = {
        "vectors": (1, [(3, 4), (3, 4)]),
        "vectors-last": (-1, [(3, 4), (3, 4)]),
        "matrices-1": (1, [(2, 3, 4), (2, 3, 5)]),
        "matrices-2": (2, [(2, 4, 3), (2, 5, 3)]),
        "matrices-2-1": ([2, 1], [(2, 4, 3), (2, 3, 5)]),
        "matrices-1-2": ([1, 2], [(2, 3, 4), (2, 5, 3)]),
        "matrix-vector": ([2, 1], [(2, 4, 3), (2, 3)]),
        "vector-matrix": ([1, 2], [(2, 3), (2, 4, 3)]),
        "rank4": ([3, 1], [(2, 2, 3, 4), (2, 4, 5)]),
        "one": (1, [(3, 1), (3, 1)]),
    }
    for variant, (axes, shapes) in variants.items():
        # A single number of length 1 has no slope, only rounding.
        for normalize in (False, True) if variant != "one" else (False,):
            xs = inputs(*shapes)
            config = {"axes": axes, "normalize": normalize}
            recorder.keras(f"Dot/{variant}{'-normalize' if normalize else ''}", config, xs)
    xs = inputs((2, 4, 3), (2, 3, 5), dtype="float64")
    recorder.keras(f"Dot/matrices{FLOAT64}", {"axes": [2, 1]}, xs, sources=("tf_keras",))
    recorder.keras(f"Dot/matrices-normalize{FLOAT64}", {"axes": [2, 1], "normalize": True}, xs, sources=("tf_keras",))


def record(recorder: Recorder) -> None:
    for part in (entrywise, concatenate, dot):
        part(recorder)


if __name__ == "__main__":
    main(record)
