"""CuDNNLSTM and CuDNNGRU: Keras 2's LSTM and GRU with the weights that its reader of files makes of them, and PyTorch."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import torch
from tf_keras.src.layers.rnn.cudnn_gru import CuDNNGRU
from tf_keras.src.layers.rnn.cudnn_lstm import CuDNNLSTM
from tf_keras.src.saving.legacy.hdf5_format import _convert_rnn_weights as converted

from recorders.layer_cases.recorder import Recorder, joined, main, named
from recorders.layer_cases.recurrent import BATCH, FEATURES, RETURNED, STEPS, UNITS, torch_function
from recorders.sources import KERAS, normal, pull_back, tensor

GATES = {"LSTM": 4, "GRU": 3}
CUDNN = {"LSTM": CuDNNLSTM, "GRU": CuDNNGRU}


def record(recorder: Recorder) -> None:
    for kind, (returned, options), backwards, initial in itertools.product(
        GATES, RETURNED.items(), (False, True), (False, True)
    ):
        columns = GATES[kind] * UNITS
        weights = [
            normal((FEATURES, columns), scale=0.8, tag="kernel"),
            normal((UNITS, columns), scale=0.8, tag="recurrent"),
            normal((2 * columns,), scale=0.5, tag="bias"),
        ]
        x = normal((BATCH, STEPS, FEATURES))
        states = [normal((BATCH, UNITS), tag=f"state{i}") for i in range(2 if kind == "LSTM" else 1)]
        inputs: dict[str, Any] = {"initial_state": states} if initial else {}
        config = {"units": UNITS} | options | ({"go_backwards": True} if backwards else {})
        name = f"CuDNN{kind}/{returned}{'-back' * backwards}{'-initial' * initial}"
        keras_2(recorder, kind, name, config, x, weights, inputs)
        function = torch_function(kind, config, **inputs)

        def through_cudnn(t: Any, *w: Any, kind: str = kind, function: Any = function) -> Any:
            return function(t, *torch_layout(kind, *w))

        recorder.torch(name, config, x, weights, through_cudnn, **inputs)


def keras_2(
    recorder: Recorder,
    kind: str,
    name: str,
    config: dict[str, Any],
    x: np.ndarray,
    weights: list[np.ndarray],
    inputs: dict[str, Any],
) -> None:
    """There is no cuDNN on a CPU, so the weights are converted as for a file of this layer, and the gradients back."""
    more = {"reset_after": True} if kind == "GRU" else {}
    layer = getattr(KERAS["tf_keras"].layers, kind)(**config, **more)
    layer.build(x.shape)
    layer.set_weights(converted(layer, weights))
    given = {key: [tensor("tf_keras", state) for state in value] for key, value in inputs.items()}

    def function(t: Any) -> Any:
        outputs = layer(t, **given)
        return joined("tf_keras", outputs) if isinstance(outputs, list | tuple) else outputs

    y, g, (dx, *slopes) = pull_back("tf_keras", function, [x], layer.trainable_weights)
    kernel, recurrent_kernel, bias = converted(CUDNN[kind](UNITS), slopes)
    # The way back halves an LSTM's bias, to add up to the same; its gradient is that of either half.
    slopes = [kernel, recurrent_kernel, bias * 2 if kind == "LSTM" else bias]
    arrays = named({"x": x, **inputs}) | {f"w{i}": w for i, w in enumerate(weights)} | {"g": g, "y": y, "dx": dx}
    arrays |= {f"dw{i}": np.ascontiguousarray(slope, np.float32) for i, slope in enumerate(slopes)}
    recorder.archive.add(name, "tf_keras", config, arrays, "LSTM and GRU, with weights converted from cuDNN's layout.")


def torch_layout(kind: str, kernel: Any, recurrent_kernel: Any, bias: Any) -> tuple[Any, Any, Any]:
    """cuDNN's numbers, read as PyTorch's are: by gates, the rows being the units; then as ``torch_function`` takes them."""
    inputs = [part.reshape(UNITS, FEATURES).T for part in torch.split(kernel, UNITS, 1)]
    states = [part.reshape(UNITS, UNITS).T for part in torch.split(recurrent_kernel, UNITS, 1)]
    both = bias.reshape(2, -1)
    return torch.cat(inputs, 1), torch.cat(states, 1), both.sum(0) if kind == "LSTM" else both


if __name__ == "__main__":
    main(record)
