"""ConvLSTM2D beside its formula; layouts, shapes, states, dropout, and what it refuses."""

from __future__ import annotations

import doctest
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kcore import Array, Sequential, model_from_json, ops
from kcore.engine import CompiledFunction
from kcore.errors import InvalidArgumentError, LayerCallError, LayerInputError, LayerStateError
from kcore.layers import Input
from kcore.testing.gradients import check_gradients
from kcore_layers import convolutional_recurrent
from kcore_layers.convolutional_recurrent import ConvLSTM2D

RNG = np.random.default_rng(13)
X = RNG.standard_normal((2, 4, 5, 6, 2))
MASK = np.array([[1, 1, 0, 1], [0, 1, 1, 0]], bool)


def hard_sigmoid(x: Array) -> Array:
    return np.clip(0.2 * x + 0.5, 0, 1)


def formula(layer: Any, x: Array, mask: Any = None) -> list[Array]:
    """All outputs of the formula in the docstring, and the last states; channels last."""
    kernel, recurrent_kernel, bias = layer.get_weights()
    inputs = {"strides": layer.strides, "padding": layer.padding, "dilation": layer.dilation_rate}
    size = ops.conv(x[:, 0], kernel, **inputs).shape[:-1]
    h, c, outputs = np.zeros((*size, layer.filters)), np.zeros((*size, layer.filters)), []
    for t in range(x.shape[1]):
        z = ops.conv(x[:, t], kernel, **inputs) + bias
        i, f, g, o = np.split(z + ops.conv(h, recurrent_kernel, strides=(1, 1), padding="same"), 4, axis=-1)
        kept = np.ones(len(x), bool) if mask is None else mask[:, t]
        new = hard_sigmoid(f) * c + hard_sigmoid(i) * np.tanh(g)
        c = np.where(kept[:, None, None, None], new, c)
        h = np.where(kept[:, None, None, None], hard_sigmoid(o) * np.tanh(new), h)
        outputs.append(h)
    return [np.stack(outputs, 1), h, c]


WINDOWS: list[dict[str, Any]] = [
    {"kernel_size": 2},
    {"kernel_size": (3, 2), "padding": "same"},
    {"kernel_size": 2, "strides": (2, 1)},
    {"kernel_size": (2, 3), "dilation_rate": 2},
]


@pytest.mark.parametrize("window", WINDOWS, ids=str)
@pytest.mark.parametrize("mask", [None, MASK], ids=["whole", "masked"])
@pytest.mark.parametrize("first", [False, True], ids=["last", "first"])
def test_the_defaults_follow_the_formula(window: Any, mask: Any, first: bool) -> None:
    where = "channels_first" if first else "channels_last"
    layer = ConvLSTM2D(3, **window, return_sequences=True, return_state=True, data_format=where, dtype="float64")
    x = np.moveaxis(X, -1, 2) if first else X
    y = layer(x, mask=mask)
    expected = formula(layer, X, mask)
    for function in (lambda x: layer(x, mask=mask), CompiledFunction(lambda x: layer(x, mask=mask))):
        for found, wanted in zip(function(x), expected, strict=True):
            np.testing.assert_allclose(np.moveaxis(found, -3, -1) if first else found, wanted, rtol=1e-9, atol=1e-12)
    assert layer.compute_output_shape(x.shape) == [array.shape for array in y]


def test_weights_and_first_values() -> None:
    layer = ConvLSTM2D(3, (2, 3), name="c", kernel_regularizer="l2", recurrent_constraint="max_norm")
    layer.ensure_built((None, None, 5, 6, 2))
    assert [(weight.name, weight.shape) for weight in layer.weights] == [
        ("c/kernel", (2, 3, 2, 12)), ("c/recurrent_kernel", (2, 3, 3, 12)), ("c/bias", (12,)),
    ]  # fmt: skip
    assert layer.get_weights()[2].tolist() == [0.0] * 3 + [1.0] * 3 + [0.0] * 6
    matrix = layer.get_weights()[1].reshape(18, 12)
    np.testing.assert_allclose(matrix.T @ matrix, np.eye(12), atol=1e-5)
    assert [variable for variable, _ in layer.regularizers] == [layer.kernel]
    assert [variable for variable, _ in layer.constraints] == [layer.recurrent_kernel]
    plain = ConvLSTM2D(3, 2, use_bias=False, unit_forget_bias=False)
    plain.ensure_built((None, None, 5, 6, 2))
    assert len(plain.weights) == 2


def test_gradients_also_through_the_states() -> None:
    layer = ConvLSTM2D(2, 2, padding="same", recurrent_activation="sigmoid", dtype="float64")
    layer.ensure_built((2, 3, 3, 2, 1))
    x, h, c = RNG.standard_normal((2, 3, 3, 2, 1)), *RNG.standard_normal((2, 2, 3, 2, 2))
    mask = np.array([[1, 0, 1], [1, 1, 0]], bool)
    check_gradients(lambda x, h, c: layer([x, h, c]), (x, h, c), order=1)
    check_gradients(lambda x: layer(x, mask=mask), (x,), order=2, directions=1)


@settings(max_examples=25, deadline=None)
@given(
    size=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    strides=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    padding=st.sampled_from(["valid", "same"]),
    where=st.sampled_from(["channels_last", "channels_first"]),
    sequences=st.booleans(),
)
def test_stated_shapes_are_those_of_the_outputs(
    size: Any, strides: Any, padding: str, where: str, sequences: bool
) -> None:
    layer = ConvLSTM2D(2, size, strides, padding, where, return_sequences=sequences, return_state=True)
    x = np.zeros((1, 2, 1, 5, 4) if where == "channels_first" else (1, 2, 5, 4, 1), np.float32)
    outputs = [y.shape for y in layer(x)]
    assert layer.compute_output_shape(x.shape) == outputs
    unknown = [None if n in (5, 4) else n for n in x.shape]
    for found, shape in zip(layer.compute_output_shape(tuple(unknown)), outputs, strict=True):
        assert len(found) == len(shape) and all(n in (None, m) for n, m in zip(found, shape, strict=True))


@pytest.mark.parametrize("where", ["channels_last", "channels_first"])
def test_states_given_and_kept(where: str) -> None:
    x = X if where == "channels_last" else np.moveaxis(X, -1, 2)
    options: Any = {"padding": "same", "data_format": where, "return_sequences": True, "dtype": "float64"}
    whole = ConvLSTM2D(3, 2, **options)
    expected = whole(x)
    start = ConvLSTM2D(3, 2, **options, return_state=True, weights=whole.get_weights())
    _, *states = start(x[:, :3])
    shape = (2, 5, 6, 3) if where == "channels_last" else (2, 3, 5, 6)
    assert [state.shape for state in states] == [shape, shape]
    np.testing.assert_allclose(whole(x[:, 3:], initial_state=states), expected[:, 3:], rtol=1e-9)
    model = Sequential(
        [Input(batch_shape=(2, None, *x.shape[2:]), dtype="float64"), ConvLSTM2D(3, 2, **options, stateful=True)]
    )
    model.set_weights(whole.get_weights())
    parts = [model.predict(x[:, :3], batch_size=2), model.predict(x[:, 3:], batch_size=2)]
    np.testing.assert_allclose(np.concatenate(parts, 1), expected, rtol=1e-6, atol=1e-7)
    (kept,) = model.layers
    assert [state.shape for state in kept.states] == [shape, shape]  # type: ignore[attr-defined]
    model.reset_states()
    np.testing.assert_array_equal(model.predict(x[:, :3], batch_size=2), parts[0])
    again = model_from_json(model.to_json())
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(again.predict(x[:, :3], batch_size=2), parts[0])


def test_dropout_is_the_same_at_all_steps() -> None:
    zero, one = np.zeros((1, 1, 4, 4)), np.eye(4)[None, None]
    # h is a gate of 1 times the candidate, which is x.
    weights = [
        np.concatenate([zero, zero, one, zero], -1),
        np.zeros((1, 1, 4, 16)),
        np.repeat([100.0, -100, 0, 100], 4),
    ]
    layer = ConvLSTM2D(4, 1, activation=None, dropout=0.5, return_sequences=True, weights=weights, seed=2)
    ones = np.ones((3, 4, 5, 6, 4), np.float32)
    y = layer(ones, training=True)
    assert np.unique(y).tolist() == [0.0, 2.0]
    np.testing.assert_array_equal(y, np.broadcast_to(y[:, :1], y.shape))
    assert abs(np.count_nonzero(y[:, 0]) - 180) < 6 * np.sqrt(90)
    np.testing.assert_array_equal(layer(ones), ones)
    # Each step's candidate is the state before: 1, then 2 or 0 where the state was kept or not.
    weights = [np.zeros((1, 1, 4, 16)), weights[0], weights[2]]
    layer = ConvLSTM2D(
        4, 1, (2, 2), activation=None, recurrent_dropout=0.5, return_sequences=True, weights=weights, seed=2
    )
    start = [np.ones((3, 3, 3, 4), np.float32)] * 2
    y = layer(ones, initial_state=start, training=True)
    for step in range(4):
        np.testing.assert_array_equal(y[:, step], np.where(y[:, 0] > 0, 2.0 ** (step + 1), 0))
    assert abs(np.count_nonzero(y[:, 0]) - 54) < 6 * np.sqrt(27)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"filters": 0}, "filters=0. Allowed: an integer of at least 1."),
        ({"kernel_size": (1, 2, 3)}, "kernel_size=(1, 2, 3). Allowed: an integer of at least 1, or 2 of them"),
        ({"strides": 0}, "strides=0. Allowed: an integer of at least 1, or 2 of them"),
        ({"padding": "causal"}, "padding='causal'. Allowed: 'valid', 'same'."),
        ({"data_format": "rows"}, "data_format='rows'. Allowed: 'channels_last', 'channels_first'."),
        ({"strides": 2, "dilation_rate": 2}, "dilation_rate=2 (strides=(2, 2)). Allowed: 1 where strides are larger"),
        ({"dropout": 1.0}, "dropout=1.0. Allowed: a number from 0 to below 1."),
        ({"recurrent_activation": 3}, "recurrent_activation=3. Allowed: None, the name of an activation, or a"),
    ],
)
def test_bad_arguments_are_named(arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        ConvLSTM2D(**{"filters": 2, "kernel_size": 2, **arguments})
    assert str(caught.value).startswith(f"ConvLSTM2D cannot take {text}")


def test_inputs_that_do_not_fit_are_refused() -> None:
    with pytest.raises(LayerInputError, match=r"expects an input with 5 axes .* \(batch=2, 5, 6, 2\)"):
        ConvLSTM2D(2, 2)(X[:, 0])
    small = r"expects at least 3 rows and 2 columns \(channels_last\), the extent of its kernel, but .* \(batch=2, 4, 2, 6, 2\)"
    layer = ConvLSTM2D(2, (3, 2))
    for _ in range(2):
        with pytest.raises(LayerInputError, match=small):
            layer(X[:, :, :2])
        layer(X)
    with pytest.raises(LayerInputError, match=small.replace("batch=2, 4", "batch, None")):
        ConvLSTM2D(2, (3, 2))(Input((None, 2, 6, 2)))
    with pytest.raises(LayerInputError, match=r"shape \(batch, any, any, any, 2\)"):
        layer(X[..., :1])
    with pytest.raises(LayerCallError, match=r"2 array\(s\) of shape \(2, 3, 5, 2\)"):
        layer(X, initial_state=[np.zeros((2, 5, 6, 2))] * 2)
    with pytest.raises(InvalidArgumentError, match=r"2 array\(s\) of shape \(batch, any, any, 2\)"):
        layer(X, initial_state=[np.zeros((2, 3, 5, 2))])
    with pytest.raises(LayerStateError, match="the batch size is not known"):
        Sequential([Input((4, 5, 6, 2)), ConvLSTM2D(2, 2, stateful=True)])
    with pytest.raises(LayerStateError, match=r"\(None, 5, 2\).*without None"):
        Sequential([Input(batch_shape=(2, 4, None, 6, 2)), ConvLSTM2D(2, 2, stateful=True)])


def test_examples_in_the_docstrings() -> None:
    found = doctest.testmod(convolutional_recurrent)
    assert found.attempted >= 4 and found.failed == 0
