"""NumPy's functions on traced arrays give what NumPy gives on concrete ones: values, shapes and dtypes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from kcore.engine import CompiledFunction, Variable, grad
from kcore.engine.tracing import function_table, ufunc_reductions, ufunc_table
from kcore.errors import OperandError, UnsupportedOperationError
from kcore.testing import check_gradients

RNG = np.random.default_rng(3)
X = RNG.normal(size=(3, 4, 2))
I = RNG.integers(-5, 6, (3, 4, 2))  # noqa: E741
B = RNG.random((3, 4, 2)) > 0.5
V = RNG.normal(size=4)
M = RNG.normal(size=(2, 5))

GETITEM, ASTYPE = np.ndarray.__getitem__, np.ndarray.astype

# One list of calls for each function of the table. Every call gets one array.
CALLS: dict[Any, list[tuple[Any, Callable[..., Any]]]] = {
    np.sum: [(X, np.sum), (X, lambda x: np.sum(x, axis=1)), (X, lambda x: np.sum(x, (0, -1), keepdims=True)),
             (B, np.sum), (I.astype("i4"), np.sum), (X, lambda x: np.sum(x, dtype="f4")), (X, lambda x: x.sum(0))],
    np.prod: [(X, np.prod), (X, lambda x: np.prod(x, axis=-1)), (I, lambda x: x.prod(axis=0))],
    np.max: [(X, np.max), (X, lambda x: np.max(x, axis=1, keepdims=True)), (I, lambda x: x.max(axis=0))],
    np.amax: [(X, lambda x: np.amax(x, axis=0))],
    np.min: [(X, np.min), (X, lambda x: x.min(axis=(0, 1)))],
    np.amin: [(X, lambda x: np.amin(x, axis=0))],
    np.any: [(B, np.any), (X, lambda x: np.any(x, axis=0)), (I, lambda x: x.any(axis=(1, 2), keepdims=True))],
    np.all: [(B, np.all), (I, lambda x: np.all(x, axis=0)), (X, lambda x: x.all(axis=1))],
    np.mean: [(X, np.mean), (I, lambda x: np.mean(x, axis=0)), (B, np.mean), (X.astype("f4"), lambda x: x.mean(-1)),
              (X.astype("f4"), lambda x: np.mean(x, dtype="f8", keepdims=True))],
    np.var: [(X, np.var), (X, lambda x: np.var(x, axis=1, ddof=1, keepdims=True)), (I, lambda x: x.var(axis=0))],
    np.linalg.norm: [(X, np.linalg.norm), (X, lambda x: np.linalg.norm(x, axis=1, keepdims=True))],
    np.std: [(X, np.std), (X, lambda x: x.std(axis=(0, 2), ddof=1))],
    np.argmax: [(X, np.argmax), (X, lambda x: x.argmax(axis=1)), (I, lambda x: np.argmax(x, -1, keepdims=True)),
                (X, lambda x: np.argmax(x, keepdims=True))],
    np.argmin: [(X, np.argmin), (X, lambda x: x.argmin(axis=0))],
    np.shape: [(X, lambda x: x + np.shape(x)[0])],
    np.ndim: [(X, lambda x: x + np.ndim(x))],
    np.size: [(X, lambda x: x + np.size(x) + np.size(x, 1))],
    np.reshape: [(X, lambda x: np.reshape(x, (2, -1))), (X, lambda x: x.reshape(4, 6)), (X, lambda x: x.reshape(-1)),
                 (X, lambda x: x.T.reshape((6, 4)))],
    np.ravel: [(X, np.ravel), (X, lambda x: x.ravel()), (X, lambda x: x.flatten())],
    np.transpose: [(X, np.transpose), (X, lambda x: x.T), (X, lambda x: x.transpose(1, 0, 2)),
                   (X, lambda x: np.transpose(x, (-1, 0, 1))), (X, lambda x: x.transpose((2, 1, 0)))],
    np.swapaxes: [(X, lambda x: np.swapaxes(x, 0, -1)), (X, lambda x: x.swapaxes(1, 2))],
    np.moveaxis: [(X, lambda x: np.moveaxis(x, 0, -1)), (X, lambda x: np.moveaxis(x, (0, 1), (2, 0)))],
    np.expand_dims: [(X, lambda x: np.expand_dims(x, 1)), (X, lambda x: np.expand_dims(x, (0, -1)))],
    np.squeeze: [(X[:1], np.squeeze), (X[:, :1], lambda x: np.squeeze(x, 1)), (X[:1], lambda x: x.squeeze(axis=0))],
    np.broadcast_to: [(V, lambda x: np.broadcast_to(x, (3, 4))), (V[0], lambda x: np.broadcast_to(x, 3))],
    np.concatenate: [(X, lambda x: np.concatenate([x, np.ones((3, 4, 1))], axis=-1)),
                     (X, lambda x: np.concatenate((x, x, x))), (X, lambda x: np.concatenate([x, V], axis=None)),
                     (X.astype("f4"), lambda x: np.concatenate([x, I], axis=1))],
    np.stack: [(V, lambda x: np.stack([x, V, x * 2])), (V, lambda x: np.stack([x, V], axis=-1))],
    np.split: [(X, lambda x: np.split(x, 2, axis=1)), (X, lambda x: np.split(x, [1, 3], axis=1)[1:]),
               (X, lambda x: np.split(x, 3))],
    np.flip: [(X, np.flip), (X, lambda x: np.flip(x, 1)), (X, lambda x: np.flip(x, (0, -1)))],
    np.pad: [(V, lambda x: np.pad(x, 2)), (X, lambda x: np.pad(x, ((0, 1), (2, 0), (1, 1)), constant_values=-7.5)),
             (M, lambda x: np.pad(x, (1, 2))), (I, lambda x: np.pad(x, 1, constant_values=3))],
    GETITEM: [(X, lambda x: x[1]), (X, lambda x: x[-1, 1:3]), (X, lambda x: x[..., 0]), (X, lambda x: x[:, None, ::2]),
              (X, lambda x: x[::-1, 3:0:-2]), (X, lambda x: x[2:1]), (X, lambda x: x[0, ..., None, 1]),
              (X, lambda x: x[np.int64(1), 2, 0]), (X, lambda x: x[()]), (X, lambda x: [part * 2 for part in x]),
              (X, lambda x: x[[2, 0, -1]]), (X, lambda x: x[:, np.array([[0, 3], [-2, 1]])]), (X, lambda x: x[..., [1, 0, 0]]),
              (X, lambda x: x[1, [0, 3]]), (X, lambda x: x[:, [0, 3], 1]), (X, lambda x: x[0, :, [1, 0]]), (X, lambda x: x[1, None, [1, 0]]),
              (X, lambda x: x[::2, [1], ::-1]), (X, lambda x: x[[0, 1], ..., 1]), (X[None], lambda x: x[:, 0, ..., [1, 0], :]),
              (X, lambda x: x[[]]), (X, lambda x: x[np.array(1), None]), (X[:0], lambda x: x[:, [1, 2]]), (V, lambda x: x[np.array([1, 3], "u1")])],
    ASTYPE: [(X, lambda x: x.astype("f4")), (X, lambda x: x.astype(int)), (B, lambda x: x.astype("f4", copy=False)),
             (X, lambda x: x.astype(bool)), (I, lambda x: x.astype(np.uint8))],
    np.astype: [(X, lambda x: np.astype(x, np.float32))],
    np.where: [(X, lambda x: np.where(x > 0, x, 0.0)), (X, lambda x: np.where(B, x, I)), (I, lambda x: np.where(x, 1, 2.5)),
               (X.astype("f4"), lambda x: np.where(B, x, 1.0)), (X.astype("f4"), lambda x: np.where(x > 0, 1.0, 0.0)),
               (I, lambda x: np.where(B, x, 1.5)), (B, lambda x: np.where(x, V[0], x)), (X, lambda x: np.where(True, x, V[0]))],
    np.clip: [(X, lambda x: np.clip(x, -0.5, 0.5)), (X, lambda x: x.clip(0)), (X, lambda x: np.clip(x, None, 0.1)),
              (X, lambda x: np.clip(x, V[:2], 1.0)), (I, lambda x: np.clip(x, -1, 2)), (X, lambda x: np.clip(x, min=0)),
              (X.astype("f4"), lambda x: x.clip(min=-1, max=1))],
    np.round: [(X, np.round), (X, lambda x: np.round(x, 2)), (I, np.round), (I, lambda x: np.round(x, 1)),
               (I * 7, lambda x: np.round(x, -1)), (X, lambda x: x.round())],
    np.around: [(X, lambda x: np.around(x, 1))],
    np.zeros_like: [(X, np.zeros_like), (X, lambda x: np.zeros_like(x, np.float32)), (X, lambda x: np.zeros_like(x, shape=3))],
    np.ones_like: [(X.astype("f4"), np.ones_like), (X, lambda x: np.ones_like(x, dtype="i8"))],
    np.full_like: [(X, lambda x: np.full_like(x, 2.5)), (X, lambda x: np.full_like(x, 2.5, int)),
                   (X, lambda x: np.full_like(x, fill_value=3, shape=(2,))), (V, lambda x: np.full_like(x, x[1]))],
    np.copy: [(X, np.copy), (X, lambda x: x.copy() + 1)],
    np.result_type: [(X, lambda x: x.astype(np.result_type(x, np.float32(1))))],
    np.dot: [(M, lambda x: np.dot(x, V[0])), (X, lambda x: x.dot(M)), (V, lambda x: np.dot(x, V)),
             (V, lambda x: np.dot(np.ones((2, 4)), x)), (M.T, lambda x: np.dot(x, np.ones((3, 2, 4)))),
             (X, lambda x: np.dot(x, X.T.copy().transpose(1, 0, 2)[:, :2]))],
    np.outer: [(V, lambda x: np.outer(x, M))],
    np.take: [(X, lambda x: np.take(x, [2, -1, 0], axis=1)), (V, lambda x: np.take(x, np.array([[3, 0], [-4, 1]]))),
              (X, lambda x: np.take(x, 1, axis=-1)),
              (X, lambda x: np.take(x, [9, -9, 2], axis=1, mode="wrap")), (X, lambda x: np.take(x, [9, -9], mode="clip")),
              (X, lambda x: np.take(x, np.array([1, 250], "u1"), mode="wrap")), (X, lambda x: np.take(x, [], axis=0)),
              (B, lambda x: np.take(x, [1, 0, 1], axis=0)),
              (X.T, lambda x: np.take(x, [1, 1], axis=1)), (X[:0], lambda x: np.take(x, [1, 1], axis=1))],
    np.take_along_axis: [
        (X, lambda x: np.take_along_axis(x, np.argsort(X, axis=1), 1)), (X, lambda x: np.take_along_axis(x, I % 2, -1)),
        (X, lambda x: np.take_along_axis(x, np.array([[[0, -1, 1]]]), 2)), (V, lambda x: np.take_along_axis(x, I[0, 0] % 3, axis=None)),
        (I % 4, lambda i: np.take_along_axis(X, i, axis=1)), (X[:, :1], lambda x: np.take_along_axis(x, I % 2, 2)),
        (X[:0], lambda x: np.take_along_axis(x, I[:0, :2] % 3, 1))],
    np.repeat: [(X, lambda x: np.repeat(x, 3, axis=1)), (X, lambda x: np.repeat(x, 2)), (X, lambda x: np.repeat(x, 0, axis=0)),
                (X, lambda x: np.repeat(x, [2, 0, 1], axis=0)), (X, lambda x: np.repeat(x, [2], axis=-1))],
    np.tile: [(X, lambda x: np.tile(x, 2)), (X, lambda x: np.tile(x, (2, 1, 3))), (V, lambda x: np.tile(x, (2, 3))),
              (X, lambda x: np.tile(x, (1, 0)))],
    np.roll: [(X, lambda x: np.roll(x, 1, axis=1)), (X, lambda x: np.roll(x, -5)), (X, lambda x: np.roll(x, (1, -2), axis=(0, 1))),
              (X, lambda x: np.roll(x, 4, axis=1)), (X, lambda x: np.roll(x, 1, axis=(0, 2))), (X[:0], lambda x: np.roll(x, 1, axis=0))],
    np.cumsum: [(X, np.cumsum), (X, lambda x: np.cumsum(x, axis=1)), (I.astype("i4"), lambda x: np.cumsum(x, -1)),
                (B, lambda x: np.cumsum(x, 0)), (X.astype("f4"), lambda x: np.cumsum(x, axis=0, dtype="f8"))],
    np.cumprod: [(X, np.cumprod), (I, lambda x: np.cumprod(x, axis=1)), (X, lambda x: np.cumprod(x, axis=-1, dtype="f4"))],
    np.sort: [(X, np.sort), (X, lambda x: np.sort(x, axis=0)), (I, lambda x: np.sort(x, axis=None)), (B, lambda x: np.sort(x, 1)),
              (np.where(B, X, np.nan), lambda x: np.sort(x, axis=1, kind="stable"))],
    np.argsort: [(X, np.argsort), (X.astype("f4"), lambda x: np.argsort(x, axis=0)), (X.astype("f2"), lambda x: np.argsort(x, None)),
                 *[(np.where(B, I, 0).astype(kind), lambda x: np.argsort(x, axis=1, stable=True)) for kind in ("i8", "i4", "u4", "i1", "?", "f4", "f8")],
                 (np.where(B, X, np.nan).astype("f4"), lambda x: np.argsort(x, axis=1, kind="stable")),
                 (np.array([0.0, -0.0, -np.inf, np.inf, np.nan, -np.nan, 0.0, -1e-45], "f4"), lambda x: np.argsort(x, kind="stable"))],
    np.einsum: [
        (X, lambda x: np.einsum("abc,cd->abd", x, M)), (X, lambda x: np.einsum("abc->b", x)), (X, lambda x: np.einsum("cab", x)),
        (X, lambda x: np.einsum("abc,bac->ab", x, X.transpose(1, 0, 2))), (X, lambda x: np.einsum("abc,adc->abd", x, X)),
        (X, lambda x: np.einsum("...c,c...->...", x, M[:, 0])), (X, lambda x: np.einsum("a...,...->...a", x, X[0])),
        (X, lambda x: np.einsum("abc,b,c", x, V, V[:2])), (X, lambda x: np.einsum("abc,def->ad", x, X)),
        (X @ X.transpose(0, 2, 1), lambda x: np.einsum("abb->ab", x)), (X[..., None] * V[:2], lambda x: np.einsum("aijj,b->ib", x, V)),
        (X, lambda x: np.einsum("abc,dbc->adb", x, X[:1])), (X[:1], lambda x: np.einsum("abc,abc->ac", x, X)), (X[:, :1], lambda x: np.einsum("abc,abc->b", X, x)), (X[:1], lambda x: np.einsum("abc->ac", x)),
        (I.astype("i1"), lambda x: np.einsum("abc,abc->a", x, x)), (X.astype("f4"), lambda x: np.einsum("abc,c->ab", x, np.ones(2, "f4"))),
        (X, lambda x: np.einsum("abc, cd -> da b", x, M, optimize=True)), (X[:0], lambda x: np.einsum("abc,cd->bd", x, M)), (V, lambda x: np.einsum("i,i", x, x))],
    np.tensordot: [(X, lambda x: np.tensordot(x, M, 1)), (X, lambda x: np.tensordot(x, X, axes=((0, 2), (0, 2)))), (V, lambda x: np.tensordot(x, M, 0)),
                   (X, lambda x: np.tensordot(x, X, axes=([1, -1], [1, 2]))), (X, lambda x: np.tensordot(x, X, axes=3)), (V, lambda x: np.tensordot(x, X, axes=(0, 1)))],
}  # fmt: skip

FLAT_CALLS = [
    pytest.param(array, call, id=f"{getattr(function, '__name__', function)}-{number}")
    for function, calls in CALLS.items()
    for number, (array, call) in enumerate(calls)
]


def test_every_function_of_the_table_has_a_call() -> None:
    assert set(function_table) == set(CALLS)


def assert_same(found: Any, expected: Any) -> None:
    if isinstance(expected, list | tuple):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert_same(one, other)
        return
    expected = np.asarray(expected)
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, rtol=3e-6 if expected.dtype == np.float32 else 1e-12)


@pytest.mark.parametrize(("array", "call"), FLAT_CALLS)
def test_traced_equals_numpy(array: Any, call: Callable[..., Any]) -> None:
    assert_same(CompiledFunction(call)(array), call(array))


@pytest.mark.parametrize(("array", "call"), FLAT_CALLS)
def test_a_variable_acts_as_its_array(array: Any, call: Callable[..., Any]) -> None:
    variable = Variable(array)
    assert_same(call(variable), call(np.asarray(array)))
    assert_same(CompiledFunction(lambda: call(variable))(), call(np.asarray(array)))


SMOOTH = [
    lambda x: np.mean(x, axis=1), lambda x: np.var(x, axis=0), lambda x: np.std(x, axis=1, ddof=1),
    lambda x: np.prod(x, axis=0), lambda x: x[::-1, 1:3, None], lambda x: x[1, ..., -1], lambda x: np.flip(x, 1),
    lambda x: np.pad(x, ((1, 0), (0, 2), (1, 1)), constant_values=2.0), lambda x: np.split(x, [1], axis=1),
    lambda x: np.stack([x, x * x], axis=1), lambda x: np.concatenate([x, x.astype("f4")], axis=0).astype("f8") * 0 + 1.0,
    lambda x: np.dot(x, x.transpose(0, 2, 1)), lambda x: np.outer(x, x[0]), lambda x: np.where(x > 0, x * x, np.exp(x)),
    lambda x: np.clip(x, -0.5, 0.5) ** 2, lambda x: x @ x.swapaxes(1, 2), lambda x: x[0, 0] @ x[1].T,
    lambda x: x[0] @ x[1, 0], lambda x: x[0, 0] @ x[1, 1], lambda x: np.full_like(x, x[0, 0, 0]) * x,
    lambda x: np.take(x, [1, 1, -1, 0], axis=1), lambda x: x[:, [3, 0, 3], 1], lambda x: x[[2, 2]] * x[0, :, [1, 0, 1]][:2, None, :2],
    lambda x: np.take_along_axis(x, np.argsort(x, axis=1), axis=1), lambda x: np.take_along_axis(x, np.array([[[0, 1, 1]]]), 2),
    lambda x: np.cumsum(x, axis=1) ** 2, lambda x: np.cumprod(x, axis=1), lambda x: np.cumprod(x * (x > 0), axis=1), lambda x: np.sort(x, axis=1) ** 2,
    lambda x: np.repeat(x, 2, axis=1) ** 2, lambda x: np.repeat(x, [0, 2, 1], axis=0), lambda x: np.tile(x, (2, 1, 2)) ** 2, lambda x: np.roll(x, 1),
    lambda x: np.einsum("abc,adc,b->ad", x, x, x[0, :, 0]), lambda x: np.einsum("...ij,...kj->...ik", x, x), lambda x: np.einsum("iji->j", x[:2] * x[1:]),
    lambda x: np.tensordot(x, x, axes=((0, 1), (0, 1))),
    lambda x: np.squeeze(x[:, :1]).T * np.moveaxis(x[:1], 0, -1), lambda x: x**3 + 2.0**x + np.abs(x) ** x,
]  # fmt: skip


@pytest.mark.parametrize("function", SMOOTH, ids=range(len(SMOOTH)))
def test_gradients_to_second_order(function: Callable[..., Any]) -> None:
    check_gradients(function, [X])


@pytest.mark.parametrize("ufunc", list(ufunc_reductions), ids=lambda ufunc: ufunc.__name__)
def test_ufunc_reductions(ufunc: np.ufunc) -> None:
    for call in (
        ufunc.reduce,
        lambda x: ufunc.reduce(x, axis=None),
        lambda x: ufunc.reduce(x, axis=(0, 2), keepdims=True),
    ):
        assert_same(CompiledFunction(call)(X), call(X))
    assert_same(CompiledFunction(lambda x: np.add.reduce(x, dtype="i8"))(X), np.add.reduce(X.astype("i8")))


UNARY = [ufunc for ufunc in ufunc_table if ufunc.nin == 1]
BINARY = [ufunc for ufunc in ufunc_table if ufunc.nin == 2 and ufunc is not np.matmul]


@pytest.mark.parametrize("ufunc", UNARY, ids=lambda ufunc: ufunc.__name__)
@pytest.mark.parametrize(
    "array", [np.abs(X) + 0.1, (np.abs(X) + 0.1).astype("f4"), np.abs(I) + 1, B], ids=["f8", "f4", "i8", "bool"]
)
def test_unary_ufuncs(ufunc: np.ufunc, array: np.ndarray) -> None:
    try:
        with np.errstate(all="ignore"):
            expected = ufunc(array)
    except TypeError:
        with pytest.raises(OperandError, match=f"{ufunc.__name__} cannot take operands .* is not defined for"):
            CompiledFunction(ufunc)(array)
        return
    found = CompiledFunction(ufunc)(array)
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, rtol=1e-3 if expected.dtype.itemsize == 2 else 3e-6)


OPERANDS = {
    "f8": np.abs(X[0]) + 0.5, "f4": (np.abs(X[1]) + 0.5).astype("f4"), "i8": np.abs(I[0]) + 1,
    "i4": (np.abs(I[1]) + 1).astype("i4"), "u1": (np.abs(I[2]) + 1).astype("u1"), "?": B[0],
    "int": 2, "float": 1.5, "bool": True, "np.float32": np.float32(1.5), "np.int8": np.int8(2), "0d": np.array(2.0),
}  # fmt: skip


@pytest.mark.parametrize("ufunc", BINARY, ids=lambda ufunc: ufunc.__name__)
@pytest.mark.parametrize("left", list(OPERANDS))
def test_binary_ufuncs_promote_as_numpy_does(ufunc: np.ufunc, left: str) -> None:
    for right in OPERANDS:
        if not isinstance(OPERANDS[left], np.ndarray) and not isinstance(OPERANDS[right], np.ndarray):
            continue
        for traced in ("left", "right"):
            constant = OPERANDS[right if traced == "left" else left]
            variable = OPERANDS[left if traced == "left" else right]
            if not isinstance(variable, np.ndarray):
                continue

            def call(x: Any, first: bool = traced == "left", constant: Any = constant) -> Any:
                return ufunc(x, constant) if first else ufunc(constant, x)

            try:
                with np.errstate(all="ignore"):
                    expected = call(variable)
            except TypeError:
                with pytest.raises(OperandError, match="is not defined for"):
                    CompiledFunction(call)(variable)
                continue
            found = CompiledFunction(call)(variable)
            assert found.dtype == expected.dtype, (left, right, traced)
            np.testing.assert_allclose(found, expected, rtol=1e-3 if expected.dtype.itemsize == 2 else 3e-6)


def test_python_integers_that_do_not_fit() -> None:
    small = np.array([1, 200], np.uint8)
    np.testing.assert_array_equal(CompiledFunction(lambda x: x < 300)(small), [True, True])
    np.testing.assert_array_equal(CompiledFunction(lambda x: -1 == x)(small), [False, False])  # noqa: SIM300
    with pytest.raises(OverflowError):
        CompiledFunction(lambda x: x + 300)(small)


def test_operators_and_builtins() -> None:
    def call(x: Any, i: Any) -> Any:
        return [
            +x,
            -x,
            abs(x),
            x // 0.3,
            x % 0.7,
            2**x,
            x > 1,
            ~i,
            i << 1,
            i >> 1,
            i & 3,
            i | 4,
            i ^ 5,
            sum([x, x]),
            len(x),
        ]

    found = CompiledFunction(call)(X, I)
    assert_same(found[:-1], call(X, I)[:-1])
    assert int(found[-1]) == 3


def test_a_bad_index_is_numpys_index_error() -> None:
    for call, text in (
        (lambda x: x[3], "index 3 is out of range for axis 0 of size 3"),
        (lambda x: x[0, 0, 0, 0], "4 indices for an array with 3 axes"),
        (lambda x: x[..., ...], "only once"),
    ):
        with pytest.raises(IndexError, match=text):
            CompiledFunction(call)(X)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda x: np.reshape(x, (5, 5)), "reshape cannot take operands of shape (3, 4, 2): 24 elements do not fill"),
        (lambda x: np.reshape(x, (5, -1)), "24 elements do not fill the shape (5, -1)"),
        (lambda x: np.reshape(x, (-1, -1)), "the shape (-1, -1) has negative sizes"),
        (lambda x: np.transpose(x, (0, 1)), "axes (0, 1) is no permutation of its 3 axes"),
        (lambda x: np.transpose(x, (0, 1, 5)), "axes (0, 1, 5) is no permutation of its 3 axes"),
        (lambda x: np.transpose(x, (0, 1, 1)), "axes (0, 1, 1) is no permutation of its 3 axes"),
        (lambda x: np.broadcast_to(x, (3, 4)), "broadcast_to cannot take operands of shape (3, 4, 2): it cannot be"),
        (lambda x: np.squeeze(x, 0), "axes (0,) are not all of size 1"),
        (lambda x: np.split(x, 3, axis=1), "4 is no multiple of 3"),
        (lambda x: np.pad(x, -1), "are not all positive or 0"),
        (lambda x: np.concatenate([x, V]), "concatenate cannot take operands of shape (3, 4, 2), (4,): all axes except"),
        (lambda x: np.sum(x, axis=3), "sum cannot take operands of shape (3, 4, 2): axis 3 is out of bounds"),
        (lambda x: np.mean(x, axis=5), "axis 5 is out of bounds"),
        (lambda x: x + V[:3], "add cannot take operands of shape (3, 4, 2), (3,): the shapes do not broadcast"),
        (lambda x: np.where(x > 0, x, V), "where cannot take operands of shape (3, 4, 2), (3, 4, 2), (4,)"),
        (lambda x: x @ V, "must agree"),
        (lambda x: x @ np.ones((4, 2, 3)), "matmul cannot take operands of shape (3, 4, 2), (4, 2, 3): the leading axes"),
        (lambda x: x @ 2.0, "a scalar is no matrix; multiply with *"),
        (lambda x: (x > 0) - True, "subtract cannot take operands of shape (3, 4, 2), (): it is not defined for bool and"),
        (lambda x: x.astype(complex), "programs compute with bool, integer and floating dtypes, not complex128"),
        (lambda x: np.max(x[:0], axis=0), "max cannot take operands of shape (0, 4, 2): an empty axis has no such value"),
        (lambda x: np.take(x, [0.5]), "indexing cannot take operands of shape (1,): indices are integers, not float64"),
        (lambda x: np.take_along_axis(x, np.array([1]), 0), "take_along_axis cannot take operands of shape (3, 4, 2), (1,): the indices must"),
        (lambda x: np.take_along_axis(x, I[:, :3] % 2, 2), "all axes except axis 2 must agree or be 1"),
        (lambda x: np.einsum("abc,cd", x), "einsum 'abc,cd' cannot take operands of shape (3, 4, 2): it has subscripts for 2 operands, not 1"),
        (lambda x: np.einsum("ab->a", x), "'ab' does not name the 3 axes of its operand"),
        (lambda x: np.einsum("abcd->a", x), "'abcd' does not name the 3 axes of its operand"),
        (lambda x: np.einsum("ab?->a", x), "'ab?' is not made of letters and at most one ellipsis"),
        (lambda x: np.einsum("abc->az", x), "the result 'az' must name labels of the operands, each once"),
        (lambda x: np.einsum("a...->a", x), "the result lacks the ellipsis of the operands"),
        (lambda x: np.einsum("abc,b", x, V[:3]), "axes labelled 'b' have sizes [3, 4]"),
        (lambda x: np.einsum("aba->a", x[:1]), "the diagonal of 'a' needs two equal axes"),
        (lambda x: np.tensordot(x, M, 2), "tensordot cannot take operands of shape (3, 4, 2), (2, 5): axes (1, 2) of the first and (0, 1)"),
        (lambda x: np.tensordot(x, M, ([3], [0])), "tensordot cannot take operands of shape (3, 4, 2), (2, 5): axis 3 is out of bounds"),
        (lambda x: np.argmax(x[:0], axis=0), "argmax cannot take operands of shape (0, 4, 2): an empty axis has no such"),
    ],
)  # fmt: skip
def test_bad_shapes(call: Callable[..., Any], text: str) -> None:
    with pytest.raises(OperandError) as caught:
        CompiledFunction(call)(X)
    assert text in str(caught.value)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda x: np.reshape(x, (2, 12), order="F"), "np.reshape was called on a traced array, but order='F'"),
        (lambda x: np.pad(x, 1, mode="edge"), "only mode='constant' with one value"),
        (lambda x: np.where(x > 0), "np.where with one argument was called on a traced array, but the shape"),
        (lambda x: np.sum(x, where=B), "np.sum was called on a traced array, but the argument 'where' has no traced form"),
        (lambda x: np.max(x, initial=0.0), "the argument 'initial' has no traced form"),
        (lambda x: np.mean(x, out=np.zeros(())), "np.mean was called on a traced array, but the argument 'out'"),
        (lambda x: np.add.reduce(x, where=B), "np.add.reduce was called on a traced array, but the argument 'where'"),
        (lambda x: np.add.accumulate(x), "np.add.accumulate was called on a traced array, but it has no traced form"),
        (lambda x: np.linalg.norm(x, 3, 1), "np.linalg.norm with ord=3 over 1 axes was called on a traced array"),
        (lambda x: np.median(x), "np.median was called on a traced array, but it has no traced form"),
        (lambda x: np.cumsum(x, out=np.zeros(24)), "np.cumsum was called on a traced array, but the argument 'out'"),
        (lambda x: np.take(x, [1], out=np.zeros(1)), "np.take was called on a traced array, but the argument 'out'"),
        (lambda x: np.sort(x, order="f"), "np.sort was called on a traced array, but the argument 'order' is for arrays with fields"),
        (lambda x: np.repeat(x, I[0, 0] * 0 + np.argmax(x)), "np.repeat with traced counts was called on a traced array"),
        (lambda x: np.einsum(x, [0, 1, 2], [2, 1, 0]), "np.einsum was called on a traced array, but only subscripts as one string"),
        (lambda x: np.einsum("abc->a", x, out=np.zeros(3)), "np.einsum was called on a traced array, but the argument 'out'"),
        (lambda x: np.arcsin(x), "np.arcsin was called on a traced array, but it has no traced form"),
        (lambda x: np.add(x, x, where=B), "np.add was called on a traced array, but the argument 'where'"),
    ],
)  # fmt: skip
def test_what_has_no_traced_form(call: Callable[..., Any], text: str) -> None:
    with pytest.raises(UnsupportedOperationError) as caught:
        CompiledFunction(call)(X)
    assert text in str(caught.value)


@pytest.mark.parametrize(
    "arguments",
    [{}, {"axis": 1}, {"axis": (0, 2), "keepdims": True}, {"axis": -1, "ord": 2}, {"axis": (1, 2), "ord": "fro"},
     {"axis": 0, "ord": 1}, {"axis": 1, "ord": np.inf}, {"axis": 2, "ord": -np.inf, "keepdims": True}],
    ids=str,
)  # fmt: skip
def test_norms(arguments: dict[str, Any]) -> None:
    compiled = CompiledFunction(lambda x: np.linalg.norm(x, **arguments))
    np.testing.assert_allclose(compiled(X), np.linalg.norm(X, **arguments), rtol=1e-12)
    check_gradients(lambda x: np.linalg.norm(x, **arguments), [X], order=1)


def test_the_norm_of_zeros_has_a_gradient() -> None:
    found = grad(lambda x: np.sum(np.linalg.norm(x, axis=1)))(np.array([[0.0, 0.0], [3.0, 4.0]]))
    np.testing.assert_allclose(found, [[0, 0], [0.6, 0.8]])
