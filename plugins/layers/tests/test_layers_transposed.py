"""Transposed convolutions beside the scattered kernels and the convolution they transpose; shapes, configs, errors."""

from __future__ import annotations

import doctest
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kcore import image_data_format, layers, set_image_data_format
from kcore.engine import CompiledFunction
from kcore.errors import InvalidArgumentError, LayerInputError, LayerMaskError, LayerStateError
from kcore.layers import Layer
from kcore_layers import transposed
from kcore_layers.convolutional import Conv1D, Conv2D, Conv3D
from kcore_layers.transposed import Conv1DTranspose, Conv2DTranspose, Conv3DTranspose

TRANSPOSED: dict[int, Any] = {1: Conv1DTranspose, 2: Conv2DTranspose, 3: Conv3DTranspose}
CONVOLUTION: dict[int, Any] = {1: Conv1D, 2: Conv2D, 3: Conv3D}
KINDS = list(TRANSPOSED.values())
FORMATS = st.sampled_from(["channels_last", "channels_first"])


def in_layout(x: Any, data_format: str) -> Any:
    return x if data_format == "channels_last" else np.moveaxis(x, -1, 1)


def scattered(x: Any, kernel: Any, strides: Any, dilation: Any) -> Any:
    """The kernel put down for each pixel, nothing cut off."""
    rank = x.ndim - 2
    spatial, size = x.shape[1:-1], kernel.shape[:rank]
    lengths = [(n - 1) * s + (k - 1) * d + 1 for n, s, k, d in zip(spatial, strides, size, dilation, strict=True)]
    full = np.zeros((x.shape[0], *lengths, kernel.shape[-2]))
    for place in np.ndindex(*spatial):
        for offset in np.ndindex(*size):
            at = tuple(p * s + o * d for p, s, o, d in zip(place, strides, offset, dilation, strict=True))
            full[(slice(None), *at)] += x[(slice(None), *place)] @ kernel[offset].T
    return full


@settings(max_examples=60)
@given(
    rank=st.sampled_from([1, 2]),
    size=st.integers(1, 4),
    stride=st.integers(1, 3),
    dilation=st.integers(1, 2),
    same=st.booleans(),
    extra=st.one_of(st.none(), st.integers(0, 2)),
    data_format=FORMATS,
    seed=st.integers(0, 99),
)
def test_the_kernel_is_put_down_for_each_pixel(
    rank: int, size: int, stride: int, dilation: int, same: bool, extra: int | None, data_format: str, seed: int
) -> None:
    dilation = 1 if stride > 1 else dilation
    extra = None if extra is None else min(extra, stride - 1)
    rng = np.random.default_rng(seed)
    x, kernel = rng.standard_normal((2, *(3, 4)[:rank], 3)), rng.standard_normal((*(size,) * rank, 2, 3))
    bias = rng.standard_normal(2)
    layer = TRANSPOSED[rank](
        2, size, stride, "same" if same else "valid", extra, data_format, dilation,
        weights=[kernel, bias], dtype="float64",
    )  # fmt: skip
    extent = (size - 1) * dilation + 1
    expected = scattered(x, kernel, (stride,) * rank, (dilation,) * rank)
    for axis in range(1, rank + 1):
        n = x.shape[axis]
        if extra is None:
            length = n * stride if same else n * stride + max(extent - stride, 0)
        else:
            length = (n - 1) * stride + extent + extra - (2 * (extent // 2) if same else 0)
        before = max(expected.shape[axis] - length, 0) // 2
        expected = np.take(expected, range(before, min(before + length, expected.shape[axis])), axis)
        behind = [(0, length - expected.shape[axis] if other == axis else 0) for other in range(expected.ndim)]
        expected = np.pad(expected, behind)
    y = layer(in_layout(x, data_format))
    np.testing.assert_allclose(y, in_layout(expected + bias, data_format), rtol=1e-10, atol=1e-11)
    assert layer.compute_output_shape((None, *in_layout(x, data_format).shape[1:])) == (None, *y.shape[1:])


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_it_is_the_transpose_of_the_convolution_with_its_kernel(rank: int, padding: str) -> None:
    rng = np.random.default_rng(rank)
    x = rng.standard_normal((2, *(3, 4, 2)[:rank], 3))
    strides = (2, 1, 3)[:rank]
    layer = TRANSPOSED[rank](4, 3, strides, padding, use_bias=False, dtype="float64")
    y = layer(x)
    image = rng.standard_normal(y.shape)
    forward = CONVOLUTION[rank](3, 3, strides, padding, use_bias=False, weights=layer.get_weights(), dtype="float64")
    np.testing.assert_allclose(np.sum(forward(image) * x), np.sum(image * y), rtol=1e-10)


def test_dilation_counts_in_three_dimensions_too() -> None:
    x, kernel = np.ones((1, 1, 1, 1, 1)), np.ones((2, 2, 2, 1, 1))
    y = Conv3DTranspose(1, 2, dilation_rate=(1, 2, 3), weights=[kernel, np.zeros(1)], dtype="float64")(x)
    assert y.shape == (1, 2, 3, 4, 1)
    assert y[0, ..., 0].nonzero()[1].tolist() == [0, 0, 2, 2] * 2
    assert y.sum() == 8


def test_strides_larger_than_the_kernel_leave_gaps() -> None:
    layer = Conv1DTranspose(1, 1, 3, kernel_initializer="ones")
    assert layer(np.array([[[1.0], [2.0]]], "f")).ravel().tolist() == [1, 0, 0, 2, 0, 0]


@settings(max_examples=40)
@given(
    strides=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    padding=st.sampled_from(["valid", "same"]),
    size=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    spatial=st.tuples(st.integers(2, 5), st.integers(2, 5)),
)
def test_the_convolution_of_the_output_has_the_input_s_size(
    strides: Any, padding: str, size: Any, spatial: Any
) -> None:
    shape = Conv2DTranspose(4, size, strides, padding).compute_output_shape((None, *spatial, 3))
    assert Conv2D(3, size, strides, padding).compute_output_shape(shape) == (None, *spatial, 3)


def test_unknown_sizes() -> None:
    assert Conv2DTranspose(4, 3, 2).compute_output_shape((None, None, 5, 3)) == (None, None, 11, 4)
    assert Conv1DTranspose(4, 3, data_format="channels_first").compute_output_shape((None, 3, None)) == (None, 4, None)
    layer = Conv2DTranspose(4, 3, 2, "same")
    assert Layer.compute_output_shape(layer, (None, None, 5, 3)) == (None, None, 10, 4)
    with pytest.raises(LayerStateError, match=r"'kernel' of shape \(3, 3, 4, None\), because a size is unknown"):
        Conv2DTranspose(4, 3).ensure_built((None, 5, 5, None))


def test_weights_and_names() -> None:
    assert layers.Convolution1DTranspose is Conv1DTranspose
    assert layers.Deconvolution2D is layers.Convolution2DTranspose is Conv2DTranspose
    assert layers.Deconvolution3D is layers.Convolution3DTranspose is Conv3DTranspose
    for data_format, shape in [("channels_last", (None, 5, 6, 3)), ("channels_first", (None, 3, 5, 6))]:
        layer = Conv2DTranspose(4, (3, 2), data_format=data_format, name="t", kernel_regularizer="l2")
        layer.ensure_built(shape)
        assert [(weight.name, weight.shape) for weight in layer.weights] == [
            ("t/kernel", (3, 2, 4, 3)),
            ("t/bias", (4,)),
        ]
        assert [variable for variable, _ in layer.regularizers] == [layer.kernel]


def test_sequences_have_channels_last_whatever_images_have() -> None:
    before = image_data_format()
    set_image_data_format("channels_first")
    try:
        assert Conv1DTranspose(4, 3).data_format == "channels_last"
        assert Conv2DTranspose(4, 3).data_format == Conv3DTranspose(4, 3).data_format == "channels_first"
    finally:
        set_image_data_format(before)


def test_config_rebuilds_the_layer() -> None:
    config = Conv2DTranspose(4, 3, 2, "SAME", 1, activation="relu", name="t").get_config()
    assert config == {
        "name": "t",
        "trainable": True,
        "dtype": "float32",
        "filters": 4,
        "kernel_size": [3, 3],
        "strides": [2, 2],
        "padding": "same",
        "output_padding": [1, 1],
        "data_format": "channels_last",
        "dilation_rate": [1, 1],
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
    assert Conv2DTranspose.from_config(config).get_config() == config
    assert Conv2DTranspose(4, 3).get_config()["output_padding"] is None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"filters": 0}, "cannot take filters=0. Allowed: an integer of at least 1."),
        ({"kernel_size": 0}, "cannot take kernel_size=0. Allowed: an integer of at least 1, or "),
        ({"padding": "causal"}, "cannot take padding='causal'. Allowed: 'valid', 'same'."),
        ({"strides": 2, "dilation_rate": 2}, "cannot take dilation_rate=2 (strides=("),
        ({"output_padding": -1}, "cannot take output_padding=-1. Allowed: an integer of at least 0, or "),
        ({"output_padding": (0,) * 4}, "cannot take output_padding=(0, 0, 0, 0). Allowed: an integer of at least 0"),
        ({"strides": 2, "output_padding": 2}, "cannot take output_padding=2 (strides=("),
        ({"data_format": "NHWC"}, "cannot take data_format='NHWC'. Allowed: 'channels_last', 'channels_first'."),
    ],
)
def test_bad_arguments_are_named(kind: Any, arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        kind(**{"filters": 4, "kernel_size": 3, **arguments})
    assert str(caught.value).startswith(f"{kind.__name__} {text}")
    if "output_padding" in arguments and "strides" in arguments:
        assert str(caught.value).endswith(". Allowed: None, or integers below the strides.")


def test_an_input_that_does_not_fit_is_refused() -> None:
    layer = Conv2DTranspose(4, 3, name="w")
    with pytest.raises(LayerInputError, match="expects an input with 4 axes"):
        layer(np.zeros((2, 9, 3), np.float32))
    layer.ensure_built((None, 5, 5, 3))
    with pytest.raises(LayerInputError, match=r"expects an input of shape \(batch, any, any, 3\)"):
        layer(np.zeros((2, 5, 5, 2), np.float32))
    with pytest.raises(LayerMaskError):
        layer(np.zeros((2, 5, 5, 3), np.float32), mask=np.ones((2, 5), bool))


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (Conv2DTranspose(4, 3, name="w"), (2, 0, 3, 1)),
        # An even kernel with an output padding of 0 takes one more row away than it adds.
        (Conv2DTranspose(4, 2, padding="same", output_padding=0, name="w"), (2, 1, 3, 1)),
    ],
)
def test_an_input_without_an_output_is_refused(layer: Layer, shape: Any) -> None:
    with pytest.raises(LayerInputError) as caught:
        layer(np.zeros(shape, np.float32))
    assert str(caught.value) == (
        "Layer 'w' (Conv2DTranspose) expects rows and columns enough for an output of at least 1 (channels_last), but "
        f"its input has shape (batch=2, {shape[1]}, 3, 1)."
    )


def test_an_empty_batch_stays_empty() -> None:
    layer = Conv2DTranspose(4, 3, 2)
    assert CompiledFunction(layer)(np.zeros((0, 3, 4, 2), "f")).shape == (0, 7, 9, 4)


def test_examples_in_the_docstrings() -> None:
    found = doctest.testmod(transposed)
    assert found.attempted >= 12
    assert found.failed == 0
