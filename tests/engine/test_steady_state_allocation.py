"""A training step that is replayed allocates nothing: measured with tracemalloc on an MLP and on a small CNN."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import kcore
from kcore import ops
from kcore.engine import ArrayType, CompiledFunction, Primitive, Variable, apply, gradients
from kcore.engine.compiled import Replay
from kcore.engine.random import KeySequence
from kcore.ops import random_uniform

BOUND = 4096
"""Bytes: Python's own small objects and the iterators of NumPy. The smallest activation below has 20 times as many."""

BATCH = 64
RNG = np.random.default_rng(0)


def weights(*shapes: tuple[int, ...]) -> list[Variable]:
    return [Variable(RNG.normal(size=shape).astype("f4") * 0.1) for shape in shapes]


def dropout(x: Any, keys: KeySequence) -> Any:
    return np.where(random_uniform(keys.next(), shape=x.shape) < 0.8, x / 0.8, 0.0)


def train(parameters: list[Variable], slots: list[Variable], loss: Any) -> Any:
    """RMSprop."""
    for parameter, slot, gradient in zip(parameters, slots, gradients(loss, parameters), strict=True):
        mean_square = slot * 0.9 + np.square(gradient) * 0.1
        slot.assign(mean_square)
        parameter.assign(parameter - 0.001 * gradient / (np.sqrt(mean_square) + 1e-7))
    return loss


def crossentropy(logits: Any, labels: Any, correct: Variable) -> Any:
    hits = np.argmax(logits, axis=-1) == labels
    correct.assign(correct + np.sum(hits))
    return -np.mean(np.sum(ops.log_softmax(logits) * ops.one_hot(labels, 10), axis=-1))


def mlp(spy: Callable[[Any], Any]) -> tuple[Any, tuple[int, ...]]:
    parameters = weights((200, 320), (320,), (320, 320), (320,), (320, 10), (10,))
    slots = [Variable(np.zeros_like(parameter.value)) for parameter in parameters]
    keys, correct = KeySequence(1), Variable(0)

    def step(x: Any, labels: Any) -> Any:
        hidden = x
        for kernel, bias in zip(parameters[:4:2], parameters[1:4:2], strict=True):
            hidden = dropout(ops.relu(spy(hidden @ kernel + bias)), keys)
        return train(parameters, slots, crossentropy(hidden @ parameters[4] + parameters[5], labels, correct))

    return step, (BATCH, 200)


def cnn(spy: Callable[[Any], Any]) -> tuple[Any, tuple[int, ...]]:
    parameters = weights((3, 3, 1, 8), (8,), (3, 3, 8, 8), (8,), (7 * 7 * 8, 10), (10,))
    slots = [Variable(np.zeros_like(parameter.value)) for parameter in parameters]
    keys, correct = KeySequence(1), Variable(0)

    def step(x: Any, labels: Any) -> Any:
        hidden = ops.relu(ops.conv(x, parameters[0], strides=(1, 1), padding="same") + parameters[1])
        hidden = ops.max_pool(spy(hidden), size=(2, 2), strides=(2, 2))
        hidden = np.tanh(ops.conv(hidden, parameters[2], strides=(1, 1), padding="same") + parameters[3])
        hidden = dropout(hidden, keys).reshape(BATCH, -1)
        return train(parameters, slots, crossentropy(hidden @ parameters[4] + parameters[5], labels, correct))

    return step, (BATCH, 14, 14, 1)


@pytest.fixture(autouse=True)
def one_thread() -> Any:
    """What Python keeps for its threads is measured with the threads."""
    kcore.set_threads(1)
    yield
    kcore.set_threads(None)


def replay_of(network: Any, spy: Callable[[Any], Any] = lambda x: x) -> Replay:
    step, shape = network(spy)
    replay = CompiledFunction(step).replay(ArrayType(shape, "f4"), ArrayType((BATCH,), "i8"))
    replay.inputs[0][...] = RNG.normal(size=shape)
    replay.inputs[1][...] = RNG.integers(0, 10, BATCH)
    return replay


def peak_of(run: Callable[[], None]) -> int:
    """Bytes above the level before, at most, over 20 runs."""
    tracemalloc.start()
    try:
        for _ in range(3):
            run()
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        for _ in range(20):
            run()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("network", [mlp, cnn])
def test_a_replayed_step_allocates_nothing(network: Any) -> None:
    replay = replay_of(network)
    replay.executable.run()
    first = float(replay.outputs)
    assert peak_of(replay.executable.run) < BOUND
    # It did train: the loss of the one batch went down.
    assert float(replay.outputs) < 0.9 * first


leak: Any = None


def _leaking_copy(inputs: Any, outputs: Any, scratch: Any) -> Any:
    def copy() -> None:
        global leak
        leak = inputs[0].copy()
        np.copyto(outputs[0], leak)
        leak = None

    return copy


leaking_p = Primitive("leaking", lambda x: (x,), _leaking_copy, vjp=lambda g, inputs, outputs: [g[0]])


@pytest.mark.parametrize("network", [mlp, cnn])
def test_the_bound_catches_the_copy_of_one_activation(network: Any) -> None:
    replay = replay_of(network, lambda x: apply(leaking_p, x))
    assert peak_of(replay.executable.run) > 20 * BOUND - BOUND


def test_the_arena_is_smaller_than_the_sum_of_what_is_in_it() -> None:
    replay = replay_of(mlp)
    total = sum(value.type.nbytes for equation in replay.traced.program.equations for value in equation.outputs)
    assert replay.executable.nbytes < total / 3
