"""Equations cut into pieces that threads run: the same numbers, whatever the number of threads."""

from __future__ import annotations

import os
import subprocess
import sys
import tracemalloc
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_info

import kcore
from kcore import errors
from kcore.engine import CompiledFunction, apply
from kcore.engine.eager import evaluate
from kcore.engine.numpy_backend import kernels, threads
from kcore.engine.primitives import (
    average_pooling,
    batching,
    convolution,
    elementwise,
    error_function,
    indexing,
    layout,
    matmul,
    pooling,
    random,
    reductions,
)
from kcore.layers import Conv2D, Dense, Dropout, Flatten, MaxPooling2D

RNG = np.random.default_rng(3)


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Cut everything that can be cut, and begin and end with the environment's number of threads."""
    monkeypatch.setattr(kernels, "GRAIN", 1)
    yield
    kcore.set_threads(None)


def floats(*shape: int) -> Any:
    return RNG.normal(size=shape).astype(np.float32)


IMAGES, KERNEL = floats(9, 6, 5, 3), floats(3, 2, 3, 4)
SAME = {"strides": (1, 2), "padding": ((1, 1), (0, 1)), "dilation": (1, 1), "groups": 1}
CONV = evaluate(convolution.conv_p, [IMAGES, KERNEL], SAME)
POOL = {"size": (2, 2), "strides": (2, 1), "padding": ((0, 0), (1, 0))}
POOLED = evaluate(pooling.max_pool_p, [IMAGES], POOL)
WINNER = evaluate(pooling.max_pool_winner_p, [IMAGES, POOLED], POOL)

CASES: dict[Any, list[tuple[list[Any], dict[str, Any]]]] = {
    elementwise.cast_p: [([floats(9, 4)], {"dtype": "float64"})],
    elementwise.select_p: [([floats(9, 4) > 0, floats(9, 4), floats(4)], {})],
    elementwise.relu_p: [([floats(9, 4)], {})],
    elementwise.sigmoid_p: [([floats(9, 4)], {})],
    error_function.erfc_p: [([floats(9, 4)], {})],
    matmul.matmul_p: [([floats(500, 7), floats(7, 5)], {}), ([floats(7, 500).T, floats(7, 800)], {})],
    reductions.sum_p: [
        ([floats(9, 4, 2)], {"axes": (0, 1), "keepdims": False}),
        ([floats(9, 4, 2)], {"axes": (0,), "keepdims": True}),
        ([floats(9, 4, 2)], {"axes": (0, 1, 2), "keepdims": False}),
        ([floats(9, 4, 2)], {"axes": (2,), "keepdims": False}),
    ],
    reductions.max_p: [([floats(9, 4)], {"axes": (1,), "keepdims": True}), ([floats(9, 4)], {"axes": (0,), "keepdims": True})],
    reductions.min_p: [([floats(9, 4)], {"axes": (1,), "keepdims": False})],
    convolution.conv_p: [([IMAGES, KERNEL], SAME)],
    convolution.conv_input_gradient_p: [([CONV, KERNEL], {**SAME, "input_shape": IMAGES.shape})],
    convolution.conv_kernel_gradient_p: [([IMAGES, CONV], {**SAME, "kernel_shape": KERNEL.shape})],
    random.random_uniform_p: [
        ([np.array([7, 3], np.uint64)], {"shape": (9, 16), "dtype": "float32"}),
        ([np.array([7, 3], np.uint64)], {"shape": (9, 2, 2), "dtype": "float64"}),
    ],
    average_pooling.average_pool_p: [([IMAGES], POOL)],
    average_pooling.average_unpool_p: [([POOLED], {**POOL, "input_shape": IMAGES.shape})],
    pooling.max_pool_p: [([IMAGES], POOL)],
    pooling.max_pool_winner_p: [([IMAGES, POOLED], POOL)],
    pooling.max_unpool_p: [([POOLED, WINNER], {**POOL, "input_shape": IMAGES.shape})],
    pooling.max_pick_p: [([IMAGES, WINNER], POOL)],
    indexing.gather_p: [([floats(9, 4), np.arange(30).reshape(10, 3) % 9], {"axis": 0})],
    layout.concatenate_p: [([floats(9, 4), floats(9, 2)], {"axis": 1})],
    layout.place_p: [
        ([floats(9, 2)], {"regions": (((0, 9, 1), (1, 2, 2)),), "shape": (9, 5)}),
        ([floats(9, 2), floats(9, 1)], {"regions": (((0, 9, 1), (0, 2, 1)), ((0, 9, 1), (2, 1, 1))), "shape": (9, 3)}),
    ],
}  # fmt: skip


def test_every_rule_has_a_case() -> None:
    assert set(batching.rules) - set(elementwise.ufunc_primitives.values()) - set(CASES) == set()


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize(
    ("primitive", "arrays", "params"),
    [(primitive, *case) for primitive, cases in CASES.items() for case in cases],
    ids=lambda item: getattr(item, "name", None),
)
def test_pieces_together_are_the_whole(primitive: Any, arrays: Any, params: Any, count: int) -> None:
    kcore.set_threads(count)
    compiled = CompiledFunction(lambda *operands: apply(primitive, *operands, **params))
    found = compiled(*arrays)
    np.testing.assert_allclose(found, evaluate(primitive, arrays, params), rtol=2e-5, atol=1e-5)
    kernels_of = compiled.replay(*map(kcore.engine.ArrayType.of, arrays)).executable._kernels
    assert (kernels_of[0].pieces > 1) == (params.get("axes") != (0,) or primitive is reductions.sum_p)


@pytest.mark.parametrize("primitive", list(elementwise.ufunc_primitives.values()), ids=lambda p: p.name)
def test_ufuncs_in_pieces_with_a_row_that_is_repeated(primitive: Any) -> None:
    ufunc = next(key for key, value in elementwise.ufunc_primitives.items() if value is primitive)
    kind = np.float32 if any(t.startswith("f" * ufunc.nin) for t in ufunc.types) else np.int64
    first = RNG.uniform(1, 2, (9, 4)).astype(kind)
    rest = [np.ones(shape, kind) for shape in ((4,), (1, 4))[: ufunc.nin - 1]]
    compiled = CompiledFunction(lambda *operands: apply(primitive, *operands))
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(compiled(first, *rest), ufunc(first, *rest))


def network() -> kcore.Model:
    kcore.set_random_seed(11)
    model = kcore.Sequential([
        Conv2D(4, 3, activation="relu", input_shape=(8, 8, 2)), MaxPooling2D(2), Dropout(0.3), Flatten(),
        Dense(400, activation="relu"), Dense(3, activation="softmax"),
    ])  # fmt: skip
    model.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])
    return model


def trained(count: int) -> list[Any]:
    kcore.set_threads(count)
    model = network()
    x, y = np.random.default_rng(0).random((40, 8, 8, 2)), np.arange(40) % 3
    model.fit(x, y, batch_size=13, epochs=3, verbose=0)
    return model.get_weights()


def test_the_number_of_threads_changes_no_bit() -> None:
    one = trained(1)
    for count in (2, 3, 8):
        for expected, found in zip(one, trained(count), strict=True):
            np.testing.assert_array_equal(found, expected)


def test_a_threaded_step_allocates_nothing() -> None:
    kcore.set_threads(2)
    model = network()
    x, y = np.random.default_rng(0).random((64, 8, 8, 2)), np.arange(64) % 3
    model.train_on_batch(x, y)
    (replay,) = model._steps.train._compiled._replays.values()
    assert replay.executable._threaded
    for _ in range(3):
        replay.executable.run()
    kept, most = zip(*(allocated_by(replay.executable, runs=20) for _ in range(3)), strict=True)
    # The smallest activation has 36 KiB, in every run. Python itself keeps a few hundred bytes now and then, whatever
    # the program, and on a busy machine more; but not each time.
    assert min(kept) < 8192
    assert min(most) < 8192


def allocated_by(executable: Any, runs: int) -> tuple[int, int]:
    """How many bytes some runs keep, and how many they have at most at one time."""
    tracemalloc.start()
    try:
        executable.run()
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(runs):
            executable.run()
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return after - before, peak - before


def test_threads_of_matrix_products_are_given_back() -> None:
    def blas() -> list[int]:
        return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]

    before = blas()
    trained(2)
    assert blas() == before


def test_programs_that_run_at_once_give_the_threads_back_when_the_last_one_ends() -> None:
    products = threads.SingleThreadedProducts()
    counts = [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]
    with products:
        with products:
            pass
        assert [lib["num_threads"] for lib in threadpool_info() if lib["user_api"] == "blas"] == [1] * len(counts)
    assert [lib["num_threads"] for lib in threadpool_info() if lib["user_api"] == "blas"] == counts


def run_all(calls: Any) -> None:
    for call in calls:
        call()


def test_an_error_in_a_piece_reaches_the_caller_and_the_team_works_on() -> None:
    team = threads.ThreadTeam(3)
    done: list[int] = []

    def fail() -> None:
        raise ZeroDivisionError("in a piece")

    for pieces in ([fail, lambda: done.append(1), lambda: done.append(2)], [lambda: done.append(1), fail]):
        with pytest.raises(ZeroDivisionError, match="in a piece"):
            run_all(team.bind([[piece] for piece in pieces]))
    done.clear()
    run_all(team.bind([[lambda number=number: done.append(number)] for number in range(7)]))
    assert sorted(done) == list(range(7))


@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5"])
def test_a_number_of_threads_that_is_none(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KCORE_THREADS", value)
    with pytest.raises(
        errors.InvalidArgumentError, match=f"KCORE_THREADS='{value}'. Allowed: a whole number of at least 1"
    ):
        threads.available_threads()
    with pytest.raises(errors.InvalidArgumentError, match="threads"):
        kcore.set_threads(0)
    monkeypatch.setenv("KCORE_THREADS", "5")
    assert threads.available_threads() == 5


def test_workers_that_share_the_processors_take_one_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KCORE_THREADS", raising=False)
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    for value, expected in (("1", 1), ("100000", processors), ("1,4", 1), ("", processors), ("many", processors)):
        monkeypatch.setenv("OMP_NUM_THREADS", value)
        assert threads.available_threads() == expected


def test_a_forked_child_computes_with_threads_of_its_own() -> None:
    code = """
import os, numpy as np, kcore
from kcore.layers import Dense
kcore.set_threads(2)
def work():
    kcore.set_random_seed(1)
    model = kcore.Sequential([Dense(900, input_shape=(700,)), Dense(500)])
    return model.predict(np.ones((600, 700)), batch_size=600).sum()
expected = work()
child = os.fork()
if child == 0:
    os._exit(0 if work() == expected else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "KCORE_THREADS": "2"},
    )
    assert (done.stdout.strip(), done.returncode) == ("0", 0), done.stderr
