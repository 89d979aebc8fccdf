"""Tracing a loop: the body runs once, on tracers, and becomes the program that ``scan`` repeats."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from kcore.engine.array_interface import ArrayInterface
from kcore.engine.loop_fission import fission
from kcore.engine.passes import optimize
from kcore.engine.primitives.scan import scan_p
from kcore.engine.program import Equation, Program, Value
from kcore.engine.tracing import Trace, apply, concrete, current_trace, current_value, is_traced
from kcore.engine.tree import leaves, rebuild, structure
from kcore.engine.types import Array, ArrayType
from kcore.errors.engine import OperandError, UnsupportedOperationError


def scan(
    body: Callable[[Any, Any], tuple[Any, Any]],
    init: Any,
    xs: Any,
    length: int | None,
    reverse: bool,
    assigns: bool = False,
) -> tuple[Any, Any]:
    """``kcore.ops.scan``, where it is documented."""
    starts, stacks = [_operand(leaf) for leaf in leaves(init)], [_operand(leaf) for leaf in leaves(xs)]
    steps = _length(stacks, length)
    trace = Trace(inside=current_trace())
    with trace.active():
        carry = [trace.add_input(ArrayType.of(leaf)) for leaf in starts]
        slices = [trace.add_input(ArrayType(leaf.shape[1:], leaf.dtype)) for leaf in stacks]
        result = body(rebuild(init, carry), rebuild(xs, slices))
        if not isinstance(result, tuple) or len(result) != 2 or structure(result[0]) != structure(init):
            raise OperandError(
                operation="scan",
                shapes=[leaf.shape for leaf in starts],
                reason="the body has to return (carry, y), with a carry of the form that the first one has",
            )
        outputs = [trace.value_of(leaf) for leaf in leaves(result)]
    if trace.updates and not assigns:
        names = ", ".join(variable.name for variable in trace.updates)
        raise UnsupportedOperationError(
            operation=f"assigning {names} in the body of a scan",
            reason="a step of the loop has no place to keep it",
            advice="Let it be a part of the carry, and assign its last value after the loop.",
        )
    # What is assigned is handed from step to step behind the carry.
    assigned = {variable: trace.state.pop(variable) for variable in trace.updates}
    values = [*(tracer.value for tracer in carry), *assigned.values(), *(tracer.value for tracer in slices)]
    outputs[len(starts) : len(starts)] = [tracer.value for tracer in trace.updates.values()]
    starts += [current_value(variable) for variable in assigned]
    program, operands = _hoisted(trace, values, outputs)
    ends, collected = emit_loop(program, operands, starts, stacks, steps, reverse)
    for variable, end in zip(assigned, ends[len(carry) :], strict=True):
        variable.assign(end)
    return rebuild(init, ends[: len(carry)]), rebuild(result[1], collected)


def _operand(leaf: Any) -> Any:
    return leaf if isinstance(leaf, ArrayInterface) else concrete(leaf)


def _length(stacks: Sequence[Any], length: int | None) -> int:
    """The number of steps, from the slices and what the caller says."""
    shapes = [tuple(stack.shape) for stack in stacks]
    found = {shape[0] if shape else None for shape in shapes} | (set() if length is None else {length})
    if len(found) != 1 or None in found:
        reason = "it is not known how many steps to make: give xs or length" if not found else (
            f"all of xs, and length, must have the same number of steps on the first axis; length is {length}"
        )  # fmt: skip
        raise OperandError(operation="scan", shapes=shapes, reason=reason)
    (steps,) = found
    assert steps is not None
    return steps


def _hoisted(trace: Trace, inputs: Sequence[Value], outputs: Sequence[Value]) -> tuple[Program, list[Any]]:
    """The body, without what is the same in every step: that is computed once, outside.

    Returns:
        the body, whose first inputs are the constants of the loop, and the operands for these.
    """
    outside: dict[Value, Any] = {name: tracer for tracer, name in trace.captured.values()}
    outside.update((value, current_value(variable)) for variable, value in trace.state.items())
    outside.update(trace.constants)
    equations: list[Equation] = []
    for equation in trace.equations:
        if not all(value in outside for value in equation.inputs) or not equation.inputs:
            equations.append(equation)
            continue
        result = apply(equation.primitive, *(outside[value] for value in equation.inputs), **equation.params)
        outside.update(zip(equation.outputs, (result,) if len(equation.outputs) == 1 else result, strict=True))
    read = dict.fromkeys([value for equation in equations for value in equation.inputs])
    read.update(dict.fromkeys(outputs))
    constants: dict[Value, Array] = {}
    consts: dict[Value, Any] = {}
    for value in read:
        if value in outside:
            if is_traced(outside[value]) or outside[value].ndim:
                consts[value] = outside[value]
            else:
                constants[value] = outside[value]
    program = optimize(Program([*consts, *inputs], constants, equations, outputs))
    return program, list(consts.values())


def emit_loop(
    body: Program, consts: Sequence[Any], starts: Sequence[Any], stacks: Sequence[Any], length: int, reverse: bool
) -> tuple[list[Any], list[Any]]:
    """The last carry and the stacked outputs of a loop; in a trace it also keeps what a derivative may ask for."""
    split = fission(body, consts, len(starts), stacks, length)
    body, operands = split.body, [*split.consts, *starts, *split.stacks]
    if any(map(is_traced, operands)):
        body = with_intermediates(body, len(split.consts), len(starts))
    results = apply(
        scan_p, *operands, body=body, consts=len(split.consts), carry=len(starts), length=length, reverse=reverse
    )
    flat = list(results) if len(body.outputs) > 1 else [results]
    return flat[: len(starts)], split.collected(flat[len(starts) :])


def with_intermediates(body: Program, consts: int, carry: int) -> Program:
    """The body with the carry of each step, and all that is computed from it, among the outputs."""
    known = set(body.outputs[carry:])
    more: dict[Value, None] = dict.fromkeys(body.inputs[consts : consts + carry])
    for equation in body.equations:
        # A view costs nothing to make again.
        if equation.primitive.view is None:
            more.update(dict.fromkeys(equation.outputs))
    return Program(
        body.inputs, body.constants, body.equations, [*body.outputs, *(value for value in more if value not in known)]
    )
