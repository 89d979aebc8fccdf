"""Depthwise and separable convolutions beside their formulas and relatives; shapes, configs, bad arguments, inputs."""

from __future__ import annotations

import doctest
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kcore import image_data_format, layers, set_image_data_format
from kcore.errors import InvalidArgumentError, LayerInputError, LayerMaskError, LayerStateError
from kcore.layers import Layer
from kcore_layers import separable
from kcore_layers.convolutional import Conv1D, Conv2D
from kcore_layers.separable import DepthwiseConv1D, DepthwiseConv2D, SeparableConv1D, SeparableConv2D

DEPTHWISE: dict[int, Any] = {1: DepthwiseConv1D, 2: DepthwiseConv2D}
SEPARABLE: dict[int, Any] = {1: SeparableConv1D, 2: SeparableConv2D}
CONVOLUTION: dict[int, Any] = {1: Conv1D, 2: Conv2D}
KINDS = [*DEPTHWISE.values(), *SEPARABLE.values()]
FORMATS = st.sampled_from(["channels_last", "channels_first"])


def in_layout(x: Any, data_format: str) -> Any:
    return x if data_format == "channels_last" else np.moveaxis(x, -1, 1)


def made(kind: Any, **arguments: Any) -> Layer:
    needed = {"kernel_size": 2} if kind in DEPTHWISE.values() else {"filters": 4, "kernel_size": 2}
    layer: Layer = kind(**{**needed, **arguments})
    return layer


@settings(max_examples=60)
@given(
    rank=st.sampled_from([1, 2]),
    size=st.integers(1, 3),
    stride=st.integers(1, 3),
    dilation=st.integers(1, 2),
    padding=st.sampled_from(["valid", "same"]),
    multiplier=st.integers(1, 3),
    channels=st.integers(1, 3),
    data_format=FORMATS,
    seed=st.integers(0, 99),
)
def test_a_depthwise_convolution_is_one_for_each_channel(
    rank: int, size: int, stride: int, dilation: int, padding: str, multiplier: int, channels: int, data_format: str,
    seed: int,
) -> None:  # fmt: skip
    dilation = 1 if stride > 1 else dilation
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((2, *(6, 7)[:rank], channels))
    kernel = rng.standard_normal((*(size,) * rank, channels, multiplier))
    bias = rng.standard_normal(channels * multiplier)
    layer = DEPTHWISE[rank](
        size, stride, padding, multiplier, data_format, dilation, "tanh", weights=[kernel, bias], dtype="float64"
    )
    parts = []
    for c in range(channels):
        inside = [kernel[..., c : c + 1, :], bias[c * multiplier : (c + 1) * multiplier]]
        one = CONVOLUTION[rank](
            multiplier, size, stride, padding, None, dilation, "tanh", weights=inside, dtype="float64"
        )
        parts.append(one(x[..., c : c + 1]))
    y = layer(in_layout(x, data_format))
    np.testing.assert_allclose(y, in_layout(np.concatenate(parts, -1), data_format), rtol=1e-10, atol=1e-12)
    assert layer.compute_output_shape((None, *in_layout(x, data_format).shape[1:])) == (None, *y.shape[1:])


@settings(max_examples=60)
@given(
    rank=st.sampled_from([1, 2]),
    size=st.integers(1, 3),
    stride=st.integers(1, 2),
    padding=st.sampled_from(["valid", "same", "causal"]),
    multiplier=st.integers(1, 2),
    data_format=FORMATS,
    seed=st.integers(0, 99),
)
def test_a_separable_convolution_is_one_whose_kernel_is_a_product(
    rank: int, size: int, stride: int, padding: str, multiplier: int, data_format: str, seed: int
) -> None:
    if rank == 2 and padding == "causal":
        padding = "same"
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((2, *(6, 7)[:rank], 3))
    depthwise = rng.standard_normal((*(size,) * rank, 3, multiplier))
    pointwise = rng.standard_normal((*(1,) * rank, 3 * multiplier, 4))
    bias = rng.standard_normal(4)
    layer = SEPARABLE[rank](
        4, size, stride, padding, data_format, 1, multiplier, weights=[depthwise, pointwise, bias], dtype="float64"
    )
    product = np.einsum("...cq,cqf->...cf", depthwise, pointwise.reshape(3, multiplier, 4))
    whole = CONVOLUTION[rank](4, size, stride, padding, weights=[product, bias], dtype="float64")
    y = layer(in_layout(x, data_format))
    np.testing.assert_allclose(y, in_layout(whole(x), data_format), rtol=1e-10, atol=1e-11)
    assert layer.compute_output_shape((None, *in_layout(x, data_format).shape[1:])) == (None, *y.shape[1:])


def test_strides_may_differ_from_axis_to_axis() -> None:
    x = np.random.default_rng(3).standard_normal((1, 6, 7, 2)).astype(np.float32)
    layer = DepthwiseConv2D(2, (2, 3))
    y = layer(x)
    every = DepthwiseConv2D(2, weights=layer.get_weights())(x)
    np.testing.assert_allclose(y, every[:, ::2, ::3], rtol=1e-6, atol=1e-6)


def test_weights_and_names() -> None:
    assert layers.SeparableConvolution1D is SeparableConv1D and layers.SeparableConvolution2D is SeparableConv2D
    for data_format, shape in [("channels_last", (None, 9, 8, 3)), ("channels_first", (None, 3, 9, 8))]:
        layer = SeparableConv2D(5, (3, 2), data_format=data_format, depth_multiplier=2, name="s")
        layer.ensure_built(shape)
        assert [(weight.name, weight.shape) for weight in layer.weights] == [
            ("s/depthwise_kernel", (3, 2, 3, 2)),
            ("s/pointwise_kernel", (1, 1, 6, 5)),
            ("s/bias", (5,)),
        ]
        alone = DepthwiseConv2D((3, 2), data_format=data_format, depth_multiplier=2, name="d")
        alone.ensure_built(shape)
        assert [(weight.name, weight.shape) for weight in alone.weights] == [
            ("d/depthwise_kernel", (3, 2, 3, 2)),
            ("d/bias", (6,)),
        ]
    layer = SeparableConv2D(5, 3, use_bias=False)
    layer.ensure_built((None, 9, 9, 3))
    assert [weight.shape for weight in layer.weights] == [(3, 3, 3, 1), (1, 1, 3, 5)]


def test_regularizers_and_constraints_belong_to_their_weights() -> None:
    layer = SeparableConv1D(
        5,
        3,
        depthwise_regularizer="l1",
        pointwise_regularizer="l2",
        depthwise_constraint="non_neg",
        bias_constraint="max_norm",
    )
    layer.ensure_built((None, 9, 3))
    assert [(variable, type(penalty).__name__) for variable, penalty in layer.regularizers] == [
        (layer.depthwise_kernel, "L1"),
        (layer.pointwise_kernel, "L2"),
    ]
    assert [variable for variable, _ in layer.constraints] == [layer.depthwise_kernel, layer.bias]


def test_unknown_sizes() -> None:
    assert DepthwiseConv2D(3, depth_multiplier=2).compute_output_shape((None, None, 9, 3)) == (None, None, 7, 6)
    assert DepthwiseConv1D(3).compute_output_shape((None, None, None)) == (None, None, None)
    assert SeparableConv1D(4, 3, padding="causal").compute_output_shape((None, None, 3)) == (None, None, 4)
    with pytest.raises(LayerStateError, match=r"'depthwise_kernel' of shape \(3, None, 1\), because a size is unknown"):
        DepthwiseConv1D(3).ensure_built((None, 9, None))


def test_sequences_have_channels_last_whatever_images_have() -> None:
    before = image_data_format()
    set_image_data_format("channels_first")
    try:
        assert DepthwiseConv1D(3).data_format == SeparableConv1D(4, 3).data_format == "channels_last"
        assert DepthwiseConv2D(3).data_format == SeparableConv2D(4, 3).data_format == "channels_first"
    finally:
        set_image_data_format(before)


def test_integers_are_converted() -> None:
    y = DepthwiseConv2D(2, depthwise_initializer="ones")(np.full((1, 2, 2, 1), 255, np.uint8))
    assert y.dtype == "float32"
    assert y.item() == 1020.0


def test_config_rebuilds_a_depthwise_layer() -> None:
    config = DepthwiseConv2D(3, 2, "SAME", 2, activation="relu", name="d").get_config()
    assert config == {
        "name": "d",
        "trainable": True,
        "dtype": "float32",
        "kernel_size": [3, 3],
        "strides": [2, 2],
        "padding": "same",
        "depth_multiplier": 2,
        "data_format": "channels_last",
        "dilation_rate": [1, 1],
        "activation": "relu",
        "use_bias": True,
        "depthwise_initializer": {"class_name": "GlorotUniform", "config": {"seed": None}},
        "bias_initializer": {"class_name": "Zeros", "config": {}},
        "depthwise_regularizer": None,
        "bias_regularizer": None,
        "activity_regularizer": None,
        "depthwise_constraint": None,
        "bias_constraint": None,
    }
    assert DepthwiseConv2D.from_config(config).get_config() == config


def test_config_rebuilds_a_separable_layer() -> None:
    layer = SeparableConv1D(4, 3, padding="CAUSAL", depth_multiplier=2, pointwise_regularizer="l2", name="s")
    config = layer.get_config()
    assert config == {
        "name": "s",
        "trainable": True,
        "dtype": "float32",
        "filters": 4,
        "kernel_size": [3],
        "strides": [1],
        "padding": "causal",
        "data_format": "channels_last",
        "dilation_rate": [1],
        "depth_multiplier": 2,
        "activation": "linear",
        "use_bias": True,
        "depthwise_initializer": {"class_name": "GlorotUniform", "config": {"seed": None}},
        "pointwise_initializer": {"class_name": "GlorotUniform", "config": {"seed": None}},
        "bias_initializer": {"class_name": "Zeros", "config": {}},
        "depthwise_regularizer": None,
        "pointwise_regularizer": {"class_name": "L2", "config": {"l2": 0.01}},
        "bias_regularizer": None,
        "activity_regularizer": None,
        "depthwise_constraint": None,
        "pointwise_constraint": None,
        "bias_constraint": None,
    }
    assert SeparableConv1D.from_config(config).get_config() == config


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"kernel_size": 0}, "cannot take kernel_size=0. Allowed: an integer of at least 1, or "),
        ({"strides": (1, 1, 1)}, "cannot take strides=(1, 1, 1). Allowed: an integer of at least 1, or "),
        ({"depth_multiplier": 0}, "cannot take depth_multiplier=0. Allowed: an integer of at least 1."),
        ({"depth_multiplier": True}, "cannot take depth_multiplier=True. Allowed: an integer of at least 1."),
        ({"strides": 2, "dilation_rate": 3}, "cannot take dilation_rate=3 (strides=("),
        ({"padding": "full"}, "cannot take padding='full'. Allowed: 'valid', 'same'"),
        ({"data_format": "NHWC"}, "cannot take data_format='NHWC'. Allowed: 'channels_last', 'channels_first'."),
        ({"activation": 3}, "cannot take activation=3. Allowed: None, the name of an activation, or a function of"),
    ],
)
def test_bad_arguments_are_named(kind: Any, arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        made(kind, **arguments)
    assert str(caught.value).startswith(f"{kind.__name__} {text}")


@pytest.mark.parametrize("kind", [DepthwiseConv1D, DepthwiseConv2D, SeparableConv2D])
def test_only_the_separable_one_over_steps_is_causal(kind: Any) -> None:
    assert made(SeparableConv1D, padding="causal").compute_output_shape((None, 5, 3)) == (None, 5, 4)
    with pytest.raises(InvalidArgumentError, match=r"padding='causal'. Allowed: 'valid', 'same'\."):
        made(kind, padding="causal")


@pytest.mark.parametrize("kind", SEPARABLE.values())
def test_a_bad_number_of_filters_is_named(kind: Any) -> None:
    with pytest.raises(InvalidArgumentError, match=r"cannot take filters=0\. Allowed: an integer of at least 1\."):
        kind(0, 3)


@pytest.mark.parametrize("kind", KINDS)
def test_an_input_that_does_not_fit_is_refused(kind: Any) -> None:
    rank = kind.rank
    layer = made(kind, kernel_size=3, name="w")
    with pytest.raises(LayerInputError, match=rf"expects an input with {rank + 2} axes"):
        layer(np.zeros((2, 9), np.float32))
    with pytest.raises(LayerInputError, match=r"expects at least 3 (steps|rows and 3 columns) \(channels_last\), the"):
        layer(np.zeros((2, *(2,) * rank, 3), np.float32))
    layer = made(kind)
    layer.ensure_built((None, *(9,) * rank, 3))
    with pytest.raises(LayerInputError, match=r"expects an input of shape \(batch, any, (any, )?3\)"):
        layer(np.zeros((2, *(9,) * rank, 2), np.float32))
    with pytest.raises(LayerMaskError):
        layer(np.zeros((2, *(9,) * rank, 3), np.float32), mask=np.ones((2, 9), bool))


def test_examples_in_the_docstrings() -> None:
    found = doctest.testmod(separable)
    assert found.attempted >= 16
    assert found.failed == 0
