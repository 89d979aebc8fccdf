"""Layers with noise in training: moments, exact values, seeds, gradients, configs, bad arguments."""

from __future__ import annotations

import doctest
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kcore
from kcore import activations
from kcore.engine import CompiledFunction, gradients
from kcore.errors import InvalidArgumentError, LayerInputError
from kcore_layers import noise
from kcore_layers.noise import SELU_LIMIT, AlphaDropout, GaussianDropout, GaussianNoise

RNG = np.random.default_rng(5)
X = RNG.uniform(1, 2, (16, 32)).astype(np.float32)
SEEDED: list[Any] = [
    lambda seed=None: GaussianNoise(0.5, seed=seed),
    lambda seed=None: GaussianDropout(0.3, seed=seed),
    lambda seed=None: AlphaDropout(0.3, seed=seed),
]


def moments(values: Any) -> tuple[float, float]:
    return float(np.mean(values)), float(np.std(values))


@settings(max_examples=30)
@given(st.floats(0.01, 10), st.integers(0, 2**40))
def test_gaussian_noise_has_mean_0_and_its_deviation(stddev: float, seed: int) -> None:
    x = np.full((200, 200), 3.0)
    mean, deviation = moments(GaussianNoise(stddev, seed=seed)(x, training=True) - x)
    # Six standard errors of 40000 numbers.
    assert abs(mean) < 6 * stddev / 200
    assert abs(deviation / stddev - 1) < 6 / math.sqrt(2 * 40000)


@settings(max_examples=30)
@given(st.floats(0.01, 0.9), st.integers(0, 2**40))
def test_gaussian_dropout_multiplies_with_mean_1_and_the_variance_of_dropout(rate: float, seed: int) -> None:
    x = RNG.uniform(1, 2, (200, 200))
    mean, deviation = moments(GaussianDropout(rate, seed=seed)(x, training=True) / x)
    stddev = math.sqrt(rate / (1 - rate))
    assert abs(mean - 1) < 6 * stddev / 200
    assert abs(deviation / stddev - 1) < 6 / math.sqrt(2 * 40000)


def test_noise_is_normal() -> None:
    z = np.sort(GaussianNoise(2.0, seed=9)(np.zeros(100_000), training=True) / 2)
    distribution = np.array([0.5 * (1 + math.erf(value / math.sqrt(2))) for value in z])
    # The distance of Kolmogorov and Smirnov; 1.95 / sqrt(n) is passed once in a thousand seeds.
    assert np.abs(distribution - np.arange(1, z.size + 1) / z.size).max() < 1.95 / math.sqrt(z.size)


@settings(max_examples=30)
@given(st.floats(0.05, 0.9), st.integers(0, 2**40))
def test_alpha_dropout_keeps_mean_and_variance(rate: float, seed: int) -> None:
    x = np.random.default_rng(seed).standard_normal((400, 400))
    y = AlphaDropout(rate, seed=seed)(x, training=True)
    mean, deviation = moments(y)
    factor = ((1 - rate) * (1 + rate * SELU_LIMIT**2)) ** -0.5
    # The fourth moment of what comes out bounds how far the variance of 160000 numbers strays.
    assert abs(mean) < 6 / 400
    assert abs(deviation**2 - 1) < 6 * float(np.std(np.square(y))) / 400
    # Dropped entries have one value, the others one line.
    dropped = factor * SELU_LIMIT * (1 - rate)
    kept = factor * x - factor * rate * SELU_LIMIT
    is_dropped = np.isclose(y, dropped, rtol=1e-12)
    np.testing.assert_allclose(np.where(is_dropped, kept, y), kept, rtol=1e-12, atol=1e-12)
    assert abs(np.count_nonzero(is_dropped) / y.size - rate) < 6 * math.sqrt(rate * (1 - rate)) / 400


def test_alpha_dropout_keeps_what_selu_normalizes() -> None:
    x: Any = RNG.standard_normal((500, 500))
    for _ in range(8):
        kernel = RNG.normal(0, math.sqrt(1 / 500), (500, 500))
        x = AlphaDropout(0.1, seed=3)(activations.get("selu")(x @ kernel), training=True)
    mean, deviation = moments(x)
    assert abs(mean) < 0.1 and abs(deviation - 1) < 0.1


def test_the_limit_is_that_of_selu() -> None:
    assert pytest.approx(float(activations.get("selu")(np.array(-1000.0))), rel=1e-14) == SELU_LIMIT


@pytest.mark.parametrize("noise_shape", [(16, 1, 5), (None, 1, None)])
def test_a_noise_shape_shares_the_fate_along_axes_of_size_one(noise_shape: Any) -> None:
    y = AlphaDropout(0.5, noise_shape, seed=2)(np.ones((16, 10, 5)), training=True)
    assert np.unique(y).size == 2
    np.testing.assert_array_equal(y, np.broadcast_to(y[:, :1], y.shape))
    with pytest.raises(LayerInputError, match=r"an input that noise_shape=\(None, 3\) broadcasts to"):
        AlphaDropout(0.5, (None, 3))(np.ones((2, 4)), training=True)


@pytest.mark.parametrize("make", SEEDED)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_planned_steps_draw_what_eager_calls_draw_and_go_on(make: Any, dtype: str) -> None:
    x = X.astype(dtype)
    layer, eager = make(4), make(4)
    step = CompiledFunction(lambda x: layer(x, training=True))
    first, second = step(x), step(x)
    assert first.dtype == dtype
    np.testing.assert_allclose(first, eager(x, training=True), rtol=1e-6)
    np.testing.assert_allclose(second, eager(x, training=True), rtol=1e-6)
    assert not np.array_equal(first, second)
    assert not np.array_equal(first, make(5)(x, training=True))


@pytest.mark.parametrize("make", SEEDED)
def test_the_global_seed_fixes_layers_in_the_order_they_are_made(make: Any) -> None:
    def outputs() -> list[Any]:
        kcore.set_random_seed(4)
        return [layer(X, training=True) for layer in (make(), make())]

    first, again = outputs(), outputs()
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first[0], first[1])


@pytest.mark.parametrize("make", SEEDED)
def test_prediction_returns_the_input_and_does_not_move_the_noise(make: Any) -> None:
    layer, other = make(1), make(1)
    assert layer(X) is X and layer(X, training=False) is X
    np.testing.assert_array_equal(layer(X, training=True), other(X, training=True))
    mask = np.ones(16, bool)
    assert layer.compute_mask(X, mask) is mask
    assert layer.weights == []


@pytest.mark.parametrize("layer", [GaussianNoise(0), GaussianDropout(0), AlphaDropout(0.0)])
def test_no_noise_returns_the_input(layer: Any) -> None:
    assert layer(X, training=True) is X


def test_gradients_pass_through_the_same_noise() -> None:
    def slope(layer: Any) -> Any:
        def step(x: Any) -> Any:
            y = layer(x, training=True)
            return y, gradients(np.sum(y), [x])[0]

        return CompiledFunction(step)(X)

    assert set(slope(GaussianNoise(0.5, seed=1))[1].ravel().tolist()) == {1.0}
    y, dx = slope(GaussianDropout(0.5, seed=1))
    np.testing.assert_allclose(dx, y / X, rtol=1e-5)
    y, dx = slope(AlphaDropout(0.5, seed=1))
    factor = np.float32((0.5 * (1 + 0.5 * SELU_LIMIT**2)) ** -0.5)
    assert set(dx.ravel().tolist()) == {0.0, float(factor)}
    np.testing.assert_array_equal(dx == 0, np.isclose(y, factor * SELU_LIMIT * 0.5))


@pytest.mark.parametrize("make", SEEDED)
def test_integers_become_numbers_of_the_layers_dtype(make: Any) -> None:
    assert make(1)(np.full((4, 9), 3), training=True).dtype == "float32"


@pytest.mark.parametrize(
    ("layer", "config"),
    [
        (GaussianNoise(2, 3, name="a"), {"stddev": 2.0, "seed": 3}),
        (GaussianDropout(0.25, name="a"), {"rate": 0.25, "seed": None}),
        (AlphaDropout(0.25, (None, 1), 6, name="a"), {"rate": 0.25, "noise_shape": [None, 1], "seed": 6}),
    ],
)
def test_config_rebuilds_the_layer(layer: Any, config: dict[str, Any]) -> None:
    assert layer.get_config() == {"name": "a", "trainable": True, "dtype": "float32", **config}
    again = type(layer).from_config(layer.get_config())
    assert again.get_config() == layer.get_config()


RATE = "Allowed: a number from 0 to below 1."


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: GaussianNoise(-1), "GaussianNoise cannot take stddev=-1. Allowed: a finite number of at least 0."),
        (
            lambda: GaussianNoise(math.inf),
            "GaussianNoise cannot take stddev=inf. Allowed: a finite number of at least 0.",
        ),
        (
            lambda: GaussianNoise(True),
            "GaussianNoise cannot take stddev=True. Allowed: a finite number of at least 0.",
        ),
        (
            lambda: GaussianNoise(1, seed=-1),
            "GaussianNoise cannot take seed=-1. Allowed: None, or an integer of at least 0.",
        ),
        (lambda: GaussianDropout(1), f"GaussianDropout cannot take rate=1. {RATE}"),
        (lambda: GaussianDropout(-0.5), f"GaussianDropout cannot take rate=-0.5. {RATE}"),
        (
            lambda: GaussianDropout(0.5, seed=1.5),  # type: ignore[arg-type]
            "GaussianDropout cannot take seed=1.5. Allowed: None, or an integer of at least 0.",
        ),
        (lambda: AlphaDropout(1.0), f"AlphaDropout cannot take rate=1.0. {RATE}"),
        (
            lambda: AlphaDropout(0.5, 3),  # type: ignore[arg-type]
            "AlphaDropout cannot take noise_shape=3. Allowed: None, or one entry per axis of the input: an integer of "
            "at least 1, or None.",
        ),
    ],
)
def test_bad_arguments_are_named(make: Any, text: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        make()
    assert str(caught.value) == text


def test_examples_in_the_docstrings() -> None:
    found = doctest.testmod(noise)
    assert found.attempted >= 10
    assert found.failed == 0
