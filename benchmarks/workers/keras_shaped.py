"""A workload's network for libraries of Keras's shape: the same lines build it in kcore and in Keras 3."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workloads import Workload

ACTIVATIONS = {"mse": None, "binary_crossentropy": "sigmoid", "sparse_categorical_crossentropy": "softmax"}
# Keras 2 and Keras 3 differ in these defaults; given explicitly, all compute the same.
LSTM = {"recurrent_activation": "sigmoid"}
GRU = {"recurrent_activation": "sigmoid", "reset_after": True}

Layers = Callable[[str], Any]


def apply(layers: Layers, workload: Workload, x: Any, kind: str, *facts: Any) -> Any:
    """One entry of the workload's list applied to a symbolic tensor."""
    match kind:
        case "dense":
            return layers("Dense")(facts[0], activation="relu")(x)
        case "output":
            return layers("Dense")(facts[0], activation=ACTIVATIONS[workload.loss])(x)
        case "dropout":
            return layers("Dropout")(facts[0])(x)
        case "flatten":
            return layers("Flatten")()(x)
        case "conv2d":
            filters, padding, *strides = facts
            return layers("Conv2D")(filters, 3, *strides, padding=padding, activation="relu")(x)
        case "conv2d_transpose":
            return layers("Conv2DTranspose")(facts[0], 3, strides=2, padding="same", activation=facts[1])(x)
        case "pool":
            return layers("MaxPooling2D")()(x)
        case "conv1d":
            return layers("Conv1D")(facts[0], 3, activation="relu")(x)
        case "global_max_pool_1d":
            return layers("GlobalMaxPooling1D")()(x)
        case "global_average_pool_2d":
            return layers("GlobalAveragePooling2D")()(x)
        case "embedding":
            return layers("Embedding")(*facts)(x)
        case "lstm":
            return layers("LSTM")(facts[0], **LSTM)(x)
        case "gru":
            return layers("GRU")(facts[0], **GRU)(x)
        case "bidirectional_lstm":
            return layers("Bidirectional")(layers("LSTM")(facts[0], **LSTM))(x)
        case "conv2d_bn":
            return convolution_and_normalization(layers, x, facts[0], facts[1], relu=True)
        case "residual":
            return residual(layers, x, *facts)
    raise ValueError(kind)


def convolution_and_normalization(
    layers: Layers, x: Any, filters: int, strides: int, size: int = 3, *, relu: bool
) -> Any:
    """A convolution without bias, BatchNormalization, and relu if wanted."""
    x = layers("Conv2D")(filters, size, strides=strides, padding="same", use_bias=False)(x)
    x = layers("BatchNormalization")()(x)
    return layers("Activation")("relu")(x) if relu else x


def residual(layers: Layers, x: Any, filters: int, strides: int) -> Any:
    """Two convolutions beside a shortcut, which is a 1x1 convolution where the shape changes."""
    inner = convolution_and_normalization(layers, x, filters, strides, relu=True)
    inner = convolution_and_normalization(layers, inner, filters, 1, relu=False)
    if strides != 1:
        x = convolution_and_normalization(layers, x, filters, strides, size=1, relu=False)
    return layers("Activation")("relu")(layers("Add")()([inner, x]))


def network(library: Any, layers: Layers, workload: Workload) -> Any:
    """The compiled network: the library's defaults, loss only."""
    x = inputs = library.Input(workload.shape, dtype="int32" if workload.vocabulary else "float32")
    for kind, *facts in workload.layers:
        x = apply(layers, workload, x, kind, *facts)
    model = library.Model(inputs, x)
    model.compile(optimizer=workload.optimizer, loss=workload.loss)
    return model


def train(library: Any, layers: Layers, workload: Workload, x: Any, y: Any, clock: Any, epochs: int) -> tuple[Any, Any]:
    """Functions for the first step and for all epochs, whose times ``clock`` notes."""
    model = network(library, layers, workload)
    first_x, first_y = x[: workload.batch], y[: workload.batch]

    def first() -> None:
        model.fit(first_x, first_y, batch_size=workload.batch, epochs=1, verbose=0)

    def rest() -> None:
        model.fit(x, y, batch_size=workload.batch, epochs=epochs, verbose=0, callbacks=[clock])

    return first, rest
