"""kcore.ops against SciPy and formulas: values at the extremes, gradients, eager and planned."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import special

from kcore import ops
from kcore.engine import CompiledFunction, Variable, grad
from kcore.testing import check_gradients

WIDE = np.array([-1000.0, -100.0, -30.0, -5.0, -1e-3, 0.0, 1e-3, 2.0, 30.0, 100.0, 1000.0])
ROWS = np.random.default_rng(2).normal(size=(4, 3, 5))

REFERENCES: dict[Any, Any] = {
    ops.relu: lambda x: (x + np.abs(x)) / 2,
    ops.sigmoid: special.expit,
    ops.softplus: lambda x: np.logaddexp(0.0, x),
    ops.softmax: lambda x: special.softmax(x, axis=-1),
    ops.log_softmax: lambda x: special.log_softmax(x, axis=-1),
}
EACH = pytest.mark.parametrize("function", list(REFERENCES), ids=lambda function: function.__name__)


@EACH
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("array", [WIDE, ROWS, ROWS[:1], ROWS[:0], ROWS.T, WIDE[::-2]])
def test_values(function: Any, dtype: str, array: np.ndarray) -> None:
    x = array.astype(dtype)
    expected = REFERENCES[function](x.astype("f8"))
    tiny = float(np.finfo(dtype).tiny)
    planned = CompiledFunction(function)
    for found in (function(x), planned(x), np.asarray(function(Variable(x)))):
        assert found.dtype == dtype
        # Relative, down to the smallest normal number: no digits are lost where the result is small.
        np.testing.assert_allclose(found, expected, rtol=2e-6 if dtype == "float32" else 1e-13, atol=tiny)


@EACH
def test_gradients_to_second_order(function: Any) -> None:
    check_gradients(function, [ROWS])
    check_gradients(function, [np.array(0.7)]) if function not in (ops.softmax, ops.log_softmax) else None


@EACH
def test_gradients_are_finite_at_the_extremes(function: Any) -> None:
    assert np.isfinite(grad(lambda x: np.sum(function(x) * np.arange(11.0)))(WIDE)).all()


def test_the_derivative_of_relu_at_zero_is_zero() -> None:
    np.testing.assert_array_equal(grad(lambda x: np.sum(ops.relu(x)))(np.array([-1.0, 0.0, 1.0])), [0.0, 0.0, 1.0])


@pytest.mark.parametrize("axis", [0, 1, -2])
def test_softmax_along_another_axis(axis: int) -> None:
    np.testing.assert_allclose(ops.softmax(ROWS, axis=axis), special.softmax(ROWS, axis=axis), rtol=1e-13)
    np.testing.assert_allclose(ops.log_softmax(ROWS, axis=axis), special.log_softmax(ROWS, axis=axis), rtol=1e-12)


def test_integers() -> None:
    found = ops.sigmoid(np.array([0, 1]))
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, special.expit([0.0, 1.0]))
    np.testing.assert_array_equal(ops.relu(np.array([-2, 2])), [0, 2])


@pytest.mark.parametrize("axis", [0, -2, (1,), (1, 2), (0, -1), (0, 1, 2)])
def test_softmax_over_several_axes(axis: Any) -> None:
    expected = special.softmax(ROWS, axis=axis)
    np.testing.assert_allclose(ops.softmax(ROWS, axis=axis), expected, rtol=1e-13)
    np.testing.assert_allclose(CompiledFunction(lambda x: ops.softmax(x, axis=axis))(ROWS), expected, rtol=1e-13)
    check_gradients(lambda x: ops.softmax(x, axis=axis), (ROWS,))


def test_erfc_beside_scipy() -> None:
    x = np.concatenate([np.linspace(-7, 27, 4001), [-np.inf, -1e30, -40.0, 0.0, 40.0, 1e30, np.inf]])
    for dtype in ("float32", "float64"):
        given = x.astype(dtype)
        expected = special.erfc(given.astype("f8"))
        # The exponential of a square loses as many digits as the square is large.
        tolerance = 4 * np.finfo(dtype).eps * (1 + np.minimum(np.square(given.astype("f8")), 1e3))
        tiny = float(np.finfo(dtype).tiny)
        for found in (ops.erfc(given), CompiledFunction(ops.erfc)(given), np.asarray(ops.erfc(Variable(given)))):
            assert found.dtype == dtype
            assert (np.abs(found - expected) <= tolerance * expected + tiny).all()
    assert np.isnan(ops.erfc(np.array([np.nan, 1.0]))).tolist() == [True, False]
    assert ops.erfc(np.array([0, 1])).dtype == np.float64
    check_gradients(ops.erfc, [np.linspace(-3, 3, 7)], order=3)
