"""Embedding: rows of its table, input dtypes, masks, lengths, configs, bad arguments and inputs, training."""

from __future__ import annotations

import doctest
from typing import Any

import numpy as np
import pytest

from kcore import Model, Sequential
from kcore.engine import CompiledFunction, gradients
from kcore.errors import InvalidArgumentError, LayerCallError, LayerInputError
from kcore.layers import Input
from kcore_layers import embedding
from kcore_layers.core import Activation, Dense
from kcore_layers.dropping import Dropout
from kcore_layers.embedding import Embedding

NUMBERS = np.array([[3, 0, 1], [4, 4, 0]])


@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64", "uint64", "float32", "float64", "bool"])
def test_rows_of_the_table_for_numbers_of_any_dtype(dtype: str) -> None:
    layer = Embedding(5, 2)
    x = NUMBERS.astype(dtype)
    expected = np.array(layer(NUMBERS.astype(bool) if dtype == "bool" else NUMBERS))
    table = layer.get_weights()[0]
    assert table.shape == (5, 2) and 0 < np.abs(table).max() <= 0.05
    np.testing.assert_array_equal(expected, table[x.astype(int)])
    np.testing.assert_array_equal(layer(x), expected)
    np.testing.assert_array_equal(CompiledFunction(layer)(x), expected)


def test_the_gradient_adds_up_where_a_row_comes_several_times() -> None:
    layer = Embedding(5, 2)
    layer.ensure_built((None, 3))
    g = np.random.default_rng(1).standard_normal((2, 3, 2)).astype(np.float32)
    (slope,) = CompiledFunction(lambda x: gradients(np.sum(layer(x) * g), layer.weights))(NUMBERS)
    expected = np.zeros((5, 2), np.float32)
    np.add.at(expected, NUMBERS, g)
    np.testing.assert_allclose(slope, expected, rtol=1e-6)
    assert not slope[2].any()


def test_a_model_that_begins_with_it_takes_large_numbers_as_they_are() -> None:
    # float32 would round 2**24 + 1; the table has one column, so that it stays small.
    rows = 2**24 + 2
    layer = Embedding(rows, 1, embeddings_initializer="zeros", input_length=1)
    layer.ensure_built((None, 1))
    layer.embeddings.value[2**24 + 1] = 5
    for model in (Sequential([layer]), Sequential([Sequential([layer])])):
        assert model.inputs[0].dtype == "int64"
        for numbers in ([[2**24 + 1], [2**24]], [[2.0**24 + 1], [2.0**24]]):
            assert model.predict(np.array(numbers)).tolist() == [[[5.0]], [[0.0]]]
    later = Sequential([Embedding(9, 2)])
    assert later.inputs[0].dtype == "int64" and later.input_shape == (None, None)
    assert later.get_config()["layers"][0]["config"]["dtype"] == "int64"


def test_in_a_graph_the_input_may_have_any_dtype() -> None:
    layer = Embedding(5, 2)
    for dtype in (None, "int32"):
        begin = Input((3,), dtype=dtype)
        model = Model(begin, layer(begin))
        np.testing.assert_array_equal(model.predict(NUMBERS), layer(NUMBERS))
    assert layer.output_shape if len(layer.nodes) == 1 else layer.nodes[0].outputs.shape == (None, 3, 2)


def test_masks() -> None:
    assert Embedding(5, 2).compute_mask(NUMBERS) is None
    layer = Embedding(5, 2, mask_zero=True)
    np.testing.assert_array_equal(layer.compute_mask(NUMBERS), [[True, False, True], [True, True, False]])
    np.testing.assert_array_equal(layer.compute_mask(NUMBERS.astype("float32")), layer.compute_mask(NUMBERS))


@pytest.mark.parametrize("training", [False, True])
def test_dense_activation_and_dropout_pass_masks_on(training: bool) -> None:
    from kcore.components.call_context import call_context

    model = Sequential([Embedding(5, 2, mask_zero=True), Dense(3), Activation("relu"), Dropout(0.5), Activation(None)])
    with call_context() as context:
        y = model(NUMBERS, training=training)
        np.testing.assert_array_equal(context.masks.of(y), NUMBERS != 0)


def test_lengths_and_shapes() -> None:
    assert Embedding(5, 2).compute_output_shape((None, None, 7)) == (None, None, 7, 2)
    layer = Embedding(5, 2, input_length=3)
    assert layer.batch_input_shape == (None, 3)
    assert layer.compute_output_shape((None, None)) == (None, 3, 2)
    with pytest.raises(LayerInputError, match=r"expects an input of shape \(batch, 3\), .* \(batch=2, 4\)"):
        layer(np.zeros((2, 4), int))
    with pytest.raises(LayerInputError, match=r"\(batch, 3\)"):
        layer.compute_output_shape((None, 3, 3))
    layer = Embedding(5, 2, input_length=(None, 4))
    assert layer.compute_output_shape((None, 7, 4)) == (None, 7, 4, 2)
    assert Embedding(5, 2, batch_input_shape=(8, 3)).batch_input_shape == (8, 3)
    assert Embedding(5, 2)(np.zeros((0, 3), int)).shape == (0, 3, 2)


def test_a_number_outside_the_table_is_an_error() -> None:
    layer = Embedding(5, 2, name="words")
    with pytest.raises(LayerCallError) as caught:
        layer(np.array([[5]]))
    assert str(caught.value) == (
        "Layer 'words' (Embedding) failed on an input of shape (batch=1, 1): index 5 is out of range for an axis of "
        "size 5"
    )
    with pytest.raises(IndexError, match="index 7 is out of range for an axis of size 5"):
        Sequential([layer]).predict(np.array([[7]]))


def test_config_rebuilds_the_layer() -> None:
    layer = Embedding(
        5, 2, "ones", "l2", "l1", "non_neg", mask_zero=True, input_length=3, name="e", weights=[np.zeros((5, 2))]
    )
    config = layer.get_config()
    assert config == {
        "name": "e",
        "trainable": True,
        "dtype": "float32",
        "batch_input_shape": [None, 3],
        "input_dim": 5,
        "output_dim": 2,
        "embeddings_initializer": {"class_name": "Ones", "config": {}},
        "embeddings_regularizer": {"class_name": "L2", "config": {"l2": 0.01}},
        "activity_regularizer": {"class_name": "L1", "config": {"l1": 0.01}},
        "embeddings_constraint": {"class_name": "NonNeg", "config": {}},
        "mask_zero": True,
        "input_length": 3,
    }
    assert Embedding.from_config(config).get_config() == config
    assert not layer(NUMBERS).any()
    assert [variable.name for variable, _ in layer.regularizers + layer.constraints] == ["e/embeddings"] * 2


LENGTHS = "None, an integer of at least 1, or one of these for each axis after the batch"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"input_dim": 0}, "input_dim=0. Allowed: an integer of at least 1."),
        ({"output_dim": 2.5}, "output_dim=2.5. Allowed: an integer of at least 1."),
        ({"input_length": 0}, f"input_length=0. Allowed: {LENGTHS}."),
        ({"input_length": (3, "4")}, f"input_length=(3, '4'). Allowed: {LENGTHS}."),
        ({"input_length": "7"}, f"input_length='7'. Allowed: {LENGTHS}."),
    ],
)
def test_bad_arguments_are_named(arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        Embedding(**{"input_dim": 5, "output_dim": 2, **arguments})
    assert str(caught.value) == f"Embedding cannot take {text}"


def test_examples_in_the_docstrings() -> None:
    found = doctest.testmod(embedding)
    assert found.attempted >= 4
    assert found.failed == 0
