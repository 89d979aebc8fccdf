"""Recurrent layers and wrappers within trained models: losses, penalties, states, explanations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kcore import Sequential, explain
from kcore.layers import (
    GRU,
    LSTM,
    RNN,
    BatchNormalization,
    Bidirectional,
    ConvLSTM2D,
    Dense,
    Embedding,
    Flatten,
    GRUCell,
    Input,
    LSTMCell,
    SimpleRNN,
    TimeDistributed,
)
from kcore.optimizers import SGD, Adam

RNG = np.random.default_rng(17)
X = RNG.standard_normal((24, 6, 3)).astype(np.float32)
# Whether the first step's first number is larger than the last step's: the beginning has to be remembered.
Y = (X[:, 0, 0] > X[:, -1, 0]).astype(np.float32)[:, None]

MODELS: dict[str, Any] = {
    "SimpleRNN": lambda: [SimpleRNN(8)],
    "RNN": lambda: [RNN([LSTMCell(6), GRUCell(6)])],
    "Bidirectional": lambda: [Bidirectional(GRU(6))],
    "TimeDistributed": lambda: [
        TimeDistributed(Dense(8, activation="tanh")),
        TimeDistributed(BatchNormalization()),
        LSTM(8),
    ],
    "stacked": lambda: [Bidirectional(LSTM(4, return_sequences=True), "sum"), TimeDistributed(Dense(4)), Flatten()],
}


@pytest.mark.parametrize("name", MODELS)
def test_what_came_first_is_learned(name: str) -> None:
    model = Sequential([Input((6, 3)), *MODELS[name](), Dense(1, activation="sigmoid")])
    model.compile(Adam(0.03), "binary_crossentropy", metrics=["accuracy"])
    model.fit(X, Y, epochs=60, batch_size=24, verbose=0)
    assert model.evaluate(X, Y, batch_size=24)[1] > 0.9


def test_a_movie_is_learned() -> None:
    movies = RNG.standard_normal((16, 3, 4, 4, 1)).astype(np.float32)
    y = movies[:, 0].mean((1, 2, 3))[:, None] > 0
    model = Sequential([Input((3, 4, 4, 1)), ConvLSTM2D(3, 2), Flatten(), Dense(1, activation="sigmoid")])
    model.compile(Adam(0.03), "binary_crossentropy")
    first = model.evaluate(movies, y)
    model.fit(movies, y, epochs=40, verbose=0)
    assert model.evaluate(movies, y) < 0.5 * first


def test_penalties_of_layers_inside_are_in_the_loss() -> None:
    def loss(layer: Any) -> float:
        model = Sequential([Input((6, 3)), layer])
        model.compile("sgd", "mse")
        y = model.predict(X)
        return float(model.evaluate(X, y, batch_size=24))

    ones = {"kernel_initializer": "ones", "kernel_regularizer": {"class_name": "L2", "config": {"l2": 0.5}}}
    assert loss(TimeDistributed(Dense(2, **ones))) == pytest.approx(0.5 * 6, rel=1e-5)
    assert loss(Bidirectional(SimpleRNN(2, **ones))) == pytest.approx(2 * 0.5 * 6, rel=1e-5)
    assert loss(RNN(LSTMCell(2, **ones))) == pytest.approx(0.5 * 24, rel=1e-5)
    active = SimpleRNN(2, activity_regularizer="l2", bias_initializer="ones")
    assert loss(active) == pytest.approx(0.01 * float((active(X) ** 2).sum()) / 24, rel=1e-4)


def test_frozen_directions_stay_as_they_are() -> None:
    layer = Bidirectional(GRU(3))
    model = Sequential([Input((6, 3)), layer, Dense(1)])
    layer.backward_layer.trainable = False
    model.compile(SGD(0.1), "mse")
    before = layer.get_weights()
    model.train_on_batch(X, Y)
    changed = [not np.array_equal(a, b) for a, b in zip(before, layer.get_weights(), strict=True)]
    assert changed == [True] * 3 + [False] * 3


def test_the_directions_are_loops_of_their_own() -> None:
    model = Sequential([Input((6, 3)), Bidirectional(LSTM(4))])
    rows = explain(model, X[:4]).rows
    assert sum(row.count for row in rows if row.name.startswith("scan")) == 2
    # The products of all steps' inputs are outside of them.
    assert sum(row.count for row in rows if row.name.startswith("matmul")) == 2


def test_training_begins_anew_after_the_states_are_reset() -> None:
    model = Sequential([Input(batch_shape=(8, 6, 3)), Bidirectional(RNN(GRUCell(3), stateful=True)), Dense(1)])
    model.compile(SGD(0.0), "mse")
    first = model.train_on_batch(X[:8], Y[:8])
    assert model.train_on_batch(X[:8], Y[:8]) != first
    model.reset_states()
    assert model.train_on_batch(X[:8], Y[:8]) == first


def test_words_in_sentences_in_texts() -> None:
    texts = np.array([[[1, 2, 0], [3, 0, 0]], [[4, 5, 6], [0, 0, 0]]] * 4)
    model = Sequential(
        [
            TimeDistributed(Embedding(9, 4, mask_zero=True), input_shape=(2, 3)),
            TimeDistributed(Bidirectional(GRU(3))),
            LSTM(4),
            Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(Adam(0.05), "binary_crossentropy")
    y = np.array([[0.0], [1.0]] * 4)
    first = model.evaluate(texts, y)
    model.fit(texts, y, epochs=20, verbose=0)
    assert model.evaluate(texts, y) < 0.5 * first
