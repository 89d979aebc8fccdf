"""What a legal program is, in one function; tests run it after every pass."""

from __future__ import annotations

from kcore.engine.program import Program, Value
from kcore.engine.types import ArrayType
from kcore.errors.base import KcoreError
from kcore.errors.engine import IllegalProgramError


def check(program: Program) -> Program:
    """Return ``program`` if it is legal.

    The rules: every value is written exactly once and read only afterwards; a constant's array has the type that
    its value states; the types an equation writes are those that its primitive's shape rule infers; static
    parameters are hashable.

    Raises:
        IllegalProgramError: the first rule broken, and where.
    """
    written: set[Value] = set()

    def write(value: Value, where: str) -> None:
        if value in written:
            raise IllegalProgramError(rule="a value is written twice", where=where)
        written.add(value)

    for position, value in enumerate(program.inputs):
        write(value, f"input {position}")
    for value, array in program.constants.items():
        write(value, f"constant {value.type}")
        if ArrayType.of(array) != value.type:
            raise IllegalProgramError(
                rule=f"a constant of type {ArrayType.of(array)} is declared as {value.type}", where="constants"
            )
    for position, equation in enumerate(program.equations):
        where = f"equation {position}, {equation.primitive.name}"
        for value in equation.inputs:
            if value not in written:
                raise IllegalProgramError(rule="a value is read before it is written", where=where)
        try:
            hash(tuple(sorted(equation.params.items())))
        except TypeError as error:
            raise IllegalProgramError(rule=f"a parameter is not hashable: {error}", where=where) from None
        try:
            inferred = equation.primitive.infer(*(v.type for v in equation.inputs), **equation.params)
        except KcoreError as error:
            raise IllegalProgramError(rule=f"the shape rule refuses the inputs: {error}", where=where) from error
        declared = tuple(v.type for v in equation.outputs)
        if tuple(inferred) != declared:
            raise IllegalProgramError(
                rule=f"the shape rule gives {tuple(inferred)}, the equation declares {declared}", where=where
            )
        for value in equation.outputs:
            write(value, where)
    for position, value in enumerate(program.outputs):
        if value not in written:
            raise IllegalProgramError(rule="an output is never written", where=f"output {position}")
    return program
