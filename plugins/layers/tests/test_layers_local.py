"""Locally connected layers beside their formula and relatives; shapes, configs, bad arguments and inputs."""

from __future__ import annotations

import doctest
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kcore import image_data_format, set_image_data_format
from kcore.engine import CompiledFunction
from kcore.errors import InvalidArgumentError, LayerInputError, LayerMaskError
from kcore.testing.gradients import check_gradients
from kcore_layers import local
from kcore_layers.convolutional import Conv1D, Conv2D
from kcore_layers.local import LocallyConnected1D, LocallyConnected2D

LOCAL: dict[int, Any] = {1: LocallyConnected1D, 2: LocallyConnected2D}
CONVOLUTION: dict[int, Any] = {1: Conv1D, 2: Conv2D}
FORMATS = ["channels_last", "channels_first"]


def in_layout(x: Any, data_format: str) -> Any:
    return x if data_format == "channels_last" else np.moveaxis(x, -1, 1)


@settings(max_examples=50)
@given(
    rank=st.sampled_from([1, 2]),
    sizes=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    steps=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    spatial=st.tuples(st.integers(3, 6), st.integers(3, 6)),
    data_format=st.sampled_from(FORMATS),
    seed=st.integers(0, 99),
)
def test_each_position_has_its_own_kernel(
    rank: int, sizes: Any, steps: Any, spatial: Any, data_format: str, seed: int
) -> None:
    size, strides, lengths = sizes[:rank], steps[:rank], spatial[:rank]
    output = [(n - k) // s + 1 for n, k, s in zip(lengths, size, strides, strict=True)]
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((2, *lengths, 3))
    kernel = rng.standard_normal((int(np.prod(output)), int(np.prod(size)) * 3, 4))
    bias = rng.standard_normal((*output, 4))
    layer = LOCAL[rank](
        4, size, strides, data_format=data_format, activation="tanh", weights=[kernel, bias], dtype="float64"
    )
    expected = np.zeros((2, *output, 4))
    for position, place in enumerate(np.ndindex(*output)):
        inside = tuple(slice(p * s, p * s + k) for p, s, k in zip(place, strides, size, strict=True))
        window = in_layout(x[(slice(None), *inside)], data_format)
        expected[(slice(None), *place)] = window.reshape(2, -1) @ kernel[position]
    result = in_layout(expected, data_format)
    # The bias's numbers are taken in their order in the layout of the output.
    expected = np.tanh(result + bias.reshape(result.shape[1:]))
    y = layer(in_layout(x, data_format))
    np.testing.assert_allclose(y, expected, rtol=1e-10, atol=1e-12)
    assert layer.compute_output_shape((None, *in_layout(x, data_format).shape[1:])) == (None, *y.shape[1:])
    np.testing.assert_allclose(CompiledFunction(layer)(in_layout(x, data_format)), y, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("rank", [1, 2])
def test_equal_kernels_are_a_convolution(rank: int) -> None:
    x = np.random.default_rng(rank).standard_normal((2, *(7, 6)[:rank], 3)).astype(np.float32)
    convolution = CONVOLUTION[rank](4, 3, 2)
    y = convolution(x)
    kernel, bias = convolution.get_weights()
    positions = int(np.prod(y.shape[1:-1]))
    weights = [
        np.broadcast_to(kernel.reshape(1, -1, 4), (positions, kernel.size // 4, 4)),
        np.broadcast_to(bias, y.shape[1:]),
    ]
    np.testing.assert_allclose(LOCAL[rank](4, 3, 2, weights=weights)(x), y, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("data_format", FORMATS)
def test_gradients(data_format: str) -> None:
    layer = LocallyConnected2D(2, 2, data_format=data_format, dtype="float64")
    x = np.random.default_rng(1).standard_normal((2, 3, 3, 3))
    layer(x)
    check_gradients(layer, (x,))


def test_weights_and_their_names() -> None:
    layer = LocallyConnected2D(4, (3, 2), name="l", kernel_regularizer="l2", bias_constraint="non_neg")
    layer.ensure_built((None, 6, 5, 3))
    assert [(weight.name, weight.shape) for weight in layer.weights] == [
        ("l/kernel", (16, 18, 4)),
        ("l/bias", (4, 4, 4)),
    ]
    assert [variable for variable, _ in layer.regularizers] == [layer.kernel]
    assert [variable for variable, _ in layer.constraints] == [layer.bias]
    without = LocallyConnected1D(4, 3, 2, use_bias=False, data_format="channels_first")
    without.ensure_built((None, 3, 7))
    assert [weight.shape for weight in without.weights] == [(3, 9, 4)]


def test_sequences_have_channels_last_whatever_images_have() -> None:
    before = image_data_format()
    set_image_data_format("channels_first")
    try:
        assert LocallyConnected1D(4, 3).data_format == "channels_last"
        assert LocallyConnected2D(4, 3).data_format == "channels_first"
    finally:
        set_image_data_format(before)


def test_config_rebuilds_the_layer() -> None:
    config = LocallyConnected2D(4, 3, (2, 1), activation="relu", name="l").get_config()
    assert config == {
        "name": "l",
        "trainable": True,
        "dtype": "float32",
        "filters": 4,
        "kernel_size": [3, 3],
        "strides": [2, 1],
        "padding": "valid",
        "data_format": "channels_last",
        "activation": "relu",
        "use_bias": True,
        "kernel_initializer": {"class_name": "GlorotUniform", "config": {"seed": None}},
        "bias_initializer": {"class_name": "Zeros", "config": {}},
        "kernel_regularizer": None,
        "bias_regularizer": None,
        "activity_regularizer": None,
        "kernel_constraint": None,
        "bias_constraint": None,
        "implementation": 1,
    }
    assert LocallyConnected2D.from_config(config).get_config() == config


@pytest.mark.parametrize("kind", LOCAL.values())
@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"filters": 1.5}, "cannot take filters=1.5. Allowed: an integer of at least 1."),
        ({"kernel_size": 0}, "cannot take kernel_size=0. Allowed: an integer of at least 1, or "),
        ({"strides": 0}, "cannot take strides=0. Allowed: an integer of at least 1, or "),
        ({"padding": "same"}, "cannot take padding='same'. Allowed: 'valid'."),
        ({"data_format": "NHWC"}, "cannot take data_format='NHWC'. Allowed: 'channels_last', 'channels_first'."),
        (
            {"implementation": 2},
            "cannot take implementation=2. Allowed: 1; the kernels of Keras's implementations 2 and 3 have other",
        ),
    ],
)
def test_bad_arguments_are_named(kind: Any, arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        kind(**{"filters": 4, "kernel_size": 3, **arguments})
    assert str(caught.value).startswith(f"{kind.__name__} {text}")


@pytest.mark.parametrize("shape", [(None, None, 5, 3), (None, 5, None, 3), (None, 5, 5, None)])
def test_unknown_sizes_are_refused(shape: Any) -> None:
    with pytest.raises(LayerInputError) as caught:
        LocallyConnected2D(4, 3, name="w").ensure_built(shape)
    assert str(caught.value).startswith(
        "Layer 'w' (LocallyConnected2D) expects known sizes of all axes (rows, columns, channels), on which its weights "
        "depend, but its input has shape (batch, "
    )


def test_an_input_that_does_not_fit_is_refused() -> None:
    layer = LocallyConnected1D(4, 3, name="w")
    with pytest.raises(LayerInputError, match="expects an input with 3 axes"):
        layer(np.zeros((2, 9), np.float32))
    with pytest.raises(LayerInputError, match=r"expects at least 3 steps \(channels_last\), the extent of its kernel"):
        layer(np.zeros((2, 2, 1), np.float32))
    layer.ensure_built((None, 6, 2))
    with pytest.raises(LayerInputError, match=r"expects an input of shape \(batch, 6, 2\)"):
        layer(np.zeros((2, 7, 2), np.float32))
    with pytest.raises(LayerMaskError):
        layer(np.zeros((2, 6, 2), np.float32), mask=np.ones((2, 6), bool))


@pytest.mark.parametrize("data_format", FORMATS)
def test_an_empty_batch_stays_empty(data_format: str) -> None:
    layer = LocallyConnected2D(4, 2, data_format=data_format)
    x = np.zeros((0, 3, 3, 3), np.float32)
    assert layer(x).shape == CompiledFunction(layer)(x).shape == layer.compute_output_shape(x.shape)


def test_examples_in_the_docstrings() -> None:
    found = doctest.testmod(local)
    assert found.attempted >= 8
    assert found.failed == 0
