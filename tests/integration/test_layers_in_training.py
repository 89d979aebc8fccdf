"""The layers in training: small networks learn what they are for, and what training changes beside their weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import kcore
from kcore import Model, Sequential, datasets, layers
from kcore.layers import (
    GRU,
    LSTM,
    Activation,
    ActivityRegularization,
    BatchNormalization,
    Conv1D,
    Conv2D,
    Dense,
    Embedding,
    Flatten,
    GlobalMaxPooling1D,
    Input,
    Reshape,
)

BOTH: list[Any] = [LSTM, GRU]


def test_a_small_network_finds_a_pattern_in_noise() -> None:
    """Does a rising ramp occur anywhere in the sequence?"""
    kcore.set_random_seed(1)
    rng = np.random.default_rng(3)
    x = rng.normal(0, 0.3, (256, 30, 1)).astype(np.float32)
    labels = np.arange(256) % 2
    for row in np.flatnonzero(labels):
        start = rng.integers(0, 25)
        x[row, start : start + 5, 0] += np.linspace(-1.5, 1.5, 5)
    model = Sequential(
        [
            Conv1D(8, 5, activation="relu", padding="causal", input_shape=(30, 1)),
            GlobalMaxPooling1D(),
            Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    model.fit(x, labels, epochs=30, batch_size=32, verbose=0)
    assert model.evaluate(x, labels, verbose=0)[1] > 0.95
    np.testing.assert_allclose(model.predict(x[:32]), model(x[:32]), rtol=1e-5, atol=1e-6)


def test_a_small_network_learns_the_digits() -> None:
    kcore.set_random_seed(1)
    (x, y), (x_test, y_test) = datasets.get("digits")()
    model = Sequential(
        [
            Conv2D(8, 3, use_bias=False, input_shape=x.shape[1:]),
            BatchNormalization(),
            Activation("relu"),
            Flatten(),
            Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, epochs=4, batch_size=32, verbose=0)
    assert model.evaluate(x_test, y_test, verbose=0)[1] > 0.9
    np.testing.assert_allclose(model.predict(x_test[:50]), model(x_test[:50].astype(np.float32)), atol=1e-5)


def test_a_small_network_learns_which_words_matter() -> None:
    """A text is positive where any of its words has a number from 1 to 5."""
    kcore.set_random_seed(1)
    rng = np.random.default_rng(2)
    x = rng.integers(6, 50, (300, 12))
    labels = np.arange(300) % 2
    x[labels == 1, rng.integers(0, 12, 150)] = rng.integers(1, 6, 150)
    for middle in (GlobalMaxPooling1D(), Flatten()):
        model = Sequential([Embedding(50, 4, input_length=12), middle, Dense(1, activation="sigmoid")])
        model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
        model.optimizer.learning_rate = 0.02  # type: ignore[union-attr]
        model.fit(x, labels, epochs=15, batch_size=30, verbose=0)
        assert model.evaluate(x, labels, verbose=0)[1] > 0.95
        np.testing.assert_allclose(model.predict(x), model(x), atol=1e-6)


@pytest.mark.parametrize("kind", BOTH)
def test_a_small_network_reads_digits_row_by_row(kind: Any) -> None:
    kcore.set_random_seed(1)
    (x, y), (x_test, y_test) = datasets.get("digits")()
    rows = (len(x[0]), -1)
    model = Sequential([Reshape(rows, input_shape=x.shape[1:]), kind(32), Dense(10, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.optimizer.learning_rate = 0.01  # type: ignore[union-attr]
    model.fit(x, y, epochs=6, batch_size=32, verbose=0)
    assert model.evaluate(x_test, y_test, verbose=0)[1] > 0.85
    np.testing.assert_allclose(model.predict(x_test[:50]), model(x_test[:50].astype(np.float32)), atol=1e-5)


def test_freezing_takes_effect_at_the_next_compile() -> None:
    layer = BatchNormalization(momentum=0.5)
    model = Sequential([Input((5,)), layer, Dense(1)])
    model.compile("sgd", "mse")
    layer.trainable = False
    x, y = np.random.default_rng(4).normal(2, 3, (16, 5)).astype(np.float32), np.zeros((16, 1), np.float32)
    # The step is traced now, and once more for another size of the batch, but compiled before.
    for rows in (16, 8):
        before = layer.moving_mean.numpy()
        model.train_on_batch(x[:rows], y[:rows])
        np.testing.assert_allclose(layer.moving_mean.numpy(), 0.5 * before + 0.5 * x[:rows].mean(0), rtol=1e-5)
    model.compile("sgd", "mse")
    before = layer.get_weights()
    model.train_on_batch(x, y)
    for one, two in zip(layer.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, two)
    layer.trainable = True
    model.train_on_batch(x, y)
    np.testing.assert_array_equal(layer.moving_mean.numpy(), before[2])


def test_stateful_layers_train_and_their_states_are_no_weights() -> None:
    model = Sequential([LSTM(3, stateful=True, batch_input_shape=(4, 6, 3)), Dense(1)])
    model.compile("sgd", "mse")
    x = np.random.default_rng(8).standard_normal((4, 6, 3))
    model.fit(x, np.zeros((4, 1)), batch_size=4, epochs=3, shuffle=False, verbose=0)
    layer: Any = model.layers[0]
    assert all(state.value.any() for state in layer.states)
    assert len(model.get_weights()) == 5
    model.reset_states()
    assert not any(state.value.any() for state in layer.states)


def test_a_product_of_two_towers_trains() -> None:
    words, items = Input((4,)), Input((3,))
    output = layers.dot([Dense(5)(words), Dense(5)(items)], axes=-1, normalize=True)
    model = Model([words, items], output)
    model.compile("adam", "mse")
    rng = np.random.default_rng(1)
    x = [rng.normal(size=(64, 4)), rng.normal(size=(64, 3))]
    y = np.sign(x[0][:, :1] * x[1][:, :1])
    losses = model.fit(x, y, epochs=20, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    assert np.abs(model.predict(x)).max() <= 1 + 1e-6


def test_a_penalty_is_part_of_a_models_loss() -> None:
    model = Sequential([ActivityRegularization(0.5, 0.25, input_shape=(2,))])
    model.compile("sgd", "mse")
    x = np.array([[1.0, -2.0], [3.0, 0.0]])
    # 0.5 * (1 + 2 + 3) + 0.25 * (1 + 4 + 9), over two samples; the mean squared error is 0.
    assert model.evaluate(x, x) == pytest.approx((3 + 3.5) / 2)
