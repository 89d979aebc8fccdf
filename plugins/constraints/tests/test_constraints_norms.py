"""Constraints beside Keras's recorded numbers: values, axes, configs, bad arguments."""

from __future__ import annotations

import doctest
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kcore import constraints
from kcore.engine import CompiledFunction
from kcore.errors import InvalidArgumentError
from kcore.testing.reference import Case, load_cases
from kcore_constraints import norms, radial
from kcore_constraints.norms import MaxNorm, MinMaxNorm, NonNeg, UnitNorm
from kcore_constraints.radial import RadialConstraint

CASES = load_cases(Path(__file__).parent / "reference" / "constraints.npz")
CLASSES: dict[str, Any] = {
    "max_norm": MaxNorm,
    "non_neg": NonNeg,
    "unit_norm": UnitNorm,
    "min_max_norm": MinMaxNorm,
    "radial_constraint": RadialConstraint,
}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_values_as_recorded(case: Case) -> None:
    constraint = CLASSES[case.component](**case.config)
    weights = case.arrays["w"]
    tolerance = 1e-6 if weights.dtype == np.float32 else 1e-14
    for projected in (constraint(weights), CompiledFunction(constraint)(weights)):
        assert projected.dtype == weights.dtype
        np.testing.assert_allclose(projected, case.arrays["y"], rtol=tolerance, atol=tolerance)


@given(st.floats(0.01, 10), st.sampled_from([0, 1, -1, (0, 1), (0, 1, 2), [1, 2]]), st.integers(0, 99))
def test_norms_are_at_most_the_largest_allowed(largest: float, axis: Any, seed: int) -> None:
    weights = np.random.default_rng(seed).standard_normal((3, 4, 5)) * 3
    axes = tuple(axis) if isinstance(axis, list) else axis
    before = np.sqrt(np.sum(weights**2, axis=axes, keepdims=True))
    projected = MaxNorm(largest, axis)(weights)
    after = np.sqrt(np.sum(projected**2, axis=axes, keepdims=True))
    np.testing.assert_allclose(after, np.minimum(before, largest), rtol=1e-5)
    # Only lengths change, no directions.
    np.testing.assert_allclose(projected * before, weights * after, rtol=1e-9, atol=1e-12)


def test_a_largest_norm_of_zero_gives_zeros() -> None:
    assert MaxNorm(0)(np.ones((2, 2))).tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_non_neg_keeps_what_is_not_negative() -> None:
    weights = np.array([[-1.5, 0.0], [2.0, -1e-30]], np.float32)
    assert NonNeg()(weights).tolist() == [[0.0, 0.0], [2.0, 0.0]]


@pytest.mark.parametrize(
    ("constraint", "config"),
    [
        (MaxNorm(), {"max_value": 2, "axis": 0}),
        (MaxNorm(1.5, axis=1), {"max_value": 1.5, "axis": 1}),
        (MaxNorm(3, axis=(0, 1, 2)), {"max_value": 3, "axis": [0, 1, 2]}),
        (NonNeg(), {}),
        (UnitNorm(), {"axis": 0}),
        (UnitNorm(axis=(0, 1)), {"axis": [0, 1]}),
        (MinMaxNorm(), {"min_value": 0.0, "max_value": 1.0, "rate": 1.0, "axis": 0}),
        (MinMaxNorm(0.5, 2, 0.25, 1), {"min_value": 0.5, "max_value": 2, "rate": 0.25, "axis": 1}),
    ],
)
def test_config_rebuilds_the_constraint(constraint: Any, config: dict[str, Any]) -> None:
    assert constraint.get_config() == config
    again = type(constraint).from_config(config)
    assert again.get_config() == config
    weights = np.arange(-12.0, 12.0).reshape(2, 3, 4)
    np.testing.assert_array_equal(again(weights), constraint(weights))


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"max_value": -1}, "MaxNorm cannot take max_value=-1. Allowed: a number of at least 0."),
        ({"max_value": "2"}, "MaxNorm cannot take max_value='2'. Allowed: a number of at least 0."),
        ({"max_value": float("nan")}, "MaxNorm cannot take max_value=nan. Allowed: a number of at least 0."),
        ({"axis": None}, "MaxNorm cannot take axis=None. Allowed: an integer, or a list of integers."),
        (
            {"axis": [0, 1.5]},
            "MaxNorm cannot take axis=[0, 1.5]. Allowed: an integer, or a list of integers.",
        ),
        ({"axis": True}, "MaxNorm cannot take axis=True. Allowed: an integer, or a list of integers."),
    ],
)
def test_bad_arguments_are_named(arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        MaxNorm(**arguments)
    assert str(caught.value) == text


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: UnitNorm(axis="0"), "UnitNorm cannot take axis='0'. Allowed: an integer, or a list of integers."),
        (lambda: MinMaxNorm(-1), "MinMaxNorm cannot take min_value=-1. Allowed: a number of at least 0."),
        (lambda: MinMaxNorm(1, "2"), "MinMaxNorm cannot take max_value='2'. Allowed: a number of at least 0."),
        (lambda: MinMaxNorm(2, 1), "MinMaxNorm cannot take max_value=1. Allowed: a number of at least min_value=2."),
        (lambda: MinMaxNorm(rate=-0.5), "MinMaxNorm cannot take rate=-0.5. Allowed: a number of at least 0."),
        (lambda: MinMaxNorm(rate=1.5), "MinMaxNorm cannot take rate=1.5. Allowed: a number from 0 to 1."),
        (lambda: MinMaxNorm(axis=0.5), "MinMaxNorm cannot take axis=0.5. Allowed: an integer, or a list of integers."),
        (
            lambda: RadialConstraint()(np.zeros((3, 2, 1, 1))),
            "RadialConstraint cannot take weights='an array of shape (3, 2, 1, 1)'. Allowed: a kernel of shape (size, "
            "size, channels, filters).",
        ),
    ],
)
def test_bad_arguments_of_the_others(make: Any, text: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        make()
    assert str(caught.value) == text


def test_names_of_keras() -> None:
    names = dict.fromkeys(["MaxNorm", "max_norm", "maxnorm"], MaxNorm) | dict.fromkeys(
        ["NonNeg", "non_neg", "nonneg"], NonNeg
    )
    names |= dict.fromkeys(["UnitNorm", "unit_norm", "unitnorm"], UnitNorm)
    names |= dict.fromkeys(["MinMaxNorm", "min_max_norm"], MinMaxNorm)
    names |= dict.fromkeys(["RadialConstraint", "radial_constraint"], RadialConstraint)
    assert {name: type(constraints.get(name)) for name in names} == names


@given(st.sampled_from([0, 1, (0, 1, 2), [1, 2]]), st.integers(0, 99), st.floats(0, 1))
def test_norms_go_their_part_of_the_way_into_the_interval(axis: Any, seed: int, rate: float) -> None:
    weights = np.random.default_rng(seed).standard_normal((3, 4, 5)) * 3
    axes = tuple(axis) if isinstance(axis, list) else axis
    before = np.sqrt(np.sum(weights**2, axis=axes, keepdims=True))

    def norms_after(constraint: Any) -> Any:
        return np.sqrt(np.sum(constraint(weights) ** 2, axis=axes, keepdims=True))

    np.testing.assert_allclose(norms_after(UnitNorm(axis)), 1, rtol=1e-5)
    expected = rate * np.clip(before, 4.0, 6.0) + (1 - rate) * before
    np.testing.assert_allclose(norms_after(MinMaxNorm(4.0, 6.0, rate, axis)), expected, rtol=1e-5)


def test_a_radial_kernel_is_the_same_turned_and_mirrored() -> None:
    for size in range(1, 8):
        kernel = RadialConstraint()(np.random.default_rng(size).normal(size=(size, size, 2, 3)))
        for other in (np.rot90(kernel), kernel[::-1], kernel.transpose(1, 0, 2, 3)):
            np.testing.assert_array_equal(other, kernel)
        assert len(np.unique(kernel[..., 0, 0])) == (size + 1) // 2


@pytest.mark.parametrize(("module", "examples"), [(norms, 4), (radial, 2)])
def test_examples_in_the_docstrings(module: Any, examples: int) -> None:
    found = doctest.testmod(module)
    assert found.attempted >= examples
    assert found.failed == 0
