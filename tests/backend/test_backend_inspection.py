"""What a tensor is, and its shape, dtype and value."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kcore import Input, Model
from kcore import backend as K
from kcore.engine import CompiledFunction
from kcore.errors import InvalidArgumentError, LayerStateError, TracingError
from kcore.layers import Dense

X = np.arange(6, dtype="float32").reshape(2, 3)
SYMBOLIC = Dense(4)(Input((3,)))


def seen(look: Any) -> Any:
    """What a function tells about a traced array."""
    found: list[Any] = []

    def traced(x: Any) -> Any:
        found.append(look(x))
        return x

    CompiledFunction(traced)(X)
    return found[0]


def test_is_tensor() -> None:
    assert all(map(K.is_tensor, (X, K.variable(1), SYMBOLIC, np.float32(1)))) and seen(K.is_tensor)
    assert not any(map(K.is_tensor, ([1, 2], 1.0, "x", None)))


def test_is_keras_tensor() -> None:
    assert K.is_keras_tensor(SYMBOLIC) and K.is_keras_tensor(Input((2,)))
    assert not K.is_keras_tensor(X) and not K.is_keras_tensor(K.variable(1)) and not seen(K.is_keras_tensor)
    with pytest.raises(InvalidArgumentError) as caught:
        K.is_keras_tensor("x")
    assert (
        str(caught.value) == "kcore.backend.is_keras_tensor cannot take x='x'. Allowed: an array or a symbolic tensor."
    )


def test_is_variable() -> None:
    assert K.is_variable(K.variable(1)) and not K.is_variable(X) and not K.is_variable(SYMBOLIC)


def test_is_placeholder() -> None:
    assert K.is_placeholder(Input((2,))) and K.is_placeholder(K.placeholder((None, 2)))
    assert not K.is_placeholder(SYMBOLIC) and not K.is_placeholder(X)


def test_is_sparse() -> None:
    assert K.is_sparse(X) is False and K.is_sparse(SYMBOLIC) is False


def test_to_dense() -> None:
    assert K.to_dense(X) is X


def test_placeholder() -> None:
    x = K.placeholder(shape=(None, 3), name="features", dtype="float64")
    assert x.shape == (None, 3) and x.name == "features" and x.dtype == "float64"
    model = Model(x, Dense(2)(x))
    assert model.predict(X).shape == (2, 2)
    assert K.placeholder(ndim=3).shape == (None, None, None)
    with pytest.raises(InvalidArgumentError, match=r"placeholder cannot take shape=None\. Allowed: a shape, or ndim"):
        K.placeholder()
    with pytest.raises(InvalidArgumentError, match=r"placeholder cannot take sparse=True\. Allowed: False\."):
        K.placeholder((None, 3), sparse=True)


def test_shape() -> None:
    assert K.shape(X).tolist() == [2, 3] and seen(K.shape).tolist() == [2, 3]
    assert K.reshape(X, K.shape(X)[::-1]).shape == (3, 2)
    assert K.reshape(X, (K.shape(X)[0], -1)).shape == (2, 3)
    assert K.shape(Input(batch_shape=(2, 5))).tolist() == [2, 5]
    with pytest.raises(
        LayerStateError, match=r"^Layer 'dense_\d+' has a symbolic output, which the functions of kcore"
    ):
        K.shape(SYMBOLIC)


def test_int_shape() -> None:
    assert K.int_shape(X) == (2, 3) and K.int_shape(SYMBOLIC) == (None, 4) and seen(K.int_shape) == (2, 3)
    assert K.int_shape(K.variable(np.zeros((3, 1)))) == (3, 1)


def test_ndim() -> None:
    assert K.ndim(X) == K.ndim(SYMBOLIC) == seen(K.ndim) == 2 and K.ndim(K.variable(1)) == 0


def test_size() -> None:
    assert K.size(X) == seen(K.size) == 6


def test_dtype() -> None:
    assert K.dtype(X) == K.dtype(SYMBOLIC) == seen(K.dtype) == "float32"
    assert K.dtype(K.variable(1, dtype="int64")) == "int64"


def test_eval() -> None:
    np.testing.assert_array_equal(K.eval(K.variable([1.0, 2.0]) * 2), [2, 4])
    found = K.eval(X)
    assert found is not X and type(found) is np.ndarray
    with pytest.raises(TracingError, match="needs the numbers of an array"):
        seen(K.eval)
    with pytest.raises(LayerStateError, match="has a symbolic output"):
        K.eval(SYMBOLIC)


def test_print_tensor(capsys: pytest.CaptureFixture[str]) -> None:
    assert K.print_tensor(X, message="x =") is X
    assert capsys.readouterr().out == "x = [[0. 1. 2.]\n [3. 4. 5.]]\n"
    assert seen(lambda x: K.print_tensor(x, "x") is x)
    assert capsys.readouterr().out == ""
    with pytest.raises(LayerStateError, match="has a symbolic output"):
        K.print_tensor(SYMBOLIC)


def test_identity() -> None:
    v = K.variable([1.0, 2.0])
    before = K.identity(v)
    K.update(v, [5.0, 6.0])
    np.testing.assert_array_equal(before, [1, 2])
