"""Backends put to the test: the cases that a backend's author states, and the checks that every case must pass.

As ``kcore.testing.layers``. A backend gives the numbers of the built-in one, but for rounding; the built-in one those
of the plain interpreter in ``kcore.testing.interpreter``, which computes each equation by itself::

    from kcore.testing.backends import CHECKS, BackendCase

    for name, check in CHECKS.items():
        check(BackendCase("numpy"))
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kcore.engine.backend import Backend, Executable, set_backend
from kcore.engine.compiled import CompiledFunction, TracedFunction
from kcore.engine.functions import value_and_grad
from kcore.engine.looping import scan
from kcore.engine.numpy_backend import NumpyBackend
from kcore.engine.program import Program
from kcore.engine.tracing import Variable, current_value
from kcore.engine.tree import leaves
from kcore.engine.types import Array, ArrayType
from kcore.ops import random_normal
from kcore.registry import registry
from kcore.testing.interpreter import Interpreter
from kcore.testing.plain_training import HeavyBall, plain_data, plain_model
from kcore.testing.primitive_examples import EXAMPLES, registered_primitives

DTYPES = ("float32", "float64")
STEPS = 5


@dataclass(frozen=True)
class BackendCase:
    """One way to use a backend, on which all checks run.

    Attributes:
        backend: its name in the family ``backends``.
        config: constructor arguments.
        label: what is particular about the case; cases of one backend have different ones.
        rtol: how far numbers may be from the expected ones, by dtype, in units of the largest one (of 1 at least).
    """

    backend: str
    config: Mapping[str, Any] = field(default_factory=dict)
    label: str = ""
    rtol: Mapping[str, float] = field(default_factory=lambda: {"float32": 2e-5, "float64": 1e-11})

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> BackendCase:
        """A case from a row of a table in JSON or YAML, in which a number such as 1e-5 may be a text."""
        rtol = {dtype: float(number) for dtype, number in row.get("rtol", {}).items()}
        return cls(**{**row, "rtol": {**cls(row["backend"]).rtol, **rtol}})

    def __str__(self) -> str:
        return f"{self.backend}-{self.label}" if self.label else self.backend

    def make(self) -> Backend:
        """The backend."""
        backend: Backend = registry("backends").load(self.backend)(**self.config)
        return backend

    def reference(self) -> Backend:
        """What gives the expected numbers: an engine that is not this one."""
        return Interpreter() if isinstance(self.make(), NumpyBackend) else NumpyBackend()

    def same(self, found: Sequence[Any], expected: Sequence[Array], what: str) -> None:
        """The same dtypes and shapes, and the same numbers but for rounding."""
        assert len(found) == len(expected), f"{what}: {len(found)} results, not {len(expected)}"
        for one, other in zip(found, expected, strict=True):
            kind = f"{one.dtype}{one.shape}"
            assert kind == f"{other.dtype}{other.shape}", f"{what}: a result is {kind}, not {other.dtype}{other.shape}"
            if other.dtype.kind != "f":
                np.testing.assert_array_equal(one, other, err_msg=what)
                continue
            scale = max(1.0, float(np.max(np.abs(other[np.isfinite(other)]), initial=0.0)))
            tolerance = self.rtol[other.dtype.name] * scale
            np.testing.assert_allclose(one, other, rtol=0, atol=tolerance, err_msg=what)


@contextmanager
def using(backend: Backend) -> Iterator[None]:
    """The backend compiles what is compiled in the block."""
    before = set_backend(backend)
    try:
        yield
    finally:
        set_backend(before)


def program_of(function: Callable[..., Any], operands: Sequence[Array]) -> Program:
    """The function's program for such operands; it reads no variables."""
    return TracedFunction(function, *map(ArrayType.of, operands)).program


def _run(backend: Backend, program: Program, operands: Sequence[Array], what: str) -> list[Array]:
    """Copies of the results; the program has to stay what it is."""
    before = program.to_text()
    found = [np.array(array) for array in backend.compile(program, (), ())(*operands)]
    assert program.to_text() == before, f"{what}: compiling has changed the program"
    return found


def _mixed(x: Any, y: Any) -> Any:
    """A computation with several results, products, sums and loops."""
    hidden = np.tanh(x @ y + 1.0)
    total, sums = scan(lambda carry, row: (carry + row, carry * row), hidden[0] * 0, hidden, None, False)
    return {
        "hidden": hidden,
        "both": [np.sum(hidden, axis=0), total],
        "sums": sums,
        "largest": np.argmax(hidden, axis=1),
    }


def _data(number: int = 0, dtype: str = "float64") -> list[Array]:
    rng = np.random.default_rng(number)
    return [rng.normal(size=(4, 3)).astype(dtype), rng.normal(size=(3, 2)).astype(dtype)]


# --- the checks ------------------------------------------------------------------------------------------------------


def check_name(case: BackendCase) -> None:
    """The backend has the name by which it is registered, as compiled functions are kept under it."""
    backend = case.make()
    home = registry("backends")
    names = {home.resolve(case.backend).name, *(record.name for record in home.records_of(type(backend)))}
    assert backend.name in names, f"the backend calls itself {backend.name!r}, registered is {' and '.join(names)}"


def check_primitives(case: BackendCase) -> None:
    """Every primitive gives the expected numbers, in float32 and float64."""
    backend, reference = case.make(), case.reference()
    missing = set(registered_primitives()) - {example.primitive for example in EXAMPLES}
    assert not missing, f"kcore.testing.primitive_examples has no example of {', '.join(sorted(missing))}"
    for example in EXAMPLES:
        for dtype in DTYPES:
            operands, what = example.operands(dtype), f"{example} in {dtype}"
            program = program_of(example, operands)
            assert example.primitive in program.to_text(), f"{what} is no part of its program:\n{program}"
            expected = _run(reference, program, operands, what)
            case.same(_run(backend, program, operands, what), expected, what)


def check_gradients(case: BackendCase) -> None:
    """So do the gradients of all primitives that have one."""
    backend, reference = case.make(), case.reference()
    for example in EXAMPLES:
        for dtype in DTYPES if example.smooth else ():

            def total(*values: Any, example: Any = example) -> Any:
                rng = np.random.default_rng(5)
                outputs = [output for output in leaves(example(*values)) if output.dtype.kind == "f"]
                return sum(np.sum(output * rng.normal(size=output.shape).astype(output.dtype)) for output in outputs)

            operands, what = example.operands(dtype), f"the gradient of {example} in {dtype}"
            program = program_of(value_and_grad(total, example.floating()), operands)
            expected = _run(reference, program, operands, what)
            case.same(_run(backend, program, operands, what), expected, what)


def check_outputs(case: BackendCase) -> None:
    """Results may be several, one of them twice, an input, a constant, a part of another, a number, or empty."""
    backend, reference = case.make(), case.reference()

    def function(x: Any, y: Any) -> Any:
        product = x @ y
        return [product, product, x, x.T, product[1:, :1], np.arange(3.0), np.sum(y), x[:0], product + 0, y[0, 0]]

    def nothing(x: Any, y: Any) -> Any:
        return []

    for dtype in DTYPES:
        for made in (function, _mixed, nothing):
            operands = _data(dtype=dtype)
            program = program_of(made, operands)
            expected = _run(reference, program, operands, "several results")
            case.same(_run(backend, program, operands, "several results"), expected, f"several results in {dtype}")


def check_large(case: BackendCase) -> None:
    """So it is with arrays of megabytes, which an engine may cut into pieces: values and gradients."""
    backend, reference = case.make(), case.reference()

    def function(x: Any, y: Any) -> Any:
        hidden = np.tanh(x @ y + 0.5)
        powers = np.exp(hidden - np.max(hidden, axis=1, keepdims=True))
        return np.sum(np.square(powers / np.sum(powers, axis=1, keepdims=True)))

    rng = np.random.default_rng(2)
    for dtype in DTYPES:
        operands = [rng.normal(size=shape).astype(dtype) for shape in ((6000, 48), (48, 64))]
        program = program_of(value_and_grad(function, (0, 1)), operands)
        expected = _run(reference, program, operands, "large arrays")
        case.same(_run(backend, program, operands, "large arrays"), expected, f"large arrays in {dtype}")


def check_buffers(case: BackendCase) -> None:
    """Inputs and outputs stay the same arrays. A caller's arrays are copied; results stay until the next run."""
    backend, reference = case.make(), case.reference()
    operands = _data()
    program = program_of(lambda x, y: [*leaves(_mixed(x, y)), x, y.T], operands)
    executable = backend.compile(program, (), ())
    expected = _run(reference, program, operands, "")
    for name, arrays, values in (
        ("inputs", executable.inputs, program.inputs),
        ("outputs", executable.outputs, program.outputs),
    ):
        found = [(type(array), str(ArrayType.of(array)), array.flags.writeable) for array in arrays]
        wanted = [(np.ndarray, str(value.type), True) for value in values]
        assert found == wanted, f"before the first run, {name} are {found}"
    before = [*executable.inputs], [*executable.outputs]
    for _ in range(2):
        case.same(executable(*operands), expected, "a run")
        for name, arrays, kept in (
            ("inputs", executable.inputs, before[0]),
            ("outputs", executable.outputs, before[1]),
        ):
            alike = len(arrays) == len(kept) and all(map(lambda a, b: a is b, arrays, kept))
            assert alike, f"a run has replaced its {name} by other arrays"
        _equal(executable.inputs, operands, "a run has changed its inputs")
    kept = [array.copy() for array in executable.outputs]
    for own in operands:
        own[...] = 7.0
    _equal(executable.outputs, kept, "results changed with the caller's arrays")
    for buffer in executable.inputs:
        buffer[...] = 3.0
    _equal(executable.outputs, kept, "results changed with the inputs of the next run")
    executable.run()
    expected = _run(reference, program, [np.full(array.shape, 3.0) for array in operands], "")
    case.same(executable.outputs, expected, "a run of what was written into the inputs")
    case.same(executable(*_data(3, "float32")), _run(reference, program, _data(3, "float32"), ""), "converted arrays")


def _equal(found: Sequence[Array], expected: Sequence[Array], what: str) -> None:
    for one, other in zip(found, expected, strict=True):
        assert np.array_equal(one, other), what


def check_apart(case: BackendCase) -> None:
    """What is compiled twice has memory of its own each time."""
    backend, reference = case.make(), case.reference()
    operands = _data()
    program = program_of(_mixed, operands)
    first, second = backend.compile(program, (), ()), backend.compile(program, (), ())
    found = [array.copy() for array in first(*operands)]
    second(*_data(1))
    _equal(first.outputs, found, "results changed with a run of the same program, compiled again")
    first.run()
    case.same(first.outputs, _run(reference, program, operands, ""), "after the same program, compiled again, has run")


def _accumulated(x: Any, total: Variable, count: Variable) -> Any:
    before = total * 1.0
    total.assign(total + x)
    count.assign(count + 1)
    return before, total * 2.0, count + 0


def _swapped(x: Any, total: Variable, other: Variable) -> Any:
    first = current_value(total)
    total.assign(current_value(other))
    other.assign(first)
    return x + total


def _kept(x: Any, total: Variable, other: Variable) -> Any:
    total.assign(x)
    other.assign(other * 0.5)
    other.assign(other + total)
    return [x, other + 0.0]


def _drawn(x: Any, key: Variable, other: Variable) -> Any:
    drawn = random_normal(key + np.zeros(2, np.uint64), shape=x.shape, dtype="float64")
    key.assign(key + np.array([0, 1], np.uint64))
    return x + drawn + other


def _looped(x: Any, total: Variable, other: Variable) -> Any:
    def body(carry: Any, row: Any) -> Any:
        total.assign(total * 0.5 + row)
        return carry + total[0], total + carry

    return scan(body, other[0, 0], x, None, False, True)


STATES: dict[str, tuple[Callable[..., Any], Array, Array]] = {
    "a sum and a count": (_accumulated, np.zeros((4, 3)), np.zeros((), "int64")),
    "two that change places": (_swapped, np.ones((4, 3)), np.full((4, 3), 2.0)),
    "the input, kept": (_kept, np.zeros((4, 3)), np.ones((4, 3))),
    "a key of random numbers": (_drawn, np.array([3, 0], np.uint64), np.ones(3)),
    "one that a loop assigns": (_looped, np.zeros(3), np.ones((4, 3))),
}


def check_state(case: BackendCase) -> None:
    """Variables are read at every run, and have their new values after it; also when somebody assigns in between."""
    for name, (function, *starts) in STATES.items():
        found = []
        for backend in (case.make(), case.reference()):
            variables = [Variable(start) for start in starts]

            def run(x: Any, function: Any = function, variables: Any = variables) -> Any:
                return function(x, *variables)

            seen: list[Array] = []
            with using(backend):
                step = CompiledFunction(run)
                for number in range(4):
                    if number == 2:
                        variables[1].assign(variables[1].numpy() + 3)
                    seen += [np.array(leaf) for leaf in leaves(step(_data(number)[0]))]
                    seen += [variable.numpy() for variable in variables]
            found.append(seen)
        case.same(found[0], found[1], f"variables: {name}")


def check_prepared(case: BackendCase) -> None:
    """Many runs in a row, prepared once, do what single runs do; and so do single runs afterwards."""
    found = []
    for backend, prepared in ((case.make(), True), (case.reference(), False)):
        total = Variable(np.zeros((4, 2)))

        def function(x: Any, y: Any, total: Variable = total) -> Any:
            total.assign(total * 0.5 + x @ y)
            return total * 2.0

        traced = TracedFunction(function, *map(ArrayType.of, _data()))
        executable: Executable = backend.compile(traced.program, traced.state, traced.updates)
        seen: list[Array] = []

        def once(run: Callable[[], object], number: int, executable: Executable = executable, seen: Any = seen) -> None:
            for buffer, array in zip(executable.inputs, _data(number), strict=True):
                buffer[...] = array
            run()
            seen += map(np.array, executable.outputs)

        for begin in (0, 5):
            if prepared:
                with executable.prepared() as run:
                    for number in range(begin, begin + 4):
                        once(run, number)
            else:
                for number in range(begin, begin + 4):
                    once(executable.run, number)
            once(executable.run, begin + 4)
        found.append([*seen, total.numpy()])
    case.same(found[0], found[1], "prepared runs")


def training(backend: Backend) -> list[Array]:
    """The losses of some steps of a small model, its predictions and its weights."""
    with using(backend):
        model = plain_model(HeavyBall(0.1))
        losses = [model.train_on_batch(*plain_data(), return_dict=True)["loss"] for _ in range(STEPS)]
        tested = model.test_on_batch(*plain_data(7), return_dict=True)["loss"]
        return [np.array([*losses, tested], "float32"), model.predict(plain_data()[0]), *model.get_weights()]


def check_training(case: BackendCase) -> None:
    """A small model is trained to the same losses, predictions and weights."""
    case.same(training(case.make()), training(case.reference()), f"after {STEPS} steps of training")


CHECKS: dict[str, Callable[[BackendCase], None]] = {
    "name": check_name,
    "primitives": check_primitives,
    "gradients": check_gradients,
    "outputs": check_outputs,
    "large": check_large,
    "buffers": check_buffers,
    "apart": check_apart,
    "state": check_state,
    "prepared": check_prepared,
    "training": check_training,
}


def use(case: BackendCase) -> list[Array]:
    """Losses, predictions and weights of a small training on the backend."""
    return training(case.make())
