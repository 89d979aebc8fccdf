"""Layers: outputs and gradients from Keras 2, Keras 3 (on PyTorch) and torch.nn.functional."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812

from recorders.archive import Archive, output_path
from recorders.sources import KERAS, KERAS_FLOAT64, VERSIONS, normal, precision, pull_back, to_numpy

FLOAT64 = "-float64"


def pair(value: int | Sequence[int]) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (value[0], value[1])


def tag(value: int | Sequence[int] | None) -> str:
    return str(value) if value is None or isinstance(value, int) else "x".join(map(str, value))


class Recorder:
    """Adds one case per source for a layer's config and input."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive

    def keras(
        self,
        name: str,
        config: dict[str, Any],
        x: np.ndarray,
        weights: Sequence[np.ndarray] = (),
        sources: Sequence[str] = ("tf_keras", "keras3"),
        note: str = "",
    ) -> None:
        component = name.split("/", 1)[0]
        for source in sources:
            arguments = {key: tuple(v) if isinstance(v, list) else v for key, v in config.items()}
            with precision(x.dtype.name):
                layer = getattr(KERAS[source].layers, component)(**arguments)
                layer.build(x.shape)
                if weights:
                    layer.set_weights(list(weights))
                y, g, (dx, *dw) = pull_back(source, layer, [x], layer.trainable_weights)
            self._add(name, source, config, x, weights, y, g, dx, dw, note)

    def torch(
        self,
        name: str,
        config: dict[str, Any],
        x: np.ndarray,
        weights: Sequence[np.ndarray],
        function: Callable[..., Any],
        note: str = "",
    ) -> None:
        """``function(x, *weights)`` takes and gives tensors in Keras's layouts."""
        y, g, (dx, *dw) = pull_back("torch", function, [x, *weights])
        self._add(name, "torch", config, x, weights, y, g, dx, dw, note)

    def _add(
        self,
        name: str,
        source: str,
        config: dict[str, Any],
        x: np.ndarray,
        weights: Sequence[np.ndarray],
        y: np.ndarray,
        g: np.ndarray,
        dx: np.ndarray,
        dw: Sequence[np.ndarray],
        note: str,
    ) -> None:
        arrays = {"x": x} | {f"w{i}": w for i, w in enumerate(weights)} | {"g": g, "y": y, "dx": dx}
        arrays |= {f"dw{i}": w for i, w in enumerate(dw)}
        self.archive.add(name, source, config, arrays, note)


def dense(recorder: Recorder) -> None:
    variants: list[tuple[str, dict[str, Any], tuple[int, ...], str]] = [
        ("plain", {}, (4, 5), "float32"),
        ("relu", {"activation": "relu"}, (4, 5), "float32"),
        ("tanh", {"activation": "tanh"}, (4, 5), "float32"),
        ("softmax", {"activation": "softmax"}, (4, 5), "float32"),
        ("nobias", {"use_bias": False}, (4, 5), "float32"),
        ("relu-nobias", {"activation": "relu", "use_bias": False}, (4, 5), "float32"),
        ("rank3", {}, (2, 3, 5), "float32"),
        ("rank3-tanh", {"activation": "tanh"}, (2, 3, 5), "float32"),
        ("rank4-relu", {"activation": "relu"}, (2, 3, 2, 5), "float32"),
        ("one-row", {}, (1, 5), "float32"),
        ("relu" + FLOAT64, {"activation": "relu"}, (4, 5), "float64"),
        ("softmax" + FLOAT64, {"activation": "softmax"}, (4, 5), "float64"),
    ]
    functions = {
        None: lambda t: t,
        "relu": torch.relu,
        "tanh": torch.tanh,
        "softmax": lambda t: t.softmax(-1),
    }
    for variant, options, shape, dtype in variants:
        config = {"units": 3} | options
        x = normal(shape, dtype)
        weights = [normal((shape[-1], 3), dtype, 0.5, "kernel"), normal((3,), dtype, 0.5, "bias")]
        if not config.get("use_bias", True):
            weights = weights[:1]
        activation = functions[config.get("activation")]

        def function(t: Any, *w: Any, activation: Any = activation) -> Any:
            return activation(F.linear(t, w[0].T, *w[1:]))

        recorder.keras(f"Dense/{variant}", config, x, weights, KERAS_FLOAT64 if dtype == "float64" else tuple(KERAS))
        recorder.torch(f"Dense/{variant}", config, x, weights, function)


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


def shapes_only(recorder: Recorder) -> None:
    """Flatten, Reshape, Activation, and Dropout at prediction."""
    x = normal((2, 3, 4, 2))
    for data_format in ("channels_last", "channels_first"):
        recorder.keras(f"Flatten/{data_format}", {"data_format": data_format}, x)
        recorder.keras(f"Flatten/rank3-{data_format}", {"data_format": data_format}, normal((2, 3, 4)))
    recorder.keras("Flatten/rank2", {}, normal((2, 5)))
    for shape in ([24], [6, 4], [-1], [-1, 3], [2, -1, 4], [4, 3, 2]):
        variant = "x".join("any" if size == -1 else str(size) for size in shape)
        recorder.keras(f"Reshape/{variant}", {"target_shape": shape}, x)
    for activation in ("relu", "tanh", "softmax", "linear"):
        recorder.keras(f"Activation/{activation}", {"activation": activation}, x)
    for source, library in KERAS.items():
        layer = library.layers.Dropout(0.5)
        y = to_numpy(layer(x, training=False))
        note = "Prediction: the input, unchanged. Training is random and not recorded."
        recorder.archive.add("Dropout/predict", source, {"rate": 0.5}, {"x": x, "y": y}, note)


def main() -> None:
    archive = Archive("layers", VERSIONS)
    recorder = Recorder(archive)
    # PyTorch warns that it copies the input for even kernels with "same" padding: slower, not different.
    warnings.filterwarnings("ignore", "Using padding='same' with even kernel", UserWarning)
    for part in (dense, conv2d, max_pooling2d, shapes_only):
        part(recorder)
    archive.write(output_path())


if __name__ == "__main__":
    main()
