"""RandomUniform beside SciPy's distribution; seeds, dtypes, configs, bad arguments."""

from __future__ import annotations

import doctest
import math
from typing import Any, cast

import numpy as np
import pytest
import scipy.stats

import kcore
from kcore import initializers
from kcore.errors import InvalidArgumentError
from kcore_initializers import uniform
from kcore_initializers.uniform import RandomUniform


@pytest.mark.parametrize(("low", "high"), [(-0.05, 0.05), (0.0, 2.0), (-3, -1)])
def test_numbers_follow_the_distribution(low: float, high: float) -> None:
    values = RandomUniform(low, high, seed=17)((3, 5, 40, 60), "float64").ravel()
    expected: Any = scipy.stats.uniform(low, high - low)
    assert scipy.stats.kstest(values, expected.cdf).pvalue > 0.01
    # The bounds are reached to a thousandth, and kept.
    assert low <= values.min() < low + (high - low) / 1000
    assert high - (high - low) / 1000 < values.max() <= high


def test_defaults_and_names_are_those_of_keras() -> None:
    assert RandomUniform().get_config() == {"minval": -0.05, "maxval": 0.05, "seed": None}
    for name in ("RandomUniform", "random_uniform", "uniform"):
        assert isinstance(initializers.get(name), RandomUniform)


def test_equal_bounds_give_that_number() -> None:
    assert RandomUniform(0.25, 0.25)((2, 2)).tolist() == [[0.25, 0.25], [0.25, 0.25]]


def test_seeds() -> None:
    first = RandomUniform(seed=3)
    np.testing.assert_array_equal(first((4, 5)), RandomUniform(seed=3)((4, 5)))
    np.testing.assert_array_equal(first((4, 5)), first((4, 5)))
    assert not np.array_equal(first((4, 5)), RandomUniform(seed=4)((4, 5)))
    kcore.set_random_seed(8)
    one, two = RandomUniform()((4, 5)), RandomUniform()((4, 5))
    assert not np.array_equal(one, two)
    kcore.set_random_seed(8)
    np.testing.assert_array_equal(RandomUniform()((4, 5)), one)


def test_every_dtype_has_the_same_numbers_rounded() -> None:
    narrow, wide = RandomUniform(seed=1)((7, 9), "float32"), RandomUniform(seed=1)((7, 9), "float64")
    assert (narrow.dtype, wide.dtype) == (np.float32, np.float64)
    np.testing.assert_array_equal(narrow, wide.astype(np.float32))
    assert RandomUniform()((0, 3)).shape == (0, 3)


def test_config_rebuilds_the_initializer() -> None:
    config = RandomUniform(-1, 2.5, cast(int, np.int64(7))).get_config()
    assert config == {"minval": -1, "maxval": 2.5, "seed": 7}
    assert RandomUniform.from_config(config).get_config() == config


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"minval": "0"}, "RandomUniform cannot take minval='0'. Allowed: a finite number."),
        ({"minval": -math.inf}, "RandomUniform cannot take minval=-inf. Allowed: a finite number."),
        (
            {"maxval": math.nan},
            "RandomUniform cannot take maxval=nan. Allowed: a finite number of at least minval=-0.05.",
        ),
        ({"maxval": -1}, "RandomUniform cannot take maxval=-1. Allowed: a finite number of at least minval=-0.05."),
        ({"seed": -1}, "RandomUniform cannot take seed=-1. Allowed: None, or an integer of at least 0."),
    ],
)
def test_bad_arguments_are_named(arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        RandomUniform(**arguments)
    assert str(caught.value) == text


def test_examples_in_the_docstrings() -> None:
    found = doctest.testmod(uniform)
    assert found.attempted >= 2
    assert found.failed == 0
