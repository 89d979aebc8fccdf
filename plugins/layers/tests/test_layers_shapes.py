"""Flatten, Reshape, Permute, RepeatVector and Activation beside what Keras recorded: unknown sizes, configs, bad arguments and inputs."""

from __future__ import annotations

import doctest
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kcore
from kcore import activations
from kcore.engine import CompiledFunction
from kcore.errors import InvalidArgumentError, LayerInputError, LayerMaskError
from kcore.layers import Layer
from kcore_layers import shaping
from kcore_layers.core import Activation
from kcore_layers.shaping import Flatten, Permute, RepeatVector, Reshape


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((None, 3, 4), (None, 12)),
        ((None, None, 4), (None, None)),
        ((5, 2), (5, 2)),
        ((None,), (None, 1)),
        ((5, 0, 3), (5, 0)),
    ],
)
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_flatten_states_its_shape(shape: Any, expected: Any, data_format: str) -> None:
    layer = Flatten(data_format)
    assert layer.compute_output_shape(shape) == expected
    assert Layer.compute_output_shape(layer, shape) == expected


def test_flatten_of_channels_first_is_that_of_channels_last() -> None:
    x = np.random.default_rng(1).standard_normal((2, 3, 4, 5))
    np.testing.assert_array_equal(Flatten("channels_first")(np.moveaxis(x, -1, 1)), Flatten("channels_last")(x))


def test_flatten_gives_a_vector_of_samples_an_axis() -> None:
    assert Flatten()(np.array([1.0, 2.0])).tolist() == [[1.0], [2.0]]


def test_flatten_takes_an_empty_batch() -> None:
    assert Flatten()(np.zeros((0, 3, 4))).shape == (0, 12)


def test_the_default_layout_is_the_global_one() -> None:
    assert Flatten().get_config()["data_format"] == "channels_last"
    kcore.set_image_data_format("channels_first")
    try:
        assert Flatten().get_config()["data_format"] == "channels_first"
    finally:
        kcore.set_image_data_format("channels_last")


@pytest.mark.parametrize(
    ("target", "shape", "expected"),
    [
        ((6, 4), (None, 24), (None, 6, 4)),
        ((6, -1), (None, 2, 12), (None, 6, 4)),
        ((-1,), (3, 2, 12), (3, 24)),
        ((-1, 8), (None, None, 16), (None, None, 8)),
        ((4, 8), (None, None), (None, 4, 8)),
        ((), (None, 1), (None,)),
    ],
)
def test_reshape_states_its_shape(target: Any, shape: Any, expected: Any) -> None:
    assert Reshape(target).compute_output_shape(shape) == expected


@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.randoms(use_true_random=False), st.integers(1, 3))
def test_reshape_keeps_the_order(sizes: list[int], random: Any, batch: int) -> None:
    x = np.arange(float(batch * int(np.prod(sizes)))).reshape(batch, *sizes)
    target = random.sample(sizes, len(sizes))
    expected = x.reshape(batch, *target)
    target[random.randrange(len(target))] = -1
    np.testing.assert_array_equal(Reshape(target)(x), expected)


def test_reshape_takes_an_empty_batch() -> None:
    assert Reshape((3, -1))(np.zeros((0, 12))).shape == (0, 3, 4)


@given(st.permutations([1, 2, 3]), st.tuples(*[st.integers(0, 4)] * 4))
def test_permute_orders_the_axes(dims: list[int], shape: Any) -> None:
    x = np.arange(float(np.prod(shape))).reshape(shape)
    layer = Permute(dims)
    y = layer(x)
    assert y.shape == (shape[0], *(shape[axis] for axis in dims)) == layer.compute_output_shape(shape)
    np.testing.assert_array_equal(CompiledFunction(layer)(x), y)
    back = [dims.index(axis) + 1 for axis in (1, 2, 3)]
    np.testing.assert_array_equal(Permute(back)(y), x)


@given(st.integers(1, 5), st.integers(0, 3), st.integers(0, 4))
def test_repeat_vector_makes_equal_steps(n: int, batch: int, features: int) -> None:
    x = np.arange(float(batch * features)).reshape(batch, features)
    layer = RepeatVector(n)
    y = layer(x)
    assert y.shape == (batch, n, features)
    assert all(np.array_equal(y[:, step], x) for step in range(n))
    np.testing.assert_array_equal(CompiledFunction(layer)(x), y)
    assert layer.compute_output_shape((None, None)) == (None, n, None)


def test_permute_states_unknown_sizes() -> None:
    layer = Permute((3, 1, 2))
    assert layer.compute_output_shape((None, None, 4, 5)) == (None, 5, None, 4)
    assert Layer.compute_output_shape(layer, (None, None, 4, 5)) == (None, 5, None, 4)


@pytest.mark.parametrize("dims", [(0, 1), (1, 3), (1, 1), (-1, 1), (), 1, (1, 2.0), ("1",), None])
def test_bad_orders_are_named(dims: Any) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        Permute(dims)
    assert str(caught.value) == (
        f"Permute cannot take dims={dims!r}. Allowed: the numbers of the axes after the batch, 1, 2, ..., each once, in "
        "any order."
    )


@pytest.mark.parametrize("n", [0, -1, 2.0, "2", None, True])
def test_bad_numbers_of_steps_are_named(n: Any) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        RepeatVector(n)
    assert str(caught.value) == f"RepeatVector cannot take n={n!r}. Allowed: an integer of at least 1."


def test_inputs_of_another_number_of_axes_are_refused() -> None:
    with pytest.raises(LayerInputError, match=r"\(Permute\) expects an input with 3 axes"):
        Permute((2, 1))(np.zeros((2, 3)))
    with pytest.raises(LayerInputError, match=r"\(RepeatVector\) expects an input with 2 axes"):
        RepeatVector(2)(np.zeros((2, 3, 4)))


@pytest.mark.parametrize("layer", [Permute((1,)), RepeatVector(2), Flatten(), Reshape((3,))])
def test_a_mask_of_steps_would_be_lost(layer: Layer) -> None:
    with pytest.raises(LayerMaskError):
        layer(np.zeros((2, 3)), mask=np.ones((2, 3), bool))


@pytest.mark.parametrize("target", [(2, 0), (2, -2), (-1, -1), (2, 1.5), 24, (None, 3), (True, 3)])
def test_bad_target_shapes_are_named(target: Any) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        Reshape(target)
    assert str(caught.value) == (
        f"Reshape cannot take target_shape={target!r}. Allowed: a sequence of integers of at least 1, of which one "
        "may be -1."
    )


@pytest.mark.parametrize(
    ("target", "wanted"),
    [((5, 5), "25 elements per sample"), ((5, -1), "a multiple of 5 elements per sample")],
)
def test_an_input_of_another_size_is_refused(target: Any, wanted: str) -> None:
    layer = Reshape(target, name="grid")
    text = f"Layer 'grid' (Reshape) expects an input with {wanted} for target_shape={target}, but its input has shape "
    with pytest.raises(LayerInputError) as caught:
        layer.compute_output_shape((None, 24))
    assert str(caught.value) == f"{text}(batch, 24)."
    with pytest.raises(LayerInputError) as caught:
        layer(np.zeros((2, 24)))
    assert str(caught.value) == f"{text}(batch=2, 24)."


@pytest.mark.parametrize(
    ("layer", "config"),
    [
        (Flatten(name="a"), {"data_format": "channels_last"}),
        (Flatten("Channels_First", name="a"), {"data_format": "channels_first"}),
        (Reshape([2, -1], name="a"), {"target_shape": [2, -1]}),
        (Permute([2, 1], name="a"), {"dims": [2, 1]}),
        (RepeatVector(3, name="a"), {"n": 3}),
        (Activation("tanh", name="a"), {"activation": "tanh"}),
        (Activation(None, name="a"), {"activation": "linear"}),
    ],
)
def test_config_rebuilds_the_layer(layer: Layer, config: dict[str, Any]) -> None:
    assert layer.get_config() == {"name": "a", "trainable": True, "dtype": "float32", **config}
    assert type(layer).from_config(layer.get_config()).get_config() == layer.get_config()


def test_activation_resolves_names() -> None:
    assert Activation("relu").activation is activations.get("relu")
    assert Activation(np.tanh).activation is np.tanh
    assert Activation("relu").compute_output_shape((None, 3)) == (None, 3)


def test_unknown_layouts_and_activations_are_named() -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        Flatten("NCHW")
    assert str(caught.value) == ("Flatten cannot take data_format='NCHW'. Allowed: 'channels_last', 'channels_first'.")
    with pytest.raises(InvalidArgumentError, match=r"Activation cannot take activation=1\.5\. Allowed: None, the name"):
        Activation(1.5)


def test_examples_in_the_docstrings() -> None:
    found = doctest.testmod(shaping)
    assert found.attempted >= 4
    assert found.failed == 0
