"""SpatialDropout: whole channels share their fate; seeds, gradients, masks of steps, configs, bad arguments."""

from __future__ import annotations

import doctest
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kcore
from kcore import Sequential
from kcore.engine import CompiledFunction, gradients
from kcore.errors import InvalidArgumentError, LayerInputError
from kcore_layers import dropping
from kcore_layers.dropping import SpatialDropout, SpatialDropout1D, SpatialDropout2D, SpatialDropout3D
from kcore_layers.embedding import Embedding
from kcore_layers.global_pooling import GlobalAveragePooling1D

KINDS: list[Any] = [SpatialDropout1D, SpatialDropout2D, SpatialDropout3D]
WITH_LAYOUTS = [
    (kind, data_format)
    for kind in KINDS
    for data_format in ("channels_last", "channels_first")
    if kind is not SpatialDropout1D or data_format == "channels_last"
]


def made(kind: Any, data_format: str, rate: float, seed: int) -> SpatialDropout:
    options = {} if kind is SpatialDropout1D else {"data_format": data_format}
    layer: SpatialDropout = kind(rate, seed=seed, **options)
    return layer


def fates(y: Any, rank: int, data_format: str) -> Any:
    """The value of each sample's channel, (batch, channels), after a look that all its places have it."""
    last = y if data_format == "channels_last" else np.moveaxis(y, 1, -1)
    flat = last.reshape(last.shape[0], -1, last.shape[-1])
    np.testing.assert_array_equal(flat, np.broadcast_to(flat[:, :1], flat.shape))
    return flat[:, 0]


@settings(max_examples=40)
@given(st.sampled_from(WITH_LAYOUTS), st.floats(0.0, 0.95), st.integers(0, 2**40))
def test_channels_share_their_fate_and_the_number_of_kept_ones_is_binomial(which: Any, rate: float, seed: int) -> None:
    kind, data_format = which
    spatial = (3, 2, 2)[: kind.rank]
    shape = (50, *spatial, 40) if data_format == "channels_last" else (50, 40, *spatial)
    kept = fates(made(kind, data_format, rate, seed)(np.ones(shape), training=True), kind.rank, data_format)
    np.testing.assert_allclose(kept[kept != 0], 1 / (1 - rate), rtol=1e-14)
    # Six standard deviations: one in a billion.
    assert abs(np.count_nonzero(kept) - 2000 * (1 - rate)) <= 6 * math.sqrt(2000 * rate * (1 - rate)) + 1


@pytest.mark.parametrize(("kind", "data_format"), WITH_LAYOUTS)
def test_the_gradient_passes_through_the_same_mask(kind: Any, data_format: str) -> None:
    x = np.random.default_rng(1).uniform(1, 2, (3, 4, 5, 2, 6)[: kind.rank + 2]).astype("float32")
    layer, eager = made(kind, data_format, 0.5, 4), made(kind, data_format, 0.5, 4)

    def step(x: Any) -> Any:
        y = layer(x, training=True)
        return y, gradients(np.sum(y), [x])[0]

    compiled = CompiledFunction(step)
    y, slope = compiled(x)
    np.testing.assert_allclose(y, x * slope, rtol=1e-6)
    assert 0 < np.count_nonzero(fates(slope, kind.rank, data_format)) < slope.size
    np.testing.assert_array_equal(y, eager(x, training=True))
    again = compiled(x)[0]
    assert not np.array_equal(again, y)
    np.testing.assert_array_equal(again, eager(x, training=True))


@pytest.mark.parametrize("kind", KINDS)
def test_prediction_and_rate_zero_return_the_input(kind: Any) -> None:
    x = np.ones((2, 3, 4, 5, 6)[: kind.rank + 2])
    assert kind(0.5)(x) is x
    assert kind(0.0)(x, training=True) is x
    assert kind(0.5).weights == []


def test_a_mask_of_steps_is_passed_on() -> None:
    model = Sequential([Embedding(9, 4, mask_zero=True), SpatialDropout1D(0.5), GlobalAveragePooling1D()])
    numbers, short = np.array([[3, 5, 0]]), np.array([[3, 5]])
    np.testing.assert_allclose(model.predict(numbers), model.predict(short), rtol=1e-6)


def test_the_default_layout_is_the_global_one() -> None:
    kcore.set_image_data_format("channels_first")
    try:
        assert SpatialDropout2D(0.5).data_format == SpatialDropout3D(0.5).data_format == "channels_first"
        assert SpatialDropout1D(0.5).data_format == "channels_last"
    finally:
        kcore.set_image_data_format("channels_last")


@pytest.mark.parametrize(("kind", "data_format"), WITH_LAYOUTS)
def test_config_rebuilds_the_layer(kind: Any, data_format: str) -> None:
    layer = made(kind, data_format, 0.25, 7)
    config = layer.get_config()
    layout = {} if kind is SpatialDropout1D else {"data_format": data_format}
    assert config == {"name": layer.name, "trainable": True, "dtype": "float32", "rate": 0.25, "seed": 7, **layout}
    again = kind.from_config(config)
    x = np.ones((2, 9, 3, 4, 9)[: kind.rank + 2])
    np.testing.assert_array_equal(again(x, training=True), layer(x, training=True))


@pytest.mark.parametrize("kind", KINDS)
def test_bad_arguments_and_inputs_are_named(kind: Any) -> None:
    name = kind.__name__
    for rate in (1, -0.1, "0.5", math.nan):
        with pytest.raises(InvalidArgumentError) as caught:
            kind(rate)
        assert str(caught.value) == f"{name} cannot take rate={rate!r}. Allowed: a number from 0 to below 1."
    with pytest.raises(InvalidArgumentError, match=rf"{name} cannot take seed=-1\. Allowed: None, or an integer"):
        kind(0.5, seed=-1)
    if kind is not SpatialDropout1D:
        with pytest.raises(InvalidArgumentError, match=rf"{name} cannot take data_format='NHWC'\. Allowed: 'chan"):
            kind(0.5, "NHWC")
    with pytest.raises(LayerInputError, match=rf"\({name}\) expects an input with {kind.rank + 2} axes"):
        kind(0.5)(np.ones((2, 3)))


def test_examples_in_the_docstrings() -> None:
    found = doctest.testmod(dropping)
    assert found.attempted >= 10
    assert found.failed == 0
