"""Depthwise and separable convolution layers."""

from __future__ import annotations

import itertools
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812

from recorders.layer_cases.recorder import FLOAT64, Recorder, every, in_torch_layout, listed, main, tag
from recorders.sources import normal

CONVOLUTIONS = {1: F.conv1d, 2: F.conv2d}
CHANNELS, FILTERS = 3, 2
SIZES = {1: (7,), 2: (5, 6)}
FIRST = {"data_format": "channels_first"}


def case(
    recorder: Recorder,
    component: str,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    multiplier: int = 1,
    extra: dict[str, Any] | None = None,
    dtype: str = "float32",
) -> None:
    rank = int(component[-2])
    separable = component.startswith("Separable")
    extra = {key: listed(value) for key, value in (extra or {}).items()}
    config = {
        "kernel_size": listed(kernel),
        "strides": listed(strides),
        "padding": padding,
        "depth_multiplier": multiplier,
    } | extra
    name = f"{component}/k{tag(kernel)}-s{tag(strides)}-{padding}-m{multiplier}"
    name += "".join(f"-{value}" if key == "data_format" else f"-{key}{tag(value)}" for key, value in extra.items())
    name += FLOAT64 if dtype == "float64" else ""
    first = "data_format" in extra
    x = normal((2, CHANNELS, *SIZES[rank]) if first else (2, *SIZES[rank], CHANNELS), dtype)
    outputs = FILTERS if separable else CHANNELS * multiplier
    weights = [normal((*every(kernel, rank), CHANNELS, multiplier), dtype, 0.5, "depthwise")]
    if separable:
        config |= {"filters": FILTERS}
        weights.append(normal((*(1,) * rank, CHANNELS * multiplier, FILTERS), dtype, 0.5, "pointwise"))
    if extra.get("use_bias", True):
        weights.append(normal((outputs,), dtype, 0.5, "bias"))
    # On a CPU, TensorFlow has neither channels_first, but for one layer, nor steps that differ from axis to axis; Keras 3
    # has no "causal" here.
    sources = ["keras3"] if padding != "causal" and dtype == "float32" else []
    if len(set(every(strides, rank))) == 1 and (not first or component == "DepthwiseConv2D"):
        sources.insert(0, "tf_keras")
    recorder.keras(name, config, x, weights, sources)
    # torch has no "same" padding with strides.
    if padding == "same" and strides != 1:
        return
    dilation = extra.get("dilation_rate", 1)

    def function(t: Any, depthwise: Any, *rest: Any) -> Any:
        if padding == "causal":
            t = F.pad(t, ((kernel - 1) * dilation, 0))
        # (*size, channels, multiplier) -> (channels * multiplier, 1, *size).
        filters = depthwise.movedim((-2, -1), (0, 1)).flatten(0, 1).unsqueeze(1)
        pointwise, bias = (rest[0], rest[1:]) if separable else (None, rest)
        result = CONVOLUTIONS[rank](
            t,
            filters,
            *(() if separable else bias),
            stride=strides,
            padding=0 if padding == "causal" else padding,
            dilation=dilation,
            groups=CHANNELS,
        )
        if pointwise is not None:
            result = CONVOLUTIONS[rank](result, pointwise.movedim((-1, -2), (0, 1)), *bias)
        return torch.relu(result) if extra.get("activation") == "relu" else result

    recorder.torch(name, config, x, weights, in_torch_layout(config, function))


def depthwise_conv2d(recorder: Recorder) -> None:
    grid = itertools.product((2, 3, (3, 2)), (1, 2, (2, 1)), ("valid", "same"), (1, 2))
    for kernel, strides, padding, multiplier in grid:
        case(recorder, "DepthwiseConv2D", kernel, strides, padding, multiplier)
    for dilation, padding, multiplier in itertools.product((2, (2, 1)), ("valid", "same"), (1, 2)):
        case(recorder, "DepthwiseConv2D", (2, 3), 1, padding, multiplier, {"dilation_rate": dilation})


def depthwise_conv1d(recorder: Recorder) -> None:
    for kernel, strides, padding, multiplier in itertools.product((2, 3), (1, 2), ("valid", "same"), (1, 2)):
        case(recorder, "DepthwiseConv1D", kernel, strides, padding, multiplier)
    for padding in ("valid", "same"):
        case(recorder, "DepthwiseConv1D", 3, 1, padding, 2, {"dilation_rate": 2})


def separable_conv2d(recorder: Recorder) -> None:
    grid = itertools.product((3, (3, 2)), (1, 2, (2, 1)), ("valid", "same"), (1, 2))
    for kernel, strides, padding, multiplier in grid:
        case(recorder, "SeparableConv2D", kernel, strides, padding, multiplier)
    for dilation, padding in itertools.product((2, (2, 1)), ("valid", "same")):
        case(recorder, "SeparableConv2D", (2, 3), 1, padding, 2, {"dilation_rate": dilation})


def separable_conv1d(recorder: Recorder) -> None:
    grid = itertools.product((2, 3), (1, 2), ("valid", "same", "causal"), (1, 2))
    for kernel, strides, padding, multiplier in grid:
        case(recorder, "SeparableConv1D", kernel, strides, padding, multiplier)
    for padding in ("valid", "same", "causal"):
        case(recorder, "SeparableConv1D", 3, 1, padding, 2, {"dilation_rate": 2})


def of_every_layer(recorder: Recorder) -> None:
    for component in ("DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D"):
        for strides, padding in itertools.product((1, 2), ("valid", "same")):
            case(recorder, component, 3, strides, padding, 2, FIRST)
        for extra in ({"activation": "relu"}, {"use_bias": False}, FIRST | {"use_bias": False, "dilation_rate": 2}):
            case(recorder, component, 3, 1, "same", 2, extra)
        case(recorder, component, 2, 2, "same", 2, {"activation": "tanh"}, "float64")


def record(recorder: Recorder) -> None:
    for part in (depthwise_conv2d, depthwise_conv1d, separable_conv2d, separable_conv1d, of_every_layer):
        part(recorder)


if __name__ == "__main__":
    main(record)
