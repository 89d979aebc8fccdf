"""Random programs: passes keep their meaning, plans compute what eager code computes, also with variables.

A program is a list of steps; each takes earlier values and variables. The same steps run on plain NumPy arrays, with
variables as plain arrays that are replaced: that is the expected result.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from kcore.engine import ArrayType, CompiledFunction, Trace, Variable, passes
from kcore.engine.autodiff import gradients, inline
from kcore.engine.legality import check

SHAPE = (3, 4)

UNARY: list[Callable[[Any], Any]] = [
    np.tanh, np.negative, np.square, np.abs, np.sin, lambda x: x * 0.5, lambda x: 1.5 - x, lambda x: x[::-1],
    lambda x: x.reshape(4, 3).T, lambda x: x.reshape(12)[::-1].reshape(3, 4), lambda x: x.T.reshape(3, 4),
    lambda x: np.sum(x, axis=0) * np.ones((3, 1)), lambda x: np.mean(x, axis=1, keepdims=True) + np.zeros(4),
    lambda x: np.broadcast_to(x[1], (3, 4)), lambda x: np.concatenate([x[2:], x[:2]]), lambda x: np.where(x > 0, x, 0.25),
    lambda x: np.maximum(x, 0.1), lambda x: np.pad(x[:, 1:3], ((0, 0), (1, 1))), lambda x: x.astype("f4").astype("f8"),
    lambda x: np.flip(x, 1), lambda x: x - np.max(x, axis=1, keepdims=True), lambda x: x @ np.full((4, 4), 0.25),
]  # fmt: skip
BINARY: list[Callable[[Any, Any], Any]] = [
    np.add, np.subtract, np.multiply, np.maximum, lambda x, y: np.where(x > y, x, y * 0.5), lambda x, y: x @ y.T @ x * 0.1,
    lambda x, y: np.where(x > 0, y, x), lambda x, y: x + y[:1], lambda x, y: x * np.sum(y, axis=1, keepdims=True) * 0.1,
]  # fmt: skip

# How many values back an operand is; mostly recent ones, so that little of the program is dead code.
back = st.sampled_from([0, 0, 0, 1, 1, 2, 3, 5, 7])
steps = st.lists(
    st.tuples(
        st.sampled_from(["unary", "unary", "binary", "binary", "assign", "assign", "read", "constant"]),
        st.integers(0, 65), back, back,
    ),
    min_size=1, max_size=16,
)  # fmt: skip
results = st.lists(back, max_size=4)


def execute(
    plan: Any, chosen: Any, inputs: list[Any], read: Callable[[int], Any], assign: Callable[..., None]
) -> list[Any]:
    """Run the steps; ``read`` and ``assign`` are what variables are."""
    # The variables' first values are there from the start, so that assignments often meet values still to be read.
    values = [*inputs, *map(read, range(3))]
    for kind, number, first, second in plan:
        x, y = values[-1 - first % len(values)], values[-1 - second % len(values)]
        if kind == "unary":
            values.append(UNARY[number % len(UNARY)](x))
        elif kind == "binary":
            values.append(BINARY[number % len(BINARY)](x, y))
        elif kind == "assign":
            assign(number % 3, x)
        elif kind == "read":
            values.append(read(number % 3))
        else:
            values.append(np.full(SHAPE, (number % 5) / 4))
    return [values[-1 - position % len(values)] for position in chosen]


def start() -> tuple[list[np.ndarray], list[np.ndarray]]:
    rng = np.random.default_rng(1)
    return [rng.normal(size=SHAPE) for _ in range(2)], [rng.normal(size=SHAPE) for _ in range(3)]


def same(found: Any, expected: Any) -> None:
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-11)


@settings(max_examples=500, deadline=None)
@given(steps, results)
def test_planned_programs_with_variables(plan: Any, chosen: Any) -> None:
    inputs, state = start()
    variables = [Variable(array) for array in state]

    def traced(*arrays: Any) -> list[Any]:
        return execute(plan, chosen, list(arrays), lambda i: variables[i][...], lambda i, x: variables[i].assign(x))

    compiled = CompiledFunction(traced)
    for _ in range(3):
        expected = execute(plan, chosen, inputs, lambda i: state[i], lambda i, x: state.__setitem__(i, x))
        same(compiled(*inputs), expected)
        same([variable.value for variable in variables], state)


@settings(max_examples=100, deadline=None)
@given(steps, back)
def test_passes_keep_meaning_also_of_gradients(plan: Any, last: int) -> None:
    inputs, state = start()
    variables = [Variable(array) for array in state]
    trace = Trace()
    with trace.active():
        arrays = [trace.add_input(ArrayType.of(array)) for array in inputs]
        found = execute(plan, [last], arrays, lambda i: variables[i][...], lambda i, x: variables[i].assign(x))
        loss = np.sum(np.tanh(found[0]))
        if isinstance(loss, np.ndarray | np.generic):  # Constants alone: nothing is traced.
            return
        program = check(trace.program([loss, *gradients(loss, [*arrays, *variables])]))
    operands = [*inputs, *(variable.value for variable in trace.state)]
    expected = inline(program, operands)
    for transform in passes.PASSES:
        same(inline(check(transform(program)), operands), expected)
    optimized = passes.optimize(program)
    same(inline(optimized, operands), expected)
    assert len(optimized.equations) <= len(program.equations)


# --- the cases that random programs rarely meet, one by one ----------------------------------------------------------


def run(function: Callable[..., Any], *start_values: np.ndarray) -> tuple[list[Variable], CompiledFunction]:
    variables = [Variable(value) for value in start_values]
    return variables, CompiledFunction(lambda *arrays: function(*variables, *arrays))


A, B = np.arange(12.0).reshape(SHAPE), -np.arange(12.0).reshape(SHAPE)


def test_two_variables_swap() -> None:
    def swap(a: Variable, b: Variable) -> None:
        before = a[...]
        a.assign(b)
        b.assign(before)

    (a, b), compiled = run(swap, A, B)
    for _ in range(3):
        compiled()
    same([a.value, b.value], [B, A])


def test_three_variables_rotate() -> None:
    def rotate(a: Variable, b: Variable, c: Variable) -> None:
        before = a[...]
        a.assign(b)
        b.assign(c)
        c.assign(before)

    (a, b, c), compiled = run(rotate, A, B, A + 100)
    compiled()
    same([a.value, b.value, c.value], [B, A + 100, A])


def test_a_variable_becomes_a_view_of_itself() -> None:
    square = np.arange(9.0).reshape(3, 3)
    (a,), compiled = run(lambda a: a.assign(a.T), square)
    compiled()
    same([a.value], [square.T])
    (a,), compiled = run(lambda a: a.assign(a[::-1]), A)
    compiled()
    same([a.value], [A[::-1]])
    (a,), compiled = run(lambda a: a.assign(a), A)
    compiled()
    same([a.value], [A])


def test_results_that_are_variables_inputs_and_constants() -> None:
    def step(a: Variable, x: Any) -> Any:
        before = a[...]
        a.assign(a * 2 + x)
        return before, a, x, np.ones(2), a.T, 3.0, x

    (a,), compiled = run(step, A)
    first = compiled(B)
    second = compiled(B * 2)
    same(first, [A, A * 2 + B, B, np.ones(2), (A * 2 + B).T, 3.0, B])
    same(second[:2], [A * 2 + B, (A * 2 + B) * 2 + B * 2])
    same([a.value], [second[1]])


def test_the_last_of_two_assignments_counts() -> None:
    def step(a: Variable, x: Any) -> Any:
        a.assign(a + x)
        between = a * 1.0
        a.assign(a * a)
        return between

    (a,), compiled = run(step, A)
    same([compiled(B + 1)], [A + B + 1])
    same([a.value], [(A + B + 1) ** 2])


def test_one_value_for_two_variables() -> None:
    def step(a: Variable, b: Variable) -> None:
        total = a + b
        a.assign(total)
        b.assign(total)

    (a, b), compiled = run(step, A, B + 1)
    compiled()
    same([a.value, b.value], [A + B + 1, A + B + 1])


def test_an_assigned_value_is_read_by_later_equations() -> None:
    def step(a: Variable) -> Any:
        a.assign(np.exp(-a))
        return np.sum(a[0]), a @ np.ones((4, 2))

    (a,), compiled = run(step, A)
    total, product = compiled()
    same([a.value, total, product], [np.exp(-A), np.sum(np.exp(-A)[0]), np.exp(-A) @ np.ones((4, 2))])


def test_updates_convert_the_dtype() -> None:
    a = Variable(np.arange(3))
    compiled = CompiledFunction(lambda x: a.assign(a + x))
    compiled(np.full(3, 1.75))
    assert a.dtype == np.int64
    np.testing.assert_array_equal(a.value, [1, 2, 3])


def test_a_variable_is_written_where_it_lies() -> None:
    """An optimizer's update needs no memory beyond the variable: no value of its size is in the arena."""
    a = Variable(np.ones((1000, 10)))
    compiled = CompiledFunction(lambda x: a.assign(a * 0.5 + x))
    replay = compiled.replay(ArrayType((10,), "f8"))
    assert replay.executable.nbytes <= 80_000
    buffer = a.value
    compiled(np.ones(10))
    assert a.value is buffer
    np.testing.assert_array_equal(buffer, np.full((1000, 10), 1.5))


def test_a_broadcast_operand_is_not_written_over() -> None:
    (a,), compiled = run(lambda a: a.assign(a + a[0]), A)
    compiled()
    same([a.value], [A + A[0]])
    (a,), compiled = run(lambda a: a.assign(a[:1] + a), A)
    compiled()
    same([a.value], [A + A[:1]])
    (a,), compiled = run(lambda a: a.assign(np.broadcast_to(np.sum(a, 0), SHAPE) * a), A)
    compiled()
    same([a.value], [A * A.sum(0)])
