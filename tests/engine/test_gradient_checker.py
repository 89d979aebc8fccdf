"""The gradient checker finds wrong rules at the order where they are wrong, and only there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kcore.engine import Primitive, apply
from kcore.errors import GradientMismatchError, InvalidArgumentError
from kcore.testing import check_gradients

X = np.array([0.3, -1.2, 0.8])


def sine(vjp: Any) -> Any:
    """sin(x) with a derivative rule to be tried out."""
    primitive = Primitive("sine", lambda x: (x,), lambda i, o, s: lambda: np.sin(i[0], out=o[0]), vjp=vjp)
    return lambda x: apply(primitive, x)


right = sine(lambda g, inputs, outputs: [g[0] * np.cos(inputs[0])])
wrong_sign = sine(lambda g, inputs, outputs: [-g[0] * np.cos(inputs[0])])
slightly_wrong = sine(lambda g, inputs, outputs: [g[0] * np.cos(inputs[0]) * 1.001])

# cos with the right value and a wrong rule of its own: only the second derivative of the sine sees it.
wrong_cosine_p = Primitive(
    "cosine", lambda x: (x,), lambda i, o, s: lambda: np.cos(i[0], out=o[0]),
    vjp=lambda g, inputs, outputs: [g[0] * np.sin(inputs[0])],
)  # fmt: skip
wrong_at_second_order = sine(lambda g, inputs, outputs: [g[0] * apply(wrong_cosine_p, inputs[0])])
wrong_shape = sine(lambda g, inputs, outputs: [np.sum(g[0] * np.cos(inputs[0]))])


def test_a_right_rule_passes_to_third_order() -> None:
    check_gradients(right, [X], order=3)


@pytest.mark.parametrize("function", [wrong_sign, slightly_wrong])
def test_a_rule_that_is_wrong_at_first_order(function: Any) -> None:
    with pytest.raises(GradientMismatchError) as caught:
        check_gradients(lambda y, x: y * function(x), [np.ones(3), X], name="my sine")
    error = caught.value
    assert (error.function, error.argument, error.order) == ("my sine", 1, 1)
    assert abs(error.expected - error.found) > 1e-5
    assert str(error).startswith(
        "The derivative of order 1 of my sine with respect to array 1 of its arguments is wrong: finite differences "
        f"along a random direction give {error.expected}, the derivative rules give {error.found}."
    )
    assert isinstance(error, AssertionError)


def test_a_rule_that_is_wrong_only_at_second_order() -> None:
    check_gradients(wrong_at_second_order, [X], order=1)
    with pytest.raises(GradientMismatchError) as caught:
        check_gradients(wrong_at_second_order, [X], order=2)
    assert caught.value.order == 2
    np.testing.assert_allclose(caught.value.found, -caught.value.expected, rtol=1e-6)


def test_a_gradient_of_the_wrong_shape() -> None:
    with pytest.raises(GradientMismatchError) as caught:
        check_gradients(wrong_shape, [X])
    assert (caught.value.expected, caught.value.found) == ("float64[3]", "float64[]")


def test_a_gradient_that_is_nan() -> None:
    with pytest.raises(GradientMismatchError), np.errstate(all="ignore"):
        check_gradients(lambda x: np.sqrt(x * 0), [X])


def test_trees_constants_and_several_outputs() -> None:
    def function(weights: dict[str, Any], pair: tuple[Any, Any]) -> list[Any]:
        scaled = weights["a"] * pair[0] + weights["b"]
        return [np.sum(scaled * pair[1]), {"all": np.tanh(scaled)}, np.argmax(scaled)]

    check_gradients(function, [{"a": X.astype("f4"), "b": np.float64(2.0)}, (X, np.arange(3))])


@pytest.mark.parametrize(
    ("function", "arguments", "order", "text"),
    [
        (np.sin, [X], 0, "check_gradients cannot take order=0. Allowed: 1, 2, ...."),
        (np.sin, [np.arange(3)], 1, "Allowed: at least one floating array."),
        (
            np.argmax,
            [X],
            1,
            "check_gradients cannot take function='argmax'. Allowed: a function with a floating output.",
        ),
    ],
)
def test_what_cannot_be_checked(function: Any, arguments: Any, order: int, text: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        check_gradients(function, arguments, order=order)
    assert text in str(caught.value)


def test_the_public_face_is_lazy() -> None:
    import kcore.testing

    assert kcore.testing.check_gradients is check_gradients
    with pytest.raises(AttributeError, match=r"module 'kcore.testing' has no attribute 'check_everything'"):
        kcore.testing.check_everything  # noqa: B018
