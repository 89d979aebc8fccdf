"""Activations beside Keras's recorded numbers, SciPy and formulas; their gradients; extreme inputs."""

from __future__ import annotations

import doctest
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.special
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import kcore
from kcore import Array, activations
from kcore.engine import CompiledFunction, gradients
from kcore.errors import ConfigError, InvalidArgumentError
from kcore.registry import registry
from kcore.testing.reference import Case, load_cases
from kcore_activations import along_axis, functions, piecewise, smooth

CASES = load_cases(Path(__file__).parent / "reference" / "activations.npz")
# Keras 3 has another hard_sigmoid; ours is Keras 2's.
SHARED = [case for case in CASES if case.component != "hard_sigmoid" or case.source == "tf_keras"]
NAMES = [
    "softmax",
    "relu",
    "elu",
    "selu",
    "softplus",
    "sigmoid",
    "hard_sigmoid",
    "softsign",
    "tanh",
    "linear",
    "exponential",
    "silu",
    "gelu",
    "mish",
    "celu",
    "squareplus",
    "log_sigmoid",
    "tanh_shrink",
    "leaky_relu",
    "relu6",
    "hard_tanh",
    "hard_silu",
    "hard_shrink",
    "soft_shrink",
    "sparse_plus",
    "sparse_sigmoid",
    "log_softmax",
]
# Where the derivative jumps.
CORNERS = {"hard_shrink": 0.5, "soft_shrink": 0.5, "hard_tanh": 1.0, "sparse_sigmoid": 1.0}
FORMULAS: dict[str, Callable[[Any], Any]] = {
    "softmax": lambda x: np.exp(scipy.special.log_softmax(x, axis=-1)),
    "relu": lambda x: np.maximum(x, 0),
    "elu": lambda x: np.where(x > 0, x, scipy.special.expm1(np.minimum(x, 0))),
    "selu": lambda x: (
        1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * scipy.special.expm1(np.minimum(x, 0)))
    ),
    "softplus": lambda x: np.logaddexp(0, x),
    "sigmoid": scipy.special.expit,
    "hard_sigmoid": lambda x: np.clip(0.2 * x + 0.5, 0, 1),
    "softsign": lambda x: np.sign(x) * (1 - 1 / (1 + np.abs(x))),
    "tanh": lambda x: 2 * scipy.special.expit(2 * x) - 1,
    "linear": lambda x: x,
    "exponential": np.exp,
    "silu": lambda x: x * scipy.special.expit(x),
    "gelu": lambda x: x * scipy.special.ndtr(x),
    "mish": lambda x: x * np.tanh(np.logaddexp(0, x)),
    "celu": lambda x: np.where(x > 0, x, scipy.special.expm1(np.minimum(x, 0))),
    "squareplus": lambda x: np.maximum(x, 0) + 2 / (np.abs(x) + np.hypot(x, 2)),
    "log_sigmoid": lambda x: -np.logaddexp(0, -x),
    "tanh_shrink": lambda x: x - np.tanh(x),
    "leaky_relu": lambda x: np.maximum(x, 0.2 * x),
    "relu6": lambda x: np.clip(x, 0, 6),
    "hard_tanh": lambda x: np.clip(x, -1, 1),
    "hard_silu": lambda x: x * np.clip(x / 6 + 0.5, 0, 1),
    "hard_shrink": lambda x: x * (np.abs(x) > 0.5),
    "soft_shrink": lambda x: np.sign(x) * np.maximum(np.abs(x) - 0.5, 0),
    "sparse_plus": lambda x: np.clip(x + 1, 0, 2) ** 2 / 4 + np.maximum(x - 1, 0),
    "sparse_sigmoid": lambda x: np.clip((x + 1) / 2, 0, 1),
    "log_softmax": lambda x: scipy.special.log_softmax(x, axis=-1),
}


def value_and_gradient(function: Callable[..., Array], x: Array, g: Array, **arguments: Any) -> Any:
    """The activation and the gradient of sum(y * g), from a planned program."""

    def step(inputs: Any, cotangent: Any) -> Any:
        y = function(inputs, **arguments)
        return y, gradients(np.sum(y * cotangent), [inputs])[0]

    return CompiledFunction(step)(x, g)


@pytest.mark.parametrize("case", SHARED, ids=str)
def test_values_and_gradients_as_recorded(case: Case) -> None:
    function = activations.get(case.component)
    x, g, expected_y, expected_dx = (case.arrays[name] for name in ("x", "g", "y", "dx"))
    y, dx = value_and_gradient(function, x, g, **case.config)
    tolerance = 1e-6 if x.dtype == np.float32 else 1e-14
    if case.name == "gelu/approximate" and case.source == "tf_keras":
        # Its gradient has lost digits where 1 and the tangent cancel.
        tolerance = 1e-5
    assert (y.dtype, dx.dtype) == (x.dtype, x.dtype)
    np.testing.assert_allclose(y, expected_y, atol=tolerance, rtol=tolerance)
    # Keras 2 and Keras 3 take different one-sided slopes of selu at 0; ours is Keras 2's.
    compared = x != 0 if str(case).startswith("selu") and case.source == "keras3" else np.full(x.shape, True)
    np.testing.assert_allclose(dx[compared], expected_dx[compared], atol=tolerance, rtol=tolerance)
    eager = function(x, **case.config)
    assert eager.dtype == x.dtype
    np.testing.assert_allclose(eager, y, atol=tolerance, rtol=tolerance)


def test_hard_sigmoid_is_not_the_one_of_keras_3() -> None:
    (other,) = (case for case in CASES if str(case) == "hard_sigmoid/plain-float64@keras3")
    assert np.abs(functions.hard_sigmoid(other.arrays["x"]) - other.arrays["y"]).max() > 0.05


@pytest.mark.parametrize("name", NAMES)
@given(
    x=hnp.arrays(
        np.float64,
        hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=4),
        elements=st.floats(-30, 30),
    )
)
def test_values_follow_the_formula(name: str, x: Array) -> None:
    np.testing.assert_allclose(activations.get(name)(x), FORMULAS[name](x), atol=1e-14, rtol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", NAMES)
def test_extreme_inputs_give_limits_without_overflow(name: str, dtype: str) -> None:
    function = activations.get(name)
    x = np.array([[-1e30, -1e4, -200.0, 0.0, 200.0, 1e4, 1e30]], dtype)
    if name == "exponential":
        # The one that is itself too large.
        x = np.minimum(x, 80)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        y = function(x)
        slopes = value_and_gradient(function, x, np.ones_like(x))[1]
    assert y.dtype == slopes.dtype == dtype
    np.testing.assert_allclose(y, FORMULAS[name](x.astype(np.float64)), rtol=1e-6, atol=1e-7)
    assert np.isfinite(slopes).all()


@pytest.mark.parametrize("name", NAMES)
def test_gradients_are_those_of_finite_differences(name: str) -> None:
    function = activations.get(name)
    rng = np.random.default_rng(5)
    # Away from the kinks at 0 and at +-2.5.
    x = rng.uniform(0.1, 2.4, (4, 5)) * rng.choice([-1.0, 1.0], (4, 5))
    assert np.abs(np.abs(x) - CORNERS.get(name, 0.0)).min() > 1e-3
    g, direction = rng.standard_normal((2, 4, 5))
    slope = np.sum(value_and_gradient(function, x, g)[1] * direction)
    step = 1e-6
    difference = np.sum((function(x + step * direction) - function(x - step * direction)) * g) / (2 * step)
    assert slope == pytest.approx(difference, rel=1e-7, abs=1e-9)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, [0.0, 0.0, 0.0, 1.0, 3.0, 9.0]),
        ({"alpha": 0.5}, [-2.0, -0.5, 0.0, 1.0, 3.0, 9.0]),
        ({"negative_slope": 0.5}, [-2.0, -0.5, 0.0, 1.0, 3.0, 9.0]),
        ({"max_value": 3.0}, [0.0, 0.0, 0.0, 1.0, 3.0, 3.0]),
        ({"threshold": 2.0}, [0.0, 0.0, 0.0, 0.0, 3.0, 9.0]),
        ({"alpha": 0.25, "max_value": 6, "threshold": 2}, [-1.5, -0.75, -0.5, -0.25, 3.0, 6.0]),
    ],
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_relu_with_slope_limit_and_threshold(arguments: dict[str, Any], expected: list[float], dtype: str) -> None:
    y = functions.relu(np.array([-4.0, -1.0, 0.0, 1.0, 3.0, 9.0], dtype), **arguments)
    assert y.dtype == dtype
    assert y.tolist() == expected


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_softmax_sums_to_one_along_its_axis_and_ignores_a_shift(axis: int) -> None:
    x = np.random.default_rng(2).standard_normal((2, 3, 4))
    y = functions.softmax(x, axis=axis)
    np.testing.assert_allclose(y.sum(axis=axis), 1.0, rtol=1e-14)
    np.testing.assert_allclose(functions.softmax(x + 900, axis=axis), y, rtol=1e-11)


def test_second_derivatives_exist() -> None:
    x = np.array([-1.5, 0.25, 2.0])
    curvature = kcore.grad(lambda p: np.sum(kcore.grad(lambda q: np.sum(functions.softplus(q)))(p)))(x)
    np.testing.assert_allclose(curvature, scipy.special.expit(x) * scipy.special.expit(-x), rtol=1e-12)


def test_every_activation_is_recorded() -> None:
    home = registry("activations")
    names = {record.name for record in home.records() if record.distribution == "kcore-activations"}
    own = {name for name in names if home.load(name).__name__ == name}
    # Keras 3 has another sparsemax, whose numbers do not sum to 1.
    assert {case.component for case in CASES} == own - {"sparsemax"}
    assert set(NAMES) == own - {"sparsemax", "threshold", "glu"}
    assert home.load("swish") is smooth.silu and home.load("hard_swish") is piecewise.hard_silu


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("size", [0.1, 1.0, 30.0, 1e6])
def test_sparsemax_is_the_nearest_point_of_the_simplex(size: float, axis: int) -> None:
    x = np.random.default_rng(3).normal(size=(4, 5, 6)) * size
    y = np.moveaxis(along_axis.sparsemax(x, axis=axis), axis, -1)
    x = np.moveaxis(x, axis, -1)
    assert (y >= 0).all()
    np.testing.assert_allclose(y.sum(axis=-1), 1, rtol=1e-12)
    # The conditions of the nearest point: x - y is the same wherever y > 0, and at most that elsewhere.
    multiplier = np.where(y > 0, x - y, -np.inf).max(axis=-1, keepdims=True)
    slack = 1e-9 * max(size, 1.0)
    assert (np.abs(x - y - multiplier)[y > 0] < slack).all() and ((x - multiplier)[y == 0] < slack).all()
    assert (y == 0).any() or size < 1


def test_sparsemax_of_equal_numbers_and_its_slope() -> None:
    y, slope = value_and_gradient(along_axis.sparsemax, np.zeros((1, 4)), np.array([[4.0, 0, 0, 0]]))
    assert y.tolist() == [[0.25] * 4] and slope.tolist() == [[3.0, -1.0, -1.0, -1.0]]
    y, slope = value_and_gradient(along_axis.sparsemax, np.array([[5.0, 4.5, 0.0]]), np.array([[1.0, 0.0, 7.0]]))
    assert y.tolist() == [[0.75, 0.25, 0.0]] and slope.tolist() == [[0.5, -0.5, 0.0]]


def test_gelu_keeps_its_digits_where_it_is_small() -> None:
    x = np.array([-3.0, -8.0, -20.0, -37.0])
    np.testing.assert_allclose(smooth.gelu(x), x * scipy.special.ndtr(x), rtol=1e-12)
    single = x[:3].astype("float32")
    np.testing.assert_allclose(smooth.gelu(single)[:2], (x * scipy.special.ndtr(x))[:2], rtol=2e-5)
    near = np.array([-4.0, -6.0], "float32")
    inside = np.sqrt(8 / np.pi) * (near + 0.044715 * near.astype("f8") ** 3)
    np.testing.assert_allclose(smooth.gelu(near, approximate=True), near * scipy.special.expit(inside), rtol=1e-5)


def test_squareplus_keeps_its_digits_where_it_is_small() -> None:
    x = np.array([-1e3, -1e9, -1e20, -1e200])
    np.testing.assert_allclose(smooth.squareplus(x), -1 / x, rtol=1e-5)
    np.testing.assert_allclose(smooth.squareplus(x, b=1.0), -0.25 / x, rtol=1e-5)


def test_glu_needs_two_halves() -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        along_axis.glu(np.zeros((2, 3)))
    assert str(caught.value) == (
        "glu cannot take x='an array of shape (2, 3)'. Allowed: an even number of elements along axis -1."
    )
    assert along_axis.glu(np.zeros((2, 3)), axis=0).shape == (1, 3)


def test_arguments_in_a_config() -> None:
    steep = activations.get({"class_name": "leaky_relu", "config": {"negative_slope": 0.5}})
    assert steep(np.array([-2.0, 2.0])).tolist() == [-1.0, 2.0]
    assert steep == activations.get("leaky_relu", negative_slope=0.5) != activations.get("leaky_relu")
    assert activations.serialize(steep) == {"class_name": "leaky_relu", "config": {"negative_slope": 0.5}}
    with pytest.raises(ConfigError, match="'leaky_relu' of kcore-activations has the argument 'slope', which it does"):
        activations.get("leaky_relu", slope=0.5)
    with pytest.raises(ConfigError, match="'threshold' of kcore-activations lacks the argument 'default_value'"):
        activations.get({"class_name": "threshold", "config": {"threshold": 0.5}})


@pytest.mark.parametrize(("module", "examples"), [(functions, 10), (smooth, 8), (piecewise, 9), (along_axis, 3)])
def test_examples_in_the_docstrings(module: Any, examples: int) -> None:
    found = doctest.testmod(module)
    assert found.attempted >= examples
    assert found.failed == 0
