"""Layers that make their input larger or smaller without weights."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import torch.nn.functional as F  # noqa: N812

from recorders.layer_cases.recorder import FLOAT64, Recorder, every, in_torch_layout, listed, main, pair, tag
from recorders.sources import normal


def up_sampling2d(recorder: Recorder) -> None:
    grid = itertools.product((1, 2, 3, (3, 2)), ("nearest", "bilinear"), ("channels_last", "channels_first"))
    for size, interpolation, data_format in grid:
        config = {
            "size": list(size) if isinstance(size, tuple) else size,
            "interpolation": interpolation,
            "data_format": data_format,
        }
        name = f"UpSampling2D/{tag(size)}-{interpolation}-{data_format}"
        first = data_format == "channels_first"
        x = normal((2, 2, 3, 4) if first else (2, 3, 4, 2))
        recorder.keras(name, config, x)

        def function(t: Any, size: Any = size, interpolation: str = interpolation, first: bool = first) -> Any:
            t = t if first else t.permute(0, 3, 1, 2)
            result = F.interpolate(t, scale_factor=pair(size), mode=interpolation)
            return result if first else result.permute(0, 2, 3, 1)

        recorder.torch(name, config, x, (), function)
    config = {"interpolation": "bilinear"}
    recorder.keras("UpSampling2D/one-pixel", config, normal((2, 1, 1, 3)))


def up_sampling_by_repeating(recorder: Recorder) -> None:
    for size in (1, 2, 3):
        config: dict[str, Any] = {"size": size}
        repeated_case(recorder, f"UpSampling1D/{size}", config, normal((2, 4, 3)))
    repeated_case(recorder, f"UpSampling1D/2{FLOAT64}", {"size": 2}, normal((2, 4, 3), "float64"))
    grid = itertools.product((1, 2, (1, 2, 3), (3, 1, 2)), ("channels_last", "channels_first"))
    for sizes, data_format in grid:
        config = {"size": listed(sizes), "data_format": data_format}
        x = normal((2, 2, 2, 3, 2) if data_format == "channels_first" else (2, 2, 3, 2, 2))
        repeated_case(recorder, f"UpSampling3D/{tag(sizes)}-{data_format}", config, x)


def repeated_case(recorder: Recorder, name: str, config: dict[str, Any], x: np.ndarray) -> None:
    recorder.keras(name, config, x)
    factors = [float(factor) for factor in every(config["size"], x.ndim - 2)]
    recorder.torch(name, config, x, (), in_torch_layout(config, lambda t: F.interpolate(t, scale_factor=factors)))


def record(recorder: Recorder) -> None:
    for part in (up_sampling2d, up_sampling_by_repeating):
        part(recorder)


if __name__ == "__main__":
    main(record)
