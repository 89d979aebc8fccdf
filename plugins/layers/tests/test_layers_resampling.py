"""UpSampling layers beside repetition and interpolation; shapes, configs, bad arguments."""

from __future__ import annotations

import doctest
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kcore.engine import CompiledFunction
from kcore.errors import InvalidArgumentError, LayerInputError, LayerMaskError
from kcore.testing.gradients import check_gradients
from kcore_layers import resampling
from kcore_layers.resampling import UpSampling1D, UpSampling2D, UpSampling3D

FACTORS = st.tuples(st.integers(1, 4), st.integers(1, 4))
FORMATS = st.sampled_from(["channels_last", "channels_first"])


def interpolated(x: Any, factor: int, axis: int) -> Any:
    """np.interp between the centres of the pixels along one axis."""
    centres = np.arange(x.shape[axis]) + 0.5
    wanted = (np.arange(x.shape[axis] * factor) + 0.5) / factor
    return np.apply_along_axis(lambda row: np.interp(wanted, centres, row), axis, x)


@given(FACTORS, st.tuples(st.integers(1, 5), st.integers(1, 5)), FORMATS, st.integers(0, 99))
def test_values(size: tuple[int, int], spatial: tuple[int, int], data_format: str, seed: int) -> None:
    x = np.random.default_rng(seed).standard_normal((2, *spatial, 3))
    first = 1
    if data_format == "channels_first":
        x, first = np.moveaxis(x, -1, 1), 2
    nearest, bilinear = (UpSampling2D(size, data_format, name) for name in ("nearest", "bilinear"))
    np.testing.assert_array_equal(nearest(x), x.repeat(size[0], first).repeat(size[1], first + 1))
    expected = interpolated(interpolated(x, size[0], first), size[1], first + 1)
    np.testing.assert_allclose(bilinear(x), expected, rtol=1e-12, atol=1e-12)
    for layer in (nearest, bilinear):
        np.testing.assert_array_equal(CompiledFunction(layer)(x), layer(x))
        assert layer.compute_output_shape((None, *x.shape[1:])) == (None, *expected.shape[1:])


@given(st.integers(1, 4), st.integers(1, 5), st.sampled_from(["float32", "uint8"]))
def test_sequences_repeat_their_steps(size: int, steps: int, dtype: str) -> None:
    x = np.random.default_rng(steps).integers(0, 99, (2, steps, 3)).astype(dtype)
    layer = UpSampling1D(size)
    y = layer(x)
    assert y.dtype == dtype
    for step in range(steps * size):
        np.testing.assert_array_equal(y[:, step], x[:, step // size])
    np.testing.assert_array_equal(CompiledFunction(layer)(x), y)
    assert layer.compute_output_shape((None, None, 3)) == (None, None, 3)
    assert layer.compute_output_shape((None, *x.shape[1:])) == (None, *y.shape[1:])


@given(st.tuples(*[st.integers(1, 3)] * 3), st.tuples(*[st.integers(1, 3)] * 3), FORMATS)
def test_volumes_repeat_their_elements(size: Any, spatial: Any, data_format: str) -> None:
    first = 1 if data_format == "channels_last" else 2
    shape = (2, *spatial, 2) if first == 1 else (2, 2, *spatial)
    x = np.random.default_rng(size).standard_normal(shape)
    layer = UpSampling3D(size, data_format)
    y = layer(x)
    expected = x
    for axis, factor in enumerate(size, first):
        expected = np.take(expected, np.arange(x.shape[axis] * factor) // factor, axis)
    np.testing.assert_array_equal(y, expected)
    np.testing.assert_array_equal(CompiledFunction(layer)(x), y)
    assert layer.compute_output_shape((None, *shape[1:])) == (None, *y.shape[1:])


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
def test_gradients(interpolation: str) -> None:
    layer = UpSampling2D((2, 3), interpolation=interpolation)
    check_gradients(layer, (np.random.default_rng(1).standard_normal((2, 3, 2, 2)),))


def test_dtypes_and_unknown_sizes() -> None:
    x = np.arange(8, dtype="uint8").reshape(1, 2, 2, 2)
    assert UpSampling2D()(x).dtype == "uint8"
    assert UpSampling2D(interpolation="bilinear")(x).dtype == "float32"
    assert UpSampling2D(3).compute_output_shape((None, None, 2, 5)) == (None, None, 6, 5)
    assert UpSampling2D(3, "channels_first").compute_output_shape((None, 5, None, 2)) == (None, 5, None, 6)
    assert UpSampling2D(1)(x) is x


def test_config_rebuilds_the_layer() -> None:
    config = UpSampling2D((2, 3), "channels_first", "BILINEAR", name="up").get_config()
    assert config == {
        "name": "up",
        "trainable": True,
        "dtype": "float32",
        "size": [2, 3],
        "data_format": "channels_first",
        "interpolation": "bilinear",
    }
    assert UpSampling2D.from_config(config).get_config() == config


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            {"size": 0},
            "UpSampling2D cannot take size=0. Allowed: an integer of at least 1, or 2 of them, one for each spatial axis.",
        ),
        (
            {"interpolation": "cubic"},
            "UpSampling2D cannot take interpolation='cubic'. Allowed: 'nearest', 'bilinear'.",
        ),
        (
            {"data_format": "NHWC"},
            "UpSampling2D cannot take data_format='NHWC'. Allowed: 'channels_last', 'channels_first'.",
        ),
    ],
)
def test_bad_arguments_are_named(arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        UpSampling2D(**arguments)
    assert str(caught.value) == text


def test_config_rebuilds_the_others() -> None:
    config = UpSampling1D(3, name="up").get_config()
    assert config == {"name": "up", "trainable": True, "dtype": "float32", "size": 3}
    assert UpSampling1D.from_config(config).get_config() == config
    config = UpSampling3D(2, "channels_first", name="up").get_config()
    assert config == {
        "name": "up",
        "trainable": True,
        "dtype": "float32",
        "size": [2, 2, 2],
        "data_format": "channels_first",
    }
    assert UpSampling3D.from_config(config).get_config() == config


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: UpSampling1D(0), "UpSampling1D cannot take size=0. Allowed: an integer of at least 1."),
        (lambda: UpSampling1D((2,)), "UpSampling1D cannot take size=(2,). Allowed: an integer of at least 1."),  # type: ignore[arg-type]
        (
            lambda: UpSampling3D((2, 2)),
            "UpSampling3D cannot take size=(2, 2). Allowed: an integer of at least 1, or 3 of them, one for each spatial "
            "axis.",
        ),
        (
            lambda: UpSampling3D(2, "NHWC"),
            "UpSampling3D cannot take data_format='NHWC'. Allowed: 'channels_last', 'channels_first'.",
        ),
    ],
)
def test_bad_arguments_of_the_others_are_named(make: Any, text: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        make()
    assert str(caught.value) == text


@pytest.mark.parametrize("layer", [UpSampling1D(), UpSampling3D()])
def test_inputs_of_another_rank_and_masks_are_refused(layer: Any) -> None:
    with pytest.raises(LayerInputError, match=f"expects an input with {layer.rank + 2} axes"):
        layer(np.zeros((2, 3)))
    with pytest.raises(LayerMaskError):
        layer(np.zeros((2, *(3,) * layer.rank, 1)), mask=np.ones((2, 3), bool))


def test_an_input_without_channels_is_refused() -> None:
    with pytest.raises(LayerInputError, match=r"expects an input with 4 axes .* has shape \(batch=2, 3, 3\)"):
        UpSampling2D()(np.zeros((2, 3, 3)))


def test_examples_in_the_docstrings() -> None:
    found = doctest.testmod(resampling)
    assert found.attempted >= 3
    assert found.failed == 0
