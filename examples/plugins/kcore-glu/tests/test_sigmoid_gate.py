"""The primitive: numbers of SciPy, both ends of the line, derivatives, pieces, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from kcore import ops, set_threads, value_and_grad
from kcore.errors import OperandError
from kcore.testing import check_gradients
from scipy import special

from kcore_glu.sigmoid_gate import sigmoid_gate, swish

X = np.linspace(-30, 30, 241)


@pytest.mark.parametrize(("dtype", "rtol"), [("float64", 1e-15), ("float32", 3e-7)])
def test_it_is_as_exact_as_the_dtype(dtype: str, rtol: float) -> None:
    value, gate = X[::-1].astype(dtype), X.astype(dtype)
    found = sigmoid_gate(value, gate)
    assert found.dtype == dtype
    exact = value.astype("float64") * special.expit(gate.astype("float64"))
    # Relative to each number, also where the gate is all but shut.
    np.testing.assert_allclose(found, exact, rtol=4 * rtol)


@pytest.mark.parametrize("slope", [1.0, 0.0, -2.0, 0.5])
def test_swish(slope: float) -> None:
    np.testing.assert_allclose(swish(X, slope), X * special.expit(slope * X), rtol=1e-14)


def test_far_ends_are_exact_and_quiet() -> None:
    far = np.array([-np.inf, -1e4, 1e4, np.inf], "float32")
    np.testing.assert_array_equal(sigmoid_gate(np.full(4, 3.0, "float32"), far), [0, 0, 3, 3])
    value, slope = value_and_grad(lambda x: np.sum(swish(x)))(np.array([-1e4, 1e4], "float32"))
    assert (value, slope.tolist()) == (1e4, [0, 1])


def test_derivatives_of_first_and_second_order() -> None:
    value, gate = np.array([[0.5, -1.5], [2.0, 0.0]]), np.array([[1.0, -3.0], [0.0, 4.0]])
    check_gradients(sigmoid_gate, [value, gate], order=2)
    check_gradients(lambda x: swish(x, 1.5), [value], order=2)
    # (x s(x))' = s + x s (1 - s), by hand.
    found = value_and_grad(lambda x: np.sum(swish(x)))(X)[1]
    s = special.expit(X)
    np.testing.assert_allclose(found, s + X * s * special.expit(-X), rtol=1e-12, atol=1e-15)


def test_pieces_on_several_threads_change_no_bit() -> None:
    x = np.random.default_rng(1).normal(size=(1024, 600)).astype("float32")

    def run(threads: int) -> Any:
        set_threads(threads)
        return value_and_grad(lambda x: np.sum(sigmoid_gate(x, ops.relu(x)) * x))(x)

    try:
        (one, slope), (two, same) = run(1), run(2)
    finally:
        set_threads(None)
    assert one == two
    np.testing.assert_array_equal(slope, same)


@pytest.mark.parametrize(
    ("value", "gate", "message"),
    [
        (np.arange(3), np.arange(3), "floating dtypes, not int64"),
        (np.zeros(3), np.zeros((1, 3)), "a gate of the same shape and dtype"),
        (np.zeros(3), np.zeros(3, "float32"), "not one of float32"),
    ],
)
def test_other_operands_are_refused(value: Any, gate: Any, message: str) -> None:
    calls: list[Callable[[], Any]] = [
        lambda: sigmoid_gate(value, gate),
        lambda: value_and_grad(lambda x: np.sum(sigmoid_gate(x, gate)))(value),
    ]
    for call in calls:
        with pytest.raises(OperandError, match=message):
            call()
