"""Building models: stacks and graphs, shared and nested layers, configs that rebuild them."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import numpy as np
import pytest

import kcore
from kcore import errors
from kcore.layers import Dense, Dropout, Flatten, Input, InputLayer, Layer, Reshape
from kcore.models import Functional, Model, Sequential, model_from_config, model_from_json


def weights_of(*shapes: tuple[int, ...]) -> list[Any]:
    return [np.linspace(-1, 1, int(np.prod(shape))).reshape(shape).astype(np.float32) for shape in shapes]


def test_sequential_knows_its_shapes_from_the_first_layer_or_an_input_or_build() -> None:
    by_argument = Sequential([Dense(4, input_shape=(3,)), Dense(2)])
    by_input = Sequential([Input((3,)), Dense(4), Dense(2)])
    later = Sequential([Dense(4), Dense(2)])
    assert not later.built and later.weights == []
    later.build((None, 3))
    for model in (by_argument, by_input, later):
        assert model.built and model.input_shape == (None, 3) and model.output_shape == (None, 2)
        assert [w.shape for w in model.get_weights()] == [(3, 4), (4,), (4, 2), (2,)]
        assert model.count_params() == 26


def test_sequential_computes_what_its_layers_compute_eagerly_and_planned() -> None:
    model = Sequential([Dense(4, activation="relu", input_shape=(3,)), Dense(2)])
    model.set_weights(weights_of((3, 4), (4,), (4, 2), (2,)))
    a, b, c, d = model.get_weights()
    x = np.array([[1.0, 2.0, -1.0], [0.0, 1.0, 5.0]], np.float32)
    expected = np.maximum(x @ a + b, 0) @ c + d
    np.testing.assert_allclose(model(x), expected, rtol=1e-6)
    np.testing.assert_allclose(model.predict(x), expected, rtol=1e-6)


def test_pop_takes_the_top_layer_off_and_training_follows() -> None:
    model = Sequential([Dense(4, input_shape=(3,)), Dense(2)])
    model.pop()
    assert model.output_shape == (None, 4) and len(model.layers) == 1
    assert model.predict(np.zeros((1, 3))).shape == (1, 4)
    model.pop()
    with pytest.raises(errors.GraphError, match="has no layer to take off"):
        model.pop()


def test_sequential_refuses_what_does_not_belong() -> None:
    model = Sequential([Dense(2, name="one", input_shape=(3,))], name="stack")
    with pytest.raises(errors.GraphError, match="'stack' has a layer named 'one' already"):
        model.add(Dense(3, name="one"))
    with pytest.raises(errors.InvalidArgumentError, match="made by calling the class"):
        model.add(Dense)
    with pytest.raises(errors.GraphError, match="an Input only as its first layer"):
        model.add(Input((2,)))
    with pytest.raises(errors.LayerStateError, match="does not know its shapes yet"):
        _ = Sequential([Dense(2)]).output_shape
    with pytest.raises(errors.GraphError, match="has no layers"):
        Sequential().build((None, 3))


def test_a_graph_with_a_shared_layer_and_two_outputs() -> None:
    first, second = Input((3,), name="first"), Input((3,), name="second")
    shared = Dense(2, name="shared", use_bias=False)
    model = Model([first, second], [shared(first), shared(second)], name="twins")
    assert isinstance(model, Functional)
    assert [layer.name for layer in model.layers] == ["first", "second", "shared"]
    kernel = model.get_weights()[0]
    a, b = np.eye(3, dtype=np.float32), np.ones((3, 3), np.float32)
    found = model.predict([a, b])
    np.testing.assert_allclose(found[0], kernel, rtol=1e-6)
    np.testing.assert_allclose(found[1], b @ kernel, rtol=1e-6)
    assert model.output_names() == ["shared", "shared_1"]


@pytest.mark.parametrize("text", [False, True])
def test_the_config_of_a_graph_rebuilds_it(text: bool) -> None:
    first, second = Input((4, 4, 1), name="picture"), Input((3,), name="numbers")
    shared = Dense(5, activation="tanh", name="shared")
    tower = Sequential([Flatten(input_shape=(4, 4, 1)), Dense(3, name="inner")], name="tower")
    hidden = shared(tower(first))
    other = shared(second)
    model = Model([first, second], [Dense(2, name="left")(hidden), Reshape((5, 1), name="right")(other)])
    if text:
        again = model_from_json(model.to_json())
    else:
        again = model_from_config(json.loads(json.dumps({"class_name": "Functional", "config": model.get_config()})))
    assert again.get_config() == model.get_config()
    again.set_weights(model.get_weights())
    x = [np.random.default_rng(0).random((2, 4, 4, 1)), np.ones((2, 3))]
    for one, two in zip(model.predict(x), again.predict(x), strict=True):
        np.testing.assert_array_equal(one, two)


def test_sequential_config_round_trip_and_keras_2_old_list_form() -> None:
    model = Sequential([Dense(4, activation="relu", input_shape=(3,)), Dropout(0.5), Dense(2)], name="net")
    again = model_from_json(model.to_json())
    assert again.get_config() == model.get_config() and again.name == "net"
    old = Sequential.from_config(model.get_config()["layers"])
    assert [layer.get_config() for layer in old.layers] == [layer.get_config() for layer in model.layers]


def test_texts_that_are_no_model() -> None:
    with pytest.raises(errors.FileContentError, match="is no JSON"):
        model_from_json("{")
    with pytest.raises(errors.FileContentError, match="holds a list"):
        model_from_json("[]")
    with pytest.raises(errors.FileContentError, match="describes a Dense, not a model"):
        model_from_config({"class_name": "Dense", "config": {"units": 2}})
    deep = "[" * 100_000
    with pytest.raises(errors.FileContentError):
        model_from_json(deep)


def test_configs_that_are_no_graph() -> None:
    config = Model(i := Input((3,), name="in"), Dense(2, name="out")(i)).get_config()
    for key in ("layers", "input_layers", "output_layers"):
        with pytest.raises(errors.GraphError, match="a config that is no graph"):
            Functional.from_config({name: value for name, value in config.items() if name != key})
    broken = copy.deepcopy(config)
    broken["output_layers"] = [["nowhere", 0, 0]]
    with pytest.raises(errors.GraphError, match="a wire that leads nowhere"):
        Functional.from_config(broken)
    circle = copy.deepcopy(config)
    circle["layers"][1]["inbound_nodes"] = [[["out", 0, 0, {}]]]
    with pytest.raises(errors.GraphError, match="wait for each other"):
        Functional.from_config(circle)


def test_graphs_that_are_cut() -> None:
    first, second = Input((3,), name="first"), Input((3,), name="second")
    shared = Dense(2)
    outputs = [shared(first), shared(second)]
    with pytest.raises(errors.GraphError, match="needs the input 'second', which is not among its inputs"):
        Model(first, outputs)
    with pytest.raises(errors.GraphError, match="more than one layer named 'twin'"):
        Model(first, Dense(2, name="twin")(Dense(2, name="twin")(first)))
    with pytest.raises(errors.InvalidArgumentError, match="symbolic tensors, as Input gives them"):
        Model(first, np.zeros(3))


def test_input_refuses_bad_shapes() -> None:
    with pytest.raises(errors.InvalidArgumentError, match="either shape or batch_shape"):
        Input()
    with pytest.raises(errors.InvalidArgumentError, match=r"a tuple, such as \(784,\)"):
        Input(784)  # type: ignore[arg-type]
    with pytest.raises(errors.InvalidArgumentError, match="whole numbers of at least 1, or None"):
        Input((0,))
    with pytest.raises(errors.InvalidArgumentError, match="sparse"):
        InputLayer(batch_input_shape=(None, 2), sparse=True)


def test_get_layer_by_name_and_position() -> None:
    model = Sequential([Dense(4, name="hidden", input_shape=(3,)), Dense(2, name="out")], name="net")
    assert model.get_layer("out") is model.layers[1] is model.get_layer(index=-1) is model.get_layer(1)
    with pytest.raises(errors.NoSuchLayerError, match=r"no layer with the name 'hiden'. Did you mean 'hidden'"):
        model.get_layer("hiden")
    with pytest.raises(errors.NoSuchLayerError, match=r"no layer with the position 7\. Its layers are hidden, out"):
        model.get_layer(index=7)


def test_summary_is_a_table_with_all_facts(capsys: pytest.CaptureFixture[str]) -> None:
    first = Input((3,), name="numbers")
    hidden = Dense(4, name="hidden")(first)
    model = Model(first, Dense(2, name="out")(hidden), name="net")
    model.summary()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Model: net (Functional)"
    assert lines[2].split("  ")[0] == "Layer" and "Connected to" in lines[2]
    assert lines[5].split() == ["hidden", "Dense", "(None,", "4)", "16", "numbers"]
    assert "Total params: 26 (104 B)" in lines
    caught: list[str] = []
    Sequential([Dense(2)]).summary(print_fn=caught.append)
    assert "Not built yet" in caught[0]


def test_models_and_weights_survive_pickle_and_deepcopy() -> None:
    model = Sequential([Dense(4, activation="relu", input_shape=(3,)), Dropout(0.3), Dense(2, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    x, y = np.random.default_rng(0).random((20, 3)), np.zeros(20, int)
    model.fit(x, y, verbose=0)
    for again in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        np.testing.assert_array_equal(again.predict(x), model.predict(x))
        before = model.get_weights()
        again.fit(x, y, verbose=0)
        assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def test_a_layer_without_stated_output_shape_is_traced_for_it() -> None:
    class Halves(Layer):
        def call(self, inputs: Any) -> Any:
            return [inputs[:, : inputs.shape[1] // 2], np.sum(inputs, axis=1, keepdims=True)]

    assert Halves().compute_output_shape((None, 10, 3)) == [(None, 5, 3), (None, 1, 3)]
    assert Halves().compute_output_shape((None, None, 3)) == [(None, None, 3), (None, 1, 3)]
    assert Halves().compute_output_shape((7, 10, 3)) == [(7, 5, 3), (7, 1, 3)]


def test_code_of_a_layer_that_fails_is_reported_with_layer_and_place() -> None:
    class Wrong(Layer):
        def compute_output_shape(self, input_shape: Any) -> Any:
            return input_shape

        def call(self, inputs: Any) -> Any:
            return inputs @ np.ones((5, 2), np.float32)

    model = Sequential([Wrong(name="wrong", input_shape=(3,))], name="net")
    with pytest.raises(errors.LayerCallError) as caught:
        model.predict(np.zeros((4, 3)))
    text = str(caught.value)
    assert text.startswith(
        "Layer 'wrong' (Wrong), layer 1 of 1 in model 'net', failed on an input of shape (batch=4, 3)"
    )
    assert "(3)" in text and "(5)" in text
    assert isinstance(caught.value.__cause__, errors.OperandError)


def test_layer_state_errors() -> None:
    layer = Dense(2, name="lonely")
    with pytest.raises(errors.LayerStateError, match="'lonely' has no weights yet"):
        layer.count_params()
    with pytest.raises(errors.LayerStateError, match="because a size is unknown"):
        Dense(2)(Input((None,)))
    with pytest.raises(errors.LayerStateError, match="holds no numbers to compute with"):
        _ = Input((3,)) + 1


def test_set_weights_is_all_or_nothing() -> None:
    model = Sequential([Dense(4, input_shape=(3,))], name="net")
    before = model.get_weights()
    with pytest.raises(errors.WeightsError, match=r"has 2 weights of shapes \[\(3, 4\), \(4,\)\]"):
        model.set_weights([np.ones((3, 4)), np.ones(5)])
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def test_a_config_needs_its_arguments_as_attributes() -> None:
    class Forgetful(Layer):
        def __init__(self, size: int, **options: Any) -> None:
            super().__init__(**options)

    with pytest.raises(
        errors.ConfigAttributeError, match=r"Write self.size = size in __init__, or override get_config"
    ):
        Forgetful(3).get_config()

    class Classic(Layer):
        def __init__(self, size: int, **options: Any) -> None:
            super().__init__(**options)
            self._size = size

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "size": self._size}

    assert Classic(3, name="a").get_config()["size"] == 3
    assert kcore.layers.Layer is Layer


def test_a_layer_without_a_constructor_has_the_config_of_all_layers() -> None:
    class Plain(Layer):
        def call(self, inputs: Any) -> Any:
            return inputs

    layer = Plain(name="plain", input_shape=(3,), activity_regularizer="l1")
    config = layer.get_config()
    assert config == {
        "name": "plain",
        "trainable": True,
        "dtype": "float32",
        "batch_input_shape": [None, 3],
        "activity_regularizer": {"class_name": "L1", "config": {"l1": config["activity_regularizer"]["config"]["l1"]}},
    }
    assert Plain.from_config(config).get_config() == config


def test_an_argument_of_the_base_may_be_the_subclass_own() -> None:
    class Table(Layer):
        def __init__(self, input_dim: int, **options: Any) -> None:
            super().__init__(**options)
            self.input_dim = input_dim

    assert Table(7, name="t").get_config()["input_dim"] == 7
