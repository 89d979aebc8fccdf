"""Recurrent as the base of layers that others write: one loop for all of them; and what it refuses."""

from __future__ import annotations

import doctest
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from kcore import Model, Sequential, custom_object_scope, model_from_json, ops
from kcore.engine import CompiledFunction
from kcore.errors import AbstractLayerError, ConfigAttributeError, InvalidArgumentError, LayerCallError, LayerStateError
from kcore.layers import Input, Recurrent
from kcore.testing.gradients import check_gradients
from kcore_layers import recurrence, recurrent
from kcore_layers.recurrent import GRU, LSTM, SimpleRNN

RNG = np.random.default_rng(11)
X = RNG.standard_normal((4, 6, 3))
MASK = np.array([[1, 1, 0, 1, 0, 0], [0, 0, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1], [0, 0, 0, 0, 0, 0]], bool)


class Averages(Recurrent):
    """Two states of different shapes, of which none is the output: a decaying sum, and how much there was so far."""

    output_state = None

    def __init__(self, decay: float = 0.5, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.decay = decay

    def build(self, input_shape: Any) -> None:
        self.scale = self.add_weight("scale", (input_shape[-1],), "ones")

    def state_shapes(self, input_shape: Any) -> list[Any]:
        return [input_shape[2:], (1,)]

    def step_shape(self, input_shape: Any) -> Any:
        return (input_shape[2],)

    def prepare(self, inputs: Any, constants: Sequence[Any], training: bool) -> Any:
        def step(states: Any, x: Any) -> Any:
            total, count = self.decay * states[0] + x, self.decay * states[1] + 1
            return total / count, [total, count]

        return inputs * self.scale, step


def averages(x: Any, mask: Any = None, decay: float = 0.5, total: Any = 0.0, count: Any = 0.0) -> list[Any]:
    """The outputs of the formula, which repeat at masked steps, and are 0 before the first that is not masked."""
    outputs, total, count = [], total + np.zeros_like(x[:, 0]), count + np.zeros((len(x), 1))
    output = np.zeros_like(x[:, 0])
    for t in range(x.shape[1]):
        kept = np.ones((len(x), 1), bool) if mask is None else mask[:, t, None]
        total = np.where(kept, decay * total + x[:, t], total)
        count = np.where(kept, decay * count + 1, count)
        output = np.where(kept, total / np.maximum(count, 1e-9), output)
        outputs.append(output)
    return [np.stack(outputs, 1), total, count]


@pytest.mark.parametrize("mask", [None, MASK], ids=["whole", "masked"])
@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("sequences", [False, True])
def test_a_layer_written_on_the_base_has_all_it_offers(mask: Any, backwards: bool, sequences: bool) -> None:
    layer = Averages(return_sequences=sequences, return_state=True, go_backwards=backwards, dtype="float64")
    turned = slice(None, None, -1 if backwards else 1)
    outputs, *states = averages(X[:, turned], None if mask is None else mask[:, turned])
    expected = [outputs if sequences else outputs[:, -1], *states]
    for function in (lambda x: layer(x, mask=mask), CompiledFunction(lambda x: layer(x, mask=mask))):
        for found, wanted in zip(function(X), expected, strict=True):
            np.testing.assert_allclose(found, wanted, rtol=1e-12)
    assert layer.compute_output_shape((None, 6, 3)) == [(None, 6, 3) if sequences else (None, 3), (None, 3), (None, 1)]
    check_gradients(lambda x: layer(x, mask=mask)[0], (X,), order=1)


def test_first_states_and_states_that_stay() -> None:
    given = [np.full((4, 3), 2.0), np.full((4, 1), 0.25)]
    layer = Averages(return_sequences=True, dtype="float64")
    expected = averages(X, None, 0.5, *given)[0]
    np.testing.assert_allclose(layer(X, initial_state=given), expected, rtol=1e-12)
    np.testing.assert_allclose(layer([X, *given]), expected, rtol=1e-12)
    whole = layer(X)
    stays = Averages(return_sequences=True, stateful=True, dtype="float64")
    np.testing.assert_allclose(np.concatenate([stays(X[:, :2]), stays(X[:, 2:])], 1), whole, rtol=1e-12)
    assert [state.shape for state in stays.states] == [(4, 3), (4, 1)]
    stays.reset_states(given)
    np.testing.assert_allclose(stays(X), expected, rtol=1e-12)
    stays.reset_states()
    np.testing.assert_allclose(stays(X), whole, rtol=1e-12)
    with pytest.raises(InvalidArgumentError, match=r"2 array\(s\) of shape \(batch, any\), \(batch, 1\)"):
        stays.reset_states([given[0]])
    with pytest.raises(LayerCallError, match=r"2 array\(s\) of shape \(4, 3\), \(4, 1\)"):
        layer(X, initial_state=given[::-1])


def test_its_config_has_what_the_base_was_told() -> None:
    layer = Averages(0.25, go_backwards=True, stateful=True, name="a")
    assert layer.get_config() == {
        "name": "a", "trainable": True, "dtype": "float32", "decay": 0.25, "go_backwards": True, "stateful": True,
    }  # fmt: skip
    assert Averages.from_config(layer.get_config()).get_config() == layer.get_config()

    class Forgetful(Averages):
        def __init__(self, size: int, **kwargs: Any) -> None:
            super().__init__(**kwargs)

    with pytest.raises(ConfigAttributeError, match="'size'"):
        Forgetful(3).get_config()
    with custom_object_scope({"Averages": Averages}):
        model = Sequential([Input((None, 3)), Averages(return_sequences=True), Averages(0.1)])
        again = model_from_json(model.to_json())
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(again.predict(X), model.predict(X))


# --- what is refused -------------------------------------------------------------------------------------------------


def test_the_base_alone_is_no_layer() -> None:
    for arguments in ((), (3,)):
        with pytest.raises(AbstractLayerError) as caught:
            Recurrent(*arguments)
        assert str(caught.value) == (
            "Recurrent is only the base of other layers and computes nothing by itself. Use LSTM, GRU, SimpleRNN, RNN or "
            "ConvLSTM2D, or write a subclass with state_shapes() and prepare(); help(kcore.layers.Recurrent) shows one."
        )

    class Half(Recurrent):
        def state_shapes(self, input_shape: Any) -> list[Any]:
            return [(3,)]

    with pytest.raises(AbstractLayerError, match=r"^Half derives from Recurrent, but does not define prepare\(\)\. "):
        Half()


@pytest.mark.parametrize("kind", [LSTM, GRU, SimpleRNN, Averages])
def test_constants_that_no_step_takes_are_refused(kind: Any) -> None:
    layer = kind() if kind is Averages else kind(3)
    text = rf"^{kind.__name__} cannot take constants=\[\(4, 2\)\]\. Allowed: none, as its steps take none; RNN takes"
    with pytest.raises(InvalidArgumentError, match=text):
        layer(X, constants=X[:, 0, :2])
    with pytest.raises(InvalidArgumentError, match=r"constants=\[\(None, 2\)\]"):
        layer(Input((6, 3)), constants=[Input((2,))])


def test_a_stateful_layer_says_which_size_it_lacks() -> None:
    with pytest.raises(LayerStateError, match=r"is stateful, but the batch size is not known\. Fix it: give the first"):
        Sequential([Input((6, 3)), Averages(stateful=True)])
    with pytest.raises(LayerStateError, match=r"its states have the shapes \[\(None,\), \(1,\)\], of which a size is"):
        Sequential([Input(batch_shape=(4, 6, None)), Unsized(stateful=True)])
    with pytest.raises(LayerStateError, match="has no states to reset"):
        Averages().reset_states()


class Unsized(Averages):
    def build(self, input_shape: Any) -> None:
        self.scale = self.add_weight("scale", (1,), "ones")


# --- masks that make zeros -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [LSTM, GRU, SimpleRNN])
def test_returned_sequences_can_be_0_where_masked(kind: Any) -> None:
    layer = kind(3, return_sequences=True, zero_output_for_mask=True)
    assert layer.get_config()["zero_output_for_mask"] is True
    assert "zero_output_for_mask" not in kind(3).get_config()
    y = layer(X, mask=MASK)
    other = kind(3, return_sequences=True, weights=layer.get_weights())
    np.testing.assert_array_equal(y, np.where(MASK[:, :, None], other(X, mask=MASK), 0))
    back = kind(3, return_sequences=True, go_backwards=True, zero_output_for_mask=True)
    assert not back(X, mask=MASK)[:, ::-1][~MASK].any()
    last = kind(3, zero_output_for_mask=True, weights=layer.get_weights())
    np.testing.assert_array_equal(last(X, mask=MASK), other(X, mask=MASK)[:, -1])


# --- constants and states in graphs ----------------------------------------------------------------------------------


def test_states_in_a_graph_are_wired_as_a_list() -> None:
    source, state = Input((None, 3)), Input((5,))
    model = Model([source, state], GRU(5, name="gru")(source, initial_state=state))
    (entry,) = [entry for entry in model.get_config()["layers"] if entry["name"] == "gru"]
    assert [reference[:3] for reference in entry["inbound_nodes"][0]] == [[source.name, 0, 0], [state.name, 0, 0]]
    assert "num_constants" not in entry["config"]
    start = ops.cast(np.ones((4, 5)), "float32")
    np.testing.assert_allclose(
        model.predict([X, start]), model.layers[-1](X, initial_state=start), rtol=1e-5, atol=1e-6
    )


def test_examples_in_the_docstrings() -> None:
    assert doctest.testmod(recurrence).attempted >= 4
    assert doctest.testmod(recurrence).failed == 0
    assert doctest.testmod(recurrent).attempted >= 9
