"""Global pooling: means and maxima, means over the steps that are not masked, layouts, configs, bad inputs."""

from __future__ import annotations

import doctest
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import kcore
from kcore import Sequential, layers
from kcore.engine import CompiledFunction, gradients
from kcore.errors import InvalidArgumentError, LayerInputError, LayerMaskError
from kcore.layers import Layer
from kcore.testing.gradients import check_gradients
from kcore_layers import global_pooling
from kcore_layers.core import Dense, Masking
from kcore_layers.embedding import Embedding
from kcore_layers.global_pooling import (
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalAveragePooling3D,
    GlobalMaxPooling1D,
    GlobalMaxPooling2D,
    GlobalMaxPooling3D,
)

MAX: list[Any] = [GlobalMaxPooling1D, GlobalMaxPooling2D, GlobalMaxPooling3D]
AVERAGE: list[Any] = [GlobalAveragePooling1D, GlobalAveragePooling2D, GlobalAveragePooling3D]
ALL = [*MAX, *AVERAGE]
X = np.random.default_rng(1).standard_normal((4, 6, 3))


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("keepdims", [False, True])
def test_values_shapes_and_gradients(kind: Any, data_format: str, keepdims: bool) -> None:
    x = np.random.default_rng(2).standard_normal((2, 3, 4, 2, 5)[: kind.rank + 2])
    axes = tuple(range(1, kind.rank + 1)) if data_format == "channels_last" else tuple(range(2, kind.rank + 2))
    layer = kind(data_format, keepdims=keepdims)
    expected = (np.max if kind in MAX else np.mean)(x, axis=axes, keepdims=keepdims)  # type: ignore[operator]
    np.testing.assert_allclose(layer(x), expected, rtol=1e-14)
    np.testing.assert_allclose(CompiledFunction(layer)(x), expected, rtol=1e-14)
    check_gradients(layer, (x,))
    shape = tuple(None if axis == 0 or axis in axes else size for axis, size in enumerate(x.shape))
    assert layer.compute_output_shape(shape) == (None, *expected.shape[1:])
    assert Layer.compute_output_shape(layer, shape) == (None, *expected.shape[1:])


@given(
    hnp.arrays(bool, (4, 6)),
    st.sampled_from(["channels_last", "channels_first"]),
    st.booleans(),
)
def test_masked_steps_do_not_count(mask: Any, data_format: str, keepdims: bool) -> None:
    layer = GlobalAveragePooling1D(data_format, keepdims=keepdims)
    x = X if data_format == "channels_last" else np.moveaxis(X, -1, 1)
    # Whatever padding holds.
    x = np.where(np.expand_dims(mask, 2 if data_format == "channels_last" else 1), x, np.nan)
    y = np.asarray(layer(x, mask=mask))
    for row in range(4):
        expected = X[row, mask[row]].mean(0) if mask[row].any() else np.zeros(3)
        np.testing.assert_allclose(y[row].ravel(), expected, rtol=1e-12, atol=1e-15)
    assert y.shape == layer(x).shape
    np.testing.assert_allclose(CompiledFunction(lambda x: layer(x, mask=mask))(x), y, rtol=1e-12, atol=1e-15)


def test_masked_steps_have_no_gradient_and_the_others_share_it() -> None:
    mask = np.array([[True] * 6, [False] * 6, [True, False] * 3, [True] + [False] * 5])
    layer = GlobalAveragePooling1D()
    (slope,) = CompiledFunction(lambda x: gradients(np.sum(layer(x, mask=mask)), [x]))(X)
    count = mask.sum(1, keepdims=True)
    expected = mask / np.maximum(count, 1)
    np.testing.assert_allclose(slope, np.repeat(expected[:, :, None], 3, 2), rtol=1e-14)
    check_gradients(lambda x: layer(x, mask=mask), (X,))


def test_a_mask_from_the_layers_before_is_used_and_ends() -> None:
    embedded = Sequential([Embedding(9, 4, mask_zero=True), GlobalAveragePooling1D(), Dense(2)])
    numbers = np.array([[3, 5, 0, 0], [1, 2, 3, 4]])
    short = np.array([[3, 5]])
    np.testing.assert_allclose(embedded.predict(numbers)[:1], embedded.predict(short), rtol=1e-5, atol=1e-6)
    masked = Sequential([Masking(input_shape=(None, 3)), GlobalAveragePooling1D()])
    x = X.copy()
    x[:, 4:] = 0
    np.testing.assert_allclose(masked.predict(x), X[:, :4].mean(1), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("shape", [(4, 5), (3, 6), (4, 6, 3)])
def test_a_mask_of_another_shape_is_refused(shape: Any) -> None:
    with pytest.raises(LayerInputError) as caught:
        GlobalAveragePooling1D(name="mean")(X, mask=np.ones(shape, bool))
    assert str(caught.value) == (
        f"Layer 'mean' (GlobalAveragePooling1D) expects an input that its mask of shape {shape} fits, but its input has "
        "shape (batch=4, 6, 3)."
    )


@pytest.mark.parametrize("kind", [kind for kind in ALL if kind is not GlobalAveragePooling1D])
def test_others_would_lose_a_mask(kind: Any) -> None:
    x = np.zeros((2, 3, 3, 3, 3)[: kind.rank + 2])
    with pytest.raises(LayerMaskError):
        kind()(x, mask=np.ones(x.shape[:2], bool))


@pytest.mark.parametrize("kind", ALL)
def test_only_steps_have_a_default_layout_of_their_own(kind: Any) -> None:
    assert kind().data_format == "channels_last"
    kcore.set_image_data_format("channels_first")
    try:
        assert kind().data_format == ("channels_last" if kind.rank == 1 else "channels_first")
    finally:
        kcore.set_image_data_format("channels_last")


@pytest.mark.parametrize("kind", ALL)
def test_names_and_configs(kind: Any) -> None:
    short = kind.__name__.replace("AveragePooling", "AvgPool").replace("MaxPooling", "MaxPool")
    assert getattr(layers, short) is getattr(layers, kind.__name__) is kind
    config = kind("channels_first", keepdims=True, name="g").get_config()
    assert config == {
        "name": "g",
        "trainable": True,
        "dtype": "float32",
        "data_format": "channels_first",
        "keepdims": True,
    }
    assert kind.from_config(config).get_config() == config


def test_dtypes() -> None:
    x = np.array([[[1], [2], [6]]])
    assert GlobalMaxPooling1D()(x).tolist() == [[6]] and GlobalMaxPooling1D()(x).dtype == x.dtype
    for mask in (None, np.ones((1, 3), bool)):
        y = GlobalAveragePooling1D()(x, mask=mask)
        assert y.tolist() == [[3.0]] and y.dtype == "float32"
        assert GlobalAveragePooling1D()(x.astype("float64"), mask=mask).dtype == "float64"


@pytest.mark.parametrize("kind", ALL)
def test_bad_layouts_and_inputs_are_named(kind: Any) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        kind("NHWC")
    assert str(caught.value) == (
        f"{kind.__name__} cannot take data_format='NHWC'. Allowed: 'channels_last', 'channels_first'."
    )
    axes = kind.rank + 2
    with pytest.raises(LayerInputError, match=rf"expects an input with {axes} axes"):
        kind()(np.zeros((2,) * (axes + 1)))
    least = ["1 step", "1 row and 1 column", "1 plane and 1 row and 1 column"][kind.rank - 1]
    for data_format in ("channels_last", "channels_first"):
        layer = kind(data_format)
        shape = [2] * axes
        shape[2 if data_format == "channels_first" else 1] = 0
        with pytest.raises(LayerInputError, match=rf"expects at least {least} \({data_format}\), but"):
            layer(np.zeros(shape))
        with pytest.raises(LayerInputError, match=rf"expects at least {least} \({data_format}\), but"):
            layer.compute_output_shape((None, *shape[1:]))


def test_examples_in_the_docstrings() -> None:
    found = doctest.testmod(global_pooling)
    assert found.attempted >= 12
    assert found.failed == 0
