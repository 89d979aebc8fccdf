"""Work beside a loop: the same numbers with any number of threads, and nothing is used before it is there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import kcore
from kcore import ops
from kcore.engine import CompiledFunction, Variable, gradients
from kcore.engine.numpy_backend import pipelines, threads

RNG = np.random.default_rng(6)
STEPS, BATCH, FEATURES, UNITS = 20, 3, 4, 5
X = RNG.normal(size=(STEPS, BATCH, FEATURES))
WEIGHTS = [RNG.normal(size=shape) * 0.5 for shape in ((FEATURES, UNITS), (UNITS, UNITS), (UNITS,), (UNITS, 2))]


@pytest.fixture(autouse=True)
def small_loops(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Loops of this size have work beside them, too."""
    monkeypatch.setattr(pipelines, "ENOUGH", 1)
    yield
    kcore.set_threads(None)


def python_scan(body: Any, init: Any, xs: Any, *, reverse: bool = False) -> Any:
    carry, ys = init, [None] * xs.shape[0]
    for step in reversed(range(xs.shape[0])) if reverse else range(xs.shape[0]):
        carry, ys[step] = body(carry, xs[step])
    return carry, np.stack(ys)  # type: ignore[arg-type]


def network(scan: Any, x: Any, kernel: Any, recurrent: Any, bias: Any, last: Any, reverse: bool = False) -> Any:
    """Before the loop a product and a bias, after it a product for every step."""

    def body(h: Any, z: Any) -> Any:
        h = np.tanh(z + h @ recurrent)
        return h, h

    h, ys = scan(body, np.zeros((x.shape[1], UNITS)), x @ kernel + bias, reverse=reverse)
    return h, ops.sigmoid(ys @ last)


def step(scan: Any, reverse: bool) -> Any:
    def function(*arguments: Any) -> Any:
        h, y = network(scan, *arguments, reverse=reverse)
        return [h, y, *gradients(np.sum(h * h) + np.sum(y * y), arguments)]

    return function


def kernels_of(compiled: Any) -> list[Any]:
    (replay,) = compiled._replays.values()
    return [kernel for kernel in replay.executable._kernels if isinstance(kernel, pipelines.PipelineKernel)]


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_numbers_are_those_of_a_loop_in_python(count: int, reverse: bool) -> None:
    kcore.set_threads(count)
    compiled = CompiledFunction(step(ops.scan, reverse))
    expected = CompiledFunction(step(python_scan, reverse))(X, *WEIGHTS)
    for _ in range(3):
        for one, other in zip(compiled(X, *WEIGHTS), expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-13)


def test_the_number_of_threads_changes_no_bit() -> None:
    found = []
    for count in (1, 2, 3, 8):
        kcore.set_threads(count)
        found.append(CompiledFunction(step(ops.scan, False))(X, *WEIGHTS))
    for other in found[1:]:
        for one, two in zip(found[0], other, strict=True):
            np.testing.assert_array_equal(one, two)


def names(kernels: Any) -> list[list[str]]:
    return [[step.primitive.name for step in kernel.equations] for kernel in kernels]


def test_what_goes_on_beside_a_loop() -> None:
    compiled = CompiledFunction(step(ops.scan, False))
    compiled(X, *WEIGHTS)
    forward, backward = kernels_of(compiled)
    assert names(forward._feeders) == [["matmul"], ["add"]]
    # One waits for the other, so that the same thread runs both.
    first, second, *_ = next(names(chain) for chain in forward._chains if len(chain) > 1)
    assert (first, second[0]) == (["matmul"], "sigmoid")
    # The gradients of both kernels, of the bias and of the input are taken while the loop goes back.
    following = [group for chain in backward._chains for group in names(chain)]
    assert following.count(["matmul"]) == 3
    assert ["sum"] in following


def test_short_loops_and_small_work_have_nothing_beside_them(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = CompiledFunction(step(ops.scan, False))
    compiled(X[:7], *WEIGHTS)
    assert kernels_of(compiled) == []
    monkeypatch.setattr(pipelines, "ENOUGH", 1 << 40)
    compiled = CompiledFunction(step(ops.scan, False))
    compiled(X, *WEIGHTS)
    assert kernels_of(compiled) == []


def test_what_is_read_elsewhere_or_mixes_steps_stays_outside() -> None:
    def function(x: Any, w: Any) -> Any:
        z = x @ w
        mixed = z - np.mean(z, axis=0)
        h, ys = ops.scan(lambda h, z: (np.tanh(h + z), h), np.zeros((BATCH, UNITS)), mixed)
        return h, ys[::-1] @ np.eye(UNITS), z

    compiled = CompiledFunction(function)
    h, ys, z = compiled(X, WEIGHTS[0])
    expected_z = X @ WEIGHTS[0]
    expected_h, expected = python_scan(
        lambda h, z: (np.tanh(h + z), h), np.zeros((BATCH, UNITS)), expected_z - expected_z.mean(axis=0)
    )
    np.testing.assert_allclose(z, expected_z)
    np.testing.assert_allclose(h, expected_h)
    np.testing.assert_allclose(ys, expected[::-1])


@pytest.mark.parametrize(
    "function",
    [
        # Each reads the last of z, or of what comes from it, before the first step is over.
        lambda scan, z: scan(lambda h, x: (np.tanh(h + x) + z[STEPS - 1], h), np.zeros((BATCH, UNITS)), z),
        lambda scan, z: scan(lambda h, x: (np.tanh(h + x), h), z[STEPS - 1], z),
        lambda scan, z: scan(lambda h, x: (np.tanh(h + x), h), np.zeros((BATCH, UNITS)), z[::-1]),
        lambda scan, z: scan(lambda h, x: (np.tanh(h + x), h), np.zeros((BATCH, UNITS)), z + z[::-1]),
        lambda scan, z: scan(lambda h, x: (np.tanh(h + x[0]), h), np.zeros((BATCH, UNITS)), np.stack([z, z[::-1]], 1)),
    ],
    ids=["a constant", "the first carry", "reversed", "reversed and added", "reversed beside"],
)  # fmt: skip
def test_what_a_loop_needs_whole_is_not_computed_beside_it(function: Any) -> None:
    kcore.set_threads(2)
    compiled = CompiledFunction(lambda x: function(ops.scan, np.tanh(x @ WEIGHTS[0] + WEIGHTS[2])))
    h, ys = compiled(X)
    expected_h, expected = function(python_scan, np.tanh(X @ WEIGHTS[0] + WEIGHTS[2]))
    np.testing.assert_allclose(h, expected_h, rtol=1e-12)
    np.testing.assert_allclose(ys, expected, rtol=1e-12)


def test_variables_are_read_before_they_are_updated() -> None:
    variables = [Variable(weight) for weight in WEIGHTS]

    def train(x: Any) -> Any:
        h, y = network(ops.scan, x, *variables)
        loss = np.sum(h * h) + np.sum(y * y)
        for variable, gradient in zip(variables, gradients(loss, variables), strict=True):
            variable.assign(variable - 0.01 * gradient)
        return loss

    kcore.set_threads(2)
    compiled = CompiledFunction(train)
    weights = WEIGHTS
    expected_step = CompiledFunction(step(python_scan, False))
    for _ in range(3):
        compiled(X)
        found = expected_step(X, *weights)[3:]
        weights = [weight - 0.01 * gradient for weight, gradient in zip(weights, found, strict=True)]
    for variable, expected in zip(variables, weights, strict=True):
        np.testing.assert_allclose(variable.value, expected, rtol=1e-10)


@pytest.mark.parametrize("where", ["ahead", "loop", "behind"])
def test_an_error_beside_the_loop_reaches_the_caller_and_the_team_works_on(where: str) -> None:
    team = threads.ThreadTeam(3)
    done: list[str] = []

    def fail() -> None:
        raise ZeroDivisionError("on the way")

    def calls(part: str, bad: bool) -> list[Any]:
        return [fail if bad and part == where else lambda: done.append(part)]

    def runs(bad: bool) -> Any:
        ahead = [calls("ahead", bad) for _ in range(8)]
        loop = [calls("loop", bad) for _ in range(8)]
        behind = [[calls("behind", bad)] for _ in range(8)]
        return pipelines._beside(team, ahead, loop, behind)

    with pytest.raises(ZeroDivisionError, match="on the way"):
        runs(True)()
    done.clear()
    runs(False)()
    assert sorted(done) == ["ahead"] * 8 + ["behind"] * 8 + ["loop"] * 8
