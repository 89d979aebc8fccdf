"""Random numbers: their distributions, and that each run has its own."""

from __future__ import annotations

import statistics
from typing import Any

import numpy as np
import pytest

import kcore
from kcore import backend as K
from kcore.engine import CompiledFunction
from kcore.errors import InvalidArgumentError, UnsupportedOperationError

SIZE = 20_000
DRAWS: dict[str, Any] = {
    "random_normal": lambda seed=None: K.random_normal((SIZE,), seed=seed),
    "random_uniform": lambda seed=None: K.random_uniform((SIZE,), seed=seed),
    "random_binomial": lambda seed=None: K.random_binomial((SIZE,), 0.3, seed=seed),
    "truncated_normal": lambda seed=None: K.truncated_normal((SIZE,), seed=seed),
    "dropout": lambda seed=None: K.dropout(np.ones(SIZE, "float32"), 0.3, seed=seed),
}


@pytest.mark.parametrize("name", DRAWS)
def test_every_draw_gives_others_and_the_seed_gives_them_again(name: str) -> None:
    draw = DRAWS[name]
    kcore.set_random_seed(1)
    first, second = draw(), draw()
    assert not np.array_equal(first, second) and first.dtype == np.float32
    kcore.set_random_seed(1)
    np.testing.assert_array_equal(draw(), first)
    np.testing.assert_array_equal(draw(seed=4), draw(seed=4))
    assert not np.array_equal(draw(seed=4), draw(seed=5))


@pytest.mark.parametrize("name", DRAWS)
def test_every_run_of_a_program_gives_others(name: str) -> None:
    draw = DRAWS[name]

    def traced(x: Any) -> Any:
        return draw() * x, draw() * x

    def run() -> list[Any]:
        kcore.set_random_seed(1)
        compiled = CompiledFunction(traced)
        return [*compiled(np.float32(1)), *compiled(np.float32(1))]

    found, again = run(), run()
    assert len({array.tobytes() for array in found}) == 4
    for a, b in zip(found, again, strict=True):
        np.testing.assert_array_equal(a, b)
    # With a seed a program begins with what is drawn outside.
    seeded = CompiledFunction(lambda x: draw(seed=7) * x)
    np.testing.assert_array_equal(seeded(np.float32(1)), draw(seed=7))
    assert not np.array_equal(seeded(np.float32(1)), draw(seed=7))


def test_random_normal() -> None:
    x = K.random_normal((SIZE,), mean=3.0, stddev=0.5, seed=1)
    assert abs(x.mean() - 3) < 0.02 and abs(x.std() - 0.5) < 0.02
    assert K.random_normal((K.shape(x)[0], 2), dtype="float64").dtype == np.float64
    spread = K.random_normal((SIZE, 2), mean=np.array([0.0, 10.0]), stddev=np.array([1.0, 2.0]), seed=1)
    np.testing.assert_allclose(spread.mean(axis=0), [0, 10], atol=0.06)
    np.testing.assert_allclose(spread.std(axis=0), [1, 2], atol=0.06)
    assert spread.dtype == np.float32


def test_random_uniform() -> None:
    x = K.random_uniform((SIZE,), -1.0, 3.0, seed=1)
    assert -1 <= x.min() < -0.99 and 2.99 < x.max() < 3 and abs(x.mean() - 1) < 0.05
    whole = K.random_uniform((SIZE,), 2, 6, dtype="int32", seed=1)
    assert whole.dtype == np.int32
    assert np.all(np.abs(np.bincount(whole, minlength=6)[2:] / SIZE - 0.25) < 0.02) and set(whole.tolist()) == {
        2,
        3,
        4,
        5,
    }


def test_random_binomial() -> None:
    x = K.random_binomial((SIZE,), 0.3, seed=1)
    assert set(x.tolist()) == {0.0, 1.0} and abs(x.mean() - 0.3) < 0.02
    assert not K.random_binomial((10,)).any() and K.random_binomial((10,), 1.0, dtype="int32").tolist() == [1] * 10
    with pytest.raises(InvalidArgumentError) as caught:
        K.random_binomial((2,), 1.5)
    assert str(caught.value) == "kcore.backend.random_binomial cannot take p=1.5. Allowed: a number from 0 to 1."


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_truncated_normal(dtype: str) -> None:
    x = K.truncated_normal((SIZE,), mean=1.0, stddev=0.5, dtype=dtype, seed=1)
    assert x.dtype == dtype and 0 <= x.min() < 0.02 and 1.98 < x.max() <= 2
    # The distribution function, at some places.
    normal = statistics.NormalDist()
    low = normal.cdf(-2)
    for place in (-1.9, -1.5, -1.0, -0.3, 0.0, 0.7, 1.2, 1.8):
        expected = (normal.cdf(place) - low) / (1 - 2 * low)
        assert abs(np.mean((x - 1) / 0.5 <= place) - expected) < 0.015


def test_truncated_normal__is_the_quantile_of_uniform_numbers() -> None:
    from kcore.backend.random import _quantile

    offsets = np.linspace(-0.477, 0.477, 101)
    expected = [statistics.NormalDist().inv_cdf(0.5 + offset) for offset in offsets]
    np.testing.assert_allclose(_quantile(offsets), expected, rtol=1e-12, atol=1e-14)


def test_dropout() -> None:
    x = np.full((SIZE,), 2.0, "float32")
    found = K.dropout(x, 0.25, seed=1)
    assert abs(np.mean(found == 0) - 0.25) < 0.02
    np.testing.assert_allclose(found[found != 0], 2 / 0.75, rtol=1e-6)
    np.testing.assert_array_equal(K.dropout(x, 0), x)
    rows = K.dropout(np.ones((50, 4), "float32"), 0.5, noise_shape=(None, 1), seed=1)
    assert np.all(rows == rows[:, :1]) and set(rows[:, 0].tolist()) == {0.0, 2.0}
    slope = kcore.grad(lambda x: K.sum(K.dropout(x, 0.25, seed=1)))(x)
    np.testing.assert_allclose(slope, found / 2, rtol=1e-6)
    with pytest.raises(InvalidArgumentError) as caught:
        K.dropout(x, 1.0)
    assert str(caught.value) == "kcore.backend.dropout cannot take level=1.0. Allowed: a number from 0 to below 1."


def test_nothing_is_drawn_in_a_loop() -> None:
    with pytest.raises(UnsupportedOperationError, match="in the body of a scan"):
        K.map_fn(lambda x: x + K.random_normal(()), np.zeros(3))
    x = np.zeros((2, 4, 3), "float32")
    _, outputs, _ = K.rnn(lambda x, s: (K.random_normal(x.shape), s), x, [], unroll=True)
    assert len(np.unique(outputs)) == 24
