"""States of recurrent layers: given, returned, kept from batch to batch; masks and dropout of what goes into them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kcore import Array, Model, Sequential, model_from_json
from kcore.engine import CompiledFunction
from kcore.errors import InvalidArgumentError, LayerInputError, LayerStateError, VariableValueError
from kcore.layers import Input
from kcore_layers.core import Dense
from kcore_layers.embedding import Embedding
from kcore_layers.recurrent import GRU, LSTM, SimpleRNN

RNG = np.random.default_rng(8)
X = RNG.standard_normal((4, 6, 3)).astype(np.float32)
KINDS: list[Any] = [LSTM, GRU, lambda units, **options: GRU(units, reset_after=True, **options), SimpleRNN]
IDS = ["LSTM", "GRU", "GRU-after", "SimpleRNN"]
each_kind = pytest.mark.parametrize("kind", KINDS, ids=IDS)


def copied(layer: Any, kind: Any, **options: Any) -> Any:
    """Another layer with the same weights."""
    return kind(layer.units, weights=layer.get_weights(), **options)


# --- given and returned ----------------------------------------------------------------------------------------------


@each_kind
def test_returned_states_given_back_continue_the_sequence(kind: Any) -> None:
    whole = kind(5, return_sequences=True)
    expected = whole(X)
    first, second = (copied(whole, kind, return_sequences=True, return_state=True) for _ in range(2))

    def halves(x: Any) -> Any:
        y, *states = first(x[:, :2])
        z, *ends = second(x[:, 2:], initial_state=states)
        return np.concatenate([y, z], axis=1), ends[0], second([x[:, 2:], *states])[0]

    for y, end, z in (halves(X), CompiledFunction(halves)(X)):
        np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(end, expected[:, -1], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(z, expected[:, 2:], rtol=1e-5, atol=1e-6)


@each_kind
def test_an_encoder_gives_its_states_to_a_decoder_in_a_graph(kind: Any) -> None:
    source, target = Input((None, 3)), Input((None, 2))
    encoder = kind(5, return_state=True, name="encoder")
    _, *states = encoder(source)
    decoder = kind(5, return_sequences=True, name="decoder")
    model = Model([source, target], Dense(2)(decoder(target, initial_state=states)))
    other = RNG.standard_normal((4, 5, 2)).astype(np.float32)
    _, *ends = encoder(X)
    dense = model.layers[-1]
    expected = dense(decoder(other, initial_state=ends))
    np.testing.assert_allclose(model([X, other]), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(model.predict([X, other]), expected, rtol=1e-5, atol=1e-6)
    again = model_from_json(model.to_json())
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(again.predict([X, other]), model.predict([X, other]))


def test_first_states_that_do_not_fit_are_refused() -> None:
    state = np.zeros((4, 5), np.float32)
    with pytest.raises(InvalidArgumentError) as caught:
        LSTM(5)(X, initial_state=[state])
    assert str(caught.value) == ("LSTM cannot take initial_state=[(4, 5)]. Allowed: 2 array(s) of shape (batch, 5).")
    with pytest.raises(
        ValueError, match=r"GRU cannot take initial_state=\[\(4, 2\)\]\. Allowed: 1 array\(s\) of shape"
    ):
        GRU(5)(X, initial_state=state[:, :2])
    with pytest.raises(LayerStateError, match="was given arrays beside symbolic tensors"):
        GRU(5)(Input((6, 3)), initial_state=state)


# --- kept from batch to batch ----------------------------------------------------------------------------------------


@each_kind
def test_a_stateful_layer_goes_on_where_the_batch_before_ended(kind: Any) -> None:
    whole = kind(5, return_sequences=True)
    expected = whole(X)
    eager, inner = (copied(whole, kind, return_sequences=True, stateful=True) for _ in range(2))
    model = Sequential([Input(batch_shape=(4, None, 3)), inner])
    for layer, call in ((eager, eager), (model, lambda x: model.predict(x, batch_size=4))):
        parts = [call(X[:, start : start + 2]) for start in (0, 2, 4)]
        np.testing.assert_allclose(np.concatenate(parts, 1), expected, rtol=1e-5, atol=1e-6)
        assert not np.allclose(call(X[:, :2]), parts[0])
        layer.reset_states()
        np.testing.assert_array_equal(call(X[:, :2]), parts[0])
    assert [state.shape for state in eager.states] == [(4, 5)] * eager.state_count
    assert len(eager.weights) == 3
    eager.reset_states([np.ones((4, 5)) for _ in eager.states])
    start = [np.ones((4, 5), np.float32) for _ in eager.states]
    np.testing.assert_allclose(eager(X), whole(X, initial_state=start), rtol=1e-5, atol=1e-6)


def test_stateful_layers_need_a_fixed_batch() -> None:
    with pytest.raises(LayerStateError) as caught:
        Sequential([Input((6, 3)), LSTM(3, stateful=True, name="memory")])
    assert str(caught.value) == (
        "Layer 'memory' is stateful, but the batch size is not known. Fix it: give the first layer a "
        "batch_input_shape, or Input a batch_size."
    )
    layer = GRU(3, stateful=True)
    with pytest.raises(LayerStateError, match="has no states to reset"):
        layer.reset_states()
    layer(X)
    with pytest.raises(LayerInputError, match=r"expects an input of shape \(batch=4, any, 3\)"):
        layer(X[:2])
    with pytest.raises(VariableValueError):
        layer.reset_states(np.zeros((2, 3)))
    with pytest.raises(InvalidArgumentError):
        layer.reset_states([np.zeros((4, 3))] * 2)
    with pytest.raises(LayerStateError, match="has no states to reset"):
        LSTM(3).reset_states()


# --- masks -----------------------------------------------------------------------------------------------------------

WORDS = [[3, 1, 4, 1, 5], [2, 6], [5], [3, 5, 8, 9, 7, 9, 3]]


def padded(before: bool) -> Array:
    rows = np.zeros((len(WORDS), 8), int)
    for row, words in zip(rows, WORDS, strict=True):
        row[8 - len(words) if before else 0 :][: len(words)] = words
    return rows


@each_kind
@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize("backwards", [False, True])
def test_a_padded_batch_gives_what_the_samples_give_alone(kind: Any, before: bool, backwards: bool) -> None:
    model = Sequential(
        [
            Embedding(10, 3, mask_zero=True, embeddings_initializer="glorot_uniform"),
            Dense(3, activation="tanh"),
            kind(4, return_sequences=True, go_backwards=backwards),
            kind(4),
            Dense(2),
        ]
    )
    alone = np.concatenate([model(np.array([words])) for words in WORDS])
    for found in (model(padded(before)), model.predict(padded(before))):
        np.testing.assert_allclose(found, alone, rtol=1e-5, atol=1e-6)


@each_kind
def test_outputs_repeat_and_states_stay_at_masked_steps(kind: Any) -> None:
    layer = kind(4, return_sequences=True, return_state=True)
    mask = np.array([[1, 1, 0, 1, 0, 0], [0, 0, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1], [0, 0, 0, 0, 0, 0]], bool)
    y, *states = layer(X, mask=mask)
    np.testing.assert_array_equal(y[0, 2], y[0, 1])
    np.testing.assert_array_equal(y[0, 4:], y[0, [3, 3]])
    assert not y[1, :2].any() and not y[3].any()
    np.testing.assert_array_equal(states[0], y[:, -1])
    np.testing.assert_allclose(states[-1][1], layer(X[1:2, 2:])[-1][0], rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(layer(X, mask=mask.astype("uint8"))[0], y)
    zeros = [np.zeros((4, 4), np.float32) for _ in states]
    np.testing.assert_array_equal(layer([X, *zeros], mask=mask)[0], y)
    sequences, *others = layer.compute_mask(X, mask)
    assert sequences is mask and others == [None] * layer.state_count
    # Returned sequences of a layer that goes backwards begin with the last step, and so does their mask.
    back = copied(layer, kind, return_sequences=True, go_backwards=True)
    np.testing.assert_array_equal(back.compute_mask(X, mask), mask[:, ::-1])
    assert copied(layer, kind).compute_mask(X, mask) is None


# --- dropout ---------------------------------------------------------------------------------------------------------


def transparent(**options: Any) -> LSTM:
    """h is i * x at every step, i = hard_sigmoid(x): the input gate and the candidate see the input alone."""
    zero, one = np.zeros((50, 50)), np.eye(50)
    kernel = np.concatenate([one, zero, one, zero], axis=1)
    bias = np.repeat([0.0, -100.0, 0.0, 100.0], 50)
    layer = LSTM(50, None, return_sequences=True, weights=[kernel, np.zeros((50, 200)), bias], seed=1, **options)
    return layer


@pytest.mark.parametrize(("implementation", "values"), [(1, [0.0, 1.0, 1.8]), (2, [0.0, 1.8]), (0, [0.0, 1.0, 1.8])])
def test_dropout_of_the_input_is_the_same_at_all_steps(implementation: int, values: list[float]) -> None:
    layer = transparent(dropout=0.5, implementation=implementation)
    ones = np.ones((20, 4, 50), np.float32)
    y = layer(ones, training=True)
    # Kept entries are doubled: the candidate is 0 or 2, the gate 0.5 or 0.5 + 0.2 * 2, by its own mask or the same.
    assert np.unique(y.round(4)).tolist() == pytest.approx(values)
    np.testing.assert_array_equal(y, np.broadcast_to(y[:, :1], y.shape))
    # Six standard deviations of 1000 fair coins.
    assert abs(np.count_nonzero(y[:, 0]) - 500) < 6 * np.sqrt(250)
    assert not np.array_equal(layer(ones, training=True), y)
    assert np.unique(layer(ones).round(4)).tolist() == pytest.approx([0.7])


def remembering(kind: Any, implementation: int, **options: Any) -> Any:
    """Each step's new state is the state of the step before, as it comes through the recurrent kernel."""
    zero, one = np.zeros((50, 50)), np.eye(50)
    if kind is LSTM:
        recurrent_kernel = np.concatenate([zero, zero, one, zero], axis=1)
        bias = np.repeat([100.0, -100.0, 0.0, 100.0], 50)
    else:
        recurrent_kernel = np.concatenate([zero, zero, one], axis=1)
        bias = np.repeat([-100.0, 100.0, 0.0], 50)
        if options.get("reset_after"):
            bias = np.stack([bias, np.zeros(150)])
    weights = [np.zeros((1, recurrent_kernel.shape[1])), recurrent_kernel, bias]
    return kind(
        50,
        None,
        return_sequences=True,
        recurrent_dropout=0.5,
        implementation=implementation,
        weights=weights,
        seed=1,
        **options,
    )


@pytest.mark.parametrize("implementation", [1, 2])
@pytest.mark.parametrize(("kind", "options"), [(LSTM, {}), (GRU, {}), (GRU, {"reset_after": True})], ids=IDS[:3])
def test_dropout_of_the_state_is_the_same_at_all_steps(kind: Any, options: Any, implementation: int) -> None:
    x = np.zeros((20, 3, 1), np.float32)
    layer = remembering(kind, implementation, **options)
    start = [np.ones((20, 50), np.float32)] * layer.state_count
    y = layer(x, initial_state=start, training=True)
    kept = y[:, 0] > 0
    assert abs(np.count_nonzero(kept) - 500) < 6 * np.sqrt(250)
    for step in range(3):
        np.testing.assert_allclose(y[:, step], np.where(kept, 2.0 ** (step + 1), 0), rtol=1e-5)
    np.testing.assert_allclose(layer(x, initial_state=start), 1, rtol=1e-5)


@each_kind
@pytest.mark.parametrize("implementation", [1, 2])
def test_planned_steps_drop_what_eager_calls_drop(kind: Any, implementation: int) -> None:
    options = {"dropout": 0.3, "recurrent_dropout": 0.4, "implementation": implementation, "seed": 5}
    layer = kind(4, **options)
    layer(X)
    other = copied(layer, kind, **options)
    step = CompiledFunction(lambda x: layer(x, training=True))
    results = [step(X) for _ in range(3)]
    for result in results:
        np.testing.assert_allclose(result, other(X, training=True), rtol=1e-5, atol=1e-6)
    assert not np.allclose(results[0], results[1])
