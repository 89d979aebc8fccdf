"""Conv2D and MaxPooling2D beside the formula of their sums and maxima; shapes, configs, bad arguments and inputs."""

from __future__ import annotations

import doctest
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kcore import Array
from kcore.errors import InvalidArgumentError, LayerInputError
from kcore.layers import Layer
from kcore_layers import convolutional, pooling
from kcore_layers.convolutional import Conv2D
from kcore_layers.pooling import MaxPooling2D
from kcore_layers.windows import output_length

PAIRS = st.tuples(st.integers(1, 3), st.integers(1, 3))
ONES = (1, 1)


def padded(x: Array, size: Any, strides: Any, dilation: Any, padding: str, fill: float) -> Array:
    """The input (batch, rows, columns, channels) with what "same" puts around it, by Keras's rule."""
    amounts = [(0, 0)]
    for length, window, stride, spread in zip(x.shape[1:3], size, strides, dilation, strict=True):
        total = max((-(-length // stride) - 1) * stride + (window - 1) * spread + 1 - length, 0)
        amounts.append((total // 2, total - total // 2) if padding == "same" else (0, 0))
    return np.pad(x, [*amounts, (0, 0)], constant_values=fill)


def windows(x: Array, size: Any, strides: Any, dilation: Any) -> Array:
    """All whole windows: (batch, new rows, new columns, *size, channels)."""
    extent = [(window - 1) * spread + 1 for window, spread in zip(size, dilation, strict=True)]
    rows = range(0, x.shape[1] - extent[0] + 1, strides[0])
    columns = range(0, x.shape[2] - extent[1] + 1, strides[1])
    return np.array(
        [
            [[x_of[i : i + extent[0] : dilation[0], j : j + extent[1] : dilation[1]] for j in columns] for i in rows]
            for x_of in x
        ]
    )


def in_layout(x: Array, data_format: str) -> Array:
    return x if data_format == "channels_last" else np.moveaxis(x, -1, 1)


@settings(max_examples=60)
@given(
    size=PAIRS,
    strides=PAIRS,
    dilation=PAIRS,
    padding=st.sampled_from(["valid", "same"]),
    spatial=st.tuples(st.integers(7, 9), st.integers(7, 9)),
    data_format=st.sampled_from(["channels_last", "channels_first"]),
    seed=st.integers(0, 99),
)
def test_convolution_follows_its_formula(
    size: Any, strides: Any, dilation: Any, padding: str, spatial: Any, data_format: str, seed: int
) -> None:
    if strides != ONES:
        dilation = ONES
    rng = np.random.default_rng(seed)
    x, kernel = rng.standard_normal((2, *spatial, 3)), rng.standard_normal((*size, 3, 4))
    bias = rng.standard_normal(4)
    layer = Conv2D(
        4, size, strides, padding, data_format, dilation, weights=[kernel, bias], dtype="float64", activation="tanh"
    )
    around = padded(x, size, strides, dilation, padding, 0.0)
    expected = np.tanh(np.einsum("bijmnc,mncf->bijf", windows(around, size, strides, dilation), kernel) + bias)
    y = layer(in_layout(x, data_format))
    np.testing.assert_allclose(y, in_layout(expected, data_format), rtol=1e-10, atol=1e-12)
    unknown = in_layout(np.empty((1, *spatial, 3)), data_format).shape[1:]
    assert layer.compute_output_shape((None, *unknown)) == (None, *y.shape[1:])


@settings(max_examples=60)
@given(
    size=PAIRS,
    strides=st.one_of(st.none(), PAIRS),
    padding=st.sampled_from(["valid", "same"]),
    spatial=st.tuples(st.integers(3, 7), st.integers(3, 7)),
    data_format=st.sampled_from(["channels_last", "channels_first"]),
    seed=st.integers(0, 99),
)
def test_pooling_follows_its_formula(
    size: Any, strides: Any, padding: str, spatial: Any, data_format: str, seed: int
) -> None:
    # All negative: what is beyond the edge must not win.
    x = np.random.default_rng(seed).uniform(-2, -1, (2, *spatial, 3))
    layer = MaxPooling2D(size, strides, padding, data_format)
    steps = size if strides is None else strides
    expected = windows(padded(x, size, steps, ONES, padding, -np.inf), size, steps, ONES).max((3, 4))
    y = layer(in_layout(x, data_format))
    np.testing.assert_array_equal(y, in_layout(expected, data_format))
    assert layer.compute_output_shape((None, *in_layout(x, data_format).shape[1:])) == (None, *y.shape[1:])


@given(st.integers(1, 30), st.integers(1, 5), st.integers(1, 5), st.integers(1, 4))
def test_output_lengths_count_the_windows(length: int, window: int, stride: int, dilation: int) -> None:
    extent = (window - 1) * dilation + 1
    whole = [start for start in range(0, length, stride) if start + extent <= length]
    assert max(output_length(length, window, stride, "valid", dilation) or 0, 0) == len(whole)
    assert output_length(length, window, stride, "same", dilation) == len(range(0, length, stride))
    assert output_length(None, window, stride, "valid", dilation) is None


@pytest.mark.parametrize("layer", [Conv2D(8, 3), MaxPooling2D(3, 1)], ids=["Conv2D", "MaxPooling2D"])
def test_unknown_sizes_stay_unknown(layer: Layer) -> None:
    channels = 8 if isinstance(layer, Conv2D) else 1
    assert layer.compute_output_shape((None, None, 28, 1)) == (None, None, 26, channels)
    assert Layer.compute_output_shape(layer, (None, None, 28, 1)) == (None, None, 26, channels)


def test_weights_of_a_convolution() -> None:
    for data_format, shape in [("channels_last", (None, 9, 9, 5)), ("channels_first", (None, 5, 9, 9))]:
        layer = Conv2D(7, (3, 2), data_format=data_format, name="conv")
        layer.ensure_built(shape)
        assert [(weight.name, weight.shape) for weight in layer.weights] == [
            ("conv/kernel", (3, 2, 5, 7)),
            ("conv/bias", (7,)),
        ]
        assert layer.count_params() == 3 * 2 * 5 * 7 + 7
    layer = Conv2D(7, 3, use_bias=False)
    layer.ensure_built((None, 9, 9, 5))
    assert [weight.shape for weight in layer.weights] == [(3, 3, 5, 7)]


def test_a_convolution_ties_regularizers_and_constraints_to_its_weights() -> None:
    layer = Conv2D(2, 3, kernel_regularizer="l2", bias_regularizer="l1", kernel_constraint="max_norm")
    layer.ensure_built((None, 9, 9, 5))
    assert [(variable, type(penalty).__name__) for variable, penalty in layer.regularizers] == [
        (layer.kernel, "L2"),
        (layer.bias, "L1"),
    ]
    assert [variable for variable, _ in layer.constraints] == [layer.kernel]


def test_a_convolution_takes_integers() -> None:
    layer = Conv2D(1, 2, kernel_initializer="ones")
    y = layer(np.full((1, 2, 2, 1), 255, np.uint8))
    assert y.dtype == "float32"
    assert y.item() == 1020.0


def test_config_rebuilds_a_convolution() -> None:
    layer = Conv2D(4, 3, 2, "SAME", activation="relu", kernel_initializer="he_normal", name="c", input_shape=(8, 8, 1))
    config = layer.get_config()
    assert config == {
        "name": "c",
        "trainable": True,
        "dtype": "float32",
        "batch_input_shape": [None, 8, 8, 1],
        "filters": 4,
        "kernel_size": [3, 3],
        "strides": [2, 2],
        "padding": "same",
        "data_format": "channels_last",
        "dilation_rate": [1, 1],
        "groups": 1,
        "activation": "relu",
        "use_bias": True,
        "kernel_initializer": {"class_name": "HeNormal", "config": {"seed": None}},
        "bias_initializer": {"class_name": "Zeros", "config": {}},
        "kernel_regularizer": None,
        "bias_regularizer": None,
        "activity_regularizer": None,
        "kernel_constraint": None,
        "bias_constraint": None,
    }
    assert Conv2D.from_config(config).get_config() == config


def test_config_rebuilds_a_pooling() -> None:
    layer = MaxPooling2D((3, 2), padding="same", name="p")
    config = layer.get_config()
    assert config == {
        "name": "p",
        "trainable": True,
        "dtype": "float32",
        "pool_size": [3, 2],
        "strides": [3, 2],
        "padding": "same",
        "data_format": "channels_last",
    }
    assert MaxPooling2D.from_config(config).get_config() == config


WINDOW = "an integer of at least 1, or 2 of them, one for each spatial axis"


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Conv2D(0, 3), "Conv2D cannot take filters=0. Allowed: an integer of at least 1."),
        (lambda: Conv2D(8, 0), f"Conv2D cannot take kernel_size=0. Allowed: {WINDOW}."),
        (lambda: Conv2D(8, (3, 3, 3)), f"Conv2D cannot take kernel_size=(3, 3, 3). Allowed: {WINDOW}."),
        (lambda: Conv2D(8, (3, 2.5)), f"Conv2D cannot take kernel_size=(3, 2.5). Allowed: {WINDOW}."),  # type: ignore[arg-type]
        (lambda: Conv2D(8, 3, strides=(1,)), f"Conv2D cannot take strides=(1,). Allowed: {WINDOW}."),
        (lambda: Conv2D(8, 3, dilation_rate=-1), f"Conv2D cannot take dilation_rate=-1. Allowed: {WINDOW}."),
        (lambda: Conv2D(8, 3, padding="full"), "Conv2D cannot take padding='full'. Allowed: 'valid', 'same'."),
        (
            lambda: Conv2D(8, 3, data_format="NHWC"),
            "Conv2D cannot take data_format='NHWC'. Allowed: 'channels_last', 'channels_first'.",
        ),
        (
            lambda: Conv2D(8, 3, strides=(1, 2), dilation_rate=(2, 1)),
            "Conv2D cannot take dilation_rate=(2, 1) (strides=(1, 2)). Allowed: 1 where strides are larger than 1.",
        ),
        (
            lambda: Conv2D(8, 3, groups=3),
            "Conv2D cannot take groups=3 (filters=8). Allowed: a divisor of the number of filters.",
        ),
        (
            lambda: Conv2D(8, 3, activation=2),
            "Conv2D cannot take activation=2. Allowed: None, the name of an activation, or a function of an array.",
        ),
        (lambda: MaxPooling2D("2"), f"MaxPooling2D cannot take pool_size='2'. Allowed: {WINDOW}."),  # type: ignore[arg-type]
        (lambda: MaxPooling2D(2, (2, 0)), f"MaxPooling2D cannot take strides=(2, 0). Allowed: {WINDOW}."),
        (
            lambda: MaxPooling2D(padding="causal"),
            "MaxPooling2D cannot take padding='causal'. Allowed: 'valid', 'same'.",
        ),
    ],
)
def test_bad_arguments_are_named(make: Any, text: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        make()
    assert str(caught.value) == text


@pytest.mark.parametrize("layer", [Conv2D(8, 3), MaxPooling2D()], ids=["Conv2D", "MaxPooling2D"])
def test_an_input_without_channels_is_refused(layer: Layer) -> None:
    with pytest.raises(LayerInputError) as caught:
        layer(np.zeros((2, 28, 28), np.float32))
    assert str(caught.value) == (
        f"Layer {layer.name!r} ({type(layer).__name__}) expects an input with 4 axes (the batch axis is one of them), "
        "but its input has shape (batch=2, 28, 28)."
    )


def test_other_channels_than_at_first_are_refused() -> None:
    layer = Conv2D(8, 3, name="conv")
    layer.ensure_built((None, 28, 28, 3))
    with pytest.raises(LayerInputError) as caught:
        layer(np.zeros((2, 28, 28, 1), np.float32))
    assert str(caught.value) == (
        "Layer 'conv' (Conv2D) expects an input of shape (batch, any, any, 3), but its input has shape "
        "(batch=2, 28, 28, 1)."
    )


@pytest.mark.parametrize(
    ("layer", "shape", "wanted"),
    [
        (Conv2D(8, (5, 3), name="w"), (2, 4, 9, 1), "at least 5 rows and 3 columns (channels_last), the extent of"),
        (Conv2D(8, 3, dilation_rate=2, name="w"), (2, 9, 4, 1), "at least 5 rows and 5 columns (channels_last), the"),
        (MaxPooling2D((2, 3), data_format="channels_first", name="w"), (2, 9, 1, 5), "at least 2 rows and 3 columns"),
    ],
)
def test_an_input_smaller_than_the_window_is_refused(layer: Layer, shape: Any, wanted: str) -> None:
    with pytest.raises(LayerInputError) as stated:
        layer.compute_output_shape((None, *shape[1:]))
    assert str(stated.value).startswith(f"Layer 'w' ({type(layer).__name__}) expects {wanted}")
    assert str(stated.value).endswith(f"but its input has shape (batch, {', '.join(map(str, shape[1:]))}).")
    with pytest.raises(LayerInputError) as caught:
        layer(np.zeros(shape, np.float32))
    assert str(caught.value).endswith(f"but its input has shape (batch=2, {', '.join(map(str, shape[1:]))}).")


@pytest.mark.parametrize("module", [convolutional, pooling])
def test_examples_in_the_docstrings(module: Any) -> None:
    found = doctest.testmod(module)
    assert found.attempted >= 3
    assert found.failed == 0
