"""Random initializers beside SciPy's distributions; seeds, configs, bad arguments."""

from __future__ import annotations

import doctest
import math
from typing import Any, cast

import numpy as np
import pytest
import scipy.stats

import kcore
from kcore.errors import InvalidArgumentError
from kcore_initializers import variance_scaling
from kcore_initializers.variance_scaling import (
    TRUNCATED_DEVIATION,
    GlorotUniform,
    HeNormal,
    VarianceScaling,
)

SHAPE = (3, 5, 40, 60)
FANS = {"fan_in": 600.0, "fan_out": 900.0, "fan_avg": 750.0}


def test_the_deviation_of_the_truncated_normal_is_that_of_scipy() -> None:
    assert pytest.approx(scipy.stats.truncnorm(-2, 2).std(), rel=1e-12) == TRUNCATED_DEVIATION


def distribution(name: str, deviation: float) -> Any:
    """SciPy's distribution with mean 0 and this standard deviation."""
    if name == "uniform":
        limit = math.sqrt(3) * deviation
        return scipy.stats.uniform(-limit, 2 * limit)
    if name == "untruncated_normal":
        return scipy.stats.norm(scale=deviation)
    return scipy.stats.truncnorm(-2, 2, scale=deviation / scipy.stats.truncnorm(-2, 2).std())


@pytest.mark.parametrize("mode", FANS)
@pytest.mark.parametrize("name", ["truncated_normal", "untruncated_normal", "uniform"])
@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_numbers_follow_the_distribution(mode: str, name: str, scale: float) -> None:
    values = VarianceScaling(scale, mode, name, seed=17)(SHAPE, "float64").ravel()
    expected = distribution(name, math.sqrt(scale / FANS[mode]))
    assert expected.var() == pytest.approx(scale / FANS[mode], rel=1e-12)
    assert scipy.stats.kstest(values, expected.cdf).pvalue > 0.01
    # A test of the shape alone would not see a small error of the scale: this one does, to one percent.
    kurtosis = float(expected.stats(moments="k")) + 3
    assert abs(values.mean()) < 4 * expected.std() / math.sqrt(values.size)
    assert abs(values.var() / expected.var() - 1) < 4 * math.sqrt((kurtosis - 1) / values.size) < 0.03


@pytest.mark.parametrize(
    ("initializer", "expected", "limit"),
    [
        (GlorotUniform(seed=5), distribution("uniform", math.sqrt(1 / 750)), math.sqrt(6 / 1500)),
        (
            HeNormal(seed=5),
            distribution("truncated_normal", math.sqrt(2 / 600)),
            2 * math.sqrt(2 / 600) / 0.87962566103423978,
        ),
    ],
    ids=["glorot_uniform", "he_normal"],
)
def test_glorot_and_he(initializer: Any, expected: Any, limit: float) -> None:
    values = initializer(SHAPE, "float64").ravel()
    assert scipy.stats.kstest(values, expected.cdf).pvalue > 0.01
    assert 0.999 * limit < np.abs(values).max() <= limit * (1 + 1e-12)


def test_the_short_name_normal_is_the_truncated_normal() -> None:
    short = VarianceScaling(distribution="normal", seed=3)
    assert short.get_config()["distribution"] == "truncated_normal"
    np.testing.assert_array_equal(short(SHAPE), VarianceScaling(seed=3)(SHAPE))


@pytest.mark.parametrize("make", [VarianceScaling, GlorotUniform, HeNormal])
def test_a_seed_fixes_the_numbers(make: Any) -> None:
    first, second = make(seed=3), make(seed=3)
    np.testing.assert_array_equal(first((4, 5)), second((4, 5)))
    np.testing.assert_array_equal(first((4, 5)), first((4, 5)))
    assert not np.array_equal(first((4, 5)), make(seed=4)((4, 5)))


@pytest.mark.parametrize("make", [VarianceScaling, GlorotUniform, HeNormal])
def test_without_a_seed_every_weight_is_another_and_the_global_seed_fixes_all(make: Any) -> None:
    kcore.set_random_seed(8)
    first, second = make()((4, 5)), make()((4, 5))
    assert not np.array_equal(first, second)
    kcore.set_random_seed(8)
    np.testing.assert_array_equal(make()((4, 5)), first)
    np.testing.assert_array_equal(make()((4, 5)), second)


@pytest.mark.parametrize("make", [VarianceScaling, GlorotUniform, HeNormal])
def test_every_dtype_has_the_same_numbers_rounded(make: Any) -> None:
    narrow, wide = make(seed=1)((7, 9), "float32"), make(seed=1)((7, 9), "float64")
    assert (narrow.dtype, wide.dtype) == (np.float32, np.float64)
    np.testing.assert_array_equal(narrow, wide.astype(np.float32))


@pytest.mark.parametrize("shape", [(), (6,), (0, 3), (3, 0), (2, 3, 4)])
def test_unusual_shapes(shape: tuple[int, ...]) -> None:
    for initializer in (GlorotUniform(seed=1), HeNormal(seed=1)):
        values = initializer(shape)
        assert values.shape == shape
        assert np.isfinite(values).all()


@pytest.mark.parametrize(
    ("initializer", "config"),
    [
        (
            VarianceScaling(),
            {"scale": 1.0, "mode": "fan_in", "distribution": "truncated_normal", "seed": None},
        ),
        (
            VarianceScaling(2.0, "fan_avg", "uniform", 7),
            {"scale": 2.0, "mode": "fan_avg", "distribution": "uniform", "seed": 7},
        ),
        (GlorotUniform(), {"seed": None}),
        (GlorotUniform(cast(int, np.int64(4))), {"seed": 4}),
        (HeNormal(seed=4), {"seed": 4}),
    ],
)
def test_config_rebuilds_the_initializer(initializer: Any, config: dict[str, Any]) -> None:
    assert initializer.get_config() == config
    assert type(initializer).from_config(config).get_config() == config


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (
            lambda: VarianceScaling(scale=0),
            "VarianceScaling cannot take scale=0. Allowed: a finite number above 0.",
        ),
        (
            lambda: VarianceScaling(scale=cast(Any, "1")),
            "VarianceScaling cannot take scale='1'. Allowed: a finite number above 0.",
        ),
        (
            lambda: VarianceScaling(mode="fan"),
            "VarianceScaling cannot take mode='fan'. Allowed: 'fan_in', 'fan_out', 'fan_avg'.",
        ),
        (
            lambda: VarianceScaling(distribution="cauchy"),
            "VarianceScaling cannot take distribution='cauchy'. Allowed: 'truncated_normal', "
            "'untruncated_normal', 'uniform'.",
        ),
        (
            lambda: GlorotUniform(seed=-1),
            "GlorotUniform cannot take seed=-1. Allowed: None, or an integer of at least 0.",
        ),
        (
            lambda: HeNormal(seed=cast(Any, 1.5)),
            "HeNormal cannot take seed=1.5. Allowed: None, or an integer of at least 0.",
        ),
        (
            lambda: HeNormal(seed=True),
            "HeNormal cannot take seed=True. Allowed: None, or an integer of at least 0.",
        ),
    ],
)
def test_bad_arguments_are_named(make: Any, text: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        make()
    assert str(caught.value) == text


def test_examples_in_the_docstrings() -> None:
    found = doctest.testmod(variance_scaling)
    assert found.attempted >= 7
    assert found.failed == 0
