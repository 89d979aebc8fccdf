"""kcore.grad and kcore.value_and_grad: trees, argnums, nesting, closures, variables."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest

from kcore.engine import CompiledFunction, Variable, grad, gradients, value_and_grad
from kcore.engine.random import KeySequence
from kcore.ops import random_uniform, stop_gradient

X = np.array([0.5, -1.0, 2.0])


class Pair(NamedTuple):
    left: Any
    right: Any


def test_value_and_gradient() -> None:
    value, found = value_and_grad(lambda x: np.sum(x**3))(X)
    assert value == np.sum(X**3)
    np.testing.assert_allclose(found, 3 * X**2)


def test_the_gradient_has_the_form_of_the_argument() -> None:
    def loss(tree: Any, scale: Any) -> Any:
        return np.sum(tree["w"][0] * tree["w"][1] * scale) + tree["b"].left + 0 * tree["b"].right

    tree = {"w": [X, X + 1], "b": Pair(np.float32(2.0), np.float64(3.0)), "none": None}
    found = grad(loss)(tree, 2.0)
    assert list(found) == ["w", "b", "none"]
    assert found["none"] is None
    np.testing.assert_allclose(found["w"][0], 2 * (X + 1))
    np.testing.assert_allclose(found["w"][1], 2 * X)
    assert isinstance(found["b"], Pair)
    assert (found["b"].left, found["b"].left.dtype, found["b"].right) == (1.0, np.float32, 0.0)


def test_argnums() -> None:
    def loss(a: Any, b: Any, c: Any) -> Any:
        return np.sum(a * b * c)

    found = grad(loss, (2, 0))(X, X + 1, X + 2)
    assert isinstance(found, tuple)
    np.testing.assert_allclose(found[0], X * (X + 1))
    np.testing.assert_allclose(found[1], (X + 1) * (X + 2))
    np.testing.assert_allclose(grad(loss, 1)(X, X + 1, X + 2), X * (X + 2))
    np.testing.assert_allclose(grad(loss, -1)(X, X + 1, X + 2), X * (X + 1))


def test_nested_gradients() -> None:
    def f(x: Any) -> Any:
        return x**4

    third = grad(grad(grad(f)))
    assert third(np.float64(1.5)) == pytest.approx(24 * 1.5)
    # The gradient of a function of a gradient: d/dx |f'(x)|^2 = 2 f' f''.
    assert grad(lambda x: grad(f)(x) ** 2)(np.float64(1.5)) == pytest.approx(2 * 4 * 1.5**3 * 12 * 1.5**2)


def test_perturbations_do_not_mix() -> None:
    # d/dx [x * d/dy (x + y)] = 1, the classic test of nested differentiation.
    assert grad(lambda x: x * grad(lambda y: x + y)(np.float64(1.0)))(np.float64(3.0)) == 1.0
    assert grad(lambda x: x * grad(lambda y: x * y)(x))(np.float64(3.0)) == 6.0


def test_what_a_function_closes_over_is_constant() -> None:
    weight = Variable(np.float64(3.0))

    def outer(x: Any) -> Any:
        return grad(lambda y: x * y * weight)(x)

    # The inner gradient is x * weight: x is held constant inside, and not outside.
    assert CompiledFunction(outer)(np.float64(2.0)) == 6.0
    assert grad(outer)(np.float64(2.0)) == 3.0
    assert grad(lambda x: stop_gradient(x) * x)(np.float64(2.0)) == 2.0


def test_a_value_that_does_not_depend_on_the_argument() -> None:
    for function in (lambda x: 3.0, lambda x: np.float32(1.0), lambda x: np.sum(X), lambda x: Variable(2.0)):
        np.testing.assert_array_equal(grad(function)(X), np.zeros(3))
    found = grad(lambda a, b: np.sum(a), (0, 1))(X, X.astype("f4"))
    assert found[1].dtype == np.float32
    np.testing.assert_array_equal(found[1], np.zeros(3))


def test_inside_a_traced_function_variables_are_read_when_it_runs() -> None:
    weight = Variable(2.0)

    def step() -> Any:
        # All arguments are concrete, but the variable is not.
        return value_and_grad(lambda x: np.sum(x * x * weight))(X)

    compiled = CompiledFunction(step)
    for number in (2.0, 5.0):
        weight.assign(number)
        value, found = compiled()
        assert value == pytest.approx(np.sum(X * X) * number)
        np.testing.assert_allclose(found, 2 * X * number)


def test_a_variable_as_argument() -> None:
    weight = Variable(X)
    np.testing.assert_allclose(grad(lambda w: np.sum(w * w))(weight), 2 * X)
    np.testing.assert_allclose(CompiledFunction(lambda: grad(lambda w: np.sum(w * w))(weight))(), 2 * X)


def test_gradients_with_respect_to_variables_and_intermediate_values() -> None:
    weight = Variable(X)

    def step(x: Any) -> Any:
        product = weight * x
        weight.assign(product)
        loss = np.sum(weight * product)
        return gradients(loss, [weight, product, x])

    by_weight, by_product, by_x = CompiledFunction(step)(X + 1)
    np.testing.assert_allclose(by_weight, 2 * X * (X + 1) ** 2)
    np.testing.assert_allclose(by_product, 2 * X * (X + 1))
    np.testing.assert_allclose(by_x, 2 * X**2 * (X + 1))


def test_the_target_itself() -> None:
    def step(x: Any) -> Any:
        total = np.sum(x)
        return gradients(total, [total])

    assert CompiledFunction(step)(X)[0] == 1.0


def test_functions_that_update_variables_and_draw_random_numbers() -> None:
    keys, calls = KeySequence(5), Variable(0)

    def loss(x: Any) -> Any:
        calls.assign(calls + 1)
        return np.sum(x * random_uniform(keys.next(), shape=(3,), dtype="float64"))

    differentiated = value_and_grad(loss)
    first, second = differentiated(X)[1], differentiated(X)[1]
    assert int(calls) == 2
    assert not np.array_equal(first, second)
    assert loss.__name__ == differentiated.__name__ == grad(loss).__name__


def test_python_numbers_are_arguments_too() -> None:
    assert value_and_grad(lambda x: x * x)(3.0) == (9.0, 6.0)


def test_mixed_dtypes_give_each_argument_its_own() -> None:
    a, b = grad(lambda a, b: np.sum(a * b), (0, 1))(X.astype("f4"), X)
    assert (a.dtype, b.dtype) == (np.float32, np.float64)


def test_ties_of_maximum_share_the_gradient() -> None:
    np.testing.assert_array_equal(grad(lambda x: np.sum(np.maximum(x, 0.5)))(X), [0.5, 0.0, 1.0])
    np.testing.assert_array_equal(grad(lambda x: np.sum(np.clip(x, -1.0, 1.0)))(X), [1.0, 0.5, 0.0])
    np.testing.assert_array_equal(grad(lambda x: np.max(x))(np.array([2.0, 1.0, 2.0])), [0.5, 0.0, 0.5])


def test_powers_at_zero_and_below() -> None:
    base = np.array([0.0, 0.0, 0.0, -2.0, -2.0])
    exponent = np.array([0.0, 1.0, 2.0, 2.0, 3.0])
    by_base, by_exponent = grad(lambda x, y: np.sum(x**y), (0, 1))(base, exponent)
    np.testing.assert_array_equal(by_base, [0.0, 1.0, 0.0, -4.0, 12.0])
    np.testing.assert_array_equal(by_exponent, np.zeros(5))
    second = grad(lambda x: np.sum(grad(lambda y: np.sum(y**exponent))(x)))(base)
    np.testing.assert_array_equal(second, [0.0, 0.0, 2.0, 2.0, -12.0])


def test_products_with_zeros_to_second_order() -> None:
    x = np.array([0.0, 2.0, 0.0, 3.0])
    np.testing.assert_array_equal(grad(np.prod)(x), np.zeros(4))
    np.testing.assert_array_equal(grad(np.prod)(x[1:]), [0.0, 6.0, 0.0])
    # The only second derivative that is not zero is the one by both zeros: the product of the others.
    by_first = grad(lambda x: grad(np.prod)(x)[0])(x)
    np.testing.assert_array_equal(by_first, [0.0, 0.0, 6.0, 0.0])
