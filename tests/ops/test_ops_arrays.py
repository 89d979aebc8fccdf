"""Conversions, one_hot, clip, stop_gradient, random numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kcore import ops
from kcore.engine import CompiledFunction, Variable, grad

X = np.array([-2.0, -1.0, 0.5, 1.0, 3.0])


def both(function: Any, *arguments: Any) -> list[Any]:
    """The result eagerly, compiled, and with variables as arguments."""
    return [
        function(*arguments), CompiledFunction(function)(*arguments), np.asarray(function(*map(Variable, arguments)))
    ]  # fmt: skip


def test_cast() -> None:
    for found in both(lambda x: ops.cast(x, "int32"), X):
        assert found.dtype == np.int32
        np.testing.assert_array_equal(found, [-2, -1, 0, 1, 3])
    assert ops.cast(X, "float64") is X
    assert ops.cast([1, 2], "float32").dtype == np.float32


def test_clip() -> None:
    for low, high in ((-1.0, 1.0), (None, 1.0), (-1.0, None), (np.full(5, -0.5), 2.0)):
        for found in both(lambda x, low=low, high=high: ops.clip(x, low, high), X):
            np.testing.assert_array_equal(found, np.clip(X, low, high))
    np.testing.assert_array_equal(grad(lambda x: np.sum(ops.clip(x, -1.0, 1.0)))(X), [0.0, 0.5, 1.0, 0.5, 0.0])


def test_stop_gradient() -> None:
    for found in both(ops.stop_gradient, X):
        np.testing.assert_array_equal(found, X)
    np.testing.assert_array_equal(grad(lambda x: np.sum(x * ops.stop_gradient(x)))(X), X)


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8", "int8", "float32", "float64"])
def test_one_hot(dtype: str) -> None:
    labels = np.array([[2, 0, 1], [1, 2, 0]]).astype(dtype)
    for found in both(lambda labels: ops.one_hot(labels, 3), labels):
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, np.eye(3)[labels.astype(int)])
    for found in both(lambda labels: ops.one_hot(labels, 4, dtype="int16", axis=0), labels):
        assert found.dtype == np.int16
        np.testing.assert_array_equal(found, np.moveaxis(np.eye(4)[labels.astype(int)], -1, 0))


def test_one_hot_of_labels_outside_is_zero() -> None:
    np.testing.assert_array_equal(ops.one_hot(np.array([-1, 3, 1]), 3), [[0, 0, 0], [0, 0, 0], [0, 1, 0]])


def test_one_hot_of_small_integers_with_many_classes() -> None:
    for labels in (np.array([5, 255], np.uint8), np.array([5, 127], np.int8)):
        for found in both(lambda labels: ops.one_hot(labels, 1000), labels):
            np.testing.assert_array_equal(found, np.eye(1000)[labels])


def test_random_numbers_are_the_same_eagerly_and_compiled() -> None:
    key = np.array([1, 2], np.uint64)
    for draw in (ops.random_uniform, ops.random_normal):
        eager, compiled, variable = both(lambda key, draw=draw: draw(key, shape=(2, 3), dtype="float64"), key)
        assert eager.shape == (2, 3)
        np.testing.assert_array_equal(eager, compiled)
        np.testing.assert_array_equal(eager, variable)


def test_the_names_of_the_room() -> None:
    for name in ops.__all__:
        assert callable(getattr(ops, name))
        assert getattr(ops, name).__doc__
