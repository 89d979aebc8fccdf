"""How a layer's output and gradients are recorded from each source."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from recorders.archive import Archive
from recorders.sources import KERAS, precision, pull_back, tensor, tf

FLOAT64 = "-float64"


def pair(value: int | Sequence[int]) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (value[0], value[1])


def tag(value: int | Sequence[int] | None) -> str:
    return str(value) if value is None or isinstance(value, int) else "x".join(map(str, value))


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
    return tf.concat(outputs, -1) if source == "tf_keras" else torch.cat(list(outputs), -1)


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
        x: np.ndarray,
        weights: Sequence[np.ndarray] = (),
        sources: Sequence[str] = ("tf_keras", "keras3"),
        note: str = "",
        *,
        training: bool = False,
        **inputs: Any,
    ) -> None:
        """``inputs`` are further arguments of the call, arrays or lists of them, which are recorded by name.

        In training, the weights are recorded again after the call; not in float64, where Keras 2 rounds what it adds to
        the moving statistics to float32.
        """
        component = name.split("/", 1)[0]
        for source in sources:
            arguments = {key: tuple(v) if isinstance(v, list) else v for key, v in config.items()}
            with precision(x.dtype.name if x.dtype.kind == "f" else "float32"):
                layer = getattr(KERAS[source].layers, component)(**arguments)
                layer.build(x.shape)
                if weights:
                    layer.set_weights(list(weights))
                given = {key: _tensors(source, value) for key, value in inputs.items()}
                if training:
                    given["training"] = True

                def function(*t: Any, layer: Any = layer, source: str = source, given: Any = given) -> Any:
                    outputs = layer(*(t or [tensor(source, x)]), **given)
                    # Several outputs, such as the last states, lie side by side.
                    return joined(source, outputs) if isinstance(outputs, list | tuple) else outputs

                # Nothing is differentiated with respect to integers.
                y, g, slopes = pull_back(source, function, [x] * (x.dtype.kind == "f"), layer.trainable_weights)
            more = named(inputs)
            if training and x.dtype == np.float32:
                more |= {f"w{i}_after": w for i, w in enumerate(layer.get_weights())}
            dx, dw = (slopes[0], slopes[1:]) if x.dtype.kind == "f" else (None, slopes)
            self._add(name, source, config, x, weights, y, g, dx, dw, note, more)

    def torch(
        self,
        name: str,
        config: dict[str, Any],
        x: np.ndarray,
        weights: Sequence[np.ndarray],
        function: Callable[..., Any],
        note: str = "",
        *,
        trained: int | None = None,
        **inputs: Any,
    ) -> None:
        """``function(x, *weights)`` takes and gives tensors in Keras's layouts.

        Only the first ``trained`` weights have gradients.
        """
        trained = len(weights) if trained is None else trained
        fixed = [torch.tensor(array) for array in weights[trained:]]
        if x.dtype.kind == "f":
            y, g, (dx, *dw) = pull_back("torch", lambda t, *w: function(t, *w, *fixed), [x, *weights[:trained]])
        else:
            dx, numbers = None, torch.tensor(x)
            y, g, dw = pull_back("torch", lambda *w: function(numbers, *w, *fixed), weights[:trained])
        self._add(name, "torch", config, x, weights, y, g, dx, dw, note, named(inputs))

    def _add(
        self,
        name: str,
        source: str,
        config: dict[str, Any],
        x: np.ndarray,
        weights: Sequence[np.ndarray],
        y: np.ndarray,
        g: np.ndarray,
        dx: np.ndarray | None,
        dw: Sequence[np.ndarray],
        note: str,
        more: dict[str, np.ndarray],
    ) -> None:
        arrays = {"x": x} | {f"w{i}": w for i, w in enumerate(weights)} | {"g": g, "y": y} | more
        arrays |= ({} if dx is None else {"dx": dx}) | {f"dw{i}": w for i, w in enumerate(dw)}
        self.archive.add(name, source, config, arrays, note)
