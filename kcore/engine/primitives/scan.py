"""A loop with a traced body: each step takes the carry and a slice, and gives the next carry and a slice.

    carry, ys[i] = body(consts, carry, xs[i])        for i = 0 ... length - 1, or backwards

The body is a program of its own, so that a loop of a thousand steps is one equation. Its derivative is a loop in the
other direction. That one needs what the steps of the first computed: every intermediate value of the body is
therefore also an output of the loop, one slice a step, and the pass that drops what nobody reads (``prune``) leaves
those that the derivative does read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kcore.engine.primitive import Primitive, Thunk
from kcore.engine.program import Equation, Program, Value
from kcore.engine.types import Array, ArrayType
from kcore.errors.engine import OperandError


def _infer(*types: ArrayType, body: Program, consts: int, carry: int, length: int, reverse: bool) -> Any:
    given = [value.type for value in body.inputs]
    slices = [ArrayType(type.shape[1:], type.dtype) for type in types[consts + carry :]]
    lengths = {type.shape[0] for type in types[consts + carry :]}
    results = [value.type for value in body.outputs]
    if [*types[: consts + carry], *slices] != given or lengths - {length}:
        reason = f"the body of {length} steps takes {', '.join(map(str, given))}"
        raise OperandError(operation="scan", shapes=[type.shape for type in types], reason=reason)
    if results[:carry] != given[consts : consts + carry]:
        reason = f"the carry begins as {_spelled(given[consts : consts + carry])}, and a step gives "
        reason += f"{_spelled(results[:carry])}: shapes and dtypes must stay the same"
        raise OperandError(operation="scan", shapes=[type.shape for type in types[consts:]], reason=reason)
    stacks = [ArrayType((length, *type.shape), type.dtype) for type in results[carry:]]
    return (*results[:carry], *stacks)


def _spelled(types: Sequence[ArrayType]) -> str:
    return ", ".join(map(str, types)) or "nothing"


def _scratch(*types: ArrayType, body: Program, consts: int, carry: int, length: int, reverse: bool) -> list[ArrayType]:
    from kcore.engine.numpy_backend.loops import loop_plan

    return loop_plan(body, consts, carry).scratch


def _bind(
    inputs: Sequence[Array], outputs: Sequence[Array], scratch: Sequence[Array], *, body: Program, consts: int,
    carry: int, length: int, reverse: bool,
) -> Thunk:  # fmt: skip
    from kcore.engine.numpy_backend.loops import loop_plan

    return loop_plan(body, consts, carry).bind(inputs, outputs, scratch, length, reverse)


def _vjp(cotangents: Any, inputs: Sequence[Any], outputs: Sequence[Any], **params: Any) -> Sequence[Any]:
    from kcore.engine.loop_gradient import loop_gradient

    return loop_gradient(cotangents, inputs, outputs, **params)


def prune(equation: Equation, used: Sequence[bool]) -> Equation:
    """The same loop without the outputs that nobody uses, and without what only they need."""
    body, consts, carry = equation.params["body"], equation.params["consts"], equation.params["carry"]
    start = body.inputs[consts : consts + carry]
    # A carry is needed when its end is used, or when something that is needed reads it.
    wanted = set(np.flatnonzero(used).tolist())
    while True:
        needed = _needed(body, [body.outputs[position] for position in wanted])
        more = {number for number in range(carry) if start[number] in needed} - wanted
        if not more:
            break
        wanted |= more
    kept = [position for position in range(len(body.outputs)) if position in wanted]
    # Inputs of carries that are not wanted are gone, all others that nobody reads as well.
    inputs = [
        number
        for number, value in enumerate(body.inputs)
        if (number - consts in wanted if consts <= number < consts + carry else value in needed)
    ]
    if len(kept) == len(body.outputs) and len(inputs) == len(body.inputs):
        return equation
    equations = [step for step in body.equations if not needed.isdisjoint(step.outputs)]
    constants = {value: array for value, array in body.constants.items() if value in needed}
    pruned = Program(
        [body.inputs[number] for number in inputs],
        constants,
        equations,
        [body.outputs[position] for position in kept],
    )
    params = {
        **equation.params,
        "body": pruned,
        "consts": sum(number < consts for number in inputs),
        "carry": sum(position < carry for position in kept),
    }
    return Equation(
        equation.primitive,
        [equation.inputs[number] for number in inputs],
        [equation.outputs[position] for position in kept],
        params,
    )


def _needed(body: Program, outputs: Sequence[Value]) -> set[Value]:
    needed = set(outputs)
    for equation in reversed(body.equations):
        if not needed.isdisjoint(equation.outputs):
            needed.update(equation.inputs)
    return needed


scan_p = Primitive("scan", _infer, _bind, vjp=_vjp, scratch=_scratch, prune=prune)
