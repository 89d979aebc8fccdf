"""Pooling layers."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812

from recorders.layer_cases.recorder import FLOAT64, Recorder, main, tag
from recorders.sources import normal

KINDS = ("Max", "Average")
SPATIAL = {1: (7,), 2: (5, 6), 3: (4, 3, 5)}


def max_pooling2d(recorder: Recorder) -> None:
    grid = itertools.product((2, 3, (2, 1)), (None, 1, 2), ("valid", "same"), ((6, 6), (5, 7)))
    for pool, strides, padding, size in grid:
        for data_format in ("channels_last", "channels_first"):
            first = data_format == "channels_first"
            if first and size == (6, 6):
                continue
            config = {
                "pool_size": list(pool) if isinstance(pool, tuple) else pool,
                "strides": strides,
                "padding": padding,
                "data_format": data_format,
            }
            name = f"MaxPooling2D/p{tag(pool)}-s{tag(strides)}-{padding}-{tag(size)}"
            name += "-channels_first" if first else ""
            x = normal((2, 2, *size) if first else (2, *size, 2))
            for source in ("keras3",) if first else ("tf_keras", "keras3"):
                recorder.keras(name, config, x, (), (source,))
    tied = np.maximum(normal((2, 6, 6, 2), tag="ties"), 0).astype("float32")
    tied[0, :4, :4] = 0.5
    negative = -np.abs(normal((2, 5, 5, 2), tag="negative"))
    note = "Windows with equal maxima: see how the gradient goes to one of them."
    for pool, strides, padding in ((2, None, "valid"), (3, 1, "same"), (3, 2, "same"), (3, 2, "valid")):
        config = {"pool_size": pool, "strides": strides, "padding": padding}
        recorder.keras(f"MaxPooling2D/ties-p{pool}-s{strides}-{padding}", config, tied, note=note)
        recorder.keras(f"MaxPooling2D/negative-p{pool}-s{strides}-{padding}", config, negative)
    recorder.keras(f"MaxPooling2D/p2{FLOAT64}", {"pool_size": 2}, normal((2, 4, 4, 2), "float64"))


def global_max_pooling1d(recorder: Recorder) -> None:
    tied = np.maximum(normal((3, 5, 4), tag="ties"), 0).astype("float32")
    for data_format, axis in (("channels_last", 1), ("channels_first", 2)):
        for variant, x in (("plain", normal((3, 5, 4))), ("ties", tied)):
            config = {"data_format": data_format}
            recorder.keras(f"GlobalMaxPooling1D/{variant}-{data_format}", config, x)
            recorder.torch(
                f"GlobalMaxPooling1D/{variant}-{data_format}", config, x, (), lambda t, axis=axis: t.amax(axis)
            )
    recorder.keras("GlobalMaxPooling1D/keepdims", {"keepdims": True}, normal((3, 5, 4)))
    recorder.keras(f"GlobalMaxPooling1D/plain{FLOAT64}", {}, normal((3, 5, 4), "float64"), sources=("tf_keras",))


def windows(recorder: Recorder) -> None:
    """All pooling layers with windows but MaxPooling2D, which is above."""
    pools: dict[int, tuple[Any, ...]] = {1: (2, 3), 2: (2, 3, (2, 1)), 3: (2, (1, 2, 3))}
    steps: dict[int, tuple[Any, ...]] = {1: (None, 1, 2), 2: (None, 1, 2, (1, 3)), 3: (None, 1, (2, 1, 2))}
    for kind, rank in itertools.product(KINDS, (1, 2, 3)):
        if (kind, rank) == ("Max", 2):
            continue
        for pool, strides, padding in itertools.product(pools[rank], steps[rank], ("valid", "same")):
            for data_format in ("channels_last", "channels_first"):
                window(recorder, kind, rank, pool, strides, padding, data_format)
        component = f"{kind}Pooling{rank}D"
        negative = -np.abs(normal((2, *SPATIAL[rank], 2), tag="negative"))
        config = {"pool_size": 3, "strides": 2, "padding": "same"}
        recorder.keras(f"{component}/negative", config, negative, sources=keras_sources(kind, rank, 3, "same"))
        x = normal((2, *SPATIAL[rank], 2), "float64")
        for padding in ("valid", "same"):
            name, config = f"{component}/p2-{padding}{FLOAT64}", {"pool_size": 2, "padding": padding}
            # TensorFlow pools no volumes of float64.
            if rank < 3:
                recorder.keras(name, config, x, sources=("tf_keras",))
            recorder.torch(name, config, x, (), torch_window(kind, rank, 2, None, padding, False))
    for rank in (1, 3):
        tied = np.maximum(normal((2, *SPATIAL[rank], 2), tag="ties"), 0).astype("float32")
        note = "Windows with equal maxima: the gradient goes to the first of them."
        for pool, strides, padding in ((2, None, "valid"), (3, 1, "same"), (3, 2, "valid")):
            config = {"pool_size": pool, "strides": strides, "padding": padding}
            recorder.keras(f"MaxPooling{rank}D/ties-p{pool}-s{strides}-{padding}", config, tied, note=note)


def keras_sources(kind: str, rank: int, pool: Any, padding: str, first: bool = False) -> tuple[str, ...]:
    """TensorFlow has no channels_first on a CPU; Keras 3 on PyTorch pads unequally with copies of the edge."""
    copies = kind == "Average" and rank > 1 and padding == "same" and pool != 2
    return ("tf_keras",) * (not first) + ("keras3",) * (not copies)


def window(recorder: Recorder, kind: str, rank: int, pool: Any, strides: Any, padding: str, data_format: str) -> None:
    first = data_format == "channels_first"
    config = {
        "pool_size": list(pool) if isinstance(pool, tuple) else pool,
        "strides": list(strides) if isinstance(strides, tuple) else strides,
        "padding": padding,
        "data_format": data_format,
    }
    name = f"{kind}Pooling{rank}D/p{tag(pool)}-s{tag(strides)}-{padding}{'-channels_first' if first else ''}"
    x = normal((2, 2, *SPATIAL[rank]) if first else (2, *SPATIAL[rank], 2))
    recorder.keras(name, config, x, sources=keras_sources(kind, rank, pool, padding, first))
    recorder.torch(name, config, x, (), torch_window(kind, rank, pool, strides, padding, first))


def torch_window(kind: str, rank: int, pool: Any, strides: Any, padding: str, first: bool) -> Any:
    """torch's pooling, of what "same" puts around the input, by Keras's rule."""
    sizes = (pool,) * rank if isinstance(pool, int) else pool
    steps = sizes if strides is None else (strides,) * rank if isinstance(strides, int) else strides
    amounts: list[int] = []
    for length, size, step in zip(SPATIAL[rank], sizes, steps, strict=True):
        total = max((-(-length // step) - 1) * step + size - length, 0) if padding == "same" else 0
        # torch pads the last axis first.
        amounts = [total // 2, total - total // 2, *amounts]
    function = getattr(F, f"{'max' if kind == 'Max' else 'avg'}_pool{rank}d")

    def pooled(t: Any, fill: float) -> Any:
        return function(F.pad(t, amounts, value=fill), sizes, steps)

    def run(t: Any) -> Any:
        t = t if first else torch.movedim(t, -1, 1)
        # The share of real entries in each window.
        y = pooled(t, -torch.inf) if kind == "Max" else pooled(t, 0.0) / pooled(torch.ones_like(t), 0.0)
        return y if first else torch.movedim(y, 1, -1)

    return run


def global_pooling(recorder: Recorder) -> None:
    """All global pooling layers; of GlobalMaxPooling1D only what is not above."""
    for kind, rank, keepdims in itertools.product(KINDS, (1, 2, 3), (False, True)):
        if (kind, rank, keepdims) == ("Max", 1, False):
            continue
        for data_format in ("channels_last", "channels_first"):
            first = data_format == "channels_first"
            config = {"data_format": data_format, "keepdims": keepdims}
            x = normal((3, 4, *SPATIAL[rank]) if first else (3, *SPATIAL[rank], 4))
            axes = tuple(range(2, rank + 2)) if first else tuple(range(1, rank + 1))
            name = f"Global{kind}Pooling{rank}D/{data_format}{'-keepdims' if keepdims else ''}"
            recorder.keras(name, config, x)
            recorder.torch(name, config, x, (), torch_global(kind, axes, keepdims))
    for kind, rank in itertools.product(KINDS, (1, 2, 3)):
        if (kind, rank) == ("Max", 1):
            continue
        tied = np.maximum(normal((2, *SPATIAL[rank], 3), tag="ties"), 0).astype("float32")
        tied[0, ..., 0] = -1
        recorder.keras(f"Global{kind}Pooling{rank}D/ties", {"data_format": "channels_last"}, tied)
        x = normal((2, *SPATIAL[rank], 3), "float64")
        recorder.keras(f"Global{kind}Pooling{rank}D/plain{FLOAT64}", {}, x, sources=("tf_keras",))


def torch_global(kind: str, axes: Sequence[int], keepdims: bool) -> Any:
    if kind == "Max":
        return lambda t: t.amax(axes, keepdim=keepdims)
    return lambda t: t.mean(axes, keepdim=keepdims)


MASKS = {
    "behind": np.arange(5) < np.array([[5], [3], [1], [4]]),
    "anywhere": np.array([[1, 0, 1, 0, 1], [0, 0, 1, 1, 1], [0, 0, 0, 0, 1], [1, 1, 1, 1, 1]], bool),
}


def masked_mean(recorder: Recorder) -> None:
    for variant, data_format, keepdims in itertools.product(MASKS, ("channels_last", "channels_first"), (False, True)):
        config = {"data_format": data_format, "keepdims": keepdims}
        x = normal((4, 5, 3) if data_format == "channels_last" else (4, 3, 5))
        name = f"GlobalAveragePooling1D/mask-{variant}-{data_format}{'-keepdims' if keepdims else ''}"
        recorder.keras(name, config, x, mask=MASKS[variant])
    x = normal((4, 5, 3), "float64")
    recorder.keras(f"GlobalAveragePooling1D/mask{FLOAT64}", {}, x, sources=("tf_keras",), mask=MASKS["anywhere"])


def record(recorder: Recorder) -> None:
    for part in (max_pooling2d, global_max_pooling1d, windows, global_pooling, masked_mean):
        part(recorder)


if __name__ == "__main__":
    main(record)
