"""Convolution layers."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812

from recorders.layer_cases.recorder import FLOAT64, Recorder, every, in_torch_layout, listed, main, pair, tag
from recorders.sources import normal


def torch_conv(config: dict[str, Any]) -> Callable[..., Any]:
    """torch's convolution behind Keras's layouts (channels last, kernel height, width, inputs, outputs)."""
    first = config.get("data_format") == "channels_first"

    def function(t: Any, kernel: Any, *bias: Any) -> Any:
        result = F.conv2d(
            t if first else t.permute(0, 3, 1, 2),
            kernel.permute(3, 2, 0, 1),
            *bias,
            stride=pair(config.get("strides", 1)),
            padding=config.get("padding", "valid"),
            dilation=pair(config.get("dilation_rate", 1)),
        )
        result = result if first else result.permute(0, 2, 3, 1)
        return torch.relu(result) if config.get("activation") == "relu" else result

    return function


def conv_case(
    recorder: Recorder,
    kernel: Any,
    strides: Any,
    padding: str,
    dilation: Any,
    size: tuple[int, int],
    extra: dict[str, Any] | None = None,
    dtype: str = "float32",
) -> None:
    extra = extra or {}
    config: dict[str, Any] = {
        "filters": 2,
        "kernel_size": list(kernel) if isinstance(kernel, tuple) else kernel,
        "strides": list(strides) if isinstance(strides, tuple) else strides,
        "padding": padding,
        "dilation_rate": list(dilation) if isinstance(dilation, tuple) else dilation,
    } | extra
    name = f"Conv2D/k{tag(kernel)}-s{tag(strides)}-{padding}-d{tag(dilation)}-{tag(size)}"
    name += "-relu" if extra.get("activation") else ""
    name += "" if extra.get("use_bias", True) else "-nobias"
    first = extra.get("data_format") == "channels_first"
    name += "-channels_first" if first else ""
    name += FLOAT64 if dtype == "float64" else ""
    x = normal((2, 3, *size) if first else (2, *size, 3), dtype)
    weights = [normal((*pair(kernel), 3, 2), dtype, 0.5, "kernel"), normal((2,), dtype, 0.5, "bias")]
    if not extra.get("use_bias", True):
        weights = weights[:1]
    # TensorFlow has no channels_first convolution on a CPU.
    sources = ("keras3",) if first else ("tf_keras", "keras3")
    recorder.keras(name, config, x, weights, sources)
    # torch has no "same" padding with strides.
    if padding == "valid" or strides == 1:
        recorder.torch(name, config, x, weights, torch_conv(config))


def conv2d(recorder: Recorder) -> None:
    kernels = (1, 2, 3, (3, 2))
    sizes = ((6, 6), (5, 7))
    for kernel, strides, padding, size in itertools.product(kernels, (1, 2, (2, 1)), ("valid", "same"), sizes):
        conv_case(recorder, kernel, strides, padding, 1, size)
    for kernel, padding, size in itertools.product((2, 3, (3, 2)), ("valid", "same"), sizes):
        conv_case(recorder, kernel, 1, padding, 2, size)
    conv_case(recorder, 3, 1, "same", (2, 1), (5, 7))
    for extra in ({"activation": "relu"}, {"use_bias": False}, {"activation": "relu", "use_bias": False}):
        conv_case(recorder, 3, 1, "same", 1, (5, 7), extra)
    for padding in ("valid", "same"):
        conv_case(recorder, 3, 2, padding, 1, (6, 6), {"activation": "relu"}, "float64")
    first = {"data_format": "channels_first"}
    for kernel, strides, padding in itertools.product((3, (3, 2)), (1, 2, (2, 1)), ("valid", "same")):
        conv_case(recorder, kernel, strides, padding, 1, (5, 7), first)
    conv_case(recorder, 3, 1, "same", 2, (6, 6), first | {"activation": "relu"})


def conv1d(recorder: Recorder) -> None:
    grid = itertools.product((1, 2, 3), (1, 2), ("valid", "same", "causal"), (1, 2), (6, 7))
    for kernel, strides, padding, dilation, size in grid:
        if strides == 1 or dilation == 1:
            conv1d_case(recorder, kernel, strides, padding, dilation, size)
    for extra in ({"activation": "relu"}, {"use_bias": False}):
        conv1d_case(recorder, 3, 1, "causal", 1, 7, extra)
    conv1d_case(recorder, 3, 2, "same", 1, 7, {"activation": "relu"}, "float64")
    for padding, strides in itertools.product(("valid", "same", "causal"), (1, 2)):
        conv1d_case(recorder, 3, strides, padding, 1, 7, {"data_format": "channels_first"})
        conv1d_case(recorder, 3, strides, padding, 1, 6, {"groups": 2})
    conv1d_case(recorder, 2, 1, "causal", 2, 6, {"groups": 4, "data_format": "channels_first"})


def conv1d_case(
    recorder: Recorder,
    kernel: int,
    strides: int,
    padding: str,
    dilation: int,
    size: int,
    extra: dict[str, Any] | None = None,
    dtype: str = "float32",
) -> None:
    extra = extra or {}
    groups = extra.get("groups", 1)
    channels, filters = (3, 2) if groups == 1 else (4, 4)
    config = {
        "filters": filters,
        "kernel_size": kernel,
        "strides": strides,
        "padding": padding,
        "dilation_rate": dilation,
        "data_format": "channels_last",
    } | extra
    name = f"Conv1D/k{kernel}-s{strides}-{padding}-d{dilation}-{size}"
    name += "".join(f"-{key}" for key in ("activation", "use_bias") if key in extra)
    name += f"-g{groups}" if groups > 1 else ""
    first = config["data_format"] == "channels_first"
    name += "-channels_first" if first else ""
    name += FLOAT64 if dtype == "float64" else ""
    x = normal((2, channels, size) if first else (2, size, channels), dtype)
    weights = [normal((kernel, channels // groups, filters), dtype, 0.5, "kernel"), normal((filters,), dtype, 0.5)]
    if not extra.get("use_bias", True):
        weights = weights[:1]
    # On a CPU, TensorFlow has neither channels_first nor the gradient of convolution in groups.
    sources = ("keras3",) if first or groups > 1 else ("tf_keras",) if dtype == "float64" else ("tf_keras", "keras3")
    recorder.keras(name, config, x, weights, sources)
    if padding == "same" and strides > 1:
        return

    def function(t: Any, w: Any, *bias: Any) -> Any:
        t = t if first else t.permute(0, 2, 1)
        if padding == "causal":
            t = F.pad(t, ((kernel - 1) * dilation, 0))
        amount = padding if padding == "same" else 0
        result = F.conv1d(
            t, w.permute(2, 1, 0), *bias, stride=strides, padding=amount, dilation=dilation, groups=groups
        )
        result = torch.relu(result) if extra.get("activation") else result
        return result if first else result.permute(0, 2, 1)

    recorder.torch(name, config, x, weights, function)


def conv2d_groups(recorder: Recorder) -> None:
    for groups, strides, padding in ((2, 1, "same"), (2, 2, "valid"), (4, 1, "valid")):
        config = {"filters": 4, "kernel_size": 3, "strides": strides, "padding": padding, "groups": groups}
        x = normal((2, 5, 7, 4))
        weights = [normal((3, 3, 4 // groups, 4), "float32", 0.5, "kernel"), normal((4,), "float32", 0.5, "bias")]
        name = f"Conv2D/groups{groups}-s{strides}-{padding}"
        recorder.keras(name, config, x, weights, ("keras3",))

        def function(
            t: Any, w: Any, b: Any, groups: int = groups, strides: int = strides, padding: str = padding
        ) -> Any:
            t, w = t.permute(0, 3, 1, 2), w.permute(3, 2, 0, 1)
            return F.conv2d(t, w, b, stride=strides, padding=padding, groups=groups).permute(0, 2, 3, 1)

        recorder.torch(name, config, x, weights, function)


def conv3d(recorder: Recorder) -> None:
    size = (3, 5, 4)
    for kernel, strides, padding in itertools.product((2, (1, 3, 2)), (1, 2, (2, 1, 1)), ("valid", "same")):
        conv3d_case(recorder, kernel, strides, padding, size)
    for dilation, padding in itertools.product((2, (1, 2, 1)), ("valid", "same")):
        conv3d_case(recorder, 2, 1, padding, size, {"dilation_rate": dilation})
    for extra in ({"activation": "relu"}, {"use_bias": False}, {"groups": 2}):
        conv3d_case(recorder, 2, 1, "same", size, extra)
    conv3d_case(recorder, 2, 2, "same", size, {"activation": "tanh"}, "float64")
    first = {"data_format": "channels_first"}
    for strides, padding in itertools.product((1, (1, 2, 2)), ("valid", "same")):
        conv3d_case(recorder, (1, 3, 2), strides, padding, size, first)
    conv3d_case(recorder, 2, 1, "same", size, first | {"dilation_rate": (1, 2, 2), "groups": 2})


def conv3d_case(
    recorder: Recorder,
    kernel: Any,
    strides: Any,
    padding: str,
    size: tuple[int, ...],
    extra: dict[str, Any] | None = None,
    dtype: str = "float32",
) -> None:
    extra = {key: listed(value) for key, value in (extra or {}).items()}
    config = {"filters": 2, "kernel_size": listed(kernel), "strides": listed(strides), "padding": padding} | extra
    name = f"Conv3D/k{tag(kernel)}-s{tag(strides)}-{padding}"
    name += "".join(f"-{key}{tag(value)}" if key != "data_format" else f"-{value}" for key, value in extra.items())
    name += FLOAT64 if dtype == "float64" else ""
    groups, first = extra.get("groups", 1), "data_format" in extra
    x = normal((2, 2, *size) if first else (2, *size, 2), dtype)
    weights = [normal((*every(kernel, 3), 2 // groups, 2), dtype, 0.5, "kernel"), normal((2,), dtype, 0.5, "bias")]
    if not extra.get("use_bias", True):
        weights = weights[:1]
    sources = ("keras3",) if first or groups > 1 else ("tf_keras",) if dtype == "float64" else ("tf_keras", "keras3")
    recorder.keras(name, config, x, weights, sources)
    if padding == "same" and strides != 1:
        return

    def function(t: Any, w: Any, *bias: Any) -> Any:
        result = F.conv3d(
            t,
            w.permute(4, 3, 0, 1, 2),
            *bias,
            stride=strides,
            padding=padding,
            dilation=extra.get("dilation_rate", 1),
            groups=groups,
        )
        return torch.relu(result) if extra.get("activation") == "relu" else result

    recorder.torch(name, config, x, weights, in_torch_layout(config, function))


def record(recorder: Recorder) -> None:
    for part in (conv2d, conv1d, conv2d_groups, conv3d):
        part(recorder)


if __name__ == "__main__":
    main(record)
