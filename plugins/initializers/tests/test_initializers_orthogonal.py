"""Orthogonal: orthonormal rows or columns, no direction preferred; seeds, dtypes, configs, bad arguments."""

from __future__ import annotations

import doctest
import math
from typing import Any

import numpy as np
import pytest
import scipy.stats

import kcore
from kcore import initializers
from kcore.errors import InvalidArgumentError
from kcore_initializers import orthogonal
from kcore_initializers.orthogonal import Orthogonal


@pytest.mark.parametrize("gain", [1.0, 0.5, -2])
@pytest.mark.parametrize("shape", [(5, 5), (7, 3), (3, 7), (1, 4), (2, 3, 4, 5), (5, 1, 30)])
def test_the_shorter_side_is_orthonormal(shape: tuple[int, ...], gain: float) -> None:
    matrix = Orthogonal(gain, seed=2)(shape, "float64").reshape(-1, shape[-1])
    product = matrix.T @ matrix if matrix.shape[0] >= matrix.shape[1] else matrix @ matrix.T
    np.testing.assert_allclose(product, gain**2 * np.eye(len(product)), atol=1e-12)


def test_no_direction_is_preferred() -> None:
    """The first entry of a random unit vector in n dimensions: its square follows the beta distribution."""
    kcore.set_random_seed(5)
    size = 4
    drawn = np.array([Orthogonal()((size, size), "float64") for _ in range(2000)])
    beta: Any = scipy.stats.beta(0.5, (size - 1) / 2)
    for row, column in [(0, 0), (0, 3), (2, 1), (3, 3)]:
        entries = drawn[:, row, column]
        assert scipy.stats.kstest(entries**2, beta.cdf).pvalue > 0.01
        # Both signs, each half of the time: 4 standard deviations of a fair coin.
        assert abs(np.mean(entries > 0) - 0.5) < 4 * 0.5 / math.sqrt(len(entries))
    # Rotations and reflections are equally likely.
    assert abs(np.mean(np.linalg.det(drawn) > 0) - 0.5) < 4 * 0.5 / math.sqrt(len(drawn))


def test_defaults_and_names_are_those_of_keras() -> None:
    assert Orthogonal().get_config() == {"gain": 1.0, "seed": None}
    for name in ("Orthogonal", "orthogonal"):
        assert isinstance(initializers.get(name), Orthogonal)


def test_seeds() -> None:
    first = Orthogonal(seed=3)
    np.testing.assert_array_equal(first((4, 5)), Orthogonal(seed=3)((4, 5)))
    np.testing.assert_array_equal(first((4, 5)), first((4, 5)))
    assert not np.array_equal(first((4, 5)), Orthogonal(seed=4)((4, 5)))
    kcore.set_random_seed(8)
    one, two = Orthogonal()((4, 5)), Orthogonal()((4, 5))
    assert not np.array_equal(one, two)
    kcore.set_random_seed(8)
    np.testing.assert_array_equal(Orthogonal()((4, 5)), one)


def test_every_dtype_has_the_same_numbers_rounded() -> None:
    narrow, wide = Orthogonal(seed=1)((7, 9), "float32"), Orthogonal(seed=1)((7, 9), "float64")
    assert (narrow.dtype, wide.dtype) == (np.float32, np.float64)
    np.testing.assert_array_equal(narrow, wide.astype(np.float32))
    assert Orthogonal()((0, 3)).shape == (0, 3)


def test_config_rebuilds_the_initializer() -> None:
    config = Orthogonal(2, 7).get_config()
    assert config == {"gain": 2, "seed": 7}
    assert Orthogonal.from_config(config).get_config() == config


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"gain": "1"}, "Orthogonal cannot take gain='1'. Allowed: a finite number."),
        ({"gain": math.inf}, "Orthogonal cannot take gain=inf. Allowed: a finite number."),
        ({"seed": 0.5}, "Orthogonal cannot take seed=0.5. Allowed: None, or an integer of at least 0."),
    ],
)
def test_bad_arguments_are_named(arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        Orthogonal(**arguments)
    assert str(caught.value) == text


@pytest.mark.parametrize("shape", [(), (3,)])
def test_a_vector_cannot_be_orthogonal(shape: tuple[int, ...]) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        Orthogonal()(shape)
    assert str(caught.value) == f"Orthogonal cannot take shape={shape}. Allowed: a shape of at least two axes."


def test_examples_in_the_docstrings() -> None:
    found = doctest.testmod(orthogonal)
    assert found.attempted >= 2
    assert found.failed == 0
