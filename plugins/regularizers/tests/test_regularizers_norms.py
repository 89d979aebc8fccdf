"""Regularizers beside Keras's recorded numbers: penalties, gradients, names, configs, bad factors."""

from __future__ import annotations

import doctest
import math
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kcore import regularizers
from kcore.engine import CompiledFunction, gradients
from kcore.errors import InvalidArgumentError
from kcore.testing.reference import Case, load_cases
from kcore_regularizers import norms, orthogonal
from kcore_regularizers.norms import L1, L1L2, L2, l1_l2
from kcore_regularizers.orthogonal import OrthogonalRegularizer

CASES = load_cases(Path(__file__).parent / "reference" / "regularizers.npz")
CLASSES: dict[str, Any] = {"l1": L1, "l2": L2, "l1_l2": L1L2, "orthogonal_regularizer": OrthogonalRegularizer}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_penalties_and_gradients_as_recorded(case: Case) -> None:
    weights = case.arrays["w"]
    factors = {**CLASSES[case.component]().get_config(), **case.config}
    if weights.dtype == np.float64:
        # Keras keeps the factors in float32.
        factors = {
            name: factor if isinstance(factor, str) else float(np.float32(factor)) for name, factor in factors.items()
        }
    penalty = CLASSES[case.component](**factors)

    def step(w: Any) -> Any:
        value = penalty(w)
        return value, gradients(value, [w])[0]

    value, slope = CompiledFunction(step)(weights)
    tolerance = 1e-6 if weights.dtype == np.float32 else 1e-14
    assert value.shape == ()
    assert value.dtype == slope.dtype == weights.dtype
    np.testing.assert_allclose(value, case.arrays["value"], rtol=tolerance)
    np.testing.assert_allclose(slope, case.arrays["dw"], rtol=tolerance, atol=tolerance)
    eager = penalty(weights)
    assert eager.dtype == weights.dtype
    assert eager == pytest.approx(float(value), rel=tolerance)


@given(
    st.floats(0, 10),
    st.floats(0, 10),
    st.lists(st.floats(-100, 100), min_size=1, max_size=20),
)
def test_penalties_follow_the_formula(l1: float, l2: float, values: list[float]) -> None:
    weights = np.array(values)
    expected = l1 * math.fsum(map(abs, values)) + l2 * math.fsum(v * v for v in values)
    assert float(L1L2(l1, l2)(weights)) == pytest.approx(expected, rel=1e-12, abs=1e-300)
    assert float(L1(l1)(weights) + L2(l2)(weights)) == pytest.approx(expected, rel=1e-12, abs=1e-300)


def test_keras_names_and_defaults() -> None:
    assert L1().get_config() == {"l1": 0.01}
    assert L1(l=0.5).get_config() == L1(l1=0.5).get_config() == L1(0.5).get_config() == {"l1": 0.5}
    assert L2().get_config() == {"l2": 0.01}
    assert L2(l=0.5).get_config() == L2(l2=0.5).get_config() == L2(0.5).get_config() == {"l2": 0.5}
    assert L1L2().get_config() == {"l1": 0.0, "l2": 0.0}
    assert L1L2(l2=0.5).get_config() == {"l1": 0.0, "l2": 0.5}


def test_the_short_name_makes_an_l1l2_with_both_factors() -> None:
    assert type(l1_l2()) is L1L2
    assert l1_l2().get_config() == {"l1": 0.01, "l2": 0.01}
    assert l1_l2(l1=0.5).get_config() == {"l1": 0.5, "l2": 0.01}


@pytest.mark.parametrize("penalty", [L1(0.25), L2(0.25), L1L2(0.25, 0.5)], ids=lambda p: type(p).__name__)
def test_config_rebuilds_the_regularizer(penalty: Any) -> None:
    again = type(penalty).from_config(penalty.get_config())
    assert again.get_config() == penalty.get_config()
    weights = np.array([[1.0, -3.0]])
    assert again(weights) == penalty(weights)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: L1(cast(Any, "0.1")), "L1 cannot take l1='0.1'. Allowed: a finite number."),
        (lambda: L1(l=math.inf), "L1 cannot take l=inf. Allowed: a finite number."),
        (lambda: L2(True), "L2 cannot take l2=True. Allowed: a finite number."),
        (lambda: L2(math.nan), "L2 cannot take l2=nan. Allowed: a finite number."),
        (lambda: L1L2(l2=cast(Any, None)), "L1L2 cannot take l2=None. Allowed: a finite number."),
        (
            lambda: OrthogonalRegularizer(cast(Any, "1")),
            "OrthogonalRegularizer cannot take factor='1'. Allowed: a finite number.",
        ),
        (
            lambda: OrthogonalRegularizer(mode="both"),
            "OrthogonalRegularizer cannot take mode='both'. Allowed: 'rows', 'columns'.",
        ),
        (
            lambda: OrthogonalRegularizer()(np.zeros((2, 3, 4))),
            "OrthogonalRegularizer cannot take weights='an array of shape (2, 3, 4)'. Allowed: a matrix.",
        ),
    ],
)
def test_bad_factors_are_named(make: Any, text: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        make()
    assert str(caught.value) == text


def test_names_of_keras() -> None:
    names = {"L1": L1, "l1": L1, "L2": L2, "l2": L2, "L1L2": L1L2, "l1l2": L1L2, "l1_l2": L1L2}
    names |= dict.fromkeys(["OrthogonalRegularizer", "orthogonal_regularizer"], OrthogonalRegularizer)
    assert {name: type(regularizers.get(name)) for name in names} == names


def test_orthogonal_vectors_cost_nothing_and_their_lengths_do_not_matter() -> None:
    weights = np.linalg.qr(np.random.default_rng(3).normal(size=(5, 5)))[0] * np.arange(1, 6)[:, np.newaxis]
    assert float(OrthogonalRegularizer(1.0)(weights)) == pytest.approx(0, abs=1e-15)
    # Of the columns of a matrix with orthogonal rows of several lengths, none is orthogonal to another.
    assert float(OrthogonalRegularizer(1.0, "columns")(weights)) > 0.01
    wide = np.random.default_rng(4).normal(size=(3, 7))
    assert float(OrthogonalRegularizer()(wide * 50)) == pytest.approx(float(OrthogonalRegularizer()(wide)), rel=1e-12)
    assert float(OrthogonalRegularizer(mode="columns")(wide.T)) == float(OrthogonalRegularizer()(wide))


@pytest.mark.parametrize(("module", "examples"), [(norms, 4), (orthogonal, 2)])
def test_examples_in_the_docstrings(module: Any, examples: int) -> None:
    found = doctest.testmod(module)
    assert found.attempted >= examples
    assert found.failed == 0
