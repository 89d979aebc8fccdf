"""Conv3D beside its formula and its relatives; shapes, names, config, bad arguments and inputs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kcore import layers
from kcore.errors import InvalidArgumentError, LayerInputError, LayerMaskError, LayerStateError
from kcore_layers.convolutional import Conv2D, Conv3D

TRIPLES = st.tuples(st.integers(1, 3), st.integers(1, 2), st.integers(1, 3))
ONES = (1, 1, 1)


def padded(x: Any, size: Any, strides: Any, dilation: Any) -> Any:
    """The input with the zeros of "same": ceil(n / stride) windows, the larger half of the zeros behind."""
    amounts = [(0, 0)]
    for n, window, stride, spread in zip(x.shape[1:-1], size, strides, dilation, strict=True):
        total = max((-(-n // stride) - 1) * stride + (window - 1) * spread + 1 - n, 0)
        amounts.append((total // 2, total - total // 2))
    return np.pad(x, [*amounts, (0, 0)])


@settings(max_examples=40)
@given(
    size=TRIPLES,
    strides=TRIPLES,
    dilation=TRIPLES,
    padding=st.sampled_from(["valid", "same"]),
    data_format=st.sampled_from(["channels_last", "channels_first"]),
    seed=st.integers(0, 99),
)
def test_convolution_follows_its_formula(
    size: Any, strides: Any, dilation: Any, padding: str, data_format: str, seed: int
) -> None:
    if strides != ONES:
        dilation = ONES
    rng = np.random.default_rng(seed)
    x, kernel, bias = rng.standard_normal((2, 7, 5, 8, 2)), rng.standard_normal((*size, 2, 3)), rng.standard_normal(3)
    layer = Conv3D(3, size, strides, padding, data_format, dilation, dtype="float64", weights=[kernel, bias])
    around = padded(x, size, strides, dilation) if padding == "same" else x
    counts = [
        (n - (window - 1) * spread - 1) // stride + 1
        for n, window, stride, spread in zip(around.shape[1:-1], size, strides, dilation, strict=True)
    ]
    expected = np.zeros((2, *counts, 3)) + bias
    for place in np.ndindex(*counts):
        for offset in np.ndindex(*size):
            at = tuple(p * s + o * d for p, s, o, d in zip(place, strides, offset, dilation, strict=True))
            expected[(slice(None), *place)] += around[(slice(None), *at)] @ kernel[offset]
    first = data_format == "channels_first"
    y = layer(np.moveaxis(x, -1, 1) if first else x)
    np.testing.assert_allclose(np.moveaxis(y, 1, -1) if first else y, expected, rtol=1e-10, atol=1e-10)


def test_one_plane_is_a_convolution_of_images() -> None:
    x = np.random.default_rng(1).standard_normal((2, 5, 6, 3)).astype(np.float32)
    volumes = Conv3D(4, (1, 3, 2), strides=(1, 2, 1), padding="same")
    y = volumes(x[:, None])
    kernel, bias = volumes.get_weights()
    images = Conv2D(4, (3, 2), strides=(2, 1), padding="same", weights=[kernel[0], bias])
    np.testing.assert_allclose(y[:, 0], images(x), rtol=1e-5, atol=1e-6)


def test_names_weights_and_shapes() -> None:
    assert layers.Conv3D is layers.Convolution3D is Conv3D
    for data_format, shape in [("channels_last", (None, 4, 5, 6, 2)), ("channels_first", (None, 2, 4, 5, 6))]:
        layer = Conv3D(4, (1, 2, 3), data_format=data_format, groups=2, name="c", bias_constraint="non_neg")
        layer.ensure_built(shape)
        assert [(weight.name, weight.shape) for weight in layer.weights] == [
            ("c/kernel", (1, 2, 3, 1, 4)),
            ("c/bias", (4,)),
        ]
        assert [variable for variable, _ in layer.constraints] == [layer.bias]
    assert Conv3D(4, 2).compute_output_shape((None, None, 3, None, 1)) == (None, None, 2, None, 4)
    with pytest.raises(LayerStateError, match="a size is unknown"):
        Conv3D(4, 2).ensure_built((None, 3, 3, 3, None))


def test_config_rebuilds_the_layer() -> None:
    config = Conv3D(4, 3, (1, 2, 1), "SAME", activation="relu", name="c").get_config()
    assert config["kernel_size"] == [3, 3, 3]
    assert config["strides"] == [1, 2, 1]
    assert config["padding"] == "same"
    assert config["dilation_rate"] == [1, 1, 1]
    assert Conv3D.from_config(config).get_config() == config


THREE = "an integer of at least 1, or 3 of them, one for each spatial axis"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"kernel_size": (3, 3)}, f"Conv3D cannot take kernel_size=(3, 3). Allowed: {THREE}."),
        ({"strides": (1, 0, 1)}, f"Conv3D cannot take strides=(1, 0, 1). Allowed: {THREE}."),
        ({"dilation_rate": 1.5}, f"Conv3D cannot take dilation_rate=1.5. Allowed: {THREE}."),
        ({"padding": "causal"}, "Conv3D cannot take padding='causal'. Allowed: 'valid', 'same'."),
        (
            {"strides": 2, "dilation_rate": (1, 1, 2)},
            "Conv3D cannot take dilation_rate=(1, 1, 2) (strides=(2, 2, 2)). Allowed: 1 where strides are larger than 1.",
        ),
        (
            {"data_format": "NDHWC"},
            "Conv3D cannot take data_format='NDHWC'. Allowed: 'channels_last', 'channels_first'.",
        ),
        ({"filters": 0}, "Conv3D cannot take filters=0. Allowed: an integer of at least 1."),
    ],
)
def test_bad_arguments_are_named(arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        Conv3D(**{"filters": 4, "kernel_size": 3, **arguments})
    assert str(caught.value) == text


@pytest.mark.parametrize(
    ("shape", "wanted"),
    [
        ((2, 4, 4, 1), "an input with 5 axes (the batch axis is one of them)"),
        ((2, 3, 2, 3, 1), "at least 3 planes and 3 rows and 3 columns (channels_last), the extent of its kernel"),
    ],
)
def test_an_input_that_does_not_fit_is_refused(shape: Any, wanted: str) -> None:
    with pytest.raises(LayerInputError) as caught:
        Conv3D(4, 3, name="w")(np.zeros(shape, np.float32))
    assert str(caught.value).startswith(f"Layer 'w' (Conv3D) expects {wanted}, but its input has shape")


def test_a_mask_ends_before_it() -> None:
    with pytest.raises(LayerMaskError):
        Conv3D(4, 1)(np.zeros((2, 3, 3, 3, 1), np.float32), mask=np.ones((2, 3), bool))
