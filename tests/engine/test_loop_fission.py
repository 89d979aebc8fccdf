"""What does not wait for a loop's carry is computed outside of it, for all steps at once, and comes out the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kcore import ops
from kcore.engine import ArrayType, CompiledFunction, gradients
from kcore.engine.compiled import TracedFunction
from kcore.engine.legality import check

RNG = np.random.default_rng(8)
X, W, V = RNG.normal(size=(4, 3, 5)), RNG.normal(size=(5, 5)), RNG.normal(size=5)

BODIES: dict[str, Any] = {
    "a smaller slice broadcasts": lambda c, x: c * np.exp(x[0]) + x,
    "a constant broadcasts": lambda c, x: c * (x * V + 1),
    "casts and choices": lambda c, x: c + np.where(x > 0, x, -x).astype("f4").astype("f8"),
    "relu and sigmoid": lambda c, x: c * ops.sigmoid(x) + ops.relu(x),
    "turned and reshaped": lambda c, x: c + np.tanh(x.T).reshape(3, 5),
    "repeated": lambda c, x: c + np.broadcast_to(np.exp(x[1]), (3, 5)),
    "sums and extrema": lambda c, x: c * np.sum(x, axis=0) + np.max(x, axis=1, keepdims=True) - np.min(x),
    "products": lambda c, x: c + x @ W + W[:3] @ (x.T @ x),
    "not differentiated": lambda c, x: c * ops.stop_gradient(np.exp(x)),
    "factors in turn": lambda c, x: ((c * np.exp(x)) * np.sin(x)) * np.cos(x),
    "nothing waits": lambda c, x: np.exp(x),
    "all waits": lambda c, x: np.tanh(c + x),
}


def run(scan: Any, body: Any) -> Any:
    def function(x: Any) -> Any:
        carry, ys = scan(lambda c, x: (body(c, x), (c * 2, np.exp(x))), np.ones((3, 5)), x)
        loss = np.sum(carry) + np.sum(np.sin(ys[0])) + np.sum(ys[1])
        return [carry, ys, *gradients(loss, [x])]

    return function


def python_scan(body: Any, init: Any, xs: Any) -> Any:
    carry, ys = init, []
    for step in range(xs.shape[0]):
        carry, y = body(carry, xs[step])
        ys.append(y)
    return carry, tuple(np.stack(part) for part in zip(*ys, strict=True))


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_the_numbers_are_those_of_a_loop_in_python(body: Any) -> None:
    found, expected = (CompiledFunction(run(scan, body))(X) for scan in (ops.scan, python_scan))
    for one, other in zip(found[1], expected[1], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-12)
    np.testing.assert_allclose(found[2], expected[2], rtol=1e-10, atol=1e-12)


def left_in_the_loop(body: Any) -> list[str]:
    def function(x: Any) -> Any:
        return ops.scan(lambda c, x: (body(c, x), None), np.ones((3, 5)), x)[0]

    program = check(TracedFunction(function, ArrayType(X.shape, "f8")).program)
    (loop,) = [step for step in program.equations if step.primitive.name == "scan"]
    return [step.primitive.name for step in loop.params["body"].equations if step.primitive.view is None]


@pytest.mark.parametrize(
    ("body", "left"),
    [
        ("a smaller slice broadcasts", ["multiply", "add"]), ("casts and choices", ["add"]), ("products", ["add", "add"]),
        ("factors in turn", ["multiply"]), ("sums and extrema", ["multiply", "add", "subtract"]),
        ("all waits", ["add", "tanh"]),
    ],
)  # fmt: skip
def test_only_what_waits_for_the_carry_stays_in_the_loop(body: str, left: list[str]) -> None:
    assert left_in_the_loop(BODIES[body]) == left


def test_large_values_of_a_step_stay_in_it() -> None:
    def function(x: Any) -> Any:
        return ops.scan(lambda c, x: (c + np.exp(x), None), np.ones((300, 300)), x)[0]

    program = TracedFunction(function, ArrayType((3, 300, 300), "f8")).program
    assert [step.primitive.name for step in program.equations] == ["scan"]
