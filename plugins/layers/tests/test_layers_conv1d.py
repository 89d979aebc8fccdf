"""Conv1D, groups, and GlobalMaxPooling1D beside their formulas; shapes, configs, bad arguments and inputs, training."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kcore import Array, image_data_format, layers, set_image_data_format
from kcore.errors import InvalidArgumentError, LayerInputError, LayerStateError
from kcore.layers import Layer
from kcore_layers.convolutional import Conv1D, Conv2D
from kcore_layers.global_pooling import GlobalMaxPooling1D


def in_layout(x: Array, data_format: str) -> Array:
    return x if data_format == "channels_last" else np.moveaxis(x, -1, 1)


def convolved(x: Array, kernel: Array, stride: int, padding: str, dilation: int, groups: int) -> Array:
    """The sum of the docstring, term by term, from the positions that the names of the paddings mean."""
    batch, length, channels = x.shape
    window, inside, filters = kernel.shape
    extent = (window - 1) * dilation + 1
    if padding == "valid":
        starts = range(0, length - extent + 1, stride)
    else:
        count = -(-length // stride)
        before = extent - 1 if padding == "causal" else max((count - 1) * stride + extent - length, 0) // 2
        starts = range(-before, -before + count * stride, stride)
    y = np.zeros((batch, len(starts), filters))
    for place, start in enumerate(starts):
        for m in range(window):
            position = start + m * dilation
            if 0 <= position < length:
                for f in range(filters):
                    first = f // (filters // groups) * inside
                    y[:, place, f] += x[:, position, first : first + inside] @ kernel[m, :, f]
    assert inside * groups == channels
    return y


@settings(max_examples=80)
@given(
    size=st.integers(1, 4),
    stride=st.integers(1, 3),
    dilation=st.integers(1, 3),
    padding=st.sampled_from(["valid", "same", "causal"]),
    groups=st.sampled_from([1, 2, 4]),
    length=st.integers(10, 13),
    data_format=st.sampled_from(["channels_last", "channels_first"]),
    seed=st.integers(0, 99),
)
def test_convolution_follows_its_formula(
    size: int, stride: int, dilation: int, padding: str, groups: int, length: int, data_format: str, seed: int
) -> None:
    dilation = 1 if stride > 1 else dilation
    rng = np.random.default_rng(seed)
    x, kernel = rng.standard_normal((2, length, 4)), rng.standard_normal((size, 4 // groups, 8))
    bias = rng.standard_normal(8)
    layer = Conv1D(
        8, size, stride, padding, data_format, dilation, "tanh", groups=groups, weights=[kernel, bias], dtype="float64"
    )
    expected = np.tanh(convolved(x, kernel, stride, padding, dilation, groups) + bias)
    y = layer(in_layout(x, data_format))
    np.testing.assert_allclose(y, in_layout(expected, data_format), rtol=1e-10, atol=1e-12)
    known = in_layout(x, data_format).shape[1:]
    assert layer.compute_output_shape((None, *known)) == (None, *y.shape[1:])


@pytest.mark.parametrize("dilation", [1, 2, 4])
def test_causal_convolution_sees_nothing_that_comes_later(dilation: int) -> None:
    x = np.random.default_rng(1).standard_normal((1, 12, 3)).astype(np.float32)
    layer = Conv1D(2, 3, padding="causal", dilation_rate=dilation)
    y = layer(x)
    for step in range(12):
        changed = x.copy()
        changed[:, step + 1 :] = 100
        np.testing.assert_array_equal(layer(changed)[:, : step + 1], y[:, : step + 1])
        changed[:, step] = 100
        assert not np.array_equal(layer(changed)[:, step], y[:, step])


@pytest.mark.parametrize("kind", [Conv1D, Conv2D])
def test_groups_are_convolutions_side_by_side(kind: Any) -> None:
    axes = 1 if kind is Conv1D else 2
    x = np.random.default_rng(2).standard_normal((2, *(7,) * axes, 6)).astype(np.float32)
    layer = kind(4, 3, groups=2, padding="same")
    y = layer(x)
    kernel, bias = layer.get_weights()
    assert kernel.shape == (*(3,) * axes, 3, 4)
    parts = [
        kind(2, 3, padding="same", weights=[kernel[..., 2 * i : 2 * i + 2], bias[2 * i : 2 * i + 2]])(
            x[..., 3 * i : 3 * i + 3]
        )
        for i in range(2)
    ]
    np.testing.assert_allclose(y, np.concatenate(parts, -1), rtol=1e-5, atol=1e-6)


def test_unknown_sizes_stay_unknown() -> None:
    assert Conv1D(8, 3).compute_output_shape((None, None, 4)) == (None, None, 8)
    assert Conv1D(8, 3, padding="causal").compute_output_shape((None, None, 4)) == (None, None, 8)
    assert GlobalMaxPooling1D().compute_output_shape((None, None, 4)) == (None, 4)
    assert GlobalMaxPooling1D("channels_first", keepdims=True).compute_output_shape((None, 4, None)) == (None, 4, 1)


def test_the_layout_is_channels_last_whatever_images_have() -> None:
    before = image_data_format()
    set_image_data_format("channels_first")
    try:
        assert Conv1D(8, 3).data_format == Conv1D(8, 3, data_format=None).data_format == "channels_last"
        assert GlobalMaxPooling1D().data_format == "channels_last"
        assert Conv2D(8, 3).data_format == "channels_first"
    finally:
        set_image_data_format(before)


def test_weights_and_names() -> None:
    assert layers.Convolution1D is Conv1D and layers.GlobalMaxPool1D is GlobalMaxPooling1D
    for data_format, shape in [("channels_last", (None, 9, 6)), ("channels_first", (None, 6, 9))]:
        layer = Conv1D(4, 3, data_format=data_format, groups=2, name="conv", kernel_regularizer="l2")
        layer.ensure_built(shape)
        assert [(weight.name, weight.shape) for weight in layer.weights] == [
            ("conv/kernel", (3, 3, 4)),
            ("conv/bias", (4,)),
        ]
        assert [variable for variable, _ in layer.regularizers] == [layer.kernel]
    layer = Conv1D(4, 3, use_bias=False)
    layer.ensure_built((None, 9, 6))
    assert [weight.shape for weight in layer.weights] == [(3, 6, 4)]


def test_config_rebuilds_the_layers() -> None:
    layer = Conv1D(4, 3, padding="CAUSAL", dilation_rate=2, groups=2, activation="relu", name="c", input_shape=(8, 2))
    config = layer.get_config()
    assert config == {
        "name": "c",
        "trainable": True,
        "dtype": "float32",
        "batch_input_shape": [None, 8, 2],
        "filters": 4,
        "kernel_size": [3],
        "strides": [1],
        "padding": "causal",
        "data_format": "channels_last",
        "dilation_rate": [2],
        "groups": 2,
        "activation": "relu",
        "use_bias": True,
        "kernel_initializer": {"class_name": "GlorotUniform", "config": {"seed": None}},
        "bias_initializer": {"class_name": "Zeros", "config": {}},
        "kernel_regularizer": None,
        "bias_regularizer": None,
        "activity_regularizer": None,
        "kernel_constraint": None,
        "bias_constraint": None,
    }
    assert Conv1D.from_config(config).get_config() == config
    pooling = GlobalMaxPooling1D("channels_first", keepdims=True, name="p").get_config()
    assert pooling == {
        "name": "p",
        "trainable": True,
        "dtype": "float32",
        "data_format": "channels_first",
        "keepdims": True,
    }
    assert GlobalMaxPooling1D.from_config(pooling).get_config() == pooling


ONE = "an integer of at least 1, or a tuple of one"


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Conv1D(0, 3), "Conv1D cannot take filters=0. Allowed: an integer of at least 1."),
        (lambda: Conv1D(8, (3, 3)), f"Conv1D cannot take kernel_size=(3, 3). Allowed: {ONE}."),
        (lambda: Conv1D(8, 3, 0), f"Conv1D cannot take strides=0. Allowed: {ONE}."),
        (
            lambda: Conv1D(8, 3, padding="full"),
            "Conv1D cannot take padding='full'. Allowed: 'valid', 'same', 'causal'.",
        ),
        (lambda: Conv2D(8, 3, padding="causal"), "Conv2D cannot take padding='causal'. Allowed: 'valid', 'same'."),
        (
            lambda: Conv1D(8, 3, data_format=""),
            "Conv1D cannot take data_format=''. Allowed: 'channels_last', 'channels_first'.",
        ),
        (
            lambda: Conv1D(8, 3, 2, dilation_rate=2),
            "Conv1D cannot take dilation_rate=2 (strides=(2,)). Allowed: 1 where strides are larger than 1.",
        ),
        (
            lambda: Conv1D(8, 3, groups=3),
            "Conv1D cannot take groups=3 (filters=8). Allowed: a divisor of the number of filters.",
        ),
        (lambda: Conv2D(8, 3, groups=0), "Conv2D cannot take groups=0. Allowed: an integer of at least 1."),
        (
            lambda: GlobalMaxPooling1D("NWC"),
            "GlobalMaxPooling1D cannot take data_format='NWC'. Allowed: 'channels_last', 'channels_first'.",
        ),
    ],
)
def test_bad_arguments_are_named(make: Any, text: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        make()
    assert str(caught.value) == text


@pytest.mark.parametrize(
    ("layer", "shape", "wanted"),
    [
        (Conv1D(8, 3, name="w"), (2, 9), "an input with 3 axes (the batch axis is one of them)"),
        (
            Conv1D(8, 3, dilation_rate=2, name="w"),
            (2, 4, 1),
            "at least 5 steps (channels_last), the extent of its kernel",
        ),
        (
            Conv1D(8, 5, data_format="channels_first", name="w"),
            (2, 4, 4),
            "at least 5 steps (channels_first), the extent",
        ),
        (Conv1D(8, 3, groups=2, name="w"), (2, 9, 3), "a multiple of 2 channels (channels_last), its groups"),
        (GlobalMaxPooling1D(name="w"), (2, 9, 3, 3), "an input with 3 axes (the batch axis is one of them)"),
        (GlobalMaxPooling1D(name="w"), (2, 0, 3), "at least 1 step (channels_last)"),
    ],
)
def test_an_input_that_does_not_fit_is_refused(layer: Layer, shape: Any, wanted: str) -> None:
    with pytest.raises(LayerInputError) as caught:
        layer(np.zeros(shape, np.float32))
    assert str(caught.value).startswith(f"Layer 'w' ({type(layer).__name__}) expects {wanted}")


def test_an_unknown_number_of_channels_is_refused() -> None:
    with pytest.raises(LayerStateError, match=r"'kernel' of shape \(3, None, 8\), because a size is unknown"):
        Conv1D(8, 3).ensure_built((None, 9, None))
