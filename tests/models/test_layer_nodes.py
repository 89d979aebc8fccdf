"""Where layers stand in graphs: inputs, outputs, shapes and masks of each call, and calls with further arguments."""

from __future__ import annotations

import json
import pickle
from typing import Any

import numpy as np
import pytest

from kcore import errors
from kcore.layers import Dense, Dropout, Embedding, Flatten, Input, InputSpec, Layer
from kcore.models import Model, Sequential, model_from_json
from kcore.registry import custom_object_scope


class Scaled(Layer):
    """A second input comes as a further argument."""

    def call(self, inputs: Any, by: Any = None) -> Any:
        return inputs if by is None else inputs * by


class Passing(Layer):
    supports_masking = True

    def call(self, inputs: Any) -> Any:
        return inputs * 1


def test_a_layer_called_once() -> None:
    x = Input((3,), name="x")
    layer = Dense(2, name="dense")
    y = layer(x)
    assert layer.input is x and layer.output is y
    assert layer.input_shape == (None, 3) and layer.output_shape == (None, 2)
    assert layer.get_input_at(0) is x and layer.get_output_at(0) is y
    assert layer.get_input_shape_at(0) == (None, 3) and layer.get_output_shape_at(0) == (None, 2)
    assert layer.input_mask is layer.output_mask is None
    assert layer.get_input_mask_at(0) is layer.get_output_mask_at(0) is None


def test_a_layer_called_twice_is_asked_by_number() -> None:
    first, second = Input((3, 4)), Input((5, 4))
    layer = Dense(2, name="twice")
    outputs = [layer(first), layer(second)]
    assert [layer.get_input_at(0), layer.get_input_at(1)] == [first, second]
    assert [layer.get_output_at(0), layer.get_output_at(1)] == outputs
    assert layer.get_output_shape_at(1) == (None, 5, 2) and layer.get_input_shape_at(0) == (None, 3, 4)
    for name in ("input", "output", "input_shape", "output_shape", "input_mask", "output_mask"):
        with pytest.raises(errors.LayerNodeError, match=f"more than one {name.replace('_', ' ')}") as caught:
            getattr(layer, name)
        assert caught.value.nodes == 2 and caught.value.index is None
        assert f"Choose one: get_{name}_at(0) to get_{name}_at(1)." in str(caught.value)
    with pytest.raises(errors.LayerNodeError, match=r"has no output shape number 2: it was called 2 times") as caught:
        layer.get_output_shape_at(2)
    assert (caught.value.layer, caught.value.what, caught.value.index) == ("twice", "output shape", 2)


def test_shapes_that_all_calls_share_need_no_number() -> None:
    layer = Dense(2)
    layer(Input((3,)))
    layer(Input((3,)))
    assert layer.input_shape == (None, 3) and layer.output_shape == (None, 2)


@pytest.mark.parametrize("method", ["get_input_at", "get_output_at", "get_input_mask_at", "get_output_shape_at"])
def test_a_layer_in_no_graph(method: str) -> None:
    layer = Dense(2, name="lonely")
    with pytest.raises(errors.LayerNodeError, match=r"'lonely' has no .*, because it is in no graph"):
        getattr(layer, method)(0)
    assert not hasattr(layer, "output")


def test_models_and_their_layers_have_nodes_of_their_own() -> None:
    inner = Sequential([Dense(4, input_shape=(3,)), Dense(2)])
    x = Input((3,))
    model = Model(x, inner(x))
    assert inner.get_output_at(0) is model.output
    assert model.get_layer(inner.name) is inner and inner.layers[0].get_output_shape_at(0) == (None, 4)


def test_masks_of_calls_are_symbolic_and_follow_the_graph() -> None:
    words = Input((None,), name="words")
    embedding, passing, flat = Embedding(9, 3, mask_zero=True), Passing(), Passing(name="second")
    y = flat(passing(embedding(words)))
    assert embedding.input_mask is None
    for mask in (embedding.output_mask, passing.input_mask, passing.output_mask, flat.get_output_mask_at(0)):
        assert mask.shape == (None, None) and mask.dtype == "bool"
    inner = Model(words, y)
    outer_words = Input((7,))
    inner(outer_words)
    assert inner.get_output_mask_at(0).shape == (None, 7)
    with pytest.raises(errors.LayerStateError, match=r"was given a symbolic mask, which no layer computes"):
        Dense(2)(embedding.output_mask)


def test_the_mask_of_a_long_chain_needs_no_recursion() -> None:
    y = Embedding(9, 3, mask_zero=True)(Input((4,)))
    for _ in range(1500):
        y = Passing()(y)
    assert y.node is not None
    assert y.node.layer.output_mask.shape == (None, 4)


def test_a_layer_that_loses_a_mask_is_found_when_its_mask_is_asked_for() -> None:
    flat = Flatten(name="flat")
    flat(Embedding(9, 3, mask_zero=True)(Input((4,))))
    assert flat.input_mask.shape == (None, 4)
    with pytest.raises(errors.LayerMaskError, match=r"'flat'"):
        _ = flat.output_mask


def test_training_given_in_a_graph_counts() -> None:
    x = Input((200,))
    model = Model(x, Dropout(0.5)(x, training=True))
    again = model_from_json(model.to_json())
    for one in (model, again, pickle.loads(pickle.dumps(model))):
        assert 0 < (one.predict(np.ones((1, 200))) == 0).mean() < 1


def test_a_symbolic_tensor_as_a_further_argument() -> None:
    x, by = Input((3,), name="x"), Input((1,), name="by")
    y = Dense(1, name="after")(Scaled(name="scaled")(x, by=Dense(1, name="before")(by)))
    model = Model([x, by], y)
    assert [layer.name for layer in model.layers] == ["x", "by", "before", "scaled", "after"]
    a, b = np.arange(6.0).reshape(2, 3), np.array([[2.0], [3.0]])
    before, after = (model.get_layer(name).get_weights() for name in ("before", "after"))
    expected = (a * (b @ before[0] + before[1])) @ after[0] + after[1]
    np.testing.assert_allclose(model.predict([a, b]), expected, rtol=1e-5)
    with custom_object_scope({"Scaled": Scaled}):
        again = model_from_json(model.to_json())
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(again.predict([a, b]), model.predict([a, b]))
    assert "before, x" in _summary(model) or "x, before" in _summary(model)
    inputs = Input((5, 3)), Input((5, 1))
    assert model.compute_output_shape([(4, 3), (4, 1)]) == (4, 1)
    assert Model(list(inputs), Scaled()(inputs[0], by=inputs[1])).compute_output_shape([(2, 5, 3), (2, 5, 1)]) == (
        2,
        5,
        3,
    )


def _summary(model: Model) -> str:
    lines: list[str] = []
    model.summary(print_fn=lines.append)
    return "\n".join(lines)


def test_an_argument_that_no_config_can_hold() -> None:
    x = Input((3,))
    model = Model(x, Scaled(name="scaled")(x, by=np.ones(3)), name="net")
    np.testing.assert_array_equal(model.predict(np.ones((1, 3))), np.ones((1, 3)))
    with pytest.raises(errors.GraphError, match=r"'net' calls layer 'scaled' with by=array.* a config cannot hold"):
        json.dumps(model.get_config())


@pytest.mark.parametrize(
    ("spec", "good", "bad", "text"),
    [
        (InputSpec(ndim=2), [(None, 3)], [(3,), (1, 2, 3)], "2 axes"),
        (InputSpec(min_ndim=2, max_ndim=3), [(1, 2), (1, 2, 3)], [(1,), (1, 2, 3, 4)], "at most 3 axes"),
        (InputSpec(shape=(None, 4, None)), [(2, 4, 9), (None, None, 1)], [(2, 5, 9), (2, 4)], r"\(batch, 4, any\)"),
        (InputSpec(axes={-1: 4, 1: None}), [(2, 4), (1, 9, 4)], [(2, 5), ()], r"\(batch, ..., 4\)"),
        (InputSpec(min_ndim=3, axes={1: 2}), [(9, 2, 1)], [(9, 2), (9, 3, 1)], "size 2 on axis 1"),
    ],
)
def test_input_specs(spec: InputSpec, good: list[Any], bad: list[Any], text: str) -> None:
    layer = Passing(name="layer")
    layer.input_spec = spec
    for shape in good:
        layer.ensure_built(shape)
    for shape in bad:
        with pytest.raises(errors.LayerInputError, match=text):
            layer.ensure_built(shape)
    with pytest.raises(errors.LayerInputError, match=r"expects one input, but its input has shape a list of 2 inputs"):
        layer.ensure_built([(1, 2), (1, 2)])


def test_a_spec_for_each_of_several_inputs() -> None:
    layer = Passing(name="layer")
    layer.input_spec = [InputSpec(ndim=2), InputSpec(axes={-1: 3})]
    layer.ensure_built([(None, 5), (None, 9, 3)])
    with pytest.raises(
        errors.LayerInputError, match=r"as input 1 an input of shape \(batch, ..., 3\).*\(batch, 9, 4\)"
    ):
        layer.ensure_built([(None, 5), (None, 9, 4)])
    with pytest.raises(errors.LayerInputError, match=r"expects a list of 2 inputs, .* a list of 3 inputs"):
        layer.ensure_built([(None, 5)] * 3)
    with pytest.raises(errors.LayerInputError, match=r"expects a list of 2 inputs, .*\(batch, 5\)"):
        layer.ensure_built((None, 5))
