"""Groups: which equations run together, that nothing is read before it is there, and loops cut along their batch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import kcore
from kcore import ops
from kcore.engine import ArrayType, CompiledFunction, Variable, gradients
from kcore.engine.numpy_backend import kernels
from kcore.engine.primitives import loop_rows

RNG = np.random.default_rng(4)
ROWS = 640


def grouped(function: Any, *shapes: Any) -> list[list[str]]:
    """The names of the primitives of each group."""
    types = [ArrayType(shape, "f4") for shape in shapes]
    executable: Any = CompiledFunction(function).replay(*types).executable
    return [[equation.primitive.name for equation in kernel.equations] for kernel in executable._kernels]


def test_a_product_and_what_follows_it_element_for_element() -> None:
    assert grouped(lambda x, w, b: ops.relu(x @ w + b), (32, 20), (20, 30), (30,)) == [["matmul", "add", "relu"]]


def test_a_softmax_is_one_group() -> None:
    (names,) = grouped(lambda x: ops.softmax(x), (ROWS, 10))
    assert names == ["max", "subtract", "exp", "sum", "divide"]


def test_what_needs_the_whole_of_a_value_waits_for_its_group() -> None:
    def normalized(x: Any) -> Any:
        return np.exp(x) / np.sum(np.exp(x), axis=0)

    assert grouped(normalized, (ROWS, 3)) == [["exp", "sum"], ["divide"]]


def test_rows_stay_rows_through_a_reshape_and_not_through_a_transpose() -> None:
    assert grouped(lambda x: np.tanh(np.exp(x).reshape(ROWS, 6)), (ROWS, 2, 3)) == [["exp", "tanh"]]
    assert grouped(lambda x: np.tanh(np.exp(x).reshape(2 * ROWS, 3)), (ROWS, 2, 3)) == [["exp"], ["tanh"]]
    assert grouped(lambda x: np.tanh(np.exp(x).T), (ROWS, 3)) == [["exp"], ["tanh"]]


def test_equal_work_on_equal_shapes_shares_a_group_and_on_others_does_not() -> None:
    def step(x: Any, y: Any) -> Any:
        return [np.exp(x), np.sin(x), np.exp(y)]

    assert grouped(step, (8, 3), (8, 3)) == [["exp", "sin", "exp"]]
    assert grouped(step, (8, 3), (8, 5)) == [["exp", "sin"], ["exp"]]


def test_what_stays_in_a_group_takes_no_memory_of_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "BLOCK_BYTES", 1 << 18)

    def chain(x: Any) -> Any:
        for _ in range(20):
            x = np.sin(x) + np.cos(x)
        return x

    executable: Any = CompiledFunction(chain).replay(ArrayType((4096, 256), "f4")).executable
    (kernel,) = executable._kernels
    assert kernel.pieces > 8
    # The result, and for each thread the blocks of two values.
    assert executable.nbytes < 4096 * 256 * 4 * 1.5


CHAINS: dict[str, Any] = {
    "elements": lambda x, w: np.tanh(x * 2) + np.exp(-x),
    "rows": lambda x, w: ops.softmax(x + w[:6, 0]),
    "sums": lambda x, w: np.sum(np.exp(x) * 2, axis=0) + np.sum(x, axis=0),
    "both": lambda x, w: ops.relu(x @ w) - np.mean(np.square(x @ w), axis=0),
    "read twice": lambda x, w: np.exp(x) * np.sum(np.exp(x), axis=1, keepdims=True) / np.sum(np.exp(x)),
}


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("rows", [2, 7, ROWS])
@pytest.mark.parametrize("function", CHAINS.values(), ids=CHAINS)
def test_small_blocks_change_nothing(function: Any, rows: int, threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    x, w = RNG.normal(size=(rows, 6)), RNG.normal(size=(6, 300))
    monkeypatch.setattr(kernels, "GRAIN", 1)
    monkeypatch.setattr(kernels, "BLOCK_BYTES", 64)
    kcore.set_threads(threads)
    try:
        found = CompiledFunction(function)(x, w)
    finally:
        kcore.set_threads(None)
    np.testing.assert_allclose(found, function(x, w), rtol=1e-12, atol=1e-12)


def test_a_variable_is_not_overwritten_before_all_pieces_have_read_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "GRAIN", 1)
    monkeypatch.setattr(kernels, "BLOCK_BYTES", 64)
    start = RNG.normal(size=(50, 4))
    variable = Variable(start)

    def step(x: Any) -> Any:
        before = variable.astype("f8")
        new = variable * 2 + x
        variable.assign(new)
        # Read whole by the group in which the new value is computed, and row by row after it.
        return np.exp(new) + before[:1], before[::-1] + new

    first, second = CompiledFunction(step)(np.ones((50, 4)))
    np.testing.assert_allclose(variable.value, start * 2 + 1)
    np.testing.assert_allclose(first, np.exp(start * 2 + 1) + start[:1])
    np.testing.assert_allclose(second, start[::-1] + start * 2 + 1)


# --- loops -----------------------------------------------------------------------------------------------------------


def rnn(x: Any, kernel: Any, recurrent: Any) -> Any:
    def body(h: Any, z: Any) -> Any:
        h = np.tanh(z + h @ recurrent)
        return h, h.reshape(h.shape[0], 2, -1)[:, 0]

    return ops.scan(body, np.zeros((x.shape[1], recurrent.shape[0])), x @ kernel)


def trained(x: Any, *weights: Any) -> Any:
    h, ys = rnn(x, *weights)
    return [h, ys, *gradients(np.sum(h * h) + np.sum(np.sin(ys)), [x, *weights])]


WEIGHTS = RNG.normal(size=(3, 8)) * 0.5, RNG.normal(size=(8, 8)) * 0.5


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("batch", [1, 2, 7])
def test_a_loop_cut_along_its_batch(batch: int, threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    x = RNG.normal(size=(5, batch, 3))
    whole = CompiledFunction(trained)(x, *WEIGHTS)
    monkeypatch.setattr(kernels, "GRAIN", 1)
    monkeypatch.setattr(loop_rows, "STEP_WORK", 1)
    kcore.set_threads(threads)
    try:
        compiled = CompiledFunction(trained)
        cut = compiled(x, *WEIGHTS)
        executable: Any = next(iter(compiled._replays.values())).executable
    finally:
        kcore.set_threads(None)
    loops = [kernel for kernel in executable._kernels if kernel.equations[0].primitive.name == "scan"]
    assert [kernel.pieces > 1 for kernel in loops] == [batch > 1] * 2
    for one, other in zip(cut, whole, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize(
    "body",
    [
        lambda h, z: (h + np.mean(z, axis=0), None),
        lambda h, z: (h.T.reshape(6, 3) + z, None),
        lambda h, z: (h[::-1] + z, None),
        lambda h, z: (h + z, np.sum(h)),
        lambda h, z: (z @ z.T @ h, None),
    ],
)
def test_loops_whose_rows_mix_are_not_cut(body: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "GRAIN", 1)
    monkeypatch.setattr(loop_rows, "STEP_WORK", 1)
    compiled = CompiledFunction(lambda x: ops.scan(body, np.ones((6, 3)), x))
    x = RNG.normal(size=(4, 6, 3))
    h = np.ones((6, 3))
    for z in x:
        h, _ = body(h, z)
    np.testing.assert_allclose(compiled(x)[0], h, rtol=1e-12)
    executable: Any = next(iter(compiled._replays.values())).executable
    assert all(k.pieces == 1 for k in executable._kernels if k.equations[0].primitive.name == "scan")
