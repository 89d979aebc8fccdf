"""Pooling in one to three dimensions beside the formula of its windows; names, dtypes, configs, bad arguments."""

from __future__ import annotations

import doctest
import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kcore
from kcore import Array, layers
from kcore.engine import CompiledFunction
from kcore.errors import InvalidArgumentError, LayerInputError, LayerMaskError
from kcore.layers import Layer
from kcore.testing.gradients import check_gradients
from kcore_layers import pooling
from kcore_layers.pooling import (
    AveragePooling1D,
    AveragePooling2D,
    AveragePooling3D,
    MaxPooling1D,
    MaxPooling2D,
    MaxPooling3D,
    Pooling,
)

MAX: list[Any] = [MaxPooling1D, MaxPooling2D, MaxPooling3D]
AVERAGE: list[Any] = [AveragePooling1D, AveragePooling2D, AveragePooling3D]
ALL = [*MAX, *AVERAGE]


def by_formula(kind: type[Pooling], x: Array, size: Any, strides: Any, padding: str) -> Array:
    """Window by window, of (batch, *spatial, channels)."""
    spatial = x.shape[1:-1]
    starts = []
    for length, window, stride in zip(spatial, size, strides, strict=True):
        if padding == "same":
            count = -(-length // stride)
            before = max((count - 1) * stride + window - length, 0) // 2
        else:
            count, before = (length - window) // stride + 1, 0
        starts.append([number * stride - before for number in range(count)])
    result = np.empty((x.shape[0], *map(len, starts), x.shape[-1]), x.dtype)
    for place in itertools.product(*(range(len(along)) for along in starts)):
        corner = [along[number] for along, number in zip(starts, place, strict=True)]
        inside = tuple(slice(max(start, 0), start + window) for start, window in zip(corner, size, strict=True))
        reduce: Any = np.max if kind in MAX else np.mean
        result[(slice(None), *place)] = reduce(x[(slice(None), *inside)], axis=tuple(range(1, x.ndim - 1)))
    return result


@settings(max_examples=120)
@given(kind=st.sampled_from(ALL), data=st.data())
def test_values_and_shapes_follow_the_formula(kind: Any, data: st.DataObject) -> None:
    numbers = st.tuples(*[st.integers(1, 3)] * kind.rank)
    size, strides = data.draw(numbers), data.draw(st.one_of(st.none(), numbers))
    spatial = data.draw(st.tuples(*[st.integers(3, 6)] * kind.rank))
    padding = data.draw(st.sampled_from(["valid", "same"]))
    data_format = data.draw(st.sampled_from(["channels_last", "channels_first"]))
    # All negative: what is beyond the edge neither wins nor counts.
    x = np.random.default_rng(data.draw(st.integers(0, 99))).uniform(-2, -1, (2, *spatial, 3))
    expected = by_formula(kind, x, size, size if strides is None else strides, padding)
    if data_format == "channels_first":
        x, expected = np.moveaxis(x, -1, 1), np.moveaxis(expected, -1, 1)
    layer = kind(size, strides, padding, data_format)
    y = layer(x)
    np.testing.assert_allclose(y, expected, rtol=1e-13)
    assert layer.compute_output_shape((None, *x.shape[1:])) == (None, *y.shape[1:])
    first = 1 if data_format == "channels_last" else 2
    unknown = [None if first <= axis < first + kind.rank else n for axis, n in enumerate(x.shape)]
    assert layer.compute_output_shape(tuple(unknown)) == tuple(
        None if first <= axis < first + kind.rank else n for axis, n in enumerate(x.shape)
    )


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_gradients(kind: Any, data_format: str) -> None:
    shape = (2, 3, 4, 5, 2)[: kind.rank + 1]
    x = np.random.default_rng(1).standard_normal((*shape, 2))
    layer = kind(2, 1, "same", data_format)
    check_gradients(layer, (x,))
    np.testing.assert_allclose(CompiledFunction(layer)(x), layer(x), rtol=1e-13)


@pytest.mark.parametrize("kind", ALL)
def test_one_number_stands_for_all_axes(kind: Any) -> None:
    layer = kind()
    assert layer.pool_size == layer.strides == (2,) * kind.rank
    assert kind(3).strides == (3,) * kind.rank
    assert kind(3, 1).strides == (1,) * kind.rank
    assert kind(pool_size=[3] * kind.rank).pool_size == (3,) * kind.rank


@pytest.mark.parametrize("kind", ALL)
def test_only_steps_have_a_default_layout_of_their_own(kind: Any) -> None:
    assert kind().data_format == "channels_last"
    kcore.set_image_data_format("channels_first")
    try:
        assert kind().data_format == ("channels_last" if kind.rank == 1 else "channels_first")
    finally:
        kcore.set_image_data_format("channels_last")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        (f"{short}Pool{rank}D", kinds[rank - 1])
        for short, kinds in (("Max", MAX), ("Avg", AVERAGE))
        for rank in (1, 2, 3)
    ],
)
def test_short_names(name: str, kind: Any) -> None:
    assert getattr(layers, name) is kind
    assert getattr(layers, kind.__name__) is kind


def test_dtypes() -> None:
    x = np.arange(6).reshape(1, 6, 1)
    assert MaxPooling1D()(x).dtype == x.dtype
    assert MaxPooling1D()(x).ravel().tolist() == [1, 3, 5]
    assert AveragePooling1D()(x).dtype == "float32"
    assert AveragePooling1D(dtype="float64")(x).dtype == "float64"
    assert AveragePooling1D()(x).ravel().tolist() == [0.5, 2.5, 4.5]
    for dtype in ("float32", "float64"):
        assert AveragePooling1D()(x.astype(dtype)).dtype == MaxPooling1D()(x.astype(dtype)).dtype == dtype


@pytest.mark.parametrize("kind", ALL)
def test_config_rebuilds_the_layer(kind: Any) -> None:
    config = kind(3, 2, "SAME", "channels_first", name="p").get_config()
    assert config == {
        "name": "p",
        "trainable": True,
        "dtype": "float32",
        "pool_size": [3] * kind.rank,
        "strides": [2] * kind.rank,
        "padding": "same",
        "data_format": "channels_first",
    }
    assert kind.from_config(config).get_config() == config


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize(
    ("arguments", "allowed"),
    [
        ({"pool_size": 0}, "an integer of at least 1"),
        ({"pool_size": (2, 2, 2, 2)}, "an integer of at least 1"),
        ({"pool_size": "2"}, "an integer of at least 1"),
        ({"pool_size": 2.0}, "an integer of at least 1"),
        ({"strides": -1}, "an integer of at least 1"),
        ({"padding": "causal"}, "'valid', 'same'."),
        ({"data_format": "NHWC"}, "'channels_last', 'channels_first'."),
    ],
)
def test_bad_arguments_are_named(kind: Any, arguments: dict[str, Any], allowed: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        kind(**arguments)
    ((argument, value),) = arguments.items()
    assert str(caught.value).startswith(f"{kind.__name__} cannot take {argument}={value!r}. Allowed: {allowed}")


@pytest.mark.parametrize("kind", ALL)
def test_an_input_of_another_number_of_axes_is_refused(kind: Any) -> None:
    axes = kind.rank + 2
    with pytest.raises(LayerInputError, match=rf"\({kind.__name__}\) expects an input with {axes} axes"):
        kind()(np.zeros((2,) * (axes - 1)))


@pytest.mark.parametrize(
    ("layer", "shape", "wanted"),
    [
        (MaxPooling1D(3, name="p"), (2, 2, 4), "at least 3 steps (channels_last), the size of its window"),
        (AveragePooling1D(3, data_format="channels_first", name="p"), (2, 4, 2), "at least 3 steps (channels_first)"),
        (AveragePooling2D((2, 3), name="p"), (2, 9, 2, 1), "at least 2 rows and 3 columns (channels_last)"),
        (MaxPooling3D((1, 2, 3), name="p"), (2, 9, 9, 2, 1), "at least 1 planes and 2 rows and 3 columns"),
    ],
)
def test_an_input_smaller_than_the_window_is_refused(layer: Layer, shape: Any, wanted: str) -> None:
    start = f"Layer 'p' ({type(layer).__name__}) expects {wanted}"
    for refused in (lambda: layer(np.zeros(shape)), lambda: layer.compute_output_shape((None, *shape[1:]))):
        with pytest.raises(LayerInputError) as caught:
            refused()
        assert str(caught.value).startswith(start)


@pytest.mark.parametrize("kind", ALL)
def test_a_mask_would_be_lost(kind: Any) -> None:
    x = np.zeros((2, 3, 3, 3, 3)[: kind.rank + 2])
    with pytest.raises(LayerMaskError):
        kind()(x, mask=np.ones(x.shape[:2], bool))


def test_examples_in_the_docstrings() -> None:
    found = doctest.testmod(pooling)
    assert found.attempted >= 12
    assert found.failed == 0
