"""Bidirectional beside its two layers: merging, masks, states, constants, configs, files; and what it refuses."""

from __future__ import annotations

import doctest
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kcore import Model, Sequential, load_model, model_from_json
from kcore.engine import CompiledFunction
from kcore.errors import InvalidArgumentError, LayerInputError, LayerStateError
from kcore.layers import Input, Layer
from kcore_layers import bidirectional
from kcore_layers.bidirectional import Bidirectional
from kcore_layers.cells import GRUCell, LSTMCell
from kcore_layers.convolutional_recurrent import ConvLSTM2D
from kcore_layers.core import Dense
from kcore_layers.cudnn import CuDNNGRU, CuDNNLSTM
from kcore_layers.recurrent import GRU, LSTM, SimpleRNN
from kcore_layers.rnn import RNN
from kcore_layers.wrappers import TimeDistributed

RNG = np.random.default_rng(15)
X = RNG.standard_normal((4, 6, 3)).astype(np.float32)
IMAGES = RNG.standard_normal((4, 6, 3, 2, 1)).astype(np.float32)
MASK = np.array([[1, 1, 0, 1, 0, 0], [0, 0, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1], [0, 0, 0, 0, 0, 0]], bool)


class LastSum(Layer):
    """A recurrent layer of somebody else: Keras's attributes, and no more of the base than of its loop."""

    def __init__(
        self, factor: float = 0.5, go_backwards: bool = False, return_sequences: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.factor = factor
        self.go_backwards = go_backwards
        self.return_sequences = return_sequences

    def build(self, input_shape: Any) -> None:
        self.scale = self.add_weight("scale", (input_shape[-1],), "ones")

    def call(self, inputs: Any, mask: Any = None) -> Any:
        x = inputs[:, ::-1] if self.go_backwards else inputs
        outputs, total = [], x[:, 0] * 0
        for t in range(x.shape[1]):
            total = self.factor * total + x[:, t] * self.scale
            outputs.append(total)
        return np.stack(outputs, axis=1) if self.return_sequences else total

    def compute_output_shape(self, input_shape: Any) -> Any:
        return tuple(input_shape) if self.return_sequences else (input_shape[0], input_shape[2])


KINDS: dict[str, Any] = {
    "SimpleRNN": lambda **o: SimpleRNN(5, **o),
    "LSTM": lambda **o: LSTM(5, **o),
    "GRU": lambda **o: GRU(5, reset_after=True, **o),
    "CuDNNLSTM": lambda **o: CuDNNLSTM(5, **o),
    "CuDNNGRU": lambda **o: CuDNNGRU(5, **o),
    "RNN": lambda **o: RNN([LSTMCell(3), GRUCell(5)], **o),
    "ConvLSTM2D": lambda **o: ConvLSTM2D(2, 2, padding="same", **o),
    "other": LastSum,
}
each_kind = pytest.mark.parametrize("kind", KINDS)
own_kinds = pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "other"])
MERGES: dict[Any, Any] = {
    "concat": lambda a, b: np.concatenate([a, b], -1),
    "sum": lambda a, b: a + b,
    "mul": lambda a, b: a * b,
    "ave": lambda a, b: (a + b) / 2,
}


def input_of(kind: str) -> Any:
    return IMAGES if kind == "ConvLSTM2D" else X


# --- the two directions ----------------------------------------------------------------------------------------------


@each_kind
@pytest.mark.parametrize("sequences", [False, True])
@pytest.mark.parametrize("merge", [*MERGES, None])
def test_it_is_the_layer_forwards_and_the_layer_on_the_turned_sequence(kind: str, sequences: bool, merge: Any) -> None:
    x = input_of(kind)
    layer = Bidirectional(KINDS[kind](return_sequences=sequences), merge)
    found = layer(x)
    forth, back = KINDS[kind](return_sequences=sequences), KINDS[kind](return_sequences=sequences)
    weights = layer.get_weights()
    for one, half in ((forth, weights[: len(weights) // 2]), (back, weights[len(weights) // 2 :])):
        one.ensure_built(x.shape)
        one.set_weights(half)
    y, z = forth(x), back(x[:, ::-1])
    z = z[:, ::-1] if sequences else z
    expected = [y, z] if merge is None else [MERGES[merge](y, z)]
    for result in (found, CompiledFunction(layer)(x)):
        for one, wanted in zip(result if merge is None else [result], expected, strict=True):
            np.testing.assert_allclose(one, wanted, rtol=1e-5, atol=1e-6)
    shapes = [array.shape for array in expected]
    assert layer.compute_output_shape(x.shape) == (shapes if merge is None else shapes[0])


@own_kinds
@pytest.mark.parametrize("sequences", [False, True])
def test_masks_hold_both_directions_and_make_zeros_of_sequences(kind: str, sequences: bool) -> None:
    x = input_of(kind)
    layer = Bidirectional(KINDS[kind](return_sequences=sequences), None)
    y, z = layer(x, mask=MASK)
    forth, back = layer.forward_layer(x, mask=MASK), layer.backward_layer(x, mask=MASK)
    if sequences:
        np.testing.assert_array_equal(y[MASK], forth[MASK])
        np.testing.assert_array_equal(z[MASK], back[:, ::-1][MASK])
        assert not y[~MASK].any() and not z[~MASK].any()
        first, second = layer.compute_mask(x, MASK)
        assert first is MASK and second is MASK
    else:
        np.testing.assert_array_equal(y, forth)
        np.testing.assert_array_equal(z, back)
        assert layer.compute_mask(x, MASK) == [None, None]
    assert layer.compute_mask(x) == [None, None]
    merged = Bidirectional(KINDS[kind](return_sequences=sequences))
    assert merged.compute_mask(x, MASK) is (MASK if sequences else None)


def test_a_layer_that_goes_backwards_itself() -> None:
    layer = Bidirectional(LSTM(5, go_backwards=True, return_sequences=True), None)
    y, z = layer(X, mask=MASK)
    assert layer.forward_layer.go_backwards and not layer.backward_layer.go_backwards
    # Both in the order of the first layer, and so is the mask.
    turned = MASK[:, ::-1]
    np.testing.assert_array_equal(y[turned], layer.forward_layer(X, mask=MASK)[turned])
    np.testing.assert_array_equal(z[turned], layer.backward_layer(X, mask=MASK)[:, ::-1][turned])
    np.testing.assert_array_equal(layer.compute_mask(X, MASK)[0], turned)


def test_another_layer_for_the_way_back() -> None:
    layer = Bidirectional(LSTM(5, name="a"), backward_layer=GRU(2, go_backwards=True, name="b"))
    assert layer(X).shape == (4, 7) and layer.compute_output_shape((None, 6, 3)) == (None, 7)
    assert layer.backward_layer.name == "backward_b"
    config = layer.get_config()
    assert config["layer"]["config"]["name"] == "a" and config["backward_layer"]["config"]["name"] == "b"
    again = Bidirectional.from_config(config)
    assert again.get_config() == config
    again.ensure_built(X.shape)
    again.set_weights(layer.get_weights())
    np.testing.assert_array_equal(again(X), layer(X))


# --- states and constants --------------------------------------------------------------------------------------------


@own_kinds
@pytest.mark.parametrize("merge", ["sum", None])
def test_states_come_and_go_in_the_order_forwards_backwards(kind: str, merge: Any) -> None:
    x = input_of(kind)
    layer = Bidirectional(KINDS[kind](return_state=True, return_sequences=True), merge)
    count = 1 if merge else 2
    outputs = layer(x)
    states = outputs[count:]
    forth, back = layer.forward_layer(x), layer.backward_layer(x)
    for found, wanted in zip(states, [*forth[1:], *back[1:]], strict=True):
        np.testing.assert_array_equal(found, wanted)
    assert layer.compute_output_shape(x.shape) == [array.shape for array in outputs]
    assert layer.compute_mask(x, MASK) == [MASK] * count + [None] * len(states)
    half = len(states) // 2
    again = layer(x, initial_state=states)
    y = layer.forward_layer(x, initial_state=states[:half])
    z = layer.backward_layer(x, initial_state=states[half:])
    np.testing.assert_array_equal(again[count], y[1])
    np.testing.assert_array_equal(again[count + half], z[1])
    compiled = CompiledFunction(lambda items: layer(items))
    for found, wanted in zip(compiled([x, *states]), again, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)
    with pytest.raises(InvalidArgumentError, match=r"as many states for the forward layer as for the backward layer"):
        layer(x, initial_state=states[1:])


@own_kinds
def test_stateful_layers_go_on_in_both_directions(kind: str) -> None:
    x = input_of(kind)
    once = Bidirectional(KINDS[kind](return_state=True))
    model = Sequential([Input(batch_shape=x.shape), Bidirectional(KINDS[kind](stateful=True))])
    once.ensure_built(x.shape)
    once.set_weights(model.get_weights())
    first, *states = once(x)
    second = once(x, initial_state=states)[0]
    np.testing.assert_allclose(model.predict(x, batch_size=4), first, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(model.predict(x, batch_size=4), second, rtol=1e-5, atol=1e-6)
    (layer,) = model.layers
    assert isinstance(layer, Bidirectional) and layer.stateful and len(layer.states) == len(states)
    layer.reset_states(states)
    np.testing.assert_allclose(model.predict(x, batch_size=4), second, rtol=1e-5, atol=1e-6)
    outer = Sequential([model])
    outer.reset_states()
    np.testing.assert_allclose(model.predict(x, batch_size=4), first, rtol=1e-5, atol=1e-6)
    with pytest.raises(LayerStateError, match="the batch size is not known"):
        Sequential([Input(x.shape[1:]), Bidirectional(KINDS[kind](stateful=True))])
    with pytest.raises(LayerStateError, match=r"has no states to reset\. Wrap a layer with stateful=True"):
        once.reset_states()


def test_states_of_steps_in_steps_are_reset_too() -> None:
    x = RNG.standard_normal((2, 3, 4, 2)).astype(np.float32)
    model = Sequential([Input(batch_shape=(2, 3, 4, 2)), TimeDistributed(GRU(3, stateful=True))])
    first, second = model.predict(x, batch_size=2), model.predict(x, batch_size=2)
    assert not np.allclose(first, second)
    model.reset_states()
    np.testing.assert_array_equal(model.predict(x, batch_size=2), first)


class Pushed(Layer):
    """A cell that adds a constant at each step."""

    state_size = 3

    def call(self, inputs: Any, states: Any, constants: Any) -> Any:
        output = 0.5 * states[0] + inputs * constants[0]
        return output, [output]


@pytest.mark.parametrize("sequences", [False, True])
def test_constants_are_for_both(sequences: bool, tmp_path: Path) -> None:
    constant = RNG.standard_normal((4, 3)).astype(np.float32)
    layer = Bidirectional(RNN(Pushed(), return_sequences=sequences), "sum")
    found = layer(X, constants=constant)
    forth, back = (
        RNN(Pushed(), return_sequences=sequences),
        RNN(Pushed(), return_sequences=sequences, go_backwards=True),
    )
    z = back(X, constants=constant)
    expected = forth(X, constants=constant) + (z[:, ::-1] if sequences else z)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    zeros = [np.zeros((4, 3), np.float32)] * 2
    np.testing.assert_array_equal(layer(X, initial_state=zeros, constants=constant), found)
    source, first, second, fixed = Input((6, 3)), Input((3,)), Input((3,)), Input((3,))
    wired = Bidirectional(RNN(Pushed(), return_sequences=sequences), "sum")
    model = Model([source, first, second, fixed], wired(source, initial_state=[first, second], constants=fixed))
    np.testing.assert_allclose(model.predict([X, *zeros, constant]), expected, rtol=1e-5, atol=1e-6)
    assert wired.get_config()["num_constants"] == 1
    model.save(tmp_path / "m.h5")
    again = load_model(tmp_path / "m.h5", custom_objects={"Pushed": Pushed})
    np.testing.assert_array_equal(again.predict([X, *zeros, constant]), model.predict([X, *zeros, constant]))


def test_functions_that_nobody_else_knows_by_name() -> None:
    def halved(x: Any) -> Any:
        return x / 2

    layer = Bidirectional(RNN(LSTMCell(3, activation=halved)), "sum")
    assert layer.forward_layer.cell.activation is halved and layer.backward_layer.cell.activation is halved


# --- weights, configs, files -----------------------------------------------------------------------------------------


@each_kind
def test_weights_are_those_of_both_layers(kind: str) -> None:
    layer = Bidirectional(KINDS[kind](name="r"), name="b")
    layer.ensure_built(input_of(kind).shape)
    forth, back = layer.forward_layer, layer.backward_layer
    assert (forth.name, back.name) == ("forward_r", "backward_r")
    assert layer.weights == [*forth.weights, *back.weights]
    assert layer.count_params() == 2 * forth.count_params()
    assert layer.trainable_weights == layer.weights
    layer.trainable = False
    assert layer.trainable_weights == [] and layer.non_trainable_weights == layer.weights
    layer.trainable = True
    back.trainable = False
    assert layer.trainable_weights == forth.weights
    given = Bidirectional(KINDS[kind](), weights=[array + 1 for array in layer.get_weights()])
    given.ensure_built(input_of(kind).shape)
    for one, two in zip(given.get_weights(), layer.get_weights(), strict=True):
        np.testing.assert_allclose(one, two + 1, rtol=1e-6)


@each_kind
def test_its_config_has_the_layer_as_it_was_given(kind: str, tmp_path: Path) -> None:
    x = input_of(kind)
    layer = Bidirectional(KINDS[kind](name="r", return_sequences=True), "ave", name="b")
    config = layer.get_config()
    assert set(config) == {"name", "trainable", "dtype", "layer", "merge_mode"}
    assert config["layer"]["config"]["name"] == "r" and config["layer"]["config"]["go_backwards"] is False
    objects = {"LastSum": LastSum}
    model = Sequential([Input(x.shape[1:]), layer])
    model.save(tmp_path / "m.h5")
    again = load_model(tmp_path / "m.h5", custom_objects=objects)
    np.testing.assert_array_equal(again.predict(x), model.predict(x))
    assert again.layers[0].get_config() == layer.get_config()
    assert [weight.name for weight in again.weights] == [weight.name for weight in model.weights]
    copy = model_from_json(model.to_json(), custom_objects=objects)
    copy.load_weights(tmp_path / "m.h5", by_name=True)
    np.testing.assert_array_equal(copy.predict(x), model.predict(x))


def test_keras_3_writes_the_layers_under_their_names_inside() -> None:
    inner = LSTM(5, name="forward_lstm").get_config()
    back = LSTM(5, name="backward_lstm", go_backwards=True).get_config()
    config = {
        "layer": {"class_name": "LSTM", "config": inner},
        "backward_layer": {"class_name": "LSTM", "config": back},
        "merge_mode": "concat",
    }
    layer = Bidirectional.from_config(config)
    assert (layer.forward_layer.name, layer.backward_layer.name) == ("forward_lstm", "backward_lstm")


def test_the_shape_of_the_first_input_may_stand_in_the_layer_inside() -> None:
    model = Sequential([Bidirectional(LSTM(5, batch_input_shape=(4, None, 3), stateful=True)), Dense(1)])
    assert model.predict(X, batch_size=4).shape == (4, 1)
    model = Sequential([Bidirectional(LSTM(5), input_shape=(6, 3))])
    assert model.output_shape == (None, 10)
    assert Bidirectional(LSTM(5, dtype="float64"))(X.astype("float64")).dtype == np.float64


# --- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"layer": None}, "layer=None. Allowed: a Layer or model."),
        ({"layer": LSTM}, "layer=<class 'kcore_layers.recurrent.LSTM'>. Allowed: a Layer or model, made by calling"),
        (
            {"layer": Dense(3, name="d")},
            "layer=<Dense 'd'>. Allowed: a recurrent layer, such as LSTM(8): one with go_b",
        ),
        ({"merge_mode": "max"}, "merge_mode='max'. Allowed: 'concat', 'sum', 'mul', 'ave', None."),
        ({"backward_layer": 3}, "backward_layer=3. Allowed: a Layer or model."),
        ({"backward_layer": Dense(3, name="d")}, "backward_layer=<Dense 'd'>. Allowed: a recurrent layer"),
        (
            {"backward_layer": LSTM(3, name="b")},
            "backward_layer=<LSTM 'backward_b'> (go_backwards=False). Allowed: a l",
        ),
        (
            {"backward_layer": LSTM(3, name="b", go_backwards=True, return_sequences=True)},
            "backward_layer=<LSTM 'backward_b'> (return_sequences=True). Allowed: a layer with the other go_backwards",
        ),
    ],
)
def test_bad_arguments_are_named(arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        Bidirectional(**{"layer": LSTM(3), **arguments})
    assert str(caught.value).startswith(f"Bidirectional cannot take {text}")


def test_inputs_that_do_not_fit_are_refused() -> None:
    layer = Bidirectional(LSTM(3))
    with pytest.raises(LayerInputError, match=r"\(LSTM\) expects an input with 3 axes"):
        layer(X[:, 0])
    layer(X)
    for wrong in (X[..., :2], Input((6, 2))):
        with pytest.raises(LayerInputError, match=r"\(LSTM\) expects an input of shape \(batch, any, 3\)"):
            layer(wrong)


def test_examples_in_the_docstrings() -> None:
    found = doctest.testmod(bidirectional)
    assert found.attempted >= 5 and found.failed == 0
