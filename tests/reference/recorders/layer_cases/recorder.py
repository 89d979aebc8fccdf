"""How a layer's output and gradients are recorded from each source."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from recorders.archive import Archive, output_path
from recorders.sources import KERAS, VERSIONS, precision, pull_back, tensor, tf

FLOAT64 = "-float64"


def pair(value: int | Sequence[int]) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (value[0], value[1])


def tag(value: int | Sequence[int] | None) -> str:
    return str(value) if value is None or isinstance(value, int) else "x".join(map(str, value))


def every(value: int | Sequence[int], rank: int) -> list[int]:
    """One value for each spatial axis."""
    return [value] * rank if isinstance(value, int) else list(value)


def listed(value: Any) -> Any:
    """Tuples as lists, as a config in JSON has them."""
    return [listed(item) for item in value] if isinstance(value, tuple) else value


def in_torch_layout(config: dict[str, Any], function: Callable[..., Any]) -> Callable[..., Any]:
    """``function`` of a tensor with channels first, behind the layout that the config says."""
    if config.get("data_format") == "channels_first":
        return function
    return lambda t, *weights: function(t.movedim(-1, 1), *weights).movedim(1, -1)


def named(inputs: dict[str, Any]) -> dict[str, np.ndarray]:
    """Arrays and lists of arrays by name, the latter as ``name0``, ``name1``, ...; bool as uint8."""
    arrays: dict[str, np.ndarray] = {}
    for name, value in inputs.items():
        if isinstance(value, list):
            arrays |= {f"{name}{i}": part for i, part in enumerate(value)}
        else:
            arrays[name] = value.astype("uint8") if value.dtype == bool else value
    return arrays


def joined(source: str, outputs: Sequence[Any]) -> Any:
    parts = flattened(outputs)
    return tf.concat(parts, -1) if source == "tf_keras" else torch.cat(parts, -1)


def flattened(outputs: Any) -> list[Any]:
    """The states of stacked cells come as lists in a list."""
    if not isinstance(outputs, list | tuple):
        return [outputs]
    return [leaf for part in outputs for leaf in flattened(part)]


def nested(library: Any, described: Any) -> Any:
    """A layer of the library from ``{"class_name": ..., "config": ...}``, with layers inside."""
    if isinstance(described, list):
        return [nested(library, item) for item in described]
    if not isinstance(described, dict) or "class_name" not in described:
        return described
    config = {
        key: nested(library, value) if key in ("layer", "backward_layer", "cell", "cells", "layers") else value
        for key, value in described["config"].items()
    }
    config = {key: tuple(v) if isinstance(v, list) and key != "cells" else v for key, v in config.items()}
    return getattr(library.layers, described["class_name"])(**config)


def _tensors(source: str, value: Any) -> Any:
    return [tensor(source, part) for part in value] if isinstance(value, list) else tensor(source, value)


class Recorder:
    """Adds one case per source for a layer's config and input."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive

    def keras(
        self,
        name: str,
        config: dict[str, Any],
        x: np.ndarray | list[np.ndarray],
        weights: Sequence[np.ndarray] = (),
        sources: Sequence[str] = ("tf_keras", "keras3"),
        note: str = "",
        *,
        training: bool = False,
        make: Callable[[Any, dict[str, Any]], Any] | None = None,
        **inputs: Any,
    ) -> None:
        """``inputs`` are further arguments of the call, arrays or lists of them, which are recorded by name.

        A list for ``x`` is a call on several inputs. ``make(library, arguments)`` gives the layer where it is not the
        library's class of the component's name. In training, the weights are recorded again after the call; not in float64, where Keras 2 rounds what it adds to
        the moving statistics to float32.
        """
        component = name.split("/", 1)[0]
        several = isinstance(x, list)
        xs = x if isinstance(x, list) else [x]
        floating = xs[0].dtype.kind == "f"
        for source in sources:
            arguments = {key: tuple(v) if isinstance(v, list) else v for key, v in config.items()}
            with precision(xs[0].dtype.name if floating else "float32"):
                library = KERAS[source]
                layer = make(library, arguments) if make else getattr(library.layers, component)(**arguments)
                layer.build([part.shape for part in xs] if several else xs[0].shape)
                if weights:
                    layer.set_weights(list(weights))
                given = {key: _tensors(source, value) for key, value in inputs.items()}
                if training:
                    given["training"] = True

                def function(*t: Any, layer: Any = layer, source: str = source, given: Any = given) -> Any:
                    values = list(t) or [tensor(source, part) for part in xs]
                    outputs = layer(values if several else values[0], **given)
                    # Several outputs, such as the last states, lie side by side.
                    return joined(source, outputs) if isinstance(outputs, list | tuple) else outputs

                # Nothing is differentiated with respect to integers.
                y, g, slopes = pull_back(source, function, xs if floating else [], layer.trainable_weights)
            more = named(inputs)
            if training and xs[0].dtype == np.float32:
                more |= {f"w{i}_after": w for i, w in enumerate(layer.get_weights())}
            count = len(xs) if floating else 0
            self._add(name, source, config, x, weights, y, g, slopes[:count], slopes[count:], note, more)

    def torch(
        self,
        name: str,
        config: dict[str, Any],
        x: np.ndarray | list[np.ndarray],
        weights: Sequence[np.ndarray],
        function: Callable[..., Any],
        note: str = "",
        *,
        trained: int | None = None,
        **inputs: Any,
    ) -> None:
        """``function(x, *weights)`` takes and gives tensors in Keras's layouts; several inputs come one by one.

        Only the first ``trained`` weights have gradients.
        """
        trained = len(weights) if trained is None else trained
        fixed = [torch.tensor(array) for array in weights[trained:]]
        xs = x if isinstance(x, list) else [x]
        if xs[0].dtype.kind == "f":
            y, g, slopes = pull_back("torch", lambda *t: function(*t, *fixed), [*xs, *weights[:trained]])
            dxs, dw = slopes[: len(xs)], slopes[len(xs) :]
        else:
            numbers = [torch.tensor(part) for part in xs]
            y, g, dw = pull_back("torch", lambda *w: function(*numbers, *w, *fixed), weights[:trained])
            dxs = []
        self._add(name, "torch", config, x, weights, y, g, dxs, dw, note, named(inputs))

    def _add(
        self,
        name: str,
        source: str,
        config: dict[str, Any],
        x: np.ndarray | list[np.ndarray],
        weights: Sequence[np.ndarray],
        y: np.ndarray,
        g: np.ndarray,
        dxs: Sequence[np.ndarray],
        dw: Sequence[np.ndarray],
        note: str,
        more: dict[str, np.ndarray],
    ) -> None:
        arrays = named({"x": x}) | {f"w{i}": w for i, w in enumerate(weights)} | {"g": g, "y": y} | more
        # No gradients for integers.
        arrays |= named({"dx": list(dxs) if isinstance(x, list) else dxs[0]}) if dxs else {}
        arrays |= {f"dw{i}": w for i, w in enumerate(dw)}
        self.archive.add(name, source, config, arrays, note)


def main(record: Callable[[Recorder], None]) -> None:
    """Record one group of layers into the file that the command line names."""
    # PyTorch warns that it copies the input for even kernels with "same" padding: slower, not different.
    warnings.filterwarnings("ignore", "Using padding='same' with even kernel", UserWarning)
    path = output_path()
    archive = Archive(f"layers/{path.stem}", VERSIONS)
    record(Recorder(archive))
    archive.write(path)
