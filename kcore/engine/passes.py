"""Passes: each a function from a legal program to a legal, cheaper one with the same meaning."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from kcore.engine.eager import evaluate
from kcore.engine.legality import check
from kcore.engine.primitives.elementwise import ufunc_primitives
from kcore.engine.primitives.layout import Region, place_p
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


def merge_places(program: Program) -> Program:
    """Put parts side by side at once where they are placed among zeros one by one and added up.

    That is what the derivative of taking an array apart looks like: that of a step's gates, for instance.
    """
    uses = Counter(value for equation in program.equations for value in equation.inputs)
    uses.update(program.outputs)
    placed: dict[Value, Equation] = {}
    equations = []
    for equation in program.equations:
        merged = equation
        if equation.primitive is _add_p:
            first, second = (placed.get(value) for value in equation.inputs)
            if first is not None and second is not None and all(uses[value] == 1 for value in equation.inputs):
                regions = (*first.params["regions"], *second.params["regions"])
                if first.params["shape"] == second.params["shape"] and _disjoint(
                    first.params["regions"], second.params["regions"]
                ):
                    params = {"regions": regions, "shape": first.params["shape"]}
                    merged = Equation(place_p, [*first.inputs, *second.inputs], equation.outputs, params)
        if merged.primitive is place_p:
            placed[merged.outputs[0]] = merged
        equations.append(merged)
    return Program(program.inputs, program.constants, equations, program.outputs)


def _disjoint(some: Sequence[Region], others: Sequence[Region]) -> bool:
    """Whether it is plain that no element is in regions of both: on some axis one ends before the other begins."""
    return all(
        any(_end(a) <= b[0] or _end(b) <= a[0] for a, b in zip(one, other, strict=True) if a[2] > 0 and b[2] > 0)
        for one in some
        for other in others
    )


def _end(extent: tuple[int, int, int]) -> int:
    start, count, step = extent
    return start + (count - 1) * step + 1


_add_p = ufunc_primitives[np.add]

PASSES: tuple[Pass, ...] = (fold_constants, merge_common_subexpressions, merge_places, remove_dead_code)


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
