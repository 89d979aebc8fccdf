"""Layers that make their input larger or smaller without weights."""

from __future__ import annotations

import itertools
from typing import Any

import torch.nn.functional as F  # noqa: N812

from recorders.layer_cases.recorder import Recorder, main, pair, tag
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


def record(recorder: Recorder) -> None:
    for part in (up_sampling2d,):
        part(recorder)


if __name__ == "__main__":
    main(record)
