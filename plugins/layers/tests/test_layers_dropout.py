"""Dropout in training: statistics, seeds, the same mask in the gradient, another one at every step."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kcore
from kcore import Array
from kcore.engine import CompiledFunction, gradients
from kcore.errors import InvalidArgumentError, LayerInputError
from kcore_layers.dropping import Dropout

X = np.random.default_rng(1).uniform(1, 2, (16, 32)).astype(np.float32)


def planned(layer: Dropout) -> Any:
    """Output and gradient of sum(y * g) in training, from a planned program."""

    def step(x: Any, g: Any) -> Any:
        y = layer(x, training=True)
        return y, gradients(np.sum(y * g), [x])[0]

    return CompiledFunction(step)


@given(st.floats(0.0, 0.99), st.integers(0, 2**40))
def test_kept_entries_are_scaled_and_their_number_is_binomial(rate: float, seed: int) -> None:
    x = np.ones((100, 400), np.float32)
    y = Dropout(rate, seed=seed)(x, training=True)
    kept = y[y != 0]
    np.testing.assert_allclose(kept, 1 / (1 - rate), rtol=1e-6)
    spread = math.sqrt(x.size * rate * (1 - rate))
    # Six standard deviations: one in a billion.
    assert abs(kept.size - x.size * (1 - rate)) <= 6 * spread + 1


def test_masks_of_neighbours_are_independent() -> None:
    y = Dropout(0.5, seed=3)(np.ones((400, 400), np.float32), training=True) - 1
    for axis in (0, 1):
        correlation = float(np.mean(y * np.roll(y, 1, axis)))
        assert abs(correlation) < 5 / 400


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_gradient_passes_through_the_same_mask(dtype: str) -> None:
    x = X.astype(dtype)
    g = np.random.default_rng(2).standard_normal(x.shape).astype(dtype)
    y, dx = planned(Dropout(0.25, seed=5))(x, g)
    assert y.dtype == dx.dtype == dtype
    mask = y / x
    np.testing.assert_allclose(mask[mask != 0], 1 / 0.75, rtol=1e-6)
    assert 0 < np.count_nonzero(mask) < mask.size
    np.testing.assert_allclose(dx, g * mask, rtol=1e-6)


def test_every_step_of_a_planned_program_draws_another_mask_as_eager_calls_do() -> None:
    step, layer = planned(Dropout(0.5, seed=7)), Dropout(0.5, seed=7)
    masks = [step(X, X)[0] for _ in range(3)]
    for mask in masks:
        np.testing.assert_array_equal(mask, layer(X, training=True))
    assert not np.array_equal(masks[0], masks[1])
    assert not np.array_equal(masks[1], masks[2])


def test_a_seed_fixes_the_masks_and_another_gives_others() -> None:
    def mask(seed: int) -> Array:
        result: Array = Dropout(0.5, seed=seed)(X, training=True)
        return result

    np.testing.assert_array_equal(mask(1), mask(1))
    assert not np.array_equal(mask(1), mask(2))


def test_the_global_seed_fixes_layers_in_the_order_they_are_made() -> None:
    def masks() -> list[Array]:
        kcore.set_random_seed(4)
        return [layer(X, training=True) for layer in (Dropout(0.5), Dropout(0.5))]

    first, again = masks(), masks()
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first[0], first[1])


def test_prediction_returns_the_input_and_does_not_move_the_masks() -> None:
    layer, other = Dropout(0.5, seed=1), Dropout(0.5, seed=1)
    assert layer(X) is X
    assert layer(X, training=False) is X
    np.testing.assert_array_equal(layer(X, training=True), other(X, training=True))


def test_rate_zero_returns_the_input() -> None:
    assert Dropout(0)(X, training=True) is X


def test_there_are_no_weights() -> None:
    layer = Dropout(0.5)
    layer(X, training=True)
    assert layer.weights == []


@pytest.mark.parametrize("noise_shape", [(16, 1, 5), (None, 1, None), [None, 1, 5]])
def test_a_noise_shape_shares_the_mask_along_axes_of_size_one(noise_shape: Any) -> None:
    y = Dropout(0.5, noise_shape=noise_shape, seed=2)(np.ones((16, 10, 5)), training=True)
    assert set(np.unique(y).tolist()) == {0.0, 2.0}
    np.testing.assert_array_equal(y, np.broadcast_to(y[:, :1], y.shape))
    assert 0 < np.count_nonzero(y[:, 0]) < 80


def test_integers_become_numbers_of_the_layers_dtype() -> None:
    y = Dropout(0.5, seed=2)(np.full((4, 9), 3), training=True)
    assert y.dtype == "float32"
    assert set(np.unique(y).tolist()) == {0.0, 6.0}


def test_config_rebuilds_the_layer() -> None:
    layer = Dropout(0.5, noise_shape=(None, 1), seed=6, name="drop")
    config = layer.get_config()
    assert config == {
        "name": "drop",
        "trainable": True,
        "dtype": "float32",
        "rate": 0.5,
        "noise_shape": [None, 1],
        "seed": 6,
    }
    again = Dropout.from_config(config)
    assert again.get_config() == config
    np.testing.assert_array_equal(again(X, training=True), layer(X, training=True))


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"rate": 1}, "Dropout cannot take rate=1. Allowed: a number from 0 to below 1."),
        ({"rate": -0.1}, "Dropout cannot take rate=-0.1. Allowed: a number from 0 to below 1."),
        ({"rate": math.nan}, "Dropout cannot take rate=nan. Allowed: a number from 0 to below 1."),
        ({"rate": "0.5"}, "Dropout cannot take rate='0.5'. Allowed: a number from 0 to below 1."),
        ({"rate": 0.5, "seed": -1}, "Dropout cannot take seed=-1. Allowed: None, or an integer of at least 0."),
        ({"rate": 0.5, "seed": 0.5}, "Dropout cannot take seed=0.5. Allowed: None, or an integer of at least 0."),
        (
            {"rate": 0.5, "noise_shape": 3},
            "Dropout cannot take noise_shape=3. Allowed: None, or one entry per axis of the input: an integer of at "
            "least 1, or None.",
        ),
        (
            {"rate": 0.5, "noise_shape": (None, 0)},
            "Dropout cannot take noise_shape=0. Allowed: an integer of at least 1.",
        ),
    ],
)
def test_bad_arguments_are_named(arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        Dropout(**arguments)
    assert str(caught.value) == text


def test_a_noise_shape_that_does_not_fit_is_refused() -> None:
    layer = Dropout(0.5, noise_shape=(None, 3), name="drop")
    with pytest.raises(LayerInputError) as caught:
        layer(np.ones((2, 4)), training=True)
    assert str(caught.value) == (
        "Layer 'drop' (Dropout) expects an input that noise_shape=(None, 3) broadcasts to, but its input has shape "
        "(batch=2, 4)."
    )
    with pytest.raises(LayerInputError, match=r"2 axes .* but its input has shape \(batch=2, 3, 4\)"):
        layer(np.ones((2, 3, 4)), training=True)
