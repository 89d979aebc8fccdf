"""Transposed convolution layers."""

from __future__ import annotations

import itertools
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812

from recorders.layer_cases.recorder import FLOAT64, Recorder, every, in_torch_layout, listed, main, tag
from recorders.sources import normal

TRANSPOSED = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}
CHANNELS, FILTERS = 3, 2
SIZES = {1: (5,), 2: (3, 4), 3: (2, 3, 2)}
FIRST = {"data_format": "channels_first"}


def case(
    recorder: Recorder,
    rank: int,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    extra: dict[str, Any] | None = None,
    dtype: str = "float32",
    sources: tuple[str, ...] | None = None,
) -> None:
    extra = {key: listed(value) for key, value in (extra or {}).items()}
    config = {"filters": FILTERS, "kernel_size": listed(kernel), "strides": listed(strides), "padding": padding}
    config |= extra
    name = f"Conv{rank}DTranspose/k{tag(kernel)}-s{tag(strides)}-{padding}"
    name += "".join(f"-{value}" if key == "data_format" else f"-{key}{tag(value)}" for key, value in extra.items())
    name += FLOAT64 if dtype == "float64" else ""
    first = "data_format" in extra
    x = normal((2, CHANNELS, *SIZES[rank]) if first else (2, *SIZES[rank], CHANNELS), dtype)
    weights = [normal((*every(kernel, rank), FILTERS, CHANNELS), dtype, 0.5, "kernel")]
    if extra.get("use_bias", True):
        weights.append(normal((FILTERS,), dtype, 0.5, "bias"))
    if sources is None:
        # On a CPU, TensorFlow has channels_first only in two dimensions.
        sources = ("keras3",) if (first and rank != 2) or _too_short(config, rank) else ("tf_keras", "keras3")
    recorder.keras(name, config, x, weights, sources)
    # torch crops both sides alike, and says the added elements in another way where there are any to crop.
    if padding == "same":
        return
    steps, spread = every(strides, rank), every(extra.get("dilation_rate", 1), rank)
    extents = [(size - 1) * distance + 1 for size, distance in zip(every(kernel, rank), spread, strict=True)]
    added = extra.get("output_padding")
    if added is None:
        added = [max(step - extent, 0) for step, extent in zip(steps, extents, strict=True)]

    def function(t: Any, w: Any, *bias: Any) -> Any:
        result = TRANSPOSED[rank](
            t,
            w.movedim((-1, -2), (0, 1)),
            *bias,
            stride=steps,
            output_padding=every(added, rank),
            dilation=spread,
        )
        return torch.relu(result) if extra.get("activation") == "relu" else result

    recorder.torch(name, config, x, weights, in_torch_layout(config, function))


def _too_short(config: dict[str, Any], rank: int) -> bool:
    """Whether TensorFlow refuses the length that Keras 2 states: it wants one window for each input."""
    added = config.get("output_padding")
    if added is None or config["padding"] != "same":
        return False
    return any(
        size % 2 == 0 and extra == 0
        for size, extra in zip(every(config["kernel_size"], rank), every(added, rank), strict=True)
    )


def conv1d_transpose(recorder: Recorder) -> None:
    for kernel, strides, padding in itertools.product((1, 2, 3, 4), (1, 2, 3), ("valid", "same")):
        case(recorder, 1, kernel, strides, padding)
    for kernel, padding, (strides, added) in itertools.product(
        (2, 3), ("valid", "same"), ((1, 0), (2, 0), (2, 1), (3, 2))
    ):
        case(recorder, 1, kernel, strides, padding, {"output_padding": added})
    for padding in ("valid", "same"):
        # On a CPU, TensorFlow has no dilation here.
        case(recorder, 1, 3, 1, padding, {"dilation_rate": 2}, sources=("keras3",))


def conv2d_transpose(recorder: Recorder) -> None:
    for kernel, strides, padding in itertools.product((2, 3, (3, 2)), (1, 2, (2, 1), 3), ("valid", "same")):
        case(recorder, 2, kernel, strides, padding)
    for kernel, padding, (strides, added) in itertools.product(
        (2, (3, 2)), ("valid", "same"), ((2, 0), (2, 1), ((2, 1), (1, 0)), (3, 2))
    ):
        case(recorder, 2, kernel, strides, padding, {"output_padding": added})
    for padding in ("valid", "same"):
        case(recorder, 2, 3, 1, padding, {"dilation_rate": 2})
        # TensorFlow has only equal distances along both axes.
        case(recorder, 2, (2, 3), 1, padding, {"dilation_rate": (2, 1)}, sources=("keras3",))


def conv3d_transpose(recorder: Recorder) -> None:
    for kernel, strides, padding in itertools.product((2, (1, 3, 2)), (1, 2, (1, 2, 2)), ("valid", "same")):
        case(recorder, 3, kernel, strides, padding)
    for padding in ("valid", "same"):
        case(recorder, 3, (1, 3, 2), 2, padding, {"output_padding": 1})
        case(recorder, 3, 2, (1, 2, 2), padding, {"output_padding": (0, 1, 0)})
        # Keras 2 takes the argument and computes without it.
        case(recorder, 3, 2, 1, padding, {"dilation_rate": (1, 2, 2)}, sources=("keras3",))


def of_every_layer(recorder: Recorder) -> None:
    for rank in (1, 2, 3):
        for kernel, strides, padding in itertools.product((2, 3), (1, 2), ("valid", "same")):
            case(recorder, rank, kernel, strides, padding, FIRST)
        for extra in ({"activation": "relu"}, {"use_bias": False}, FIRST | {"use_bias": False}):
            case(recorder, rank, 3, 2, "valid", extra)
        case(recorder, rank, 2, 2, "same", {"activation": "tanh"}, "float64", ("tf_keras",))


def record(recorder: Recorder) -> None:
    for part in (conv1d_transpose, conv2d_transpose, conv3d_transpose, of_every_layer):
        part(recorder)


if __name__ == "__main__":
    main(record)
