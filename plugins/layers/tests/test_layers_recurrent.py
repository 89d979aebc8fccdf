"""LSTM and GRU beside their formulas; weights, shapes, configs, bad arguments and inputs, training."""

from __future__ import annotations

import doctest
import math
from typing import Any

import numpy as np
import pytest

from kcore import Array, Sequential
from kcore.engine import CompiledFunction
from kcore.errors import InvalidArgumentError, LayerInputError, LayerMaskError, LayerStateError
from kcore.testing.gradients import check_gradients
from kcore_layers import recurrent
from kcore_layers.embedding import Embedding
from kcore_layers.recurrent import GRU, LSTM
from kcore_layers.shaping import Flatten, Reshape

RNG = np.random.default_rng(6)
X = RNG.standard_normal((4, 6, 3))
BOTH: list[Any] = [LSTM, GRU]


def hard_sigmoid(x: Array) -> Array:
    return np.clip(0.2 * x + 0.5, 0, 1)


def weights_of(gates: int, units: int, bias_rows: int = 1) -> list[Array]:
    bias = (bias_rows, gates * units) if bias_rows > 1 else (gates * units,)
    return [RNG.standard_normal(shape) for shape in ((3, gates * units), (units, gates * units), bias)]


def lstm(x: Array, weights: list[Array], units: int) -> list[Array]:
    """All outputs of the formula in the docstring."""
    kernel, recurrent_kernel, bias = weights
    h, c, outputs = np.zeros((len(x), units)), np.zeros((len(x), units)), []
    for t in range(x.shape[1]):
        i, f, g, o = np.split(x[:, t] @ kernel + h @ recurrent_kernel + bias, 4, axis=1)
        c = hard_sigmoid(f) * c + hard_sigmoid(i) * np.tanh(g)
        h = hard_sigmoid(o) * np.tanh(c)
        outputs.append(h)
    return outputs


def gru(x: Array, weights: list[Array], units: int) -> list[Array]:
    kernel, recurrent_kernel, bias = weights
    after = bias.ndim == 2
    h, outputs = np.zeros((len(x), units)), []
    for t in range(x.shape[1]):
        z, r, g = np.split(x[:, t] @ kernel + (bias[0] if after else bias), 3, axis=1)
        zz, rr, gg = np.split(h @ recurrent_kernel + (bias[1] if after else 0), 3, axis=1)
        update, reset = hard_sigmoid(z + zz), hard_sigmoid(r + rr)
        n = np.tanh(g + (reset * gg if after else (reset * h) @ recurrent_kernel[:, 2 * units :]))
        h = update * h + (1 - update) * n
        outputs.append(h)
    return outputs


@pytest.mark.parametrize("units", [1, 5])
@pytest.mark.parametrize(
    ("kind", "formula", "gates", "options"),
    [(LSTM, lstm, 4, {}), (GRU, gru, 3, {}), (GRU, gru, 3, {"reset_after": True})],
    ids=["LSTM", "GRU", "GRU-after"],
)
def test_the_defaults_follow_the_formula(kind: Any, formula: Any, gates: int, options: Any, units: int) -> None:
    weights = weights_of(gates, units, 1 + len(options))
    layer = kind(units, return_sequences=True, weights=weights, dtype="float64", **options)
    expected = np.stack(formula(X, weights, units), axis=1)
    np.testing.assert_allclose(layer(X), expected, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(CompiledFunction(layer)(X), expected, rtol=1e-10, atol=1e-12)
    last = kind(units, weights=weights, dtype="float64", **options)
    np.testing.assert_allclose(last(X), expected[:, -1], rtol=1e-10, atol=1e-12)
    back = kind(units, weights=weights, dtype="float64", go_backwards=True, return_sequences=True, **options)
    np.testing.assert_allclose(back(X), np.stack(formula(X[:, ::-1], weights, units), 1), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(("kind", "options"), [(LSTM, {}), (GRU, {}), (GRU, {"reset_after": True})])
def test_gradients(kind: Any, options: Any) -> None:
    layer = kind(2, recurrent_activation="sigmoid", return_sequences=True, dtype="float64", **options)
    check_gradients(layer, (X,), order=2, directions=1)


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize(("steps", "batch"), [(0, 2), (1, 2), (3, 0)])
def test_short_and_empty_sequences(kind: Any, steps: int, batch: int) -> None:
    x = np.ones((batch, steps, 3), np.float32)
    layer = kind(4, return_sequences=True, return_state=True)
    for function in (layer, CompiledFunction(layer)):
        y, *states = function(x)
        assert y.shape == (batch, steps, 4)
        assert [state.shape for state in states] == [(batch, 4)] * layer.state_count
        if steps == 0:
            assert not any(state.any() for state in states)


def test_weights_have_the_order_and_first_values_of_keras() -> None:
    layer = LSTM(4, name="lstm", kernel_regularizer="l2", recurrent_constraint="max_norm", bias_regularizer="l1")
    layer.ensure_built((None, None, 3))
    assert [(weight.name, weight.shape) for weight in layer.weights] == [
        ("lstm/kernel", (3, 16)),
        ("lstm/recurrent_kernel", (4, 16)),
        ("lstm/bias", (16,)),
    ]
    kernel, recurrent_kernel, bias = layer.get_weights()
    assert 0 < np.abs(kernel).max() <= math.sqrt(6 / 19)
    np.testing.assert_allclose(recurrent_kernel @ recurrent_kernel.T, np.eye(4), atol=1e-6)
    assert bias.tolist() == [0.0] * 4 + [1.0] * 4 + [0.0] * 8
    assert [variable for variable, _ in layer.regularizers] == [layer.kernel, layer.bias]
    assert [variable for variable, _ in layer.constraints] == [layer.recurrent_kernel]
    layer = LSTM(4, unit_forget_bias=False, bias_initializer="ones")
    layer.ensure_built((None, None, 3))
    assert layer.get_weights()[2].tolist() == [1.0] * 16
    for after, shape in [(False, (12,)), (True, (2, 12))]:
        gated = GRU(4, reset_after=after)
        gated.ensure_built((None, None, 3))
        assert [weight.shape for weight in gated.weights] == [(3, 12), (4, 12), shape]
    plain = GRU(4, use_bias=False)
    assert plain(X).shape == (4, 4) and len(plain.weights) == 2


def test_shapes() -> None:
    for kind, states in ((LSTM, 2), (GRU, 1)):
        assert kind(4).compute_output_shape((None, None, 3)) == (None, 4)
        assert kind(4, return_sequences=True).compute_output_shape((None, 7, 3)) == (None, 7, 4)
        shapes = [(None, 4)] * (1 + states)
        assert kind(4, return_state=True).compute_output_shape((None, None, 3)) == shapes
        assert kind(4, return_state=True).compute_output_shape([(None, 7, 3), *shapes[1:]]) == shapes


def test_the_default_configs_are_keras_2s() -> None:
    shared = {
        "name": "r",
        "trainable": True,
        "dtype": "float32",
        "units": 4,
        "activation": "tanh",
        "recurrent_activation": "hard_sigmoid",
        "use_bias": True,
        "kernel_initializer": {"class_name": "GlorotUniform", "config": {"seed": None}},
        "recurrent_initializer": {"class_name": "Orthogonal", "config": {"gain": 1.0, "seed": None}},
        "bias_initializer": {"class_name": "Zeros", "config": {}},
        "kernel_regularizer": None,
        "recurrent_regularizer": None,
        "bias_regularizer": None,
        "activity_regularizer": None,
        "kernel_constraint": None,
        "recurrent_constraint": None,
        "bias_constraint": None,
        "dropout": 0.0,
        "recurrent_dropout": 0.0,
        "implementation": 1,
        "return_sequences": False,
        "return_state": False,
        "go_backwards": False,
        "stateful": False,
        "unroll": False,
        "seed": None,
    }
    assert LSTM(4, name="r").get_config() == {**shared, "unit_forget_bias": True}
    assert GRU(4, name="r").get_config() == {**shared, "reset_after": False}


@pytest.mark.parametrize("kind", BOTH)
def test_config_rebuilds_the_layer(kind: Any) -> None:
    layer = kind(
        4,
        "relu",
        "sigmoid",
        kernel_regularizer="l2",
        recurrent_constraint="max_norm",
        dropout=0.25,
        recurrent_dropout=0.5,
        implementation=2,
        return_sequences=True,
        return_state=True,
        go_backwards=True,
        stateful=True,
        unroll=True,
        seed=3,
        batch_input_shape=(4, 6, 3),
        **({"reset_after": True} if kind is GRU else {"unit_forget_bias": False}),
    )
    config = layer.get_config()
    again = kind.from_config(config)
    assert again.get_config() == config
    again.ensure_built(X.shape)
    again.set_weights([array * 0 + 0.1 for array in again.get_weights()])
    layer.ensure_built(X.shape)
    layer.set_weights(again.get_weights())
    for one, two in zip(layer(X, training=True), again(X, training=True), strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"units": 0}, "units=0. Allowed: an integer of at least 1."),
        (
            {"recurrent_activation": 3},
            "recurrent_activation=3. Allowed: None, the name of an activation, or a function",
        ),
        ({"dropout": 1}, "dropout=1. Allowed: a number from 0 to below 1."),
        ({"recurrent_dropout": -0.5}, "recurrent_dropout=-0.5. Allowed: a number from 0 to below 1."),
        ({"implementation": 3}, "implementation=3. Allowed: 1, 2, 0."),
        ({"seed": -1}, "seed=-1. Allowed: None, or an integer of at least 0."),
    ],
)
@pytest.mark.parametrize("kind", BOTH)
def test_bad_arguments_are_named(kind: Any, arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        kind(**{"units": 4, **arguments})
    assert str(caught.value).startswith(f"{kind.__name__} cannot take {text}")


@pytest.mark.parametrize("kind", BOTH)
def test_inputs_that_do_not_fit_are_refused(kind: Any) -> None:
    with pytest.raises(LayerInputError, match=r"expects an input with 3 axes .* \(batch=4, 3\)"):
        kind(4)(X[:, 0])
    layer = kind(4)
    layer(X)
    with pytest.raises(LayerInputError, match=r"expects an input of shape \(batch, any, 3\)"):
        layer(X[..., :2])
    with pytest.raises(LayerStateError, match=r"because a size is unknown"):
        kind(4).ensure_built((None, 5, None))


def test_after_the_last_step_a_mask_has_ended() -> None:
    model = Sequential([Embedding(9, 3, mask_zero=True), LSTM(4), Reshape((2, 2))])
    assert model(np.array([[1, 2, 0]])).shape == (1, 2, 2)
    model = Sequential([Embedding(9, 3, mask_zero=True, input_length=3), LSTM(4, return_sequences=True), Flatten()])
    with pytest.raises(LayerMaskError, match="'flatten"):
        model.predict(np.array([[1, 2, 0]]))


def test_examples_in_the_docstrings() -> None:
    found = doctest.testmod(recurrent)
    assert found.attempted >= 5
    assert found.failed == 0
