"""take, top_k, cumsum."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kcore import ops
from kcore.engine import CompiledFunction, Variable, grad, gradients
from kcore.errors import OperandError
from kcore.testing import check_gradients

RNG = np.random.default_rng(5)
X = RNG.normal(size=(3, 4, 5))
IDS = np.array([[1, 0, -1], [1, 1, 2]])


def both(function: Any, *arguments: Any) -> list[Any]:
    """The result eagerly, compiled, and with variables as arguments."""
    return [function(*arguments), CompiledFunction(function)(*arguments), function(*map(Variable, arguments))]


@pytest.mark.parametrize("dtype", ["int64", "int32", "int8"])
@pytest.mark.parametrize("axis", [0, 1, -1, None])
def test_take(axis: int | None, dtype: str) -> None:
    for found in both(lambda x, ids: ops.take(x, ids, axis), X, IDS.astype(dtype)):
        np.testing.assert_array_equal(found, np.take(X, IDS, axis))


def test_take_with_one_traced_operand() -> None:
    np.testing.assert_array_equal(CompiledFunction(lambda ids: ops.take(X, ids))(IDS), X[IDS])
    np.testing.assert_array_equal(CompiledFunction(lambda x: ops.take(x, IDS))(X), X[IDS])
    np.testing.assert_array_equal(ops.take([3.0, 4.0], [1, 0, 1]), [4.0, 3.0, 4.0])


@pytest.mark.parametrize("ids", [[3], [0, -4], [[1], [100]]])
@pytest.mark.parametrize("traced", [False, True])
def test_take_out_of_range(ids: Any, traced: bool) -> None:
    culprit = max(np.ravel(ids), key=abs)
    with pytest.raises(IndexError, match=rf"^index {culprit} is out of range for an axis of size 3$"):
        CompiledFunction(lambda ids: ops.take(X, ids))(np.array(ids)) if traced else ops.take(X, np.array(ids))
    with pytest.raises(IndexError, match="out of range for an axis of size 3"):
        CompiledFunction(lambda x: ops.take(x, ids))(X)


def test_a_run_that_failed_does_not_spoil_the_next() -> None:
    look_up = CompiledFunction(lambda ids: ops.take(X, ids))
    with pytest.raises(IndexError):
        look_up(np.array([0, 9]))
    np.testing.assert_array_equal(look_up(np.array([0, 2])), X[[0, 2]])


def test_an_out_of_range_index_leaves_the_table_as_it_was() -> None:
    table = Variable(X)

    def step(ids: Any) -> Any:
        loss = np.sum(table[ids] ** 2)
        table.assign(table - gradients(loss, [table])[0])
        return loss

    train = CompiledFunction(step)
    with pytest.raises(IndexError):
        train(np.array([1, 3]))
    np.testing.assert_array_equal(table.value, X)
    train(np.array([1, 1]))
    np.testing.assert_array_equal(table.value, [X[0], -3 * X[1], X[2]])


def test_take_of_no_integers() -> None:
    with pytest.raises(OperandError, match="indices are integers, not float64; convert them"):
        ops.take(X, np.array([0.0]))


def test_the_gradient_of_an_embedding() -> None:
    """The rows of the table get the sum over all places where they were looked up."""
    ids, weights = RNG.integers(-50, 50, (32, 40)), RNG.normal(size=(32, 40, 24))
    for dtype in ("float32", "float64"):
        table = RNG.normal(size=(50, 24)).astype(dtype)
        found = grad(lambda t: np.sum(ops.take(t, ids) * weights.astype(t.dtype)))(table)
        expected = np.eye(50)[ids.reshape(-1) % 50].T @ weights.reshape(-1, 24)
        np.testing.assert_allclose(found, expected, rtol=1e-4 if dtype == "float32" else 1e-11, atol=1e-5)
        assert found.dtype == dtype
        np.testing.assert_array_equal(found, grad(lambda t: np.sum(ops.take(t, ids) * weights.astype(t.dtype)))(table))


@pytest.mark.parametrize(
    ("shape", "axis", "count"),
    [((2, 40000), 0, 3), ((70, 300, 2), 1, 211), ((3, 600, 90), 1, 397), ((40, 9000), 1, 999)],
)
def test_gradients_that_are_added_in_several_steps(shape: tuple[int, ...], axis: int, count: int) -> None:
    ids = RNG.integers(0, shape[axis], count)
    cotangent = RNG.normal(size=(*shape[:axis], len(ids), *shape[axis + 1 :]))
    found = grad(lambda x: np.sum(ops.take(x, ids, axis) * cotangent))(np.zeros(shape))
    expected = np.zeros(shape)
    for number, position in enumerate(ids):
        lead = (slice(None),) * axis
        expected[(*lead, position)] += cotangent[(*lead, number)]
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_take_to_second_order() -> None:
    check_gradients(lambda x: ops.take(x, IDS, 1) ** 3, [X[:2, :, :2]])


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "int64", "int32", "uint8", "bool"])
def test_top_k(dtype: str) -> None:
    x = (X * 3).astype(dtype)
    order = np.array([[sorted(range(5), key=lambda i: (-float(row[i]), i)) for row in rows] for rows in x])
    for k in (0, 1, 3, 5):
        for values, positions in both(lambda x, k=k: ops.top_k(x, k), x):
            np.testing.assert_array_equal(positions, order[..., :k])
            np.testing.assert_array_equal(values, np.take_along_axis(x, order[..., :k], -1))
            assert values.dtype == x.dtype


def test_top_k_of_extremes() -> None:
    x = np.array([-128, 127, 0, 127, -128], np.int8)
    values, positions = ops.top_k(x, 5)
    assert values.tolist() == [127, 127, 0, -128, -128]
    assert positions.tolist() == [1, 3, 2, 0, 4]
    assert ops.top_k(np.array([np.nan, -np.inf, np.inf, 1.0]), 4)[1].tolist() == [2, 3, 1, 0]
    assert ops.top_k(np.zeros((0, 3)), 2)[0].shape == (0, 2)


def test_the_gradient_of_top_k_goes_to_the_chosen() -> None:
    x = np.array([[1.0, 5.0, 3.0], [9.0, 7.0, 8.0]])
    found = grad(lambda x: np.sum(ops.top_k(x, 2)[0] * np.array([10.0, 1.0])))(x)
    np.testing.assert_array_equal(found, [[0, 10, 1], [10, 0, 1]])
    check_gradients(lambda x: ops.top_k(x, 3)[0] ** 2, [X])


@pytest.mark.parametrize("k", [-1, 6])
def test_top_k_of_too_many(k: int) -> None:
    with pytest.raises(OperandError, match=rf"top_k cannot take operands of shape \(3, 4, 5\): .* k={k} elements"):
        ops.top_k(X, k)


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("exclusive", [False, True])
def test_cumsum(axis: int, reverse: bool, exclusive: bool) -> None:
    size = X.shape[axis]
    # Sum k takes the elements i with i <= k: a product with a triangle of ones.
    triangle = np.tri(size, k=-1 if exclusive else 0)
    expected = np.moveaxis(np.moveaxis(X, axis, -1) @ (triangle if reverse else triangle.T), -1, axis)
    for found in both(lambda x: ops.cumsum(x, axis, reverse=reverse, exclusive=exclusive), X):
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)
    check_gradients(lambda x: ops.cumsum(x, axis, reverse=reverse, exclusive=exclusive) ** 2, [X])


def test_cumsum_of_an_empty_axis_and_of_integers() -> None:
    assert ops.cumsum(np.zeros((2, 0)), exclusive=True).shape == (2, 0)
    found = ops.cumsum(np.full(3, 100, np.int8))
    assert found.dtype == np.int64
    assert found.tolist() == [100, 200, 300]
