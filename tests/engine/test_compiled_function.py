"""CompiledFunction: one trace per signature, a bounded cache, threads, backends; and trees of arrays."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pytest

from kcore.engine import ArrayType, CompiledFunction, Program, Variable, compiled, current_backend, set_backend
from kcore.engine.numpy_backend import NumpyBackend
from kcore.engine.tree import leaves, map_leaves, rebuild, structure
from kcore.errors import OperandError


class Counting:
    """A function that counts how often it is traced."""

    def __init__(self) -> None:
        self.traces = 0

    def __call__(self, *arguments: Any) -> Any:
        self.traces += 1
        return map_leaves(lambda leaf: leaf * 2, arguments)


def test_a_new_signature_is_traced_and_a_known_one_is_not() -> None:
    counting = Counting()
    function = CompiledFunction(counting)
    signatures: list[Any] = [
        np.ones(3), np.ones(4), np.ones((3, 1)), np.ones(3, "f4"), [np.ones(3)], (np.ones(3),), {"a": np.ones(3)},
        {"b": np.ones(3)}, [np.ones(3), None], 1.0, 1,
    ]  # fmt: skip
    for _ in range(2):
        for argument in signatures:
            (found,) = function(argument)
            assert structure(found) == structure(argument)
            for one, other in zip(leaves(found), leaves(argument), strict=True):
                np.testing.assert_array_equal(one, np.asarray(other) * 2)
    assert counting.traces == len(signatures)


def test_the_cache_is_bounded_and_forgets_what_was_used_longest_ago() -> None:
    counting = Counting()
    function = CompiledFunction(counting)
    for size in range(compiled.CAPACITY):
        function(np.ones(size))
    function(np.ones(0))
    assert counting.traces == compiled.CAPACITY
    function(np.ones(100))  # Size 1 goes, not size 0.
    function(np.ones(0))
    assert counting.traces == compiled.CAPACITY + 1
    function(np.ones(1))
    assert counting.traces == compiled.CAPACITY + 2
    assert len(function._replays) == compiled.CAPACITY


def test_a_failed_trace_leaves_nothing_behind() -> None:
    function = CompiledFunction(lambda x: x.reshape(5))
    for _ in range(2):
        with pytest.raises(OperandError):
            function(np.ones(3))
    np.testing.assert_array_equal(function(np.ones((5, 1))), np.ones(5))


def test_results_do_not_change_with_the_next_call() -> None:
    function = CompiledFunction(lambda x: x * 2)
    first = function(np.ones(3))
    function(np.zeros(3))
    np.testing.assert_array_equal(first, [2, 2, 2])


def test_replays_write_into_the_same_arrays() -> None:
    replay = CompiledFunction(lambda x, y: {"sum": x + y}).replay(ArrayType((3,), "f8"), ArrayType((), "f8"))
    output = replay.outputs["sum"]
    for number in (1.0, 2.0):
        replay.inputs[0][:] = number
        replay.inputs[1][...] = 10
        replay.executable.run()
        assert replay.outputs["sum"] is output
        np.testing.assert_array_equal(output, np.full(3, number + 10))


def test_inside_a_trace_it_becomes_a_part_of_the_program() -> None:
    total = Variable(np.zeros(3))
    add = CompiledFunction(lambda x: total.assign(total + x))

    def twice(x: Any) -> Any:
        add(x)
        add(x * 10)
        return total

    outer = CompiledFunction(twice)
    np.testing.assert_array_equal(outer(np.ones(3)), np.full(3, 11.0))
    np.testing.assert_array_equal(outer(np.ones(3)), np.full(3, 22.0))
    np.testing.assert_array_equal(total.value, np.full(3, 22.0))


def test_threads_do_not_disturb_each_other() -> None:
    counting = Counting()
    function = CompiledFunction(counting)
    wrong: list[Any] = []
    barrier = threading.Barrier(4)

    def work(number: int) -> None:
        barrier.wait()
        for size in list(range(1, 30)) * 3:
            argument = np.full((size, 50), float(number))
            if not np.array_equal(function(argument)[0], argument * 2):
                wrong.append((number, size))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(function._replays) <= compiled.CAPACITY


def test_one_signature_asked_for_by_many_threads_is_traced_once() -> None:
    counting = Counting()
    function = CompiledFunction(counting)
    barrier = threading.Barrier(6)

    def work() -> None:
        barrier.wait()
        function(np.ones(3))

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counting.traces == 1


def test_another_thread_is_not_traced() -> None:
    """A trace belongs to its thread: what others compute meanwhile stays eager."""
    weight, found = Variable(np.ones(3)), list[Any]()

    def step(x: Any) -> Any:
        thread = threading.Thread(target=lambda: found.append(weight * 3))
        thread.start()
        thread.join()
        return x * weight

    CompiledFunction(step)(np.ones(3))
    np.testing.assert_array_equal(found[0], [3, 3, 3])
    assert isinstance(found[0], np.ndarray)


def test_another_backend_compiles_what_follows() -> None:
    class Recording(NumpyBackend):
        name = "recording"

        def __init__(self) -> None:
            self.programs: list[Program] = []

        def compile(self, program: Program, state: Sequence[Variable], updates: Sequence[Variable]) -> Any:
            self.programs.append(program)
            return super().compile(program, state, updates)

    function = CompiledFunction(lambda x: np.exp(x))
    function(np.ones(3))
    recording = Recording()
    before = set_backend(recording)
    try:
        assert isinstance(before, NumpyBackend)
        assert current_backend() is recording
        function(np.ones(3))
        function(np.ones(3))
    finally:
        assert set_backend(before) is recording
    assert len(recording.programs) == 1
    assert [equation.primitive.name for equation in recording.programs[0].equations] == ["exp"]


def test_numpys_settings_are_as_before_after_a_run() -> None:
    before = (np.geterr(), np.getbufsize())
    with np.errstate(all="raise"):
        found = CompiledFunction(lambda x: np.log(x) + 1)(np.zeros(3))
        assert np.geterr()["divide"] == "raise"
    np.testing.assert_array_equal(found, np.full(3, -np.inf))
    assert (np.geterr(), np.getbufsize()) == before


# --- trees -----------------------------------------------------------------------------------------------------------


class Point(NamedTuple):
    x: Any
    y: Any


def test_trees_come_apart_and_together() -> None:
    tree = {"b": [1, (2, None)], "a": Point(3, {"c": 4})}
    assert leaves(tree) == [1, 2, 3, 4]
    again = rebuild(tree, [10, 20, 30, 40])
    assert again == {"b": [10, (20, None)], "a": Point(30, {"c": 40})}
    assert isinstance(again["a"], Point)
    assert map_leaves(lambda leaf: leaf * 10, tree) == again
    assert structure(tree) == structure(again)
    assert hash(structure(tree)) == hash(structure(again))


@pytest.mark.parametrize("other", [[1, 2], (1, 2, 3), {"a": 1, "b": 2}, Point(1, 2), (1, None), (1, [2])])
def test_trees_of_another_form_have_another_structure(other: Any) -> None:
    assert structure((1, 2)) != structure(other)
