"""TimeDistributed around layers and models, wrappers of others, and what they refuse."""

from __future__ import annotations

import doctest
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kcore import Model, Sequential, load_model, model_from_json
from kcore.engine import CompiledFunction
from kcore.errors import AbstractLayerError, InvalidArgumentError, LayerInputError, LayerMaskError
from kcore.layers import Input, Layer, Wrapper
from kcore_layers import wrappers
from kcore_layers.convolutional import Conv2D
from kcore_layers.core import Dense
from kcore_layers.dropping import Dropout
from kcore_layers.embedding import Embedding
from kcore_layers.normalization import BatchNormalization
from kcore_layers.recurrent import GRU, LSTM
from kcore_layers.shaping import Flatten
from kcore_layers.wrappers import TimeDistributed

RNG = np.random.default_rng(14)
X = RNG.standard_normal((4, 6, 3)).astype(np.float32)
WORDS = np.array([[[1, 2, 0], [3, 0, 0]], [[4, 0, 0], [0, 0, 0]]])


def steps_of(layer: Any, x: Any) -> Any:
    """The layer at each step by itself."""
    return np.stack([layer(x[:, t]) for t in range(x.shape[1])], axis=1)


INNER: list[Any] = [
    (lambda: Dense(5, activation="tanh"), X),
    (lambda: Conv2D(2, (2, 3), padding="same"), RNG.standard_normal((2, 3, 4, 5, 2)).astype(np.float32)),
    (Flatten, RNG.standard_normal((2, 3, 4, 5)).astype(np.float32)),
    (lambda: LSTM(4), RNG.standard_normal((2, 3, 5, 2)).astype(np.float32)),
    (lambda: TimeDistributed(Dense(2)), RNG.standard_normal((2, 3, 5, 2)).astype(np.float32)),
    (lambda: Sequential([Dense(4, activation="relu"), Dense(2)]), X),
    (BatchNormalization, X),
]


@pytest.mark.parametrize(("make", "x"), INNER)
def test_each_step_is_what_the_layer_makes_of_it(make: Any, x: Any) -> None:
    layer = TimeDistributed(make())
    expected = steps_of(layer.layer, x)
    for function in (layer, CompiledFunction(layer)):
        np.testing.assert_allclose(function(x), expected, rtol=1e-5, atol=1e-6)
    assert layer.compute_output_shape(x.shape) == expected.shape
    assert layer.compute_output_shape((None, None, *x.shape[2:])) == (None, None, *expected.shape[2:])
    assert layer.weights == layer.layer.weights


def test_around_a_graph_of_two_inputs_and_outputs() -> None:
    one, two = Input((3,)), Input((2,))
    low, high = Dense(4, activation="tanh"), Dense(1)
    inner = Model([one, two], [low(one), high(two)], name="inner")
    other = RNG.standard_normal((4, 6, 2)).astype(np.float32)
    layer = TimeDistributed(inner)
    y, z = layer([X, other])
    np.testing.assert_allclose(y, steps_of(low, X), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(z, steps_of(high, other), rtol=1e-5, atol=1e-6)
    shapes: Any = [(None, None, 3), (None, None, 2)]
    assert layer.compute_output_shape(shapes) == [(None, None, 4), (None, None, 1)]
    a, b = Input((None, 3)), Input((None, 2))
    model = Model([a, b], layer([a, b]))
    for found, wanted in zip(model.predict([X, other]), (y, z), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)
    again = model_from_json(model.to_json())
    again.set_weights(model.get_weights())
    for found, wanted in zip(again.predict([X, other]), model.predict([X, other]), strict=True):
        np.testing.assert_array_equal(found, wanted)
    mask = np.ones((4, 6), bool)
    assert layer.compute_mask([X, other], [mask, None]) == [mask, mask]


@settings(max_examples=30, deadline=None)
@given(batch=st.integers(0, 3), steps=st.integers(0, 4), rest=st.lists(st.integers(1, 3), min_size=1, max_size=3))
def test_shapes_of_any_input(batch: int, steps: int, rest: list[int]) -> None:
    layer = TimeDistributed(Dense(2))
    x = np.zeros((batch, steps, *rest), np.float32)
    assert layer(x).shape == (batch, steps, *rest[:-1], 2) == layer.compute_output_shape(x.shape)
    assert layer.compute_output_shape((None, None, *rest)) == (None, None, *rest[:-1], 2)


def test_any_number_of_steps_in_a_model() -> None:
    model = Sequential([TimeDistributed(Dense(8), batch_input_shape=(None, None, 16))])
    assert model.output_shape == (None, None, 8)
    for steps in (1, 10, 3):
        assert model.predict(np.zeros((2, steps, 16))).shape == (2, steps, 8)


# --- training --------------------------------------------------------------------------------------------------------


def test_the_inner_layer_knows_whether_this_is_training() -> None:
    layer = TimeDistributed(Dropout(0.5))
    x = np.ones((2, 3, 40), np.float32)
    assert set(np.unique(layer(x, training=True))) == {0.0, 2.0}
    np.testing.assert_array_equal(layer(x), x)
    norm = TimeDistributed(BatchNormalization(momentum=0.5))
    y = norm(X, training=True)
    np.testing.assert_allclose(y.mean((0, 1)), 0, atol=1e-5)
    np.testing.assert_allclose(norm.get_weights()[2], 0.5 * X.mean((0, 1)), rtol=1e-5, atol=1e-6)


def test_weights_penalties_and_trainable_are_the_inner_layer_s() -> None:
    layer = TimeDistributed(Dense(2, kernel_regularizer="l2", name="inner"), name="outer")
    layer(X)
    assert layer.count_params() == 8 and [weight.name for weight in layer.weights] == ["inner/kernel", "inner/bias"]
    assert [variable for inside in layer.walk() for variable, _ in inside.regularizers] == [layer.weights[0]]
    layer.trainable = False
    assert layer.trainable_weights == [] and layer.non_trainable_weights == layer.weights
    kernel = np.ones((3, 2))
    given = TimeDistributed(Dense(2), weights=[kernel, np.zeros(2)])
    np.testing.assert_allclose(given(X), X @ kernel, rtol=1e-5, atol=1e-5)


# --- masks -----------------------------------------------------------------------------------------------------------


def test_a_mask_of_steps_is_passed_on() -> None:
    mask = np.array([[1, 1, 0, 0, 0, 0]] * 4, bool)
    for inner in (Dense(2), Flatten(), BatchNormalization()):
        layer = TimeDistributed(inner)
        assert layer.compute_mask(X, mask) is mask
        assert layer.compute_mask(X) is None
    model = Sequential([Embedding(9, 3, mask_zero=True), TimeDistributed(Dense(4)), LSTM(2)])
    whole, padded = model(np.array([[1, 2, 3]])), model(np.array([[1, 2, 3, 0, 0]]))
    np.testing.assert_allclose(padded, whole, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(model.predict(np.array([[1, 2, 3, 0, 0]])), whole, rtol=1e-5, atol=1e-6)


def test_masks_of_what_steps_are_made_of() -> None:
    embed, read, sum_up = TimeDistributed(Embedding(9, 3, mask_zero=True)), TimeDistributed(GRU(4)), GRU(5)
    np.testing.assert_array_equal(embed.compute_mask(WORDS), WORDS != 0)
    model = Sequential([embed, read, sum_up])
    found = model(WORDS)
    sentences = [[read.layer(embed.layer(np.array([words]))) for words in text] for text in ([[1, 2], [3]], [[4]])]
    alone = [sum_up(np.stack(text, axis=1)) for text in sentences]
    np.testing.assert_allclose(found, np.concatenate(alone), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(model.predict(WORDS), found, rtol=1e-5, atol=1e-6)
    # Where the inner layer ends the mask, a step is masked if all of it was.
    deep = embed(WORDS)
    np.testing.assert_array_equal(read.compute_mask(deep, WORDS != 0), [[True, True], [True, False]])
    # Where it keeps it, it keeps it for each step.
    kept = TimeDistributed(GRU(4, return_sequences=True))
    np.testing.assert_array_equal(kept.compute_mask(deep, WORDS != 0), WORDS != 0)
    np.testing.assert_array_equal(TimeDistributed(Dense(2)).compute_mask(deep, WORDS != 0), WORDS != 0)
    with pytest.raises(LayerMaskError, match="'flatten"):
        TimeDistributed(Flatten())(deep, mask=WORDS != 0)


# --- wrappers of others, configs, files ------------------------------------------------------------------------------


class Twice(Wrapper):
    def call(self, inputs: Any) -> Any:
        return self.layer(self.layer(inputs))


class Scaled(Wrapper):
    def __init__(self, layer: Any, factor: float = 2.0, **kwargs: Any) -> None:
        super().__init__(layer, **kwargs)
        self.factor = factor

    def call(self, inputs: Any) -> Any:
        return self.factor * self.layer(inputs)


def test_wrappers_of_others() -> None:
    layer = Twice(Dense(3, name="inner"), name="twice")
    np.testing.assert_allclose(layer(X), layer.layer(layer.layer(X)), rtol=1e-6)
    assert layer.compute_output_shape((None, 6, 3)) == (None, 6, 3)
    assert layer.get_config()["layer"]["config"]["name"] == "inner"
    scaled = Scaled(Dense(2), 3.0)
    np.testing.assert_allclose(scaled(X), 3 * scaled.layer(X), rtol=1e-6)
    again = Scaled.from_config(scaled.get_config())
    assert again.get_config() == scaled.get_config() and again.factor == 3.0
    model = Sequential([Input((6, 3)), TimeDistributed(Twice(Dense(3))), Scaled(Dense(2))])
    copy = model_from_json(model.to_json(), custom_objects={"Twice": Twice, "Scaled": Scaled})
    copy.set_weights(model.get_weights())
    np.testing.assert_array_equal(copy.predict(X), model.predict(X))


@pytest.mark.parametrize(("make", "x"), INNER)
def test_a_file_brings_back_the_layer_inside(make: Any, x: Any, tmp_path: Path) -> None:
    model = Sequential([Input(x.shape[1:]), TimeDistributed(make(), name="each")])
    config = model.layers[0].get_config()
    assert set(config) == {"name", "trainable", "dtype", "layer"} and set(config["layer"]) == {"class_name", "config"}
    model.save(tmp_path / "m.h5")
    again = load_model(tmp_path / "m.h5")
    np.testing.assert_array_equal(again.predict(x), model.predict(x))
    other = Sequential([Input(x.shape[1:]), TimeDistributed(make(), name="each")])
    if model.weights:
        other.load_weights(tmp_path / "m.h5", by_name=True)
        np.testing.assert_array_equal(other.predict(x), model.predict(x))


def test_the_dtype_is_the_inner_layer_s() -> None:
    layer = TimeDistributed(Dense(2, dtype="float64"))
    assert layer.dtype == "float64" and layer(X.astype("float64")).dtype == np.float64
    model = Sequential([TimeDistributed(Embedding(9, 3), input_shape=(2, 3))])
    assert model.predict(WORDS).shape == (2, 2, 3, 3)
    assert TimeDistributed.from_config(layer.get_config()).layer.dtype == "float64"


# --- what is refused -------------------------------------------------------------------------------------------------


def test_the_base_alone_is_no_layer() -> None:
    with pytest.raises(
        AbstractLayerError, match=r"^Wrapper is only the base .* Use TimeDistributed or Bidirectional, or"
    ):
        Wrapper(Dense(2))

    class Empty(Wrapper):
        pass

    with pytest.raises(AbstractLayerError, match=r"^Empty derives from Wrapper, but does not define call\(\)\."):
        Empty(Dense(2))


@pytest.mark.parametrize("inner", [None, 3, "Dense", Dense])
@pytest.mark.parametrize("kind", [TimeDistributed, Twice])
def test_what_is_no_layer_is_refused(kind: Any, inner: Any) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        kind(inner)
    assert str(caught.value).startswith(f"{kind.__name__} cannot take layer={inner!r}. Allowed: a Layer or model")
    assert ("made by calling the class" in str(caught.value)) == isinstance(inner, type)


def test_inputs_that_do_not_fit_are_refused() -> None:
    for wrong in (X[:, 0], Input((3,))):
        with pytest.raises(LayerInputError, match=r"\(TimeDistributed\) expects an input with at least 3 axes"):
            TimeDistributed(Dense(2))(wrong)
    layer = TimeDistributed(Dense(2))
    layer(X)
    for wrong in (X[..., :2], Input((6, 2))):
        with pytest.raises(LayerInputError, match=r"\(Dense\) expects an input of shape \(batch, ..., 3\)"):
            layer(wrong)


def test_a_layer_kept_twice_counts_once() -> None:
    inner = Dense(2)
    model = Sequential([Input((6, 3)), TimeDistributed(inner)])
    assert len(model.weights) == 2 and inner in list(model.walk())
    assert isinstance(model.layers[0], Layer)


def test_examples_in_the_docstrings() -> None:
    found = doctest.testmod(wrappers)
    assert found.attempted >= 10 and found.failed == 0
