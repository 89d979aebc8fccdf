"""Loops: the same numbers and gradients as Python's loop, whatever the body carries, keeps, or reads from outside."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kcore import ops
from kcore.engine import ArrayType, CompiledFunction, Variable, gradients, value_and_grad
from kcore.engine.compiled import TracedFunction
from kcore.engine.legality import check
from kcore.errors import OperandError, UnsupportedOperationError
from kcore.testing.gradients import check_gradients

RNG = np.random.default_rng(3)
STEPS, BATCH, FEATURES, UNITS = 5, 3, 4, 6
KERNEL = RNG.normal(size=(FEATURES, 4 * UNITS)) * 0.5
RECURRENT = RNG.normal(size=(UNITS, 4 * UNITS)) * 0.5
BIAS = RNG.normal(size=4 * UNITS) * 0.5
X = RNG.normal(size=(STEPS, BATCH, FEATURES))


def python_scan(body: Any, init: Any, xs: Any, *, length: int | None = None, reverse: bool = False) -> Any:
    """What the documentation says a scan is."""
    carry, ys = init, []
    steps = range(len(xs) if length is None else length)
    for step in reversed(steps) if reverse else steps:
        carry, y = body(carry, None if xs is None else xs[step])
        ys.append(y)
    ys = ys[::-1] if reverse else ys
    return carry, None if ys[0] is None else np.stack(ys)


def lstm(scan: Any, kernel: Any, recurrent: Any, bias: Any, x: Any, reverse: bool = False) -> Any:
    def body(carry: Any, z: Any) -> Any:
        h, c = carry
        i, f, g, o = np.split(z + h @ recurrent, 4, axis=-1)
        c = ops.sigmoid(f) * c + ops.sigmoid(i) * np.tanh(g)
        h = ops.sigmoid(o) * np.tanh(c)
        return (h, c), h

    zeros = np.zeros((x.shape[1], UNITS), x.dtype)
    return scan(body, (zeros, zeros), x @ kernel + bias, reverse=reverse)


def gru(scan: Any, kernel: Any, recurrent: Any, bias: Any, x: Any) -> Any:
    """The state is multiplied with two parts of the recurrent kernel, which are the same in all steps."""

    def body(h: Any, z: Any) -> Any:
        gates = ops.sigmoid(z[:, : 2 * UNITS] + h @ recurrent[:, : 2 * UNITS])
        update, reset = gates[:, :UNITS], gates[:, UNITS:]
        candidate = np.tanh(z[:, 2 * UNITS : 3 * UNITS] + (reset * h) @ recurrent[:, 2 * UNITS : 3 * UNITS])
        h = update * h + (1 - update) * candidate
        return h, h

    return scan(body, np.zeros((x.shape[1], UNITS), x.dtype), x @ kernel + bias)


def accumulated(scan: Any, scale: Any, x: Any) -> Any:
    """A constant whose share of the gradient is no product and no sum: it is added up within the loop."""
    return scan(lambda total, row: (total * scale + np.sin(row), total * row), np.ones(FEATURES), x)


@pytest.mark.parametrize("reverse", [False, True])
def test_lstm(reverse: bool) -> None:
    def loss(scan: Any) -> Any:
        def function(*arguments: Any) -> Any:
            (h, c), ys = lstm(scan, *arguments, reverse=reverse)
            return np.sum(np.sin(ys)) + np.sum(h * h) + np.sum(c)

        return value_and_grad(function, (0, 1, 2, 3))

    value, found = loss(ops.scan)(KERNEL, RECURRENT, BIAS, X)
    expected_value, expected = loss(python_scan)(KERNEL, RECURRENT, BIAS, X)
    np.testing.assert_allclose(value, expected_value, rtol=1e-13)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (lambda *given: lstm(ops.scan, *given), (KERNEL, RECURRENT, BIAS, X)),
        (lambda *given: gru(ops.scan, *given), (KERNEL, RECURRENT, BIAS, X)),
        (lambda *given: accumulated(ops.scan, *given), (np.full(FEATURES, 0.7), X[:, 0])),
    ],
    ids=["lstm", "gru", "accumulated"],
)
def test_first_and_second_derivatives(function: Any, arguments: Any) -> None:
    check_gradients(function, arguments, order=2, directions=1)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("batch", [0, 1, 3])
@pytest.mark.parametrize("steps", [0, 1, 4])
def test_shapes(dtype: str, batch: int, steps: int) -> None:
    # Every second row of a larger array: not contiguous.
    x = RNG.normal(size=(steps, 2 * batch, FEATURES)).astype(dtype)[:, ::2]
    weights = [array.astype(dtype) for array in (KERNEL, RECURRENT, BIAS)]
    (h, c), ys = lstm(ops.scan, *weights, x)
    assert (h.shape, c.shape, ys.shape) == ((batch, UNITS), (batch, UNITS), (steps, batch, UNITS))
    assert {h.dtype.name, c.dtype.name, ys.dtype.name} == {dtype}
    if steps:
        (expected_h, expected_c), expected = lstm(python_scan, *weights, x)
        for one, other in ((h, expected_h), (c, expected_c), (ys, expected)):
            np.testing.assert_allclose(one, other, rtol=1e-5 if dtype == "float32" else 1e-12)
    else:
        assert not h.any()


def test_carries_that_change_places_and_carries_that_stay() -> None:
    def body(carry: Any, x: Any) -> Any:
        a, b, c, d = carry
        return (b, a, c + x, d), (a, c)

    init = (np.float64(1), np.float64(2), np.float64(3), np.float64(4))
    xs = np.arange(5.0)
    carry, (first, third) = CompiledFunction(lambda *start: ops.scan(body, start, xs))(*init)
    assert [float(item) for item in carry] == [2.0, 1.0, 13.0, 4.0]
    assert first.tolist() == [1.0, 2.0, 1.0, 2.0, 1.0]
    assert third.tolist() == [3.0, 3.0, 4.0, 6.0, 9.0]


def test_one_value_may_be_several_carries_and_slices() -> None:
    def body(carry: Any, x: Any) -> Any:
        new = carry[0] + carry[1] * x
        return (new, new), {"new": new, "again": new, "before": carry[1], "x": x, "constant": np.float64(7)}

    xs = RNG.normal(size=4)
    found = CompiledFunction(lambda xs: ops.scan(body, (xs[0], xs[1]), xs))(xs)
    carry = (xs[0], xs[1])
    for step, x in enumerate(xs):
        carry, y = body(carry, x)
        assert {key: stack[step] for key, stack in found[1].items()} == pytest.approx(y)
    assert found[0] == pytest.approx(carry)


def test_a_loop_without_slices_counts_in_integers() -> None:
    carry, ys = ops.scan(lambda n, _: (n + 1, n * n), np.int64(0), length=5)
    assert (int(carry), ys.tolist()) == (5, [0, 1, 4, 9, 16])
    assert ops.scan(lambda n, _: (n + 1, None), np.int64(0), length=3)[1] is None


def test_a_counter_among_the_carries_takes_no_part_in_the_gradient() -> None:
    def power(x: Any) -> Any:
        (_, result), _ = ops.scan(lambda c, _: ((c[0] + 1, c[1] * x + c[0]), None), (np.int64(0), x), length=3)
        return result

    value, slope = value_and_grad(power)(np.float64(2.0))
    # x -> x*x -> (x*x)*x + 1 -> ((x*x)*x + 1)*x + 2
    assert (float(value), float(slope)) == (2.0**4 + 2 + 2, 4 * 2.0**3 + 1)


def test_variables_are_read_from_around_the_loop() -> None:
    scale = Variable(np.float64(3.0))

    def step(xs: Any) -> Any:
        before, _ = ops.scan(lambda c, x: (c + scale * x, None), np.float64(0), xs)
        scale.assign(scale + 1)
        after, _ = ops.scan(lambda c, x: (c + scale * x, None), np.float64(0), xs)
        return before, after, gradients(after, [scale])[0]

    before, after, slope = CompiledFunction(step)(np.array([1.0, 2.0]))
    assert (float(before), float(after), float(slope)) == (9.0, 12.0, 3.0)
    assert float(scale) == 4.0


def test_a_loop_in_a_loop() -> None:
    def rows(scan: Any) -> Any:
        def outer(total: Any, row: Any) -> Any:
            inner, ys = scan(lambda c, x: (c * x + total, c), np.float64(1), row)
            return total + inner, ys

        return lambda x: scan(outer, np.float64(0), x)

    x = RNG.normal(size=(3, 4))
    (total, ys), (expected_total, expected) = rows(ops.scan)(x), rows(python_scan)(x)
    np.testing.assert_allclose(total, expected_total)
    np.testing.assert_allclose(ys, expected)
    check_gradients(rows(ops.scan), (x,), order=1)


def test_what_is_the_same_in_all_steps_is_computed_once() -> None:
    def function(x: Any, w: Any) -> Any:
        return ops.scan(lambda c, row: (c + row @ np.exp(w), None), np.zeros(3), x)[0]

    program = TracedFunction(function, ArrayType((5, 2), "f8"), ArrayType((2, 3), "f8")).program
    computed = [step for step in program.equations if step.primitive.view is None]
    # The products do not wait for the carry either: one for all steps.
    assert [step.primitive.name for step in computed] == ["exp", "matmul", "scan"]
    assert computed[1].outputs[0].type.shape == (5, 3)
    body = computed[2].params["body"]
    assert [step.primitive.name for step in body.equations if step.primitive.view is None] == ["add"]


def scans_of(function: Any, *shapes: tuple[int, ...]) -> list[Any]:
    program = check(TracedFunction(function, *(ArrayType(shape, "f8") for shape in shapes)).program)
    return [step for step in program.equations if step.primitive.name == "scan"]


SHAPES = (KERNEL.shape, RECURRENT.shape, BIAS.shape, X.shape)


def test_prediction_keeps_no_intermediate_values() -> None:
    (loop,) = scans_of(lambda *given: lstm(ops.scan, *given)[0][0], *SHAPES)
    assert [value.type.shape for value in loop.outputs] == [(BATCH, UNITS), (BATCH, UNITS)]


def test_the_gradient_of_a_recurrent_kernel_is_one_product_after_the_loop() -> None:
    def loss(*given: Any) -> Any:
        return gradients(np.sum(lstm(ops.scan, *given)[0][0]), given)

    _, backward = scans_of(loss, *SHAPES)
    products = [step for step in backward.params["body"].equations if step.primitive.name == "matmul"]
    assert [step.outputs[0].type.shape for step in products] == [(BATCH, UNITS)]


def test_a_carry_that_nobody_needs_is_dropped() -> None:
    def function(x: Any) -> Any:
        (_, used), _ = ops.scan(lambda c, row: ((c[0] + row, c[1] * row), c[0]), (np.zeros(2), np.ones(2)), x)
        return used

    (loop,) = scans_of(function, (5, 2))
    assert (loop.params["carry"], len(loop.outputs)) == (1, 1)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("steps", [1, 5])
def test_variables_that_the_body_assigns(steps: int, reverse: bool) -> None:
    xs = RNG.normal(size=(steps, 2))
    start = np.array([0.5, 2.0])

    def run(scan: Any, **options: Any) -> Any:
        total, count = Variable(start, name="total"), Variable(np.zeros(2, np.uint64), name="count", trainable=False)

        def body(carry: Any, x: Any) -> Any:
            before = total * 1.0
            total.assign(total * x)
            count.assign(count + np.array([0, 1], np.uint64))
            return carry + total * ops.cast(count, "float64")[1], before

        def function(x: Any) -> Any:
            total.assign(start)
            count.assign(np.zeros(2, np.uint64))
            end, ys = scan(body, np.ones(2), x, length=steps, reverse=reverse, **options)
            return end, ys, total * 1.0, count * np.array(1, np.uint64)

        return function

    expected = run(python_scan)(xs)
    assert int(expected[3][1]) == steps
    for function in (run(ops.scan, assigns=True), CompiledFunction(run(ops.scan, assigns=True))):
        for found, wanted in zip(function(xs), expected, strict=True):
            np.testing.assert_allclose(found, wanted, rtol=1e-12)
    check_gradients(lambda x: run(ops.scan, assigns=True)(x)[:3], (xs,), order=2)
    kept = Variable(start)
    ops.scan(lambda c, x: (kept.assign(kept * x), None), None, xs[:0], assigns=True)
    np.testing.assert_array_equal(kept.value, start)


def test_errors() -> None:
    xs = np.ones((3, 2))
    with pytest.raises(OperandError, match=r"begins as float64\[2\], and a step gives float64\[\]"):
        ops.scan(lambda c, x: (np.sum(c), None), np.zeros(2), xs)
    with pytest.raises(OperandError, match="a carry of the form that the first one has"):
        ops.scan(lambda c, x: ((c, c), None), np.zeros(2), xs)
    with pytest.raises(OperandError, match="a carry of the form that the first one has"):
        ops.scan(lambda c, x: c, np.zeros(2), xs)  # type: ignore[arg-type, return-value]
    with pytest.raises(OperandError, match="give xs or length"):
        ops.scan(lambda c, x: (c, None), np.zeros(2))
    with pytest.raises(OperandError, match="the same number of steps on the first axis; length is 4"):
        ops.scan(lambda c, x: (c, None), np.zeros(2), xs, length=4)
    state = Variable(np.zeros(2), name="state")

    def assigning(c: Any, x: Any) -> Any:
        state.assign(x)
        return c, None

    with pytest.raises(UnsupportedOperationError, match="assigning state in the body of a scan"):
        ops.scan(assigning, np.zeros(2), xs)
    assert not state.value.any()
