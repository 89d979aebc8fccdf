"""Random numbers: reproducible, different at each step, and of the right distribution."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from kcore.engine import CompiledFunction, Variable
from kcore.engine.random import KeySequence, generator, set_random_seed
from kcore.errors import OperandError
from kcore.ops import random_normal, random_uniform

KEY = np.array([3, 14], np.uint64)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_uniform_numbers(dtype: str) -> None:
    found = random_uniform(KEY, shape=(50_000,), dtype=dtype)
    assert found.dtype == dtype
    assert found.min() >= 0.0
    assert found.max() < 1.0
    assert stats.kstest(found, "uniform").pvalue > 0.01
    # Standard errors: of the mean sqrt(1/12/n), of the variance sqrt(1/180/n).
    assert abs(found.mean(dtype="f8") - 0.5) < 4 * (1 / 12 / found.size) ** 0.5
    assert abs(found.var(dtype="f8") - 1 / 12) < 4 * (1 / 180 / found.size) ** 0.5


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_normal_numbers(dtype: str) -> None:
    found = random_normal(KEY, shape=(50_000,), dtype=dtype)
    assert found.dtype == dtype
    assert stats.kstest(found, "norm").pvalue > 0.01
    for moment, expected, variance in ((1, 0.0, 1.0), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0)):
        assert abs((found.astype("f8") ** moment).mean() - expected) < 4 * (variance / found.size) ** 0.5


def test_equal_keys_give_equal_numbers_and_others_others() -> None:
    first = random_uniform(KEY, shape=(1000,))
    np.testing.assert_array_equal(first, random_uniform(KEY, shape=(1000,)))
    for other in ([3, 15], [4, 14], [14, 3]):
        found = random_uniform(np.array(other, np.uint64), shape=(1000,))
        assert abs(np.corrcoef(first, found)[0, 1]) < 0.13


def test_a_key_is_two_words_and_numbers_are_floating() -> None:
    for key in (np.array([1, 2, 3], np.uint64), np.array([1, 2]), np.array(1, np.uint64)):
        with pytest.raises(
            OperandError, match=r"random cannot take operands of shape .*: a key is uint64\[2\], this is"
        ):
            random_uniform(key, shape=(2,))
    with pytest.raises(OperandError, match="numbers are drawn in float32 or float64, not int32"):
        random_normal(KEY, shape=(2,), dtype="int32")


def draws(keys: KeySequence, count: int) -> list[Any]:
    return [random_uniform(keys.next(), shape=(5,)) for _ in range(count)]


def test_a_seeded_sequence_is_reproducible_eagerly_and_compiled() -> None:
    eager = draws(KeySequence(7), 6)
    keys = KeySequence(7)
    step = CompiledFunction(lambda: draws(keys, 2))
    compiled = [found for _ in range(3) for found in step()]
    np.testing.assert_array_equal(compiled, eager)
    assert len({found.tobytes() for found in eager}) == 6
    assert not np.array_equal(draws(KeySequence(8), 1)[0], eager[0])


def test_eager_keys_do_not_change_afterwards() -> None:
    keys = KeySequence(7)
    first = keys.next()
    copied = first.copy()
    keys.next()
    np.testing.assert_array_equal(first, copied)


def test_the_state_of_a_sequence_is_a_variable() -> None:
    keys = KeySequence(7)
    assert isinstance(keys.state, Variable)
    assert not keys.state.trainable
    saved = keys.state.numpy()
    first = draws(keys, 3)
    keys.state.assign(saved)
    np.testing.assert_array_equal(draws(keys, 3), first)


def test_set_random_seed_starts_all_streams_anew() -> None:
    def everything() -> list[Any]:
        return [
            generator("initializers").random(3), generator("shuffle").random(3), generator("initializers").random(3),
            *draws(KeySequence(), 1), *draws(KeySequence(), 1),
        ]  # fmt: skip

    set_random_seed(42)
    first = everything()
    set_random_seed(42)
    again = everything()
    set_random_seed(43)
    other = everything()
    for one, same, different in zip(first, again, other, strict=True):
        np.testing.assert_array_equal(one, same)
        assert not np.array_equal(one, different)
    # Purposes, continuations and instances have numbers of their own.
    assert len({found.tobytes() for found in first}) == 5


def test_streams_do_not_depend_on_the_order_of_purposes() -> None:
    set_random_seed(1)
    first = generator("a").random()
    set_random_seed(1)
    generator("b").random()
    assert generator("a").random() == first
