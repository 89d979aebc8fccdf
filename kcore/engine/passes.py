"""Passes: each a function from a legal program to a legal, cheaper one with the same meaning."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from kcore.engine.eager import evaluate
from kcore.engine.legality import check
from kcore.engine.program import Equation, Program, Value
from kcore.engine.types import Array

FOLDED_BYTES = 1 << 16
"""Constants larger than this are computed by the program, so that a shape does not become megabytes of data."""

Pass = Callable[[Program], Program]


def remove_dead_code(program: Program) -> Program:
    """Drop equations and constants that no output depends on."""
    needed = set(program.outputs)
    kept: list[Equation] = []
    for equation in reversed(program.equations):
        if not needed.isdisjoint(equation.outputs):
            if equation.primitive.prune is not None:
                used = [value in needed for value in equation.outputs]
                equation = equation.primitive.prune(equation, used)
            kept.append(equation)
            needed.update(equation.inputs)
    constants = {value: array for value, array in program.constants.items() if value in needed}
    return Program(program.inputs, constants, kept[::-1], program.outputs)


def merge_common_subexpressions(program: Program) -> Program:
    """Compute equal things once: same primitive, same inputs, same parameters. Equal scalar constants count as one."""
    replaced: dict[Value, Value] = {}
    scalars: dict[object, Value] = {}
    for value, array in program.constants.items():
        if array.ndim == 0:
            first = scalars.setdefault((array.dtype, array.tobytes()), value)
            if first is not value:
                replaced[value] = first
    seen: dict[object, tuple[Value, ...]] = {}
    equations = []
    for equation in program.equations:
        inputs = tuple(replaced.get(value, value) for value in equation.inputs)
        key = (equation.primitive, inputs, tuple(sorted(equation.params.items())))
        earlier = seen.get(key)
        if earlier is None:
            seen[key] = equation.outputs
            equations.append(Equation(equation.primitive, inputs, equation.outputs, equation.params))
        else:
            replaced.update(zip(equation.outputs, earlier, strict=True))
    constants = {value: array for value, array in program.constants.items() if value not in replaced}
    return Program(program.inputs, constants, equations, [replaced.get(value, value) for value in program.outputs])


def fold_constants(program: Program) -> Program:
    """Compute now what depends on constants alone, unless the result is large."""
    constants: dict[Value, Array] = dict(program.constants)
    equations = []
    for equation in program.equations:
        small = sum(value.type.nbytes for value in equation.outputs) <= FOLDED_BYTES
        if not (small and equation.inputs and all(value in constants for value in equation.inputs)):
            equations.append(equation)
            continue
        result = evaluate(equation.primitive, [constants[value] for value in equation.inputs], equation.params)
        arrays = (result,) if len(equation.outputs) == 1 else result
        constants.update(zip(equation.outputs, arrays, strict=True))
    return Program(program.inputs, constants, equations, program.outputs)


PASSES: tuple[Pass, ...] = (fold_constants, merge_common_subexpressions, remove_dead_code)


def optimize(program: Program, passes: Sequence[Pass] = PASSES) -> Program:
    """Run the passes in order. With ``KCORE_CHECK_PROGRAMS=1`` every result is checked for legality."""
    checking = os.environ.get("KCORE_CHECK_PROGRAMS", "0") not in ("", "0")
    if checking:
        check(program)
    for transform in passes:
        program = transform(program)
        if checking:
            check(program)
    return program
