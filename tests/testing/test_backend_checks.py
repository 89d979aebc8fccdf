"""The checks of backends find what is wrong: a backend for each, made from the interpreter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

import numpy as np
import pytest

from kcore.engine import CompiledFunction, Program, apply
from kcore.engine.backend import current_backend
from kcore.engine.numpy_backend import NumpyBackend
from kcore.registry import registry
from kcore.testing.backends import CHECKS, BackendCase, training, use, using
from kcore.testing.interpreter import Interpretation, Interpreter
from kcore.testing.primitive_examples import EXAMPLES, Example, registered_primitives


class Wrong(Interpreter):
    """Has the name of its class, and interpretations of a kind of its own."""

    kind: type[Interpretation] = Interpretation

    def __init__(self) -> None:
        self.name = type(self).__name__

    def compile(self, program: Any, state: Any, updates: Any) -> Any:
        return self.kind(self, program, state, updates)


class AnotherName(Wrong):
    def __init__(self) -> None:
        self.name = "numpy"


class Right(Wrong):
    """Keeps the contract."""


class Sloppy(Wrong):
    """Numbers are off by a thousandth where a primitive is ``off``."""

    off: ClassVar[str] = ""

    def equation(self, equation: Any, arrays: Any) -> Any:
        found = super().equation(equation, arrays)
        return [array * 1.001 for array in found] if equation.primitive.name == self.off else found


class SloppyErfc(Sloppy):
    off = "erfc"


class SloppyScatter(Sloppy):
    off = "scatter_add"


class LosesNaN(Wrong):
    def equation(self, equation: Any, arrays: Any) -> Any:
        if equation.primitive.name == "isnan":
            return [np.zeros(arrays[0].shape, "bool")]
        return super().equation(equation, arrays)


class SingleInSecret(Wrong):
    def equation(self, equation: Any, arrays: Any) -> Any:
        found = super().equation(equation, arrays)
        return [array.astype("float32").astype("float64") if array.dtype == "float64" else array for array in found]


class SingleInTheOpen(Wrong):
    class kind(Interpretation):  # noqa: N801
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            self.outputs = [a.astype("float32") if a.dtype == "float64" else a for a in self.outputs]


class LacksSort(Wrong):
    def equation(self, equation: Any, arrays: Any) -> Any:
        if equation.primitive.name == "sort":
            raise NotImplementedError("sort")
        return super().equation(equation, arrays)


class StopsLoopsEarly(Wrong):
    def loop(self, arrays: Any, **params: Any) -> Any:
        found = super().loop(arrays, **params)
        return [found[0] * 0, *found[1:]]


class ChangesTheProgram(Wrong):
    def compile(self, program: Any, state: Any, updates: Any) -> Any:
        own = Program(program.inputs, program.constants, program.equations, program.outputs)
        program.equations = program.equations[1:]
        return super().compile(own, state, updates)


class ConfusesLongPrograms(Wrong):
    """What is computed from a negation is negated once more, as in many gradients and no single equation."""

    def results(self, program: Any, given: Any) -> Any:
        found = super().results(program, given)
        return [-array if array.dtype.kind == "f" else array for array in found] if self.long(program) else found

    def long(self, program: Any) -> bool:
        return len(program.equations) > 3 and not any(one.primitive.name == "scan" for one in program.equations)


class FillsTheFirst(Wrong):
    """A result that is asked for twice is there once."""

    class kind(Interpretation):  # noqa: N801
        def write(self, found: Any) -> None:
            values = self.program.outputs
            super().write([a * 0 if values[n] in values[:n] else a for n, a in enumerate(found)])


class LosesAPiece(Wrong):
    """Rows behind the first four thousand are 0."""

    def results(self, program: Any, given: Any) -> Any:
        found = [np.array(array) for array in super().results(program, given)]
        for array in found:
            if array.ndim:
                array[4000:] = 0
        return found


class Buffers(Wrong):
    """Interpretations whose call or run is another."""


class KeepsTheCallersArrays(Buffers):
    class kind(Interpretation):  # noqa: N801
        def __call__(self, *arrays: Any) -> Any:
            self.inputs = list(arrays)
            self.run()
            return self.outputs


class NewOutputsEachTime(Buffers):
    class kind(Interpretation):  # noqa: N801
        def write(self, found: Any) -> None:
            self.outputs = [array.copy() for array in found[: len(self.outputs)]]


class ResultsInTheInputs(Buffers):
    """An input that is a result is the result's array, too."""

    class kind(Interpretation):  # noqa: N801
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            places = {value: number for number, value in enumerate(self.program.inputs)}
            self.outputs = [
                self.inputs[places[value]] if value in places else array
                for value, array in zip(self.program.outputs, self.outputs, strict=True)
            ]


class OverwritesItsInputs(Buffers):
    class kind(Interpretation):  # noqa: N801
        def run(self) -> None:
            super().run()
            for array in self.inputs:
                array *= 2


class OutputsLater(Buffers):
    class kind(Interpretation):  # noqa: N801
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            self.later, self.outputs = self.outputs, []

        def run(self) -> None:
            self.outputs = self.later
            super().run()


class ReadsItsInputsOnce(Buffers):
    class kind(Interpretation):  # noqa: N801
        def __call__(self, *arrays: Any) -> Any:
            self.given = [np.array(array, dtype) for array, dtype in zip(arrays, self.dtypes(), strict=True)]
            return super().__call__(*arrays)

        def dtypes(self) -> Any:
            return [array.dtype for array in self.inputs]

        def run(self) -> None:
            kept = [array.copy() for array in self.inputs]
            for array, given in zip(self.inputs, self.given, strict=True):
                array[...] = given
            super().run()
            for array, before in zip(self.inputs, kept, strict=True):
                array[...] = before


class OneForAll(Wrong):
    """What was compiled once is had again, with its memory."""

    made: ClassVar[dict[str, Any]] = {}

    def compile(self, program: Any, state: Any, updates: Any) -> Any:
        if state or updates:
            return super().compile(program, state, updates)
        return self.made.setdefault(program.to_text(), super().compile(program, state, updates))


class WritesNoUpdates(Wrong):
    class kind(Interpretation):  # noqa: N801
        def write(self, found: Any) -> None:
            for target, array in zip(self.outputs, found, strict=False):
                target[...] = array


class OneVariableAfterTheOther(Wrong):
    """New values that are other variables' old ones are read too late."""

    class kind(Interpretation):  # noqa: N801
        def run(self) -> None:
            given = [*self.inputs, *(variable.value for variable in self.state)]
            self.write(self.backend.results(self.program, given))


class RemembersItsVariables(Wrong):
    """Nobody else may assign between two runs."""

    class kind(Interpretation):  # noqa: N801
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            self.values = {variable: variable.numpy() for variable in self.state}

        def run(self) -> None:
            for variable, value in self.values.items():
                variable.value[...] = value
            super().run()
            self.values = {variable: variable.numpy() for variable in self.state}


class PreparesOneRun(Wrong):
    class kind(Interpretation):  # noqa: N801
        @contextmanager
        def prepared(self) -> Iterator[Any]:
            runs = iter([self.run])
            yield lambda: next(runs, lambda: None)()


class PreparesForGood(Wrong):
    """After the first preparation, single runs do nothing any more."""

    class kind(Interpretation):  # noqa: N801
        ready = False

        @contextmanager
        def prepared(self) -> Iterator[Any]:
            yield super().run
            self.ready = True

        def run(self) -> None:
            if not self.ready:
                super().run()


class TiresOfTraining(Wrong):
    """From the fourth run on, variables do not change."""

    class kind(Interpretation):  # noqa: N801
        runs = 0

        def write(self, found: Any) -> None:
            self.runs += 1
            kept = [variable.numpy() for variable in self.updates]
            super().write(found)
            for variable, value in zip(self.updates, kept, strict=True) if self.runs > 3 else ():
                variable.value[...] = value


WRONG: list[tuple[type[Wrong], str, str]] = [
    (AnotherName, "name", "the backend calls itself 'numpy', registered is AnotherName"),
    (SloppyErfc, "primitives", "erfc-4x3 in float32"),
    (SloppyScatter, "primitives", "scatter_add-fi-4x2x3-4x2 in float32"),
    (LosesNaN, "primitives", "isnan-s-4x3 in float32"),
    (SingleInSecret, "primitives", "negative-4x3 in float64"),
    (SingleInTheOpen, "primitives", r"negative-4x3 in float64: a result is float32\(4, 3\), not float64"),
    (LacksSort, "primitives", "sort"),
    (StopsLoopsEarly, "primitives", "scan-6x4x3-4x3-3x3 in float32"),
    (ChangesTheProgram, "primitives", "negative-4x3 in float32: compiling has changed the program"),
    (ConfusesLongPrograms, "gradients", "the gradient of .* in float32"),
    (SloppyScatter, "gradients", "the gradient of gather-fi-8x3-4x2 in float32"),
    (FillsTheFirst, "outputs", "several results in float32"),
    (LosesAPiece, "large", "large arrays in float32"),
    (KeepsTheCallersArrays, "buffers", "a run has replaced its inputs by other arrays"),
    (NewOutputsEachTime, "buffers", "a run has replaced its outputs by other arrays"),
    (ResultsInTheInputs, "buffers", "results changed with the inputs of the next run"),
    (OverwritesItsInputs, "buffers", "a run has changed its inputs"),
    (OutputsLater, "buffers", r"before the first run, outputs are \[\]"),
    (ReadsItsInputsOnce, "buffers", "a run of what was written into the inputs"),
    (OneForAll, "apart", "results changed with a run of the same program, compiled again"),
    (WritesNoUpdates, "state", "variables: a sum and a count"),
    (OneVariableAfterTheOther, "state", "variables: two that change places"),
    (RemembersItsVariables, "state", "variables: a sum and a count"),
    (PreparesOneRun, "prepared", "prepared runs"),
    (PreparesForGood, "prepared", "prepared runs"),
    (TiresOfTraining, "training", "after 5 steps of training"),
]


@pytest.fixture(autouse=True)
def _registered() -> Iterator[None]:
    classes: Any = {Right, *(backend for backend, *_ in WRONG)}
    for backend in classes:
        registry("backends").register(backend)
    yield
    for backend in classes:
        registry("backends").unregister(backend.__name__)


@pytest.mark.parametrize("check", CHECKS)
def test_what_keeps_the_contract_passes(check: str) -> None:
    CHECKS[check](BackendCase("Right"))


@pytest.mark.parametrize(("backend", "check", "text"), WRONG)
def test_each_check_finds_its_own(backend: type[Wrong], check: str, text: str) -> None:
    before = current_backend()
    with pytest.raises((AssertionError, NotImplementedError), match=f"(?s){text}"):
        CHECKS[check](BackendCase(backend.__name__))
    assert current_backend() is before


def test_every_check_has_a_backend_that_it_finds() -> None:
    assert {check for _, check, _ in WRONG} == set(CHECKS)


def test_a_primitive_without_an_example(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kcore.testing.backends.EXAMPLES", [one for one in EXAMPLES if one.primitive != "tanh"])
    with pytest.raises(AssertionError, match="has no example of tanh"):
        CHECKS["primitives"](BackendCase("numpy"))


def test_an_example_whose_primitive_gets_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = Example("tanh", function=lambda x: x + 1)
    monkeypatch.setattr("kcore.testing.backends.EXAMPLES", [lost, *EXAMPLES])
    with pytest.raises(AssertionError, match="tanh-4x3 in float32 is no part of its program"):
        CHECKS["primitives"](BackendCase("numpy"))


def test_the_built_in_backend_is_not_compared_with_itself() -> None:
    assert type(BackendCase("numpy").reference()) is Interpreter
    assert type(BackendCase("Right").reference()) is NumpyBackend


def test_a_built_in_backend_that_is_wrong_is_found() -> None:
    class Sloppy(NumpyBackend):
        """Constants are off by a thousandth."""

        def compile(self, program: Any, state: Any, updates: Any) -> Any:
            constants = {value: array * array.dtype.type(1.001) for value, array in program.constants.items()}
            own = Program(program.inputs, constants, program.equations, program.outputs)
            return super().compile(own, state, updates)

    registry("backends").register(Sloppy)
    try:
        with pytest.raises(AssertionError, match="several results in float32"):
            CHECKS["outputs"](BackendCase("Sloppy"))
    finally:
        registry("backends").unregister("Sloppy")


def test_examples_are_the_same_in_both_dtypes_and_at_each_call() -> None:
    assert {example.primitive for example in EXAMPLES} == set(registered_primitives())
    for example in EXAMPLES:
        narrow, again, wide = example.operands("float32"), example.operands("float32"), example.operands("float64")
        for one, two, three in zip(narrow, again, wide, strict=True):
            np.testing.assert_array_equal(one, two)
            np.testing.assert_allclose(one, three, rtol=1e-6)
    special = Example("isnan", kinds="s").operands("float64")[0].ravel()
    assert np.isnan(special[0]) and np.isinf(special[1]) and np.signbit(special[3]) and special[5] == 1


def test_the_interpreter_computes_a_formula() -> None:
    """Beside NumPy itself, which knows nothing of programs."""
    x = np.random.default_rng(1).normal(size=(3, 2))

    def function(x: Any) -> Any:
        return np.tanh(x).sum(axis=0), apply(registered_primitives()["cumsum"], x, axis=0, reverse=True)

    with using(Interpreter()):
        total, sums = CompiledFunction(function)(x)
    np.testing.assert_array_equal(total, np.tanh(x).sum(axis=0))
    np.testing.assert_array_equal(sums, np.cumsum(x[::-1], axis=0)[::-1])


def test_representative_numbers() -> None:
    losses, predicted, *weights = use(BackendCase("Right"))
    case = BackendCase("Right")
    case.same([losses, predicted, *weights], training(NumpyBackend()), "the numbers")
    # The model learns, so that the losses say something.
    assert losses[4] < losses[0] and predicted.shape == (12, 2) and len(weights) == 4


def test_rows_of_tables() -> None:
    case = BackendCase.from_row({"backend": "Right", "label": "loose", "rtol": {"float32": "1e-3"}})
    assert str(case) == "Right-loose" and case.rtol == {"float32": 1e-3, "float64": 1e-11}
    assert str(BackendCase("numpy")) == "numpy"


@pytest.mark.parametrize(
    ("found", "text"),
    [
        ([], "some: 0 results, not 1"),
        ([np.zeros(2, "f4")], r"some: a result is float32\(2,\), not float64\(2,\)"),
        ([np.array([0.0, 1e-9])], "some"),
        ([np.array([0.0, np.nan])], "some"),
    ],
)
def test_results_that_differ(found: Sequence[Any], text: str) -> None:
    case = BackendCase("numpy")
    case.same([np.array([0.0, 1e-13])], [np.zeros(2)], "some")
    case.same([np.array([np.nan, np.inf])], [np.array([np.nan, np.inf])], "some")
    with pytest.raises(AssertionError, match=text):
        case.same(found, [np.zeros(2)], "some")
