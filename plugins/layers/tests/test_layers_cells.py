"""Cells alone, within RNN and on top of each other: the numbers of the layers that have a step of their own."""

from __future__ import annotations

import doctest
from typing import Any

import numpy as np
import pytest

from kcore.engine import CompiledFunction
from kcore.errors import InvalidArgumentError
from kcore_layers import cells, rnn
from kcore_layers.cells import GRUCell, LSTMCell, SimpleRNNCell
from kcore_layers.recurrent import GRU, LSTM, SimpleRNN
from kcore_layers.rnn import RNN

RNG = np.random.default_rng(12)
X = RNG.standard_normal((4, 6, 3)).astype(np.float32)
MASK = np.array([[1, 1, 0, 1, 0, 0], [0, 0, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1], [0, 0, 0, 0, 0, 0]], bool)
PAIRS: list[Any] = [
    (SimpleRNNCell, SimpleRNN, {}),
    (LSTMCell, LSTM, {}),
    (LSTMCell, LSTM, {"unit_forget_bias": False, "use_bias": False}),
    (GRUCell, GRU, {}),
    (GRUCell, GRU, {"reset_after": True}),
]
each_pair = pytest.mark.parametrize(("cell", "layer", "options"), PAIRS)


# --- with the layers that have a step of their own -------------------------------------------------------------------


@each_pair
@pytest.mark.parametrize("training", [False, True])
def test_rnn_around_a_cell_is_the_layer(cell: Any, layer: Any, options: Any, training: bool) -> None:
    options = {**options, "dropout": 0.3, "recurrent_dropout": 0.4, "seed": 3}
    flags = {"return_sequences": True, "return_state": True, "go_backwards": True}
    fused = layer(5, **options, **flags)
    start = [RNG.standard_normal((4, 5)).astype(np.float32) for _ in range(2 if cell is LSTMCell else 1)]
    expected = fused(X, mask=MASK, initial_state=start, training=training)
    for compiled in (False, True):
        around = RNN(cell(5, **options), **flags)
        around.ensure_built(X.shape)
        around.set_weights(fused.get_weights())

        def call(x: Any, around: Any = around) -> Any:
            return around(x, mask=MASK, initial_state=start, training=training)

        for found, wanted in zip((CompiledFunction(call) if compiled else call)(X), expected, strict=True):
            np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


@each_pair
def test_steps_by_hand_are_the_layer(cell: Any, layer: Any, options: Any) -> None:
    fused = layer(5, return_state=True, **options)
    output, *expected = fused(X)
    one = cell(5, weights=fused.get_weights() if fused.built else None, **options)
    states = [np.zeros((4, 5), np.float32) for _ in expected]
    for t in range(6):
        y, states = one(X[:, t], states)
    np.testing.assert_allclose(y, output, rtol=1e-5, atol=1e-6)
    for found, wanted in zip(states, expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)
    assert one.compute_output_shape((None, 3)) == [(None, 5)] * (1 + len(states))
    assert [weight.shape for weight in one.weights] == [weight.shape for weight in fused.weights]


def test_a_cell_alone_drops_anew_at_each_step() -> None:
    cell = SimpleRNNCell(
        50, activation=None, dropout=0.5, seed=1, weights=[np.eye(50), np.zeros((50, 50)), np.zeros(50)]
    )
    ones, zeros = np.ones((2, 50), np.float32), [np.zeros((2, 50), np.float32)]
    first, second = (cell(ones, zeros, training=True)[0] for _ in range(2))
    assert set(np.unique(first)) == {0.0, 2.0} and not np.array_equal(first, second)
    np.testing.assert_array_equal(cell(ones, zeros)[0], ones)
    layer = RNN(cell, return_sequences=True)
    y = layer(np.ones((2, 3, 50), np.float32), training=True)
    np.testing.assert_array_equal(y, np.broadcast_to(y[:, :1], y.shape))
    assert set(np.unique(y)) == {0.0, 2.0}


def test_the_defaults_are_keras_2s() -> None:
    assert LSTMCell(4).get_config()["recurrent_activation"] == "hard_sigmoid"
    config = GRUCell(4, name="c").get_config()
    assert (config["recurrent_activation"], config["implementation"], config["reset_after"]) == (
        "hard_sigmoid",
        1,
        False,
    )
    assert "implementation" not in SimpleRNNCell(4).get_config()
    assert "implementation" not in SimpleRNN(4, implementation=2).get_config()
    with pytest.raises(InvalidArgumentError, match="SimpleRNN cannot take implementation=3"):
        SimpleRNN(4, implementation=3)
    assert [cell(4).state_size for cell in (SimpleRNNCell, GRUCell, LSTMCell)] == [4, 4, (4, 4)]
    assert [cell(4).output_size for cell in (SimpleRNNCell, GRUCell, LSTMCell)] == [4, 4, 4]


# --- on top of each other --------------------------------------------------------------------------------------------


def test_cells_on_top_of_each_other_are_layers_on_top_of_each_other() -> None:
    low, high = LSTM(5, return_sequences=True), GRU(2, return_sequences=True, return_state=True)
    expected, end = high(low(X))
    stack = RNN([LSTMCell(5), GRUCell(2)], return_sequences=True, return_state=True)
    stack.ensure_built(X.shape)
    stack.set_weights([*low.get_weights(), *high.get_weights()])
    y, h, c, state = stack(X)
    np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(state, end, rtol=1e-5, atol=1e-6)
    assert h.shape == c.shape == (4, 5)
    assert stack.cell.state_size == (5, 5, 2) and stack.cell.output_size == 2
    assert [weight.shape for weight in stack.weights] == [(3, 20), (5, 20), (20,), (5, 6), (2, 6), (6,)]
    assert stack.count_params() == 180 + 48
    stack.cell.cells[0].trainable = False
    assert [weight.shape for weight in stack.trainable_weights] == [(5, 6), (2, 6), (6,)]
    with pytest.raises(InvalidArgumentError, match=r"3 array\(s\) of shape \(batch, 5\), \(batch, 2\)"):
        stack(X, initial_state=[h, state])


def test_a_stack_drops_with_masks_of_each_cell() -> None:
    stack = RNN([SimpleRNNCell(40, dropout=0.5), SimpleRNNCell(40, recurrent_dropout=0.5)], return_sequences=True)
    x = np.ones((2, 3, 40), np.float32)
    assert not np.allclose(stack(x, training=True), stack(x))
    compiled = CompiledFunction(lambda x: stack(x, training=True))
    assert not np.allclose(compiled(x), compiled(x))


def test_stateful_stacks_go_on() -> None:
    stack = RNN([LSTMCell(5), GRUCell(2)], return_sequences=True)
    expected = stack(X)
    stays = RNN([LSTMCell(5), GRUCell(2)], return_sequences=True, stateful=True, weights=stack.get_weights())
    parts = [stays(X[:, :4]), stays(X[:, 4:])]
    np.testing.assert_allclose(np.concatenate(parts, 1), expected, rtol=1e-5, atol=1e-6)
    assert [state.shape for state in stays.states] == [(4, 5), (4, 5), (4, 2)]


def test_examples_in_the_docstrings() -> None:
    for module in (cells, rnn):
        found = doctest.testmod(module)
        assert found.attempted >= 6 and found.failed == 0
