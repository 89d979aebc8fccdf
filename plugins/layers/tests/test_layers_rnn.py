"""RNN around cells that others write, with constants; models with them in files; and what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kcore import Model, Sequential, load_model, model_from_json
from kcore.engine import CompiledFunction, gradients
from kcore.errors import InvalidArgumentError, LayerCallError, LayerInputError
from kcore.layers import Input, Layer
from kcore_layers.cells import GRUCell, LSTMCell, SimpleRNNCell
from kcore_layers.core import Dense
from kcore_layers.dropping import Dropout
from kcore_layers.normalization import BatchNormalization
from kcore_layers.recurrent import GRU, LSTM, SimpleRNN
from kcore_layers.rnn import RNN, StackedRNNCells

RNG = np.random.default_rng(12)
X = RNG.standard_normal((4, 6, 3)).astype(np.float32)
MASK = np.array([[1, 1, 0, 1, 0, 0], [0, 0, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1], [0, 0, 0, 0, 0, 0]], bool)

# --- cells of others -------------------------------------------------------------------------------------------------


class Counting(Layer):
    """States of different sizes, of which none is the output; the first begin is not 0."""

    state_size = ((2, 3), 1)
    output_size = 2

    def get_initial_state(self, inputs: Any = None, batch_size: Any = None, dtype: Any = None) -> list[Any]:
        return [np.zeros((batch_size, 2, 3), dtype), np.full((batch_size, 1), 10, dtype)]

    def call(self, inputs: Any, states: Any) -> Any:
        table, count = states
        table = table + np.reshape(inputs, (inputs.shape[0], 1, 3))
        return np.sum(table, axis=2) + count, [table, count + 1]


class Plain(Layer):
    """As in Keras's documentation: a single state, that is also the output."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = self.state_size = units

    def build(self, input_shape: Any) -> None:
        self.kernel = self.add_weight("kernel", (input_shape[-1], self.units), "glorot_uniform")
        self.recurrent_kernel = self.add_weight("recurrent_kernel", (self.units, self.units), "orthogonal")

    def call(self, inputs: Any, states: Any) -> Any:
        output = inputs @ self.kernel + states[0] @ self.recurrent_kernel
        return output, [output]


class WithConstants(Plain):
    """Adds a projection of a constant at each step."""

    def build(self, input_shape: Any) -> None:
        step, constant = input_shape
        super().build(step)
        self.projection = self.add_weight("projection", (constant[-1], self.units), "glorot_uniform")

    def call(self, inputs: Any, states: Any, constants: Any) -> Any:
        output, _ = super().call(inputs, states)
        output = output + constants[0] @ self.projection
        return output, [output]


class Residual(Layer):
    """A cell around a cell."""

    def __init__(self, cell: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.cell = cell
        self.state_size, self.output_size = cell.state_size, cell.output_size

    def build(self, input_shape: Any) -> None:
        self.cell.ensure_built(input_shape)

    def call(self, inputs: Any, states: Any) -> Any:
        output, states = self.cell(inputs, states)
        return inputs + output, states


def test_states_of_any_size_and_a_beginning_of_its_own() -> None:
    layer = RNN(Counting(), return_sequences=True, return_state=True)
    y, table, count = layer(X)
    assert y.shape == (4, 6, 2) and table.shape == (4, 2, 3) and count.tolist() == [[16.0]] * 4
    expected = np.cumsum(X.sum(2), axis=1)[:, :, None] + 10 + np.arange(6)[:, None]
    np.testing.assert_allclose(y, np.broadcast_to(expected, y.shape), rtol=1e-5, atol=1e-5)
    assert layer.compute_output_shape((None, None, 3)) == [(None, None, 2), (None, 2, 3), (None, 1)]
    np.testing.assert_allclose(RNN(Counting())(X), y[:, -1], rtol=1e-6)
    # Masked: the output of the step before, and 0 before the first.
    y = layer(X, mask=MASK)[0]
    assert not y[1, :2].any() and not y[3].any()
    np.testing.assert_array_equal(y[0, 2], y[0, 1])
    np.testing.assert_array_equal(y[0, 4:], y[0, [3, 3]])
    np.testing.assert_array_equal(RNN(Counting())(X, mask=MASK), y[:, -1])


def test_a_cell_of_keras_s_documentation() -> None:
    layer = RNN(Plain(5), return_sequences=True)
    y = layer(X)
    kernel, recurrent_kernel = layer.get_weights()
    h = np.zeros((4, 5), np.float32)
    for t in range(6):
        h = X[:, t] @ kernel + h @ recurrent_kernel
        np.testing.assert_allclose(y[:, t], h, rtol=1e-4, atol=1e-5)
    assert [weight.name.partition("/")[2] for weight in layer.weights] == ["kernel", "recurrent_kernel"]
    layer = RNN(Residual(GRUCell(3)), return_sequences=True)
    inner = GRU(3, return_sequences=True)
    inner.ensure_built(X.shape)
    layer.ensure_built(X.shape)
    layer.set_weights(inner.get_weights())
    np.testing.assert_allclose(layer(X), X + inner(X), rtol=1e-5, atol=1e-6)


def test_a_single_new_state_need_be_no_list() -> None:
    class Bare(Plain):
        def call(self, inputs: Any, states: Any) -> Any:
            output, states = super().call(inputs, states)
            return output, states[0]

    layer = RNN(Bare(5))
    other = RNN(Plain(5))
    other.ensure_built(X.shape)
    layer.ensure_built(X.shape)
    other.set_weights(layer.get_weights())
    np.testing.assert_array_equal(layer(X), other(X))


class Dropping(Layer):
    """A cell of layers, of which one draws at every step, and one keeps statistics."""

    state_size = 3

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.drop = Dropout(0.5, seed=1)
        self.norm = BatchNormalization(momentum=0.5, center=False, scale=False)

    def call(self, inputs: Any, states: Any) -> Any:
        output = self.norm(self.drop(inputs))
        return output, [states[0] + output]


def test_layers_inside_a_cell_draw_and_count_at_every_step() -> None:
    ones = np.ones((4, 6, 3), np.float32)
    for compiled in (False, True):
        layer, cell = RNN(Dropping(), return_sequences=True), Dropping()
        layer(ones)
        cell(ones[:, 0], [ones[:, 0]])
        states = [np.zeros((4, 3), np.float32)]
        expected = []
        for t in range(6):
            y, states = cell(ones[:, t], states, training=True)
            expected.append(y)
        run = CompiledFunction(lambda x, layer=layer: layer(x, training=True)) if compiled else layer
        found = run(ones) if compiled else layer(ones, training=True)
        np.testing.assert_allclose(found, np.stack(expected, 1), rtol=1e-4, atol=1e-5)
        for one, two in zip(layer.get_weights(), cell.get_weights(), strict=True):
            np.testing.assert_allclose(one, two, rtol=1e-5, atol=1e-6)
        assert not np.array_equal(found[:, 0], found[:, 1])


# --- constants -------------------------------------------------------------------------------------------------------

C = RNG.standard_normal((4, 2))


def with_constant(layer: Any, constant: Any) -> Any:
    kernel, recurrent_kernel, projection = layer.get_weights()
    h = np.zeros((4, 5))
    for t in range(6):
        h = X[:, t] @ kernel + h @ recurrent_kernel + constant @ projection
    return h


def test_constants_are_seen_at_every_step() -> None:
    layer = RNN(WithConstants(5))
    found = layer(X, constants=C)
    np.testing.assert_allclose(found, with_constant(layer, C), rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(layer([X, C]), found)
    start = np.zeros((4, 5), np.float32)
    np.testing.assert_array_equal(layer(X, initial_state=start, constants=[C]), found)
    np.testing.assert_array_equal(layer([X, start, C]), found)
    compiled = CompiledFunction(lambda x, c: layer(x, constants=c))
    np.testing.assert_allclose(compiled(X, C), found, rtol=1e-5, atol=1e-6)
    stacked = RNN([GRUCell(3), WithConstants(5)])
    assert stacked(X, constants=C).shape == (4, 5)
    assert [weight.shape for weight in stacked.weights][-1] == (2, 5)
    for cell in (WithConstants(5), [GRUCell(3), WithConstants(5)]):
        with pytest.raises(InvalidArgumentError, match=r"^RNN cannot take constants=None\. Allowed: the arrays that"):
            RNN(cell)(X)


@pytest.mark.parametrize("suffix", ["h5", "json"])
def test_a_model_with_constants_and_states_comes_back(tmp_path: Path, suffix: str) -> None:
    source, state, constant = Input((6, 3)), Input((5,)), Input((2,))
    layer = RNN(WithConstants(5, name="cell"), name="rnn")
    y = layer(source, initial_state=state, constants=constant)
    model = Model([source, state, constant], Dense(2)(y))
    inputs = [X, np.ones((4, 5), np.float32), C.astype(np.float32)]
    expected = model.predict(inputs)
    config = layer.get_config()
    assert config["num_constants"] == 1
    assert config["cell"]["config"]["name"] == "cell" and config["cell"]["class_name"].endswith("WithConstants")
    objects = {"WithConstants": WithConstants}
    if suffix == "h5":
        model.save(tmp_path / "m.h5")
        again = load_model(tmp_path / "m.h5", custom_objects=objects)
    else:
        again = model_from_json(model.to_json(), custom_objects=objects)
        again.set_weights(model.get_weights())
    np.testing.assert_array_equal(again.predict(inputs), expected)
    slopes = CompiledFunction(lambda *x: gradients(np.sum(model(list(x))), layer.trainable_weights))(*inputs)
    assert len(slopes) == 3 and all(slope.any() for slope in slopes)


@pytest.mark.parametrize("kind", [SimpleRNN, GRU, LSTM, lambda units, **o: RNN(LSTMCell(units), **o)])
def test_an_encoder_and_a_decoder_in_a_file(tmp_path: Path, kind: Any) -> None:
    source, target = Input((None, 3)), Input((None, 2))
    _, *states = kind(5, return_state=True)(source)
    model = Model([source, target], Dense(1)(kind(5, return_sequences=True)(target, initial_state=states)))
    other = RNG.standard_normal((4, 5, 2)).astype(np.float32)
    model.save(tmp_path / "m.h5")
    np.testing.assert_array_equal(load_model(tmp_path / "m.h5").predict([X, other]), model.predict([X, other]))


def test_nested_configs_are_written_as_in_keras_2() -> None:
    layer = RNN([LSTMCell(2, name="a"), GRUCell(3, name="b")], return_state=True, name="r")
    config = layer.get_config()
    assert config["cell"]["class_name"] == "StackedRNNCells"
    inner = config["cell"]["config"]["cells"]
    assert [entry["class_name"] for entry in inner] == ["LSTMCell", "GRUCell"]
    assert [entry["config"]["name"] for entry in inner] == ["a", "b"]
    again = RNN.from_config(config)
    assert again.get_config() == config
    model = Sequential([Input((6, 3)), RNN(LSTMCell(2)), Dense(1)])
    copy = model_from_json(model.to_json())
    copy.set_weights(model.get_weights())
    np.testing.assert_array_equal(copy.predict(X), model.predict(X))


# --- what is refused -------------------------------------------------------------------------------------------------


class TooFew(Plain):
    def call(self, inputs: Any, states: Any) -> Any:
        return super().call(inputs, states)[0], []


class Alone(Plain):
    def call(self, inputs: Any, states: Any) -> Any:
        return super().call(inputs, states)[0]


@pytest.mark.parametrize("cell", [None, 3, "LSTMCell", LSTMCell, Dense(3)], ids=str)
def test_what_is_no_cell_is_refused(cell: Any) -> None:
    with pytest.raises(
        InvalidArgumentError, match=r"^RNN cannot take cell=.*Allowed: a cell, such as LSTMCell\(8\), or"
    ):
        RNN(cell)
    with pytest.raises(InvalidArgumentError, match=r"^StackedRNNCells cannot take cells="):
        StackedRNNCells([LSTMCell(2), cell])


def test_a_penalty_on_each_step_s_output_belongs_to_the_layer() -> None:
    for cell in (GRUCell(3, activity_regularizer="l2"), [LSTMCell(2), Residual(GRUCell(2, activity_regularizer="l1"))]):
        with pytest.raises(InvalidArgumentError, match=r"a cell without activity_regularizer, .*; give it to RNN"):
            RNN(cell)
    assert RNN(GRUCell(3), activity_regularizer="l2").activity_regularizer is not None


def test_other_wrong_uses_are_explained() -> None:
    for wrong in ([], None, LSTMCell(2)):
        with pytest.raises(InvalidArgumentError, match=r"Allowed: a list of at least one cell\."):
            StackedRNNCells(wrong)  # type: ignore[arg-type]
    with pytest.raises(
        LayerCallError, match=r"cannot take the result of call='an output and 0 states'\. Allowed: an out"
    ):
        RNN(TooFew(3))(X)
    with pytest.raises(LayerCallError, match=r"an output and the list of the 1 next states, as state_size says"):
        RNN(Alone(3))(X)
    with pytest.raises(InvalidArgumentError, match=r"^RNN cannot take constants="):
        RNN(Plain(3))(X, constants=C)
    with pytest.raises(LayerInputError, match="at least 3 axes"):
        RNN(LSTMCell(3))(X[:, 0])
    layer = RNN(LSTMCell(3))
    layer(X)
    with pytest.raises(LayerInputError, match=r"\(LSTMCell\).*expects an input of shape \(batch, 3\)"):
        layer(X[..., :2])
    for cell, argument in ((SimpleRNNCell, "units"), (GRUCell, "units"), (LSTMCell, "units")):
        with pytest.raises(InvalidArgumentError, match=rf"^{cell.__name__} cannot take {argument}=0"):
            cell(0)
    with pytest.raises(InvalidArgumentError, match=r"^LSTMCell cannot take dropout=1\.5"):
        LSTMCell(3, dropout=1.5)
