"""Code as people wrote it for Keras 2, in models that are trained for a few steps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kcore
from kcore import Model, Sequential, load_model
from kcore import backend as K
from kcore.errors import LayerCallError
from kcore.layers import Dense, Input, Lambda, Layer

RNG = np.random.default_rng(5)
X = RNG.normal(size=(64, 6)).astype("float32")
CLASSES = (X[:, :1] > 0).astype("float32")
TARGET = (X[:, :1] * 2 - X[:, 1:2]).astype("float32")


@pytest.fixture(autouse=True)
def seed() -> None:
    kcore.set_random_seed(11)


def learns(
    model: Any, x: Any, y: Any, loss: Any, metrics: Any = None, epochs: int = 15, optimizer: str = "adam"
) -> dict[str, list[float]]:
    """Train, and see that the loss falls."""
    model.compile(optimizer, loss, metrics=metrics)
    history: dict[str, list[float]] = model.fit(x, y, batch_size=16, epochs=epochs, verbose=0).history
    assert np.isfinite(history["loss"]).all() and history["loss"][-1] < history["loss"][0]
    return history


def antirectifier(x: Any) -> Any:
    # Keras's documentation writes x -= ..., which the test below is about.
    x = x - K.mean(x, axis=1, keepdims=True)
    x = K.l2_normalize(x, axis=1)
    pos = K.relu(x)
    neg = K.relu(-x)
    return K.concatenate([pos, neg], axis=1)


def antirectifier_output_shape(input_shape: Any) -> Any:
    return (input_shape[0], input_shape[1] * 2)


def test_antirectifier() -> None:
    model = Sequential(
        [Dense(8, input_shape=(6,)), Lambda(antirectifier, output_shape=antirectifier_output_shape), Dense(1)]
    )
    assert model.layers[1].output_shape == (None, 16)
    hidden = K.function([model.input], [model.layers[0].output, model.layers[1].output])
    before, after = hidden([X])
    centred = before - before.mean(axis=1, keepdims=True)
    unit = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    np.testing.assert_allclose(
        after, np.concatenate([np.maximum(unit, 0), np.maximum(-unit, 0)], axis=1), rtol=1e-4, atol=1e-6
    )
    learns(model, X, TARGET, "mse")


def test_assignment_in_place_is_refused_with_advice() -> None:
    """For an array it changes the caller's, for a tensor of Keras it does not: nobody has to guess which it is here."""

    def centred(x: Any) -> Any:
        x -= K.mean(x, axis=1, keepdims=True)
        return x

    with pytest.raises(LayerCallError, match=r"Write x = x \+ y instead of x \+= y"):
        Sequential([Lambda(centred, input_shape=(6,))])


def mean_squared(y_true: Any, y_pred: Any) -> Any:
    return K.mean(K.square(y_pred - y_true), axis=-1)


def test_a_loss_is_the_built_in_one() -> None:
    results = []
    for loss in (mean_squared, "mse"):
        kcore.set_random_seed(11)
        model = Sequential([Dense(4, activation="tanh", input_shape=(6,)), Dense(1)])
        results.append(learns(model, X, TARGET, loss)["loss"])
    np.testing.assert_allclose(results[0], results[1], rtol=1e-5)


def dice_coefficient(y_true: Any, y_pred: Any, smooth: float = 1.0) -> Any:
    y_true_f = K.flatten(y_true)
    y_pred_f = K.flatten(y_pred)
    intersection = K.sum(y_true_f * y_pred_f)
    return (2.0 * intersection + smooth) / (K.sum(y_true_f) + K.sum(y_pred_f) + smooth)


def test_dice_loss() -> None:
    model = Sequential([Dense(8, activation="relu", input_shape=(6,)), Dense(1, activation="sigmoid")])
    learns(model, X, CLASSES, lambda y_true, y_pred: 1 - dice_coefficient(y_true, y_pred), metrics=[dice_coefficient])
    predicted = model.predict(X)
    expected = (2 * np.sum(CLASSES * predicted) + 1) / (np.sum(CLASSES) + np.sum(predicted) + 1)
    np.testing.assert_allclose(dice_coefficient(CLASSES, predicted), expected, rtol=1e-5)


def focal_loss(gamma: float = 2.0, alpha: float = 0.25) -> Any:
    def focal(y_true: Any, y_pred: Any) -> Any:
        pt_1 = K.switch(K.equal(y_true, 1), y_pred, K.ones_like(y_pred))
        pt_0 = K.switch(K.equal(y_true, 0), y_pred, K.zeros_like(y_pred))
        pt_1 = K.clip(pt_1, K.epsilon(), 1.0 - K.epsilon())
        pt_0 = K.clip(pt_0, K.epsilon(), 1.0 - K.epsilon())
        return -K.mean(alpha * K.pow(1.0 - pt_1, gamma) * K.log(pt_1)) - K.mean(
            (1 - alpha) * K.pow(pt_0, gamma) * K.log(1.0 - pt_0)
        )

    return focal


def test_focal_loss() -> None:
    model = Sequential([Dense(8, activation="relu", input_shape=(6,)), Dense(1, activation="sigmoid")])
    learns(model, X, CLASSES, focal_loss())
    p = model.predict(X)
    expected = np.mean(np.where(CLASSES == 1, -0.25 * (1 - p) ** 2 * np.log(p), -0.75 * p**2 * np.log(1 - p)))
    np.testing.assert_allclose(focal_loss()(CLASSES, p), expected, rtol=1e-4)


class MyLayer(Layer):
    """The example of Keras 2's documentation."""

    def __init__(self, output_dim: int, **kwargs: Any) -> None:
        self.output_dim = output_dim
        super().__init__(**kwargs)

    def build(self, input_shape: Any) -> None:
        self.kernel = self.add_weight(
            name="kernel", shape=(input_shape[1], self.output_dim), initializer=my_init, trainable=True
        )
        super().build(input_shape)

    def call(self, x: Any) -> Any:
        return K.dot(x, self.kernel)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (input_shape[0], self.output_dim)


def my_init(shape: Any, dtype: Any = None) -> Any:
    return K.random_normal(shape, dtype=dtype, stddev=0.5)


def test_a_layer_with_an_initializer(tmp_path: Path) -> None:
    model = Sequential([MyLayer(16, input_shape=(6,)), Dense(1)])
    kernel = model.layers[0].get_weights()[0]
    assert kernel.shape == (6, 16) and kernel.dtype == np.float32 and 0.35 < kernel.std() < 0.65
    learns(model, X, TARGET, "mse")
    model.save(tmp_path / "model.h5")
    again = load_model(tmp_path / "model.h5", {"MyLayer": MyLayer})
    np.testing.assert_array_equal(again.predict(X), model.predict(X))


class Attention(Layer):
    """Additive attention over steps, as found in many a repository."""

    def build(self, input_shape: Any) -> None:
        self.W = self.add_weight(name="att_weight", shape=(input_shape[-1], 1), initializer=my_init)
        self.b = self.add_weight(name="att_bias", shape=(input_shape[1], 1), initializer="zeros")
        super().build(input_shape)

    def call(self, x: Any) -> Any:
        et = K.squeeze(K.tanh(K.dot(x, self.W) + self.b), axis=-1)
        at = K.softmax(et)
        at = K.expand_dims(at, axis=-1)
        return K.squeeze(K.batch_dot(K.permute_dimensions(x, (0, 2, 1)), at), axis=-1)


def test_attention() -> None:
    steps = RNG.normal(size=(64, 5, 4)).astype("float32")
    model = Sequential([Attention(input_shape=(5, 4)), Dense(1)])
    assert model.layers[0].output_shape == (None, 4)
    W, b = model.layers[0].get_weights()
    weights = np.exp(np.tanh(steps @ W + b))
    expected = np.sum(steps * weights / weights.sum(axis=1, keepdims=True), axis=1)
    np.testing.assert_allclose(model.layers[0](steps), expected, rtol=1e-4, atol=1e-6)
    learns(model, steps, steps.mean(axis=1)[:, :1], "mse")


def rounded_accuracy(y_true: Any, y_pred: Any) -> Any:
    return K.mean(K.equal(y_true, K.round(K.clip(y_pred, 0, 1))), axis=-1)


def f1(y_true: Any, y_pred: Any) -> Any:
    true_positives = K.sum(K.round(K.clip(y_true * y_pred, 0, 1)))
    possible_positives = K.sum(K.round(K.clip(y_true, 0, 1)))
    predicted_positives = K.sum(K.round(K.clip(y_pred, 0, 1)))
    precision = true_positives / (predicted_positives + K.epsilon())
    recall = true_positives / (possible_positives + K.epsilon())
    return 2 * precision * recall / (precision + recall + K.epsilon())


def test_metrics() -> None:
    model = Sequential([Dense(8, activation="relu", input_shape=(6,)), Dense(1, activation="sigmoid")])
    learns(model, X, CLASSES, "binary_crossentropy", metrics=[rounded_accuracy, f1])
    found = dict(
        zip(["loss", "rounded_accuracy", "f1"], model.evaluate(X, CLASSES, batch_size=64, verbose=0), strict=True)
    )
    decided = model.predict(X).round()
    np.testing.assert_allclose(found["rounded_accuracy"], np.mean(decided == CLASSES), rtol=1e-6)
    hits = np.sum(decided * CLASSES)
    np.testing.assert_allclose(found["f1"], 2 * hits / (decided.sum() + CLASSES.sum()), rtol=1e-5)


def test_variational_autoencoder() -> None:
    latent = 2

    def sampling(args: Any) -> Any:
        z_mean, z_log_var = args
        batch = K.shape(z_mean)[0]
        dim = K.int_shape(z_mean)[1]
        epsilon = K.random_normal(shape=(batch, dim))
        return z_mean + K.exp(0.5 * z_log_var) * epsilon

    class KullbackLeibler(Layer):
        def call(self, inputs: Any) -> Any:
            z_mean, z_log_var = inputs
            loss = 1 + z_log_var - K.square(z_mean) - K.exp(z_log_var)
            self.add_loss(-0.01 * K.mean(K.sum(loss, axis=-1)), inputs)
            return z_mean

    x = Input((6,))
    hidden = Dense(16, activation="relu")(x)
    z_mean, z_log_var = Dense(latent)(hidden), Dense(latent)(hidden)
    z_mean = KullbackLeibler()([z_mean, z_log_var])
    z = Lambda(sampling, output_shape=(latent,))([z_mean, z_log_var])
    model = Model(x, Dense(6)(Dense(16, activation="relu")(z)))
    learns(model, X, X, "mse", epochs=20)
    # Every prediction samples anew.
    assert not np.array_equal(model.predict(X), model.predict(X))


def test_a_recurrent_layer_on_rnn() -> None:
    class Minimal(Layer):
        def build(self, input_shape: Any) -> None:
            self.kernel = self.add_weight("kernel", (input_shape[-1], 5), "glorot_uniform")
            self.recurrent = self.add_weight("recurrent", (5, 5), "orthogonal")
            super().build(input_shape)

        def call(self, x: Any) -> Any:
            def step(inputs: Any, states: Any) -> Any:
                new = K.tanh(K.dot(inputs, self.kernel) + K.dot(states[0], self.recurrent))
                return new, [new]

            start = K.tile(K.zeros_like(x[:, 0, :1]), [1, 5])
            return K.rnn(step, x, [start])[0]

    steps = RNG.normal(size=(64, 7, 3)).astype("float32")
    model = Sequential([Minimal(input_shape=(7, 3)), Dense(1)])
    learns(model, steps, steps[:, -1, :1], "mse")


def test_labels_of_integers_and_a_weighted_loss() -> None:
    weights = np.array([0.5, 2.0], "float32")

    def weighted(y_true: Any, y_pred: Any) -> Any:
        y_true = K.one_hot(K.cast(K.flatten(y_true), "int32"), 2)
        y_pred = y_pred / K.sum(y_pred, axis=-1, keepdims=True)
        y_pred = K.clip(y_pred, K.epsilon(), 1 - K.epsilon())
        return -K.sum(y_true * K.log(y_pred) * K.variable(weights), axis=-1)

    model = Sequential([Dense(8, activation="relu", input_shape=(6,)), Dense(2, activation="softmax")])
    learns(model, X, CLASSES.astype("int64"), weighted)


def test_losses_of_pairs() -> None:
    def distance(vectors: Any) -> Any:
        x, y = vectors
        return K.sqrt(K.maximum(K.sum(K.square(x - y), axis=1, keepdims=True), K.epsilon()))

    def contrastive(y_true: Any, y_pred: Any) -> Any:
        return K.mean(y_true * K.square(y_pred) + (1 - y_true) * K.square(K.maximum(1 - y_pred, 0)))

    base = Sequential([Dense(8, activation="relu", input_shape=(6,)), Dense(3)])
    left, right = Input((6,)), Input((6,))
    model = Model([left, right], Lambda(distance, output_shape=(1,))([base(left), base(right)]))
    learns(model, [X, X[::-1].copy()], CLASSES, contrastive)
