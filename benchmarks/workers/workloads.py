"""The benchmark's workloads as plain facts, shared by all workers so that each builds the same network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Workload:
    """A network, its data and how it is trained.

    Attributes:
        layers: one tuple each, the kind first; the workers say what the kinds mean. Convolutions have kernels of size 3
            and relu; "output" has the activation that belongs to the loss.
        shape: of one sample.
        batch: samples in a step.
        optimizer: Keras's name; all have Keras 2's defaults.
        loss: Keras's name.
        vocabulary: the samples are word numbers below it; 0 for real numbers.
        one_hot: the samples' last axis has a single one.
        copies: the labels are the samples.
    """

    layers: list[tuple[Any, ...]]
    shape: tuple[int, ...]
    batch: int
    optimizer: str
    loss: str
    vocabulary: int = 0
    one_hot: bool = False
    copies: bool = False


CLASSES = "sparse_categorical_crossentropy"

WORKLOADS: dict[str, Workload] = {
    "tiny_mlp": Workload(
        [("dense", 64), ("dense", 64), ("output", 1)],
        shape=(20,),
        batch=32,
        optimizer="adam",
        loss="mse",
    ),
    "mlp_mnist": Workload(
        [("dense", 512), ("dropout", 0.2), ("dense", 512), ("dropout", 0.2), ("output", 10)],
        shape=(784,),
        batch=128,
        optimizer="rmsprop",
        loss=CLASSES,
    ),
    "cnn_mnist": Workload(
        [
            ("conv2d", 32, "valid"),
            ("conv2d", 64, "valid"),
            ("pool",),
            ("dropout", 0.25),
            ("flatten",),
            ("dense", 128),
            ("dropout", 0.5),
            ("output", 10),
        ],
        shape=(28, 28, 1),
        batch=128,
        optimizer="adadelta",
        loss=CLASSES,
    ),
    "cnn_cifar": Workload(
        [
            ("conv2d", 32, "same"),
            ("conv2d", 32, "valid"),
            ("pool",),
            ("dropout", 0.25),
            ("conv2d", 64, "same"),
            ("conv2d", 64, "valid"),
            ("pool",),
            ("dropout", 0.25),
            ("flatten",),
            ("dense", 512),
            ("dropout", 0.5),
            ("output", 10),
        ],
        shape=(32, 32, 3),
        batch=32,
        optimizer="rmsprop",
        loss=CLASSES,
    ),
    "imdb_lstm": Workload(
        [("embedding", 20000, 128), ("lstm", 128), ("output", 1)],
        shape=(80,),
        batch=32,
        optimizer="adam",
        loss="binary_crossentropy",
        vocabulary=20000,
    ),
    "imdb_cnn1d": Workload(
        [("embedding", 5000, 50), ("conv1d", 250), ("global_max_pool_1d",), ("dense", 250), ("output", 1)],
        shape=(400,),
        batch=32,
        optimizer="adam",
        loss="binary_crossentropy",
        vocabulary=5000,
    ),
    "gru_chargen": Workload(
        [("gru", 128), ("output", 57)],
        shape=(40, 57),
        batch=128,
        optimizer="rmsprop",
        loss=CLASSES,
        one_hot=True,
    ),
    "resnet_bn": Workload(
        [
            ("conv2d_bn", 16, 1),
            ("residual", 16, 1),
            ("residual", 32, 2),
            ("residual", 64, 2),
            ("global_average_pool_2d",),
            ("output", 10),
        ],
        shape=(32, 32, 3),
        batch=32,
        optimizer="adam",
        loss=CLASSES,
    ),
    "bilstm": Workload(
        [("embedding", 20000, 128), ("bidirectional_lstm", 64), ("output", 1)],
        shape=(100,),
        batch=32,
        optimizer="adam",
        loss="binary_crossentropy",
        vocabulary=20000,
    ),
    "conv_transpose": Workload(
        [
            ("conv2d", 16, "same", 2),
            ("conv2d", 32, "same", 2),
            ("conv2d_transpose", 16, "relu"),
            ("conv2d_transpose", 1, "sigmoid"),
        ],
        shape=(28, 28, 1),
        batch=64,
        optimizer="adam",
        loss="mse",
        copies=True,
    ),
}


def data(workload: Workload, steps: int) -> tuple[Array, Array]:
    """Random samples and labels for so many steps; the arithmetic does not depend on what they show."""
    rng = np.random.default_rng(0)
    count = workload.batch * steps
    if workload.vocabulary:
        x: Array = rng.integers(0, workload.vocabulary, (count, *workload.shape), np.int32)
    elif workload.one_hot:
        x = np.eye(workload.shape[-1], dtype=np.float32)[
            rng.integers(0, workload.shape[-1], (count, workload.shape[0]))
        ]
    else:
        x = rng.random((count, *workload.shape), np.float32)
    if workload.copies:
        return x, x
    units = workload.layers[-1][1]
    if workload.loss == "mse":
        return x, rng.random((count, units), np.float32)
    if workload.loss == "binary_crossentropy":
        return x, rng.integers(0, 2, (count, 1)).astype(np.float32)
    return x, rng.integers(0, units, count)
