"""Layers of one's own in models: written as Keras documents it, shared, tied, nested, frozen, saved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kcore import Model, Sequential, backend, load_model, model_from_json
from kcore.layers import BatchNormalization, Dense, Embedding, Input, Layer, add, concatenate
from kcore.regularizers import L2
from kcore.saving.h5_weights import file_order

X = np.random.default_rng(3).normal(size=(32, 6)).astype("float32")
Y = (X[:, :1] * 2 - X[:, 1:2]).astype("float32")


class MyLayer(Layer):
    """The example of Keras 2's documentation."""

    def __init__(self, output_dim: int, **kwargs: Any) -> None:
        self.output_dim = output_dim
        super().__init__(**kwargs)

    def build(self, input_shape: Any) -> None:
        self.kernel = self.add_weight(
            name="kernel", shape=(input_shape[1], self.output_dim), initializer="uniform", trainable=True
        )
        super().build(input_shape)

    def call(self, x: Any) -> Any:
        return np.dot(x, self.kernel)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (input_shape[0], self.output_dim)


class Residual(Layer):
    """Layers inside a layer, made in ``build``."""

    def build(self, input_shape: Any) -> None:
        self.inner = Dense(input_shape[-1], activation="relu", name="inner")
        self.gate = self.add_weight("gate", (1,), "ones", regularizer=L2(0.5), constraint="non_neg")

    def call(self, x: Any) -> Any:
        return x + self.gate * self.inner(x)


class Transposed(Layer):
    """Tied to another layer: multiplies with its kernel, transposed."""

    def __init__(self, tied: Dense, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.tied = tied

    def call(self, x: Any) -> Any:
        return x @ np.transpose(self.tied.kernel)


def test_a_layer_as_keras_documents_it(tmp_path: Path) -> None:
    model = Sequential([MyLayer(4, input_shape=(6,)), Dense(1)])
    assert model.output_shape == (None, 1) and model.count_params() == 24 + 5
    model.compile("adam", "mse")
    losses = model.fit(X, Y, epochs=30, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    model.save(tmp_path / "model.h5")
    again = load_model(tmp_path / "model.h5", {"MyLayer": MyLayer})
    np.testing.assert_array_equal(again.predict(X), model.predict(X))


def test_layers_inside_a_layer() -> None:
    model = Sequential([Residual(input_shape=(6,)), Dense(1)])
    layer = model.layers[0]
    assert [weight.shape for weight in layer.weights] == [(1,), (6, 6), (6,)]
    kernel, bias = layer.weights[1].numpy(), layer.weights[2].numpy()
    np.testing.assert_allclose(layer(X), X + np.maximum(X @ kernel + bias, 0), rtol=1e-5)
    model.compile("sgd", "mse")
    expected = np.mean((model.predict(X) - Y) ** 2) + 0.5
    np.testing.assert_allclose(model.evaluate(X, Y), expected, rtol=1e-5)
    before = model.get_weights()
    model.fit(X, Y, verbose=0)
    assert all(not np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


class WithVariables(Layer):
    """Weights made as in Keras 1 and 2, without ``add_weight``, one of them before the base is set up."""

    def __init__(self, **kwargs: Any) -> None:
        self.scale = backend.variable(2.0, name="scale")
        super().__init__(**kwargs)

    def build(self, input_shape: Any) -> None:
        self.kernel = backend.variable(np.ones((input_shape[-1], 2)), name="kernel")
        self.same = self.kernel

    def call(self, x: Any) -> Any:
        return self.scale * (x @ self.kernel)


def test_variables_kept_as_attributes_are_weights(tmp_path: Path) -> None:
    model = Sequential([WithVariables(input_shape=(6,))])
    assert [weight.shape for weight in model.weights] == [(), (6, 2)]
    model.compile("sgd", "mse")
    before = model.get_weights()
    model.fit(X, np.zeros((32, 2)), verbose=0)
    assert all(not np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    model.save(tmp_path / "model.h5")
    again = load_model(tmp_path / "model.h5", {"WithVariables": WithVariables})
    np.testing.assert_array_equal(again.predict(X), model.predict(X))


def test_one_layer_on_two_inputs_is_trained_by_both() -> None:
    first, second = Input((6,)), Input((6,))
    shared = Dense(3, use_bias=False)
    model = Model([first, second], add([shared(first), shared(second)]))
    assert len(model.weights) == 1
    model.compile("sgd", "mse")
    kernel = model.get_weights()[0]
    target = np.ones((32, 3), "float32")
    model.train_on_batch([X, X[::-1]], target)
    both = X + X[::-1]
    slope = 2 * both.T @ (both @ kernel - target) / target.size
    np.testing.assert_allclose(model.get_weights()[0], kernel - 0.01 * slope, rtol=1e-4, atol=1e-6)


def test_tied_weights_are_one_weight(tmp_path: Path) -> None:
    encoder = Dense(3, use_bias=False, name="encoder")
    x = Input((6,))
    model = Model(x, Transposed(encoder, name="decoder")(encoder(x)))
    assert len(model.weights) == 1 and model.count_params() == 18
    model.compile("sgd", "mse")
    kernel = model.get_weights()[0]
    model.train_on_batch(X, X)
    error = 2 * (X @ kernel @ kernel.T - X) / X.size
    slope = X.T @ error @ kernel + (X.T @ error).T @ kernel
    np.testing.assert_allclose(model.get_weights()[0], kernel - 0.01 * slope, rtol=1e-4, atol=1e-6)
    model.save_weights(tmp_path / "weights.h5")
    trained = model.predict(X)
    model.set_weights([kernel])
    model.load_weights(tmp_path / "weights.h5")
    np.testing.assert_array_equal(model.predict(X), trained)


def test_a_model_is_a_layer() -> None:
    tower = Sequential([Dense(4, activation="tanh", input_shape=(6,)), Dense(2)], name="tower")
    first, second = Input((6,)), Input((6,))
    model = Model([first, second], Dense(1)(concatenate([tower(first), tower(second)])))
    assert tower.get_output_at(0) is not tower.get_output_at(1)
    joined = np.concatenate([tower.predict(X), tower.predict(X[::-1])], 1)
    kernel, bias = model.layers[-1].get_weights()
    np.testing.assert_allclose(model.predict([X, X[::-1]]), joined @ kernel + bias, rtol=1e-5, atol=1e-6)
    again = model_from_json(model.to_json())
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(again.predict([X, X]), model.predict([X, X]))


def test_freezing_takes_effect_at_the_next_compile_also_inside_models() -> None:
    inner = Sequential([Dense(4, input_shape=(6,)), BatchNormalization()], name="inner")
    model = Sequential([inner, Dense(1)])
    model.compile("sgd", "mse")
    inner.trainable = False
    before = [array.copy() for array in inner.get_weights()]
    model.fit(X, Y, verbose=0)
    assert not np.array_equal(inner.get_weights()[0], before[0])
    assert len(model.trainable_weights) == 2 and len(model.non_trainable_weights) == 6
    model.compile("sgd", "mse")
    before = [array.copy() for array in inner.get_weights()]
    model.fit(X, Y, verbose=0)
    for frozen, array in zip(inner.get_weights(), before, strict=True):
        np.testing.assert_array_equal(frozen, array)
    inner.trainable = True
    inner.layers[0].trainable = False
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0)
    np.testing.assert_array_equal(inner.get_weights()[0], before[0])
    assert not np.array_equal(inner.layers[1].get_weights()[0], before[2])


def test_weights_of_a_layer_that_is_not_trainable_are_listed_last_in_files() -> None:
    model = Sequential([Dense(2, input_shape=(6,), trainable=False), Dense(1)])
    assert [variable.name for variable in file_order(model)] == [
        variable.name for variable in [*model.layers[1].weights, *model.layers[0].weights]
    ]


@pytest.mark.parametrize("where", ["argument", "attribute"])
def test_activity_regularizers_penalise_outputs(where: str) -> None:
    if where == "argument":
        layer: Layer = Dense(2, input_shape=(6,), activity_regularizer=L2(0.1))
    else:
        layer = Dense(2, input_shape=(6,))
        layer.activity_regularizer = L2(0.1)
    model = Sequential([layer])
    model.compile("sgd", "mse")
    output, target = model.predict(X), np.zeros((32, 2), "float32")
    expected = np.mean(output**2) + 0.1 * np.sum(output**2) / 32
    np.testing.assert_allclose(model.evaluate(X, target), expected, rtol=1e-5)


def test_masks_go_through_models_in_models() -> None:
    words = Input((5,), name="words")
    inner = Model(words, Embedding(9, 3, mask_zero=True)(words))
    outer = Input((5,))
    hidden = Dense(2)(inner(outer))
    assert hidden.node is not None
    assert hidden.node.layer.output_mask.shape == (None, 5)
