"""What traced arrays refuse, and the sentence that each refusal says."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import kcore.engine as engine
from kcore.engine import ArrayType, CompiledFunction, Primitive, Trace, Tracer, Variable, apply, grad, value_and_grad
from kcore.engine.autodiff import differentiate
from kcore.errors import (
    GradientMismatchError,
    KcoreError,
    NotDifferentiableError,
    OperandError,
    TracingError,
    UnsupportedOperationError,
    VariableValueError,
)

X = np.arange(6.0).reshape(2, 3)


def raised(error: type[KcoreError], call: Callable[..., Any], *arguments: Any) -> str:
    with pytest.raises(error) as caught:
        CompiledFunction(call)(*(arguments or (X,)))
    return str(caught.value)


NEEDS_NUMBERS = {
    "A Python condition (if, while, and, or)": [
        lambda x: 1 if np.sum(x) > 0 else 2, lambda x: x and 1, lambda x: not x, lambda x: max(x[0, 0], x[0, 1]),
        lambda x: 1.0 in x,
    ],
    "float()": [lambda x: float(np.sum(x)), lambda x: math.sqrt(np.sum(x)), lambda x: complex(np.sum(x))],
    "int()": [lambda x: int(np.sum(x))],
    "Using an array as an index or a size": [lambda x: [1, 2][x[0, 0]], lambda x: range(np.argmax(x)), lambda x: x[: x[0, 0]]],
    "item()": [lambda x: np.sum(x).item()],
    "tolist()": [lambda x: x.tolist()],
    "np.asarray": [np.asarray, lambda x: np.array([x, x]), lambda x: X[x > 0], lambda x: X.dot(x)],
}  # fmt: skip


@pytest.mark.parametrize(("what", "call"), [(what, call) for what, calls in NEEDS_NUMBERS.items() for call in calls])
def test_the_numbers_of_a_traced_array(what: str, call: Any) -> None:
    text = raised(TracingError, call)
    assert text.startswith(f"{what} needs the numbers of an array, but this one is traced: only shape and dtype")
    assert "Choose between values with np.where(condition, a, b)" in text


@pytest.mark.parametrize("what", ["float()", "int()", "A Python condition", "np.asarray of variable 'weight'"])
def test_the_numbers_of_a_variable_while_tracing(what: str) -> None:
    weight = Variable(1.5, name="weight")
    use: dict[str, Callable[[Any], Any]] = {
        "float()": float, "int()": int, "A Python condition": bool, "np.asarray of variable 'weight'": np.asarray
    }  # fmt: skip
    assert raised(TracingError, lambda x: x * use[what](weight)).startswith(f"{what} needs the numbers")
    assert use[what](weight) == use[what](1.5)


def augmented(x: Any) -> Any:
    x += 1
    return x


def augmented_concrete(x: Any) -> Any:
    total = np.zeros((2, 3))
    total += x
    return total


@pytest.mark.parametrize(
    "call", [augmented, augmented_concrete, lambda x: np.add(x, 1, out=np.zeros((2, 3))), lambda x: np.exp(X, out=x)]
)
def test_writing_into_an_array(call: Any) -> None:
    text = raised(UnsupportedOperationError, call)
    assert "with out=, or " in text
    assert "as in-place assignment, was called on a traced array, but values of a program are written once." in text
    assert "Write x = x + y instead of x += y; a Variable takes its new value with assign()." in text


def test_augmented_assignment_to_a_variable() -> None:
    variable = Variable(X)
    with pytest.raises(UnsupportedOperationError, match=r"a Variable takes its new value with assign\(\)"):
        variable += 1


def test_assignment_to_a_part() -> None:
    def call(x: Any) -> Any:
        x[0] = 1.0
        return x

    text = raised(UnsupportedOperationError, call)
    assert text == (
        "assignment to a part of an array was called on a traced array, but values of a program are written once. "
        "Build the new array instead: np.where(mask, new, old), np.concatenate or np.pad."
    )


@pytest.mark.parametrize("index", [[[0], [0.5]], ([0, 1], [0, 1]), X > 0, True, (0, [True]), 1.0])
def test_fancy_indexing(index: Any) -> None:
    text = raised(UnsupportedOperationError, lambda x: x[index])
    assert "only integers, slices, ..., None and one array of integers have a traced form as index" in text
    assert "np.take_along_axis" in text


def test_an_unknown_dtype() -> None:
    for other, name in ((np.array(["a"]), "<U1"), (np.array([1j]), "complex128"), (np.array([None]), "object")):
        text = raised(TracingError, lambda x, other=other: np.where(x > 0, x, x) * other)
        assert text == (
            f"An array of dtype {name} met a traced array. Programs compute with bool, integer and floating dtypes."
        )


def test_a_traced_array_that_leaks_into_another_trace() -> None:
    kept: list[Any] = []
    CompiledFunction(lambda x: kept.append(x) or x)(X)
    assert "A traced array was used outside the trace that made it." in raised(TracingError, lambda x: x + kept[0])
    assert "A traced array was used outside the trace" in raised(TracingError, lambda x: kept[0])


@pytest.mark.parametrize("use", [lambda x: x + 1, np.exp, np.sum, lambda x: x[0], lambda x: grad(np.sum)(x), np.copy])
def test_a_traced_array_after_its_trace(use: Any) -> None:
    kept: list[Any] = []
    CompiledFunction(lambda x: kept.append(x) or x)(X)
    if use is np.copy:
        assert use(kept[0]) is kept[0]
        return
    with pytest.raises(TracingError, match=r"A traced array was used after its trace had ended. Return it from"):
        use(kept[0])


def test_a_variable_cannot_be_made_of_or_assigned_a_leaked_array() -> None:
    kept: list[Any] = []
    CompiledFunction(lambda x: kept.append(x) or x)(X)
    for call in (lambda: Variable(kept[0]), lambda: Variable(X).assign(kept[0])):
        with pytest.raises(TracingError, match=r"np.asarray needs the numbers"):
            call()


def test_the_trace_before_comes_back_after_an_error() -> None:
    assert engine.current_trace() is None
    raised(TracingError, bool)
    assert engine.current_trace() is None
    assert CompiledFunction(lambda x: x + 1)(X)[0, 0] == 1.0


@pytest.mark.parametrize("traced", [False, True])
def test_a_value_that_does_not_fit_its_variable(traced: bool) -> None:
    weight = Variable(X, name="kernel")

    def call() -> None:
        weight.assign(np.zeros(3))

    with pytest.raises(VariableValueError) as caught:
        CompiledFunction(call)() if traced else call()
    assert str(caught.value) == ("Variable 'kernel' has shape (2, 3), but the value assigned to it has shape (3,).")
    assert (caught.value.variable, caught.value.expected, caught.value.given) == ("kernel", (2, 3), (3,))


# --- gradients -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "arguments", "text"),
    [
        (lambda x: x * 2, (X,), "Cannot differentiate <traced float64[2,3]>: a gradient belongs to one floating number."
         " Sum or average it first."),
        (lambda x: np.sum(x > 0), (X,), "Cannot differentiate <traced int64[]>: a gradient belongs to one floating"),
        (lambda x: (np.sum(x), x), (X,), "Cannot differentiate tuple: a gradient belongs to one floating number"),
        (lambda x: None, (X,), "Cannot differentiate NoneType: a gradient belongs to one floating number"),
        (lambda x: np.sum(x) * 0.5, (np.arange(3),), "Cannot differentiate with respect to an array of dtype int64: "
         "only floating numbers change continuously. Convert it with astype('float32') first."),
    ],
)  # fmt: skip
def test_what_has_no_gradient(function: Any, arguments: Any, text: str) -> None:
    with pytest.raises(NotDifferentiableError) as caught:
        value_and_grad(function)(*arguments)
    assert str(caught.value).startswith(text)
    assert isinstance(caught.value, TypeError)


opaque_p = Primitive("opaque", lambda x: (x,), lambda i, o, s: lambda: np.copyto(o[0], i[0]))


def test_an_operation_without_a_derivative() -> None:
    with pytest.raises(NotDifferentiableError) as caught:
        grad(lambda x: np.sum(apply(opaque_p, x)))(X)
    assert str(caught.value) == (
        "Cannot differentiate through opaque: this operation has no derivative rule. "
        "Wrap its input in kcore.ops.stop_gradient if it is meant to be constant."
    )
    # Where nothing flows through it, it does not matter.
    np.testing.assert_array_equal(grad(lambda x: np.sum(x) + np.sum(apply(opaque_p, X)))(X), np.ones((2, 3)))


def test_gradients_need_an_active_trace() -> None:
    with pytest.raises(TracingError) as caught:
        engine.gradients(np.float64(1.0), [])
    assert str(caught.value) == (
        "gradients() works on a program while it is traced, and none is. "
        "Use kcore.grad or kcore.value_and_grad on a function."
    )


def test_differentiate_a_program() -> None:
    trace = Trace()
    with trace.active():
        x, y = trace.add_input(ArrayType((2, 3), "f8")), trace.add_input(ArrayType((3,), "f8"))
        program = trace.program([np.sum(x * y)])
    derived = differentiate(program, (1, 0))
    assert [value.type for value in derived.outputs] == [
        ArrayType((), "f8"), ArrayType((3,), "f8"), ArrayType((2, 3), "f8")
    ]  # fmt: skip
    value, gy, gx = engine.autodiff.inline(derived, [X, np.array([1.0, 2.0, 3.0])])
    assert value == np.sum(X * [1, 2, 3])
    np.testing.assert_array_equal(gy, X.sum(axis=0))
    np.testing.assert_array_equal(gx, [[1, 2, 3], [1, 2, 3]])


# --- the errors themselves -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error",
    [
        OperandError(operation="add", shapes=[(2,), (3,)], reason="no"),
        TracingError(problem="p.", advice="a."),
        UnsupportedOperationError(operation="np.f", advice="a."),
        NotDifferentiableError(subject="x", reason="no"),
        VariableValueError(variable="w", expected=(1,), given=(2,), aspect="shape"),
        GradientMismatchError(function="f", argument=0, order=1, expected=1.0, found=2.0),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_survive_pickling_with_their_data(error: KcoreError) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)


def test_text_of_an_operand_error() -> None:
    error = OperandError(operation="add", shapes=[(2,), (3, 4)], reason="they do not fit")
    assert str(error) == "add cannot take operands of shape (2,), (3, 4): they do not fit."
    assert isinstance(error, ValueError)


# --- what traced arrays and variables do tell ------------------------------------------------------------------------


def test_what_is_known_of_a_traced_array() -> None:
    seen: list[Any] = []

    def call(x: Any) -> Any:
        seen.extend(
            [x.shape, x.dtype, x.ndim, x.size, len(x), repr(x), isinstance(x, Tracer), hash(x) == hash(x), x is x]
        )
        with pytest.raises(TypeError, match=r"len\(\) of an array without dimensions"):
            len(x[0, 0])
        return x

    CompiledFunction(call)(X)
    assert seen == [(2, 3), np.float64, 2, 6, 2, "<traced float64[2,3]>", True, True, True]


def test_a_variable_in_eager_code() -> None:
    weight = Variable(X.astype("f4"), name="kernel", dtype="f8")
    assert repr(weight) == "<Variable kernel float64[2,3]>"
    assert weight.trainable
    buffer = weight.value
    weight.assign(np.ones((2, 3), int))
    assert weight.value is buffer
    copied = weight.numpy()
    weight.assign(weight + X)
    np.testing.assert_array_equal(copied, np.ones((2, 3)))
    np.testing.assert_array_equal(X @ weight.T, X @ (1 + X).T)
    np.testing.assert_array_equal(np.asarray(weight, "f4"), (1 + X).astype("f4"))
    np.testing.assert_array_equal(np.concatenate([weight, (weight[0],)]), [*(1 + X), 1 + X[0]])
    with pytest.raises(AttributeError):
        weight.value = X  # type: ignore[misc]


def test_a_variable_copies_its_first_value() -> None:
    array = X.copy()
    weight = Variable(array)
    array[:] = 0
    np.testing.assert_array_equal(weight.value, X)
