"""What is trained, in words, how long, and which ratio to the fastest peer is wanted.

The networks themselves are in ``workers/workloads.py``, which needs NumPy; the harness does without.
"""

from __future__ import annotations

from dataclasses import dataclass

FURTHER = " *(a further network, without a target)*"


@dataclass(frozen=True)
class Plan:
    """How a workload is measured.

    Attributes:
        text: the network and its training.
        steps: in an epoch.
        target: the ratio of kcore's time to the fastest peer's that is wanted; ``None`` for further networks.
    """

    text: str
    steps: int
    target: float | None = 1.0


PLAN = {
    "tiny_mlp": Plan("20-64-64-1, relu; batch 32, Adam, mean squared error", 500, 0.5),
    "mlp_mnist": Plan("784-512-512-10, relu, dropout 0.2; batch 128, RMSprop", 100),
    "cnn_mnist": Plan(
        "28x28x1: Conv2D 32, Conv2D 64, MaxPooling2D, dropout 0.25, Dense 128, dropout 0.5, Dense 10; batch 128, "
        "Adadelta",
        12,
    ),
    "cnn_cifar": Plan(
        "32x32x3: Conv2D 32 same, Conv2D 32, MaxPooling2D, Conv2D 64 same, Conv2D 64, MaxPooling2D, Dense 512, Dense "
        "10, dropouts 0.25, 0.25, 0.5; batch 32, RMSprop",
        25,
    ),
    "imdb_lstm": Plan(
        "80 words of 20000: Embedding 128, LSTM 128 (last state), Dense 1 sigmoid; batch 32, Adam, binary crossentropy",
        20,
    ),
    "imdb_cnn1d": Plan(
        "400 words of 5000: Embedding 50, Conv1D 250 of width 3, relu, GlobalMaxPooling1D, Dense 250 relu, Dense 1 "
        "sigmoid; batch 32, Adam, binary crossentropy",
        20,
    ),
    "gru_chargen": Plan("40 one-hot characters of 57: GRU 128 (reset after), Dense 57 softmax; batch 128, RMSprop", 20),
    "resnet_bn": Plan(
        "32x32x3: Conv2D 16, three residual blocks of two Conv2D (16, 32, 64 filters), BatchNormalization after each "
        "convolution, GlobalAveragePooling2D, Dense 10; batch 32, Adam",
        20,
        None,
    ),
    "bilstm": Plan(
        "100 words of 20000: Embedding 128, Bidirectional LSTM 64 (last states), Dense 1 sigmoid; batch 32, Adam, "
        "binary crossentropy",
        15,
        None,
    ),
    "conv_transpose": Plan(
        "28x28x1, an autoencoder: Conv2D 16 and 32, Conv2DTranspose 16 and 1, all with strides 2; batch 64, Adam, mean "
        "squared error",
        30,
        None,
    ),
}
