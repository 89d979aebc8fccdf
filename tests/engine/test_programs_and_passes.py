"""Programs as text, the legality check with each rule broken once, and what each pass does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kcore.engine import ArrayType, CompiledFunction, Equation, Primitive, Program, Trace, Value, passes
from kcore.engine.autodiff import inline
from kcore.engine.compiled import TracedFunction
from kcore.engine.legality import check
from kcore.engine.primitives.elementwise import ufunc_primitives
from kcore.engine.primitives.layout import alias_p, reshape_p, stop_gradient_p
from kcore.errors import IllegalProgramError

F = ArrayType((2, 3), "f4")
EXP, ADD = ufunc_primitives[np.exp], ufunc_primitives[np.add]


def traced(function: Any, *types: ArrayType) -> Program:
    """The program of a function, before any pass."""
    trace = Trace()
    with trace.active():
        result = function(*map(trace.add_input, types))
        return trace.program(result if isinstance(result, list | tuple) else [result])


def names(program: Program) -> list[str]:
    return [equation.primitive.name for equation in program.equations]


def test_the_text_of_a_program() -> None:
    program = traced(lambda a, b: np.maximum(a @ b + np.ones(4, "f4"), 0.0).reshape(8), F, ArrayType((3, 4), "f4"))
    assert str(program) == "\n".join(
        [
            "program(a: float32[2,3], b: float32[3,4]) {",
            "  c: float32[4] = constant",
            "  d: float32[2,4] = matmul(a, b)",
            "  e: float32[2,4] = add(d, c)",
            "  f: float32[2,4] = maximum(e, 0.0)",
            "  g: float32[8] = reshape(f, shape=(8,))",
            "  return g",
            "}",
        ]
    )


def test_names_go_on_after_z() -> None:
    def count(x: Any) -> Any:
        for _ in range(28):
            x = np.exp(x)
        return x

    text = traced(count, F).to_text()
    assert "z: float32[2,3] = exp(y)" in text
    assert "aa: float32[2,3] = exp(z)" in text
    assert "return ac" in text


def test_reprs() -> None:
    assert (repr(F), repr(Value(F)), repr(EXP)) == ("float32[2,3]", "<value float32[2,3]>", "<primitive exp>")


# --- legality --------------------------------------------------------------------------------------------------------


def program_of(**changes: Any) -> Program:
    """exp(x), with something changed."""
    x, y = changes.pop("x", Value(F)), changes.pop("y", Value(F))
    parts: dict[str, Any] = {
        "inputs": [x], "constants": {}, "equations": [Equation(EXP, [x], [y], {})], "outputs": [y]
    }  # fmt: skip
    parts.update(changes)
    return Program(**parts)


def test_a_legal_program_comes_back() -> None:
    program = program_of()
    assert check(program) is program


def broken() -> list[Any]:
    x, y, z = Value(F), Value(F), Value(F)
    exp = Equation(EXP, [x], [y], {})
    return [
        ("a value is written twice (input 1)", program_of(x=x, y=y, inputs=[x, x])),
        ("a value is written twice (constant float32[2,3])", program_of(x=x, constants={x: np.zeros((2, 3), "f4")})),
        ("a value is written twice (equation 1, exp)", program_of(x=x, y=y, equations=[exp, exp])),
        ("a constant of type float64[2,3] is declared as float32[2,3] (constants)",
         program_of(constants={z: np.zeros((2, 3))})),
        ("a constant of type float32[3] is declared as float32[2,3] (constants)",
         program_of(constants={z: np.zeros(3, "f4")})),
        ("a value is read before it is written (equation 0, exp)",
         program_of(x=x, y=y, equations=[Equation(EXP, [z], [y], {})])),
        ("a value is read before it is written (equation 0, exp)",
         program_of(x=x, y=y, equations=[Equation(EXP, [y], [z], {}), exp])),
        ("a parameter is not hashable: unhashable type: 'list' (equation 0, reshape)",
         program_of(x=x, y=y, equations=[Equation(reshape_p, [x], [y], {"shape": [2, 3]})])),
        ("the shape rule gives (float32[2,3],), the equation declares (float64[2,3],) (equation 0, exp)",
         program_of(x=x, equations=[Equation(EXP, [x], [Value(ArrayType((2, 3), "f8"))], {})])),
        ("the shape rule gives (float32[2,3],), the equation declares (float32[2,3], float32[2,3]) (equation 0, exp)",
         program_of(x=x, equations=[Equation(EXP, [x], [y, z], {})])),
        ("the shape rule refuses the inputs: reshape cannot take operands of shape (2, 3): 6 elements do not fill the "
         "shape (5,). (equation 0, reshape)",
         program_of(x=x, y=y, equations=[Equation(reshape_p, [x], [y], {"shape": (5,)})])),
        ("an output is never written (output 1)", program_of(x=x, y=y, equations=[exp], outputs=[y, z])),
    ]  # fmt: skip


@pytest.mark.parametrize(("text", "program"), broken())
def test_each_rule_of_legality(text: str, program: Program) -> None:
    with pytest.raises(IllegalProgramError) as caught:
        check(program)
    assert str(caught.value) == f"Illegal program: {text}."
    assert (caught.value.rule, caught.value.where) == tuple(text.removesuffix(")").rsplit(" (", 1))


def test_the_passes_are_checked_when_the_environment_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    bad = broken()[-1][1]
    with pytest.raises(IllegalProgramError):
        passes.optimize(bad, ())
    with pytest.raises(IllegalProgramError):
        passes.optimize(program_of(), [lambda program: bad])
    monkeypatch.setenv("KCORE_CHECK_PROGRAMS", "0")
    assert passes.optimize(bad, ()) is bad


# --- passes ----------------------------------------------------------------------------------------------------------


def test_dead_code_goes() -> None:
    def function(x: Any) -> Any:
        np.sin(np.exp(x)) + np.ones((2, 3), "f4")
        return np.cos(x)

    program = traced(function, F)
    cleaned = check(passes.remove_dead_code(program))
    assert names(program) == ["exp", "sin", "add", "cos"]
    assert names(cleaned) == ["cos"]
    assert (len(program.constants), len(cleaned.constants)) == (1, 0)
    assert cleaned.inputs == program.inputs


def test_an_output_that_is_not_used_keeps_its_equation() -> None:
    pair_p = Primitive(
        "halves", lambda x: (ArrayType(x.shape, x.dtype),) * 2,
        lambda i, o, s: lambda: (np.floor(i[0], out=o[0]), np.ceil(i[0], out=o[1])),
    )  # fmt: skip
    x, low, high = Value(F), Value(F), Value(F)
    program = check(Program([x], {}, [Equation(pair_p, [x], [low, high], {})], [high]))
    assert len(check(passes.remove_dead_code(program)).equations) == 1
    np.testing.assert_array_equal(inline(program, [np.full((2, 3), 1.5, "f4")])[0], np.full((2, 3), 2.0))
    function = TracedFunction(lambda x: inline(program, [x]), F)
    assert function.result == [0]
    np.testing.assert_array_equal(
        CompiledFunction(lambda x: inline(program, [x]))(np.full((2, 3), 1.5, "f4"))[0], np.full((2, 3), 2.0)
    )


def test_equal_things_are_computed_once() -> None:
    def function(x: Any) -> Any:
        return np.exp(x) + np.exp(x), x.reshape(6) * x.reshape(3, 2).reshape(6), np.sum(x, 0), np.sum(x, 1)

    merged = check(passes.merge_common_subexpressions(traced(function, F)))
    assert names(merged) == ["exp", "add", "reshape", "reshape", "reshape", "multiply", "sum", "sum"]


def test_equal_scalars_count_as_one_and_signed_zeros_as_two() -> None:
    one, zero, minus = (np.float32(number) for number in (1.0, 0.0, -0.0))
    x, y, z = Value(F), Value(F), Value(F)
    a, b, c, d = (Value(ArrayType((), "f4")) for _ in range(4))
    equations = [Equation(ADD, [x, a], [y], {}), Equation(ADD, [x, b], [z], {})]
    constants = {a: np.asarray(one), b: np.asarray(one), c: np.asarray(zero), d: np.asarray(minus)}
    merged = check(passes.merge_common_subexpressions(Program([x], constants, equations, [y, z, b, c, d])))
    assert len(merged.equations) == 1
    assert merged.outputs == (y, y, a, c, d)
    assert set(merged.constants) == {a, c, d}


def test_what_depends_on_constants_alone_is_computed_now() -> None:
    def function(x: Any) -> Any:
        zeros = np.zeros_like(x)
        return x + np.exp(zeros + 1), np.sum(zeros)

    trace = Trace()
    with trace.active():
        x = trace.add_input(F)
        constant = trace.emit(alias_p, [np.full((2, 3), 2.0, "f4")], {})
        program = trace.program([x + np.exp(constant)])
    folded = check(passes.remove_dead_code(passes.fold_constants(program)))
    assert names(folded) == ["add"]
    (value,) = folded.constants.values()
    np.testing.assert_array_equal(value, np.exp(np.full((2, 3), 2.0, "f4")))
    assert names(TracedFunction(function, F).program) == ["add"]


def test_large_constants_are_not_made() -> None:
    large = passes.FOLDED_BYTES // 4 + 1
    trace = Trace()
    with trace.active():
        seed = trace.emit(alias_p, [np.float32(1.0)], {})
        program = trace.program([np.broadcast_to(seed, (large,)), np.broadcast_to(seed, (large - 1,))])
    folded = check(passes.fold_constants(program))
    assert names(folded) == ["broadcast_to"]
    assert sum(array.nbytes for array in folded.constants.values()) <= passes.FOLDED_BYTES + 8


def test_a_repeated_number_takes_no_memory_as_constant() -> None:
    program = traced(lambda x: x + np.broadcast_to(np.float32(2.0), (1000, 1000)), ArrayType((1000, 1000), "f4"))
    (array,) = program.constants.values()
    assert array.strides == (0, 0)
    assert array.base is not None
    assert array.base.nbytes == 4


def test_a_constant_does_not_change_with_the_array_it_was() -> None:
    table = np.ones(3)
    compiled = CompiledFunction(lambda x: x + table)
    np.testing.assert_array_equal(compiled(np.zeros(3)), np.ones(3))
    table[:] = 9
    np.testing.assert_array_equal(compiled(np.zeros(3)), np.ones(3))


def test_copies_stay_and_aliases_are_views() -> None:
    program = TracedFunction(lambda x: [np.exp(x)], F).program
    assert names(program) == ["exp"]
    x, y, z = Value(F), Value(F), Value(F)
    both = Program([x], {}, [Equation(stop_gradient_p, [x], [y], {}), Equation(alias_p, [x], [z], {})], [y, z])
    assert names(passes.optimize(both)) == ["stop_gradient", "alias"]
