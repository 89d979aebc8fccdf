"""Whole-model .h5 files that Keras 2 wrote in the middle of a training, what their models predict, and the next step.

``file`` has the bytes of the file. Keras 3 reads the same file, where it can; it cannot go on training from it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from recorders.archive import Archive, output_path
from recorders.sources import KERAS, VERSIONS, normal

K = KERAS["tf_keras"]
SAMPLES = 12


def cnn() -> tuple[Any, list[np.ndarray], list[np.ndarray]]:
    """A stack with a regularizer, trained by Adam."""
    layers = K.layers
    model = K.Sequential(
        [
            layers.Conv2D(2, 3, activation="relu", padding="same", input_shape=(6, 6, 1), name="filters"),
            layers.MaxPooling2D(2, name="pool"),
            layers.Flatten(name="flat"),
            layers.Dropout(0.0, name="drop"),
            layers.Dense(3, activation="softmax", kernel_regularizer=K.regularizers.l2(0.01), name="classes"),
        ],
        name="cnn",
    )
    model.compile(K.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, [normal((SAMPLES, 6, 6, 1), "float32", tag="images")], [np.arange(SAMPLES) % 3]


def two_inputs(optimizer: Any) -> tuple[Any, list[np.ndarray], list[np.ndarray]]:
    """A graph in which one layer serves two inputs, with two outputs, their own losses and weights."""
    layers = K.layers
    left, right = K.Input((4,), name="left"), K.Input((4,), name="right")
    shared = layers.Dense(5, activation="tanh", kernel_constraint="max_norm", name="shared")
    low = layers.Dense(2, kernel_initializer="he_normal", name="low")(shared(left))
    high = layers.Dense(1, activation="sigmoid", name="high")(shared(right))
    model = K.Model([left, right], [low, high], name="two_inputs")
    losses = {"low": K.losses.MeanSquaredError(), "high": "binary_crossentropy"}
    model.compile(optimizer, losses, metrics={"low": ["mae"]}, loss_weights={"low": 0.5, "high": 2.0})
    inputs = [normal((SAMPLES, 4), "float32", tag=tag) for tag in ("left", "right")]
    labels = [normal((SAMPLES, 2), "float32", tag="low"), (np.arange(SAMPLES) % 2).astype("float32")[:, None]]
    return model, inputs, labels


def sequences() -> tuple[Any, list[np.ndarray], list[np.ndarray]]:
    """Padded sequences of whole numbers; weights that have the name of a cell in the middle of theirs."""
    layers = K.layers
    model = K.Sequential(
        [
            layers.Embedding(9, 4, mask_zero=True, input_length=6, name="words"),
            layers.LSTM(3, return_sequences=True, name="forth"),
            layers.GRU(3, go_backwards=True, name="back"),
            layers.BatchNormalization(name="norm"),
            layers.Dense(1, activation="sigmoid", name="verdict"),
        ],
        name="sequences",
    )
    model.compile(K.optimizers.Adam(0.01), "binary_crossentropy", metrics=["accuracy"])
    numbers = np.arange(SAMPLES * 6).reshape(SAMPLES, 6) * 7 % 8 + 1
    numbers[np.arange(6) > np.arange(SAMPLES)[:, None] % 5 + 1] = 0
    return model, [numbers], [(np.arange(SAMPLES) % 2).astype("float32")[:, None]]


def both_ways() -> tuple[Any, list[np.ndarray], list[np.ndarray]]:
    """Layers around layers: a verdict on each step, from what comes before and after it."""
    layers = K.layers
    cells = [layers.GRUCell(2, name="low"), layers.SimpleRNNCell(3, name="high")]
    model = K.Sequential(
        [
            layers.Embedding(9, 4, mask_zero=True, input_length=6, name="words"),
            layers.Bidirectional(layers.LSTM(3, return_sequences=True, name="memory"), name="around"),
            layers.RNN(cells, return_sequences=True, name="stack"),
            layers.Bidirectional(layers.SimpleRNN(2, return_sequences=True), merge_mode="ave", name="mean"),
            layers.TimeDistributed(layers.Dense(2, activation="softmax"), name="verdicts"),
        ],
        name="both_ways",
    )
    model.compile(K.optimizers.Adam(0.01), "categorical_crossentropy", metrics=["accuracy"])
    numbers = np.arange(SAMPLES * 6).reshape(SAMPLES, 6) * 7 % 8 + 1
    return model, [numbers], [np.eye(2, dtype="float32")[numbers % 2]]


def images_in_time() -> tuple[Any, list[np.ndarray], list[np.ndarray]]:
    """A recurrent layer over images, and an encoder that hands its states to a decoder."""
    layers = K.layers
    movie, words = K.Input((3, 4, 4, 1), name="movie"), K.Input((5, 2), name="words")
    frames = layers.ConvLSTM2D(2, 2, padding="same", return_sequences=True, name="frames")(movie)
    flat = layers.TimeDistributed(layers.Flatten(), name="flat")(frames)
    _, *states = layers.LSTM(3, return_state=True, name="encoder")(flat)
    told = layers.LSTM(3, return_sequences=True, name="decoder")(words, initial_state=states)
    model = K.Model([movie, words], layers.TimeDistributed(layers.Dense(1), name="scores")(told), name="images_in_time")
    model.compile(K.optimizers.Adam(0.01), "mse")
    inputs = [normal((SAMPLES, 3, 4, 4, 1), "float32", tag="movie"), normal((SAMPLES, 5, 2), "float32", tag="words")]
    return model, inputs, [normal((SAMPLES, 5, 1), "float32", tag="scores")]


MODELS: dict[str, Callable[[], tuple[Any, list[np.ndarray], list[np.ndarray]]]] = {
    "both_ways/adam": both_ways,
    "cnn/adam": cnn,
    "images_in_time/adam": images_in_time,
    "sequences/adam": sequences,
    "two_inputs/rmsprop": lambda: two_inputs(K.optimizers.RMSprop(0.01, momentum=0.5, centered=True)),
    "two_inputs/legacy_adam": lambda: two_inputs(K.optimizers.legacy.Adam(0.01, decay=0.1, amsgrad=True)),
}


def single_or_list(arrays: list[np.ndarray]) -> Any:
    return arrays if len(arrays) > 1 else arrays[0]


def as_list(value: Any) -> list[np.ndarray]:
    return list(value) if isinstance(value, list | tuple) else [value]


def main() -> None:
    archive = Archive("h5_files", VERSIONS)
    for name, make in MODELS.items():
        K.utils.set_random_seed(7)
        K.backend.clear_session()
        model, inputs, labels = make()
        for _ in range(3):
            model.train_on_batch(single_or_list(inputs), single_or_list(labels))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.h5"
            model.save(path, save_format="h5")
            given = {f"x_{i}": array for i, array in enumerate(inputs)}
            outputs = as_list(model.predict(single_or_list(inputs), verbose=0))
            arrays = {**given, **{f"predictions_{i}": array for i, array in enumerate(outputs)}}
            # Keras 3 refuses the argument time_major, which Keras 2 writes for recurrent layers.
            if not name.startswith(("sequences", "both_ways", "images_in_time")):
                read = KERAS["keras3"].models.load_model(path, compile=False)
                found = as_list(read.predict(single_or_list(inputs), verbose=0))
                archive.add(
                    name, "keras3", {}, {**given, **{f"predictions_{i}": array for i, array in enumerate(found)}}
                )
            arrays["file"] = np.frombuffer(path.read_bytes(), np.uint8)
        model.train_on_batch(single_or_list(inputs), single_or_list(labels))
        arrays |= {f"y_{i}": array for i, array in enumerate(labels)}
        arrays |= {f"next_{i}": array for i, array in enumerate(model.get_weights())}
        archive.add(name, "tf_keras", {}, arrays)
    archive.write(output_path())


if __name__ == "__main__":
    main()
