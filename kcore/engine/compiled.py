"""From a Python function over arrays to something that replays: trace, optimize, compile, keep."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np

from kcore.engine.backend import Executable, current_backend
from kcore.engine.passes import optimize
from kcore.engine.program import Program
from kcore.engine.tracing import Trace, Tracer, concrete, current_trace
from kcore.engine.tree import leaves, map_leaves, rebuild, structure
from kcore.engine.types import ArrayType

CAPACITY = 16
"""How many signatures a compiled function keeps; the one used longest ago goes first."""


class TracedFunction:
    """What tracing a function gave.

    Attributes:
        program: data inputs and state in, results and new state out.
        state: the variables that the program reads, in the order of its last inputs.
        updates: the variables that it assigns, in the order of its last outputs.
        result: the function's return value, with a number in place of every array: its position in the outputs.
    """

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        trace = Trace()
        with trace.active():
            result = function(*map_leaves(trace.add_input, arguments))
            outputs = [trace.value_of(leaf) for leaf in leaves(result)]
            program = trace.program([Tracer(trace, value) for value in outputs])
        self.result = rebuild(result, range(len(outputs)))
        self.state = tuple(trace.state)
        self.updates = tuple(trace.updates)
        self.program: Program = optimize(program)


class Replay:
    """A traced function compiled for one signature.

    Attributes:
        traced: the program and its state.
        executable: what the backend made of it.
        inputs: the function's arguments, with the executable's input buffers as leaves.
        outputs: the function's return value, with the executable's output buffers as leaves.
    """

    def __init__(self, function: Callable[..., Any], types: Any) -> None:
        self.traced = TracedFunction(function, *types)
        self.executable: Executable = current_backend().compile(
            self.traced.program, self.traced.state, self.traced.updates
        )
        self.inputs = rebuild(types, self.executable.inputs)
        self.outputs = map_leaves(lambda position: self.executable.outputs[position], self.traced.result)
        self.lock = threading.Lock()


class CompiledFunction:
    """A function of arrays that is traced once per signature (shapes and dtypes of its arguments) and replayed.

    Args:
        function: takes and returns arrays, or nested lists, tuples and dictionaries of them. It may read and
            assign variables.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self._replays: OrderedDict[Any, Replay] = OrderedDict()
        self._lock = threading.RLock()

    def replay(self, *types: Any) -> Replay:
        """The replay for arguments of these types (trees of ``ArrayType``), made now if it is new."""
        key = (structure(types), tuple(leaves(types)), current_backend().name)
        with self._lock:
            found = self._replays.get(key)
            if found is None:
                found = self._replays[key] = Replay(self._function, types)
                if len(self._replays) > CAPACITY:
                    self._replays.popitem(last=False)
            self._replays.move_to_end(key)
            return found

    def __call__(self, *arguments: Any) -> Any:
        if current_trace() is not None:
            # Inside a function that is traced itself, this one becomes a part of its program.
            return self._function(*arguments)
        arrays = map_leaves(concrete, arguments)
        replay = self.replay(*map_leaves(ArrayType.of, arrays))
        with replay.lock:
            replay.executable(*leaves(arrays))
            return map_leaves(np.copy, replay.outputs)
