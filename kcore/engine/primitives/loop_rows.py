"""Cutting a loop along its batch: whether the rows of a body keep to themselves, and the body for fewer rows.

The batch is the first axis of the carry and of a step's slices. A body whose equations all map row by row can be run
for some of the rows from the first step to the last, and for the others beside it; threads need not meet at every step.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from kcore.engine.primitives import layout
from kcore.engine.primitives.batching import Cut, cuts, keeps_rows
from kcore.engine.primitives.matmul import matmul_p
from kcore.engine.program import Equation, Program, Value
from kcore.engine.types import ArrayType

STEP_WORK = 1 << 20
"""Work of a step, in the measure of ``Cut.work``, that a thread should have to itself. With less, threads wait for
each other at the interpreter's lock longer than they compute."""


def loop_cut(body: Program, consts: int, carry: int) -> Cut | None:
    """How a loop may be cut along its batch, or ``None``."""
    rows = _rows(body, consts)
    if rows is None or rows < 2:
        return None
    cutting = _cutting(body, consts, rows)
    if cutting is None:
        return None
    work = sum(cut.work for cut in cutting.values() if cut is not None)
    inputs = (None,) * consts + (0,) * carry + (1,) * (len(body.inputs) - consts - carry)
    outputs = (0,) * carry + (1,) * (len(body.outputs) - carry)
    least = -(-rows * STEP_WORK // max(work, 1))
    return Cut("loop", rows, inputs, 0, work, _for_rows, least=least, outputs=outputs)


def _rows(body: Program, consts: int) -> int | None:
    """The common length of the first axis of carry, slices and outputs, if there is one."""
    values = (*body.inputs[consts:], *body.outputs)
    sizes = {value.type.shape[0] if value.type.ndim else None for value in values}
    return next(iter(sizes)) if len(sizes) == 1 else None


def _cutting(body: Program, consts: int, rows: int) -> dict[Equation, Cut | None] | None:
    """The cut of each equation that has rows, ``None`` for a view; nothing if some equation mixes rows."""
    having = set(body.inputs[consts:])
    found: dict[Equation, Cut | None] = {}
    for equation in body.equations:
        has = [value in having for value in equation.inputs]
        if not any(has):
            continue
        if equation.primitive.view is not None:
            if not (has[0] and keeps_rows(equation)):
                return None
            found[equation] = None
        else:
            cut = _row_cut(equation)
            if cut is None or cut.size != rows or [axis == 0 for axis in cut.inputs] != has:
                return None
            found[equation] = cut
        having.update(equation.outputs)
    return found if all(value in having for value in body.outputs) else None


def _row_cut(equation: Equation) -> Cut | None:
    types = [value.type for value in equation.inputs]
    outputs = [value.type for value in equation.outputs]
    found = {cut.mode: cut for cut in cuts(equation.primitive, types, outputs, equation.params)}
    if equation.primitive is matmul_p and "last" in found:
        # Wider than high: for itself it would be cut across its columns.
        return found["last"]._replace(mode="rows", size=outputs[0].shape[0], inputs=(0, None), output=0)
    cut = found.get("rows")
    return None if cut is None or cut.output is None else cut


def _for_rows(params: Any, rows: slice) -> dict[str, Any]:
    return {**params, "body": body_for_rows(params["body"], params["consts"], rows.stop - rows.start)}


@lru_cache(maxsize=128)
def body_for_rows(body: Program, consts: int, count: int) -> Program:
    """The body of a loop that can be cut, for a batch of ``count`` rows."""
    rows = _rows(body, consts)
    assert rows is not None
    cutting = _cutting(body, consts, rows)
    assert cutting is not None
    values: dict[Value, Value] = {value: value for value in (*body.inputs[:consts], *body.constants)}
    for value in body.inputs[consts:]:
        values[value] = Value(ArrayType((count, *value.type.shape[1:]), value.type.dtype))
    equations = []
    for equation in body.equations:
        params = equation.params
        if equation in cutting:
            params = _params_for_rows(equation, cutting[equation], count)
        inputs = [values[value] for value in equation.inputs]
        types = equation.primitive.infer(*(value.type for value in inputs), **params)
        outputs = [Value(type) for type in types]
        values.update(zip(equation.outputs, outputs, strict=True))
        equations.append(Equation(equation.primitive, inputs, outputs, params))
    inputs = [values[value] for value in body.inputs]
    return Program(inputs, body.constants, equations, [values[value] for value in body.outputs])


def _params_for_rows(equation: Equation, cut: Cut | None, count: int) -> dict[str, Any]:
    params = equation.params
    if cut is not None:
        return params if cut.params is None else cut.params(params, slice(0, count))
    if equation.primitive in (layout.reshape_p, layout.broadcast_p):
        return {**params, "shape": (count, *params["shape"][1:])}
    if equation.primitive is layout.slice_p:
        return {**params, "region": ((0, count, 1), *params["region"][1:])}
    return params
