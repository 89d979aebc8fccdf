"""Pooling layers."""

from __future__ import annotations

import itertools

import numpy as np

from recorders.layer_cases.recorder import FLOAT64, Recorder, main, tag
from recorders.sources import normal


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


def record(recorder: Recorder) -> None:
    for part in (max_pooling2d, global_max_pooling1d):
        part(recorder)


if __name__ == "__main__":
    main(record)
