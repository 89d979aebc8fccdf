"""Zeros, Ones, Constant, Identity: values as recorded from Keras, dtypes, configs, bad values."""

from __future__ import annotations

import doctest
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kcore
from kcore import initializers
from kcore.errors import InvalidArgumentError
from kcore.initializers import compute_fans
from kcore.testing.reference import Case, load_cases
from kcore_initializers import constant, identity
from kcore_initializers.constant import Constant, Ones, Zeros
from kcore_initializers.identity import Identity

CASES = load_cases(Path(__file__).parent / "reference" / "initializers.npz")


@pytest.mark.parametrize("case", [case for case in CASES if "y" in case.arrays], ids=str)
def test_values_as_recorded(case: Case) -> None:
    expected = case.arrays["y"]
    initial = initializers.get(case.component, **case.config)(expected.shape, expected.dtype)
    assert initial.dtype == expected.dtype
    np.testing.assert_array_equal(initial, expected)


@pytest.mark.parametrize("case", [case for case in CASES if case.component == "compute_fans"], ids=str)
def test_fans_as_recorded(case: Case) -> None:
    assert compute_fans(case.arrays["shape"].tolist()) == tuple(case.arrays["fans"].tolist())


@pytest.mark.parametrize("initializer", [Zeros(), Ones(), Constant(0.25)], ids=lambda i: type(i).__name__)
def test_the_default_dtype_is_floatx(initializer: Any) -> None:
    assert initializer((3,)).dtype == "float32"
    kcore.set_floatx("float64")
    try:
        assert initializer((3,)).dtype == "float64"
    finally:
        kcore.set_floatx("float32")


def test_an_array_is_repeated_along_missing_axes() -> None:
    initial = Constant([1.0, 2.0])((3, 2))
    assert initial.tolist() == [[1.0, 2.0]] * 3
    # Every weight has its own memory.
    initial[0, 0] = 9.0
    assert initial.tolist() == [[9.0, 2.0], [1.0, 2.0], [1.0, 2.0]]


@pytest.mark.parametrize(
    ("initializer", "config"),
    [
        (Zeros(), {}),
        (Ones(), {}),
        (Constant(), {"value": 0}),
        (Constant(0.5), {"value": 0.5}),
        (Constant(np.array([1.0, 2.0])), {"value": [1.0, 2.0]}),
    ],
)
def test_config_rebuilds_the_initializer(initializer: Any, config: dict[str, Any]) -> None:
    assert initializer.get_config() == config
    again = type(initializer).from_config(config)
    np.testing.assert_array_equal(again((3, 2)), initializer((3, 2)))


@pytest.mark.parametrize("value", ["one", None, [[1.0], [2.0, 3.0]], 1j])
def test_a_value_that_is_no_number_is_refused(value: Any) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        Constant(value)
    assert str(caught.value) == (f"Constant cannot take value={value!r}. Allowed: a number or an array of numbers.")


def test_a_value_of_the_wrong_shape_is_refused_when_the_shape_is_known() -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        Constant([1.0, 2.0])((2, 3))
    assert str(caught.value) == (
        "Constant cannot take value=[1.0, 2.0]. Allowed: a number, or an array that broadcasts to the "
        "weight's shape (2, 3)."
    )


@pytest.mark.parametrize("shape", [(), (3,), (2, 2, 2)])
def test_only_a_matrix_can_be_the_identity(shape: tuple[int, ...]) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        Identity()(shape)
    assert str(caught.value) == f"Identity cannot take shape={shape}. Allowed: a shape of two axes."


@pytest.mark.parametrize("gain", ["1", None, float("inf"), True])
def test_a_gain_that_is_no_number_is_refused(gain: Any) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        Identity(gain)
    assert str(caught.value) == f"Identity cannot take gain={gain!r}. Allowed: a finite number."


def test_names_of_keras() -> None:
    for kind, names in {
        Zeros: ["Zeros", "zeros", "zero"],
        Ones: ["Ones", "ones", "one"],
        Constant: ["Constant", "constant"],
        Identity: ["Identity", "identity", "IdentityInitializer"],
    }.items():
        for name in names:
            assert type(initializers.get(name)) is kind


@pytest.mark.parametrize(("module", "examples"), [(constant, 3), (identity, 1)])
def test_examples_in_the_docstrings(module: Any, examples: int) -> None:
    found = doctest.testmod(module)
    assert found.attempted >= examples
    assert found.failed == 0
