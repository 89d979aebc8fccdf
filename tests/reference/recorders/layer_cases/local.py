"""Locally connected layers, which Keras 3 does not have."""

from __future__ import annotations

import itertools
import math
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812

from recorders.layer_cases.recorder import FLOAT64, Recorder, every, listed, main, tag
from recorders.sources import normal

CHANNELS, FILTERS = 2, 3
SIZES = {1: (6,), 2: (4, 5)}


def case(
    recorder: Recorder,
    rank: int,
    kernel: Any,
    strides: Any = 1,
    extra: dict[str, Any] | None = None,
    dtype: str = "float32",
) -> None:
    extra = extra or {}
    config = {"filters": FILTERS, "kernel_size": listed(kernel), "strides": listed(strides)} | extra
    name = f"LocallyConnected{rank}D/k{tag(kernel)}-s{tag(strides)}"
    name += "".join(f"-{value}" if key == "data_format" else f"-{key}{value}" for key, value in extra.items())
    name += FLOAT64 if dtype == "float64" else ""
    first = extra.get("data_format") == "channels_first"
    windows, steps = every(kernel, rank), every(strides, rank)
    output = [(n - k) // s + 1 for n, k, s in zip(SIZES[rank], windows, steps, strict=True)]
    x = normal((2, CHANNELS, *SIZES[rank]) if first else (2, *SIZES[rank], CHANNELS), dtype)
    shape = (math.prod(output), math.prod(windows) * CHANNELS, FILTERS)
    weights = [normal(shape, dtype, 0.5, "kernel")]
    if extra.get("use_bias", True):
        weights.append(normal((*output, FILTERS), dtype, 0.5, "bias"))
    recorder.keras(name, config, x, weights, ("tf_keras",))
    # torch's patches have the order of the elements that Keras's have with channels first.
    if not first:
        return

    def function(t: Any, w: Any, *bias: Any) -> Any:
        images = t if rank == 2 else t.unsqueeze(-1)
        patches = F.unfold(images, windows if rank == 2 else (kernel, 1), stride=steps if rank == 2 else (strides, 1))
        result = torch.einsum("bkp,pkf->bfp", patches, w).reshape(len(t), FILTERS, *output)
        # Keras 2 reads the bias in its order as (filters, *output).
        result = result + bias[0].reshape(FILTERS, *output) if bias else result
        return torch.relu(result) if extra.get("activation") == "relu" else result

    recorder.torch(name, config, x, weights, function)


def record(recorder: Recorder) -> None:
    formats = ("channels_last", "channels_first")
    for kernel, strides, data_format in itertools.product((1, 2, 3), (1, 2), formats):
        case(recorder, 1, kernel, strides, {"data_format": data_format})
    for kernel, strides, data_format in itertools.product((2, (3, 2)), (1, 2, (2, 1)), formats):
        case(recorder, 2, kernel, strides, {"data_format": data_format})
    for rank, data_format in itertools.product((1, 2), formats):
        for extra in ({"activation": "relu"}, {"use_bias": False}):
            case(recorder, rank, 2, 2, {"data_format": data_format} | extra)
    for rank in (1, 2):
        case(recorder, rank, 2, 1, {"activation": "tanh"}, "float64")


if __name__ == "__main__":
    main(record)
