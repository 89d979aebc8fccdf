"""Losses and updates that layers bring themselves: ``add_loss`` and ``add_update``."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kcore import Model, Sequential, errors, ops
from kcore.layers import Dense, Input, Layer

X = np.random.default_rng(0).normal(size=(40, 3)).astype("float32")


class Penalised(Layer):
    """Its output's mean square is a penalty."""

    def __init__(self, factor: float = 0.5, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, inputs: Any) -> Any:
        self.add_loss(self.factor * np.mean(np.square(inputs)), inputs=inputs)
        return inputs


class Counting(Layer):
    """Counts the steps of training, and remembers the mean of the last one."""

    def build(self, input_shape: Any) -> None:
        self.count = self.add_weight("count", (), "zeros", trainable=False)
        self.mean = self.add_weight("mean", (), "zeros", trainable=False)

    def call(self, inputs: Any) -> Any:
        self.add_update((self.count, self.count + 1))
        self.add_update([(self.mean, np.mean(inputs))], inputs=inputs)
        return inputs


class Reconstruction(Layer):
    """Two inputs; what training minimises is their difference, as in a variational autoencoder of Keras's examples."""

    def call(self, inputs: Any) -> Any:
        x, decoded = inputs
        self.add_loss([np.mean(np.square(x - decoded))])
        return decoded


def test_a_layer_s_loss_is_part_of_the_total() -> None:
    model = Sequential([Penalised(input_shape=(3,)), Dense(1)])
    model.compile("sgd", "mse")
    y = np.zeros((40, 1), "float32")
    expected = np.mean(np.square(model.predict(X))) + 0.5 * np.mean(np.square(X))
    np.testing.assert_allclose(model.evaluate(X, y), expected, rtol=1e-5)


def test_its_gradient_trains() -> None:
    model = Sequential([Dense(2, input_shape=(3,), use_bias=False), Penalised(1.0)])
    model.compile("sgd", None)
    kernel = model.get_weights()[0]
    model.train_on_batch(X, None)
    slope = 2 * X.T @ (X @ kernel) / (40 * 2)
    np.testing.assert_allclose(model.get_weights()[0], kernel - 0.01 * slope, rtol=1e-5, atol=1e-7)


def test_a_model_is_trained_by_its_layers_losses_alone() -> None:
    x = Input((3,))
    model = Model(x, Reconstruction()([x, Dense(3)(Dense(2)(x))]))
    model.compile("adam")
    history = model.fit(X, epochs=30, batch_size=8, verbose=0, validation_split=0.25).history
    assert history["loss"][-1] < 0.8 * history["loss"][0] and history["val_loss"][-1] < history["val_loss"][0]
    np.testing.assert_allclose(model.evaluate(X), np.mean(np.square(model.predict(X) - X)), rtol=1e-5)
    with pytest.raises(errors.InvalidArgumentError, match=r"(?s)sample_weight.*None without labels"):
        model.fit(X, sample_weight=np.ones(40), verbose=0)


def test_losses_of_weights_are_functions() -> None:
    layer = Dense(2, input_shape=(3,))
    model = Sequential([layer])
    layer.add_loss(lambda: 3.0 * np.sum(np.abs(layer.kernel)))
    model.compile("sgd", "mse")
    y = np.zeros((40, 2), "float32")
    expected = np.mean(np.square(model.predict(X))) + 3 * np.abs(model.get_weights()[0]).sum()
    np.testing.assert_allclose(model.evaluate(X, y), expected, rtol=1e-5)


def test_without_any_loss_nothing_can_be_compiled() -> None:
    model = Sequential([Dense(1, input_shape=(3,))], name="idle")
    with pytest.raises(errors.NoLossError, match=r"'idle' has no loss to minimise: .*no layer calls add_loss\(\)"):
        model.compile("sgd")
    later = Sequential([Dense(1)], name="later")
    later.compile("sgd")
    with pytest.raises(errors.NoLossError, match=r"'later'"):
        later.fit(X, verbose=0)
    penalised = Sequential([Penalised(input_shape=(3,))])
    penalised.compile("sgd", None, metrics=["mae"])
    with pytest.raises(errors.EmptyDataError, match=r"no labels were given"):
        penalised.fit(X, verbose=0)


def test_what_is_no_loss() -> None:
    class Wrong(Layer):
        def call(self, inputs: Any) -> Any:
            self.add_loss(np.square(inputs))
            return inputs

    with pytest.raises(errors.LayerCallError, match=r"Wrong.add_loss cannot take losses=.*single numbers"):
        Wrong()(X)
    layer = Penalised(name="outside")
    with pytest.raises(errors.LayerStateError, match=r"'outside' was given a loss outside of call\(\)"):
        layer.add_loss(np.float32(1))
    with pytest.raises(errors.InvalidArgumentError, match=r"single numbers"):
        layer.add_loss(Input((3,)))


def test_updates_happen_in_training_only_and_not_where_frozen() -> None:
    layer = Counting(input_shape=(3,))
    model = Sequential([layer, Dense(1)])
    model.compile("sgd", "mse")
    y = np.zeros((40, 1), "float32")
    model.fit(X, y, batch_size=10, epochs=2, shuffle=False, verbose=0)
    assert layer.count.numpy() == 8
    np.testing.assert_allclose(layer.mean.numpy(), X[30:].mean(), rtol=1e-5)
    model.evaluate(X, y)
    model.predict(X)
    layer(X)
    assert layer.count.numpy() == 8
    layer(X, training=True)
    assert layer.count.numpy() == 9
    layer.trainable = False
    model.compile("sgd", "mse")
    model.fit(X, y, verbose=0)
    assert layer.count.numpy() == 9


@pytest.mark.parametrize("update", [[3], [(np.ones(2), 1)], [("count", 1, 2)]])
def test_what_is_no_update(update: Any) -> None:
    class Wrong(Layer):
        def call(self, inputs: Any) -> Any:
            self.add_update(update)
            return ops.relu(inputs)

    with pytest.raises(errors.LayerCallError, match=r"Wrong.add_update cannot take updates=.*a pair"):
        Wrong()(X)
