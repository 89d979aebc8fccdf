"""Reverse-mode differentiation, program to program.

The equations of the trace are walked backwards, and each primitive's rule, written in terms of primitives, adds
equations to the same trace. What comes out is an ordinary program: it can be optimized, run by any backend, and
differentiated again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kcore.engine.program import Program, Value
from kcore.engine.tracing import Trace, Tracer, Variable, apply, current_trace
from kcore.engine.types import is_float
from kcore.errors.engine import NotDifferentiableError, TracingError


def gradients(target: Any, wrt: Sequence[Any]) -> list[Any]:
    """Gradients of the scalar ``target`` with respect to traced arrays and variables, in the active trace.

    For a variable it is the gradient with respect to the value it had when the program started.

    Returns:
        one traced array per entry of ``wrt``, of its shape and dtype; zeros where the target does not depend on it.

    Raises:
        NotDifferentiableError: the target is no floating scalar, an entry of ``wrt`` is not floating, or an operation
            on the way has no derivative.
        TracingError: there is no active trace.
    """
    trace = current_trace()
    if trace is None:
        raise TracingError(
            problem="gradients() works on a program while it is traced, and none is.",
            advice="Use kcore.grad or kcore.value_and_grad on a function.",
        )
    if isinstance(target, Variable | np.ndarray | np.generic | int | float):
        target = Tracer(trace, trace.value_of(target))
    if not isinstance(target, Tracer) or target.shape != () or not is_float(target.dtype):
        found = repr(target) if isinstance(target, Tracer) else type(target).__name__
        raise NotDifferentiableError(
            subject=found, reason="a gradient belongs to one floating number", advice="Sum or average it first."
        )
    values = [trace.initial(item) if isinstance(item, Variable) else trace.value_of(item) for item in wrt]
    for value in values:
        if not is_float(value.type.dtype):
            raise NotDifferentiableError(
                subject=f"with respect to an array of dtype {value.type.dtype.name}",
                reason="only floating numbers change continuously",
                advice="Convert it with astype('float32') first.",
            )
    seed = np.ones((), target.dtype)
    found_cotangents = backpropagate(trace, {target.value: seed}, values)
    results = [
        np.broadcast_to(np.zeros((), value.type.dtype), value.type.shape) if cotangent is None else cotangent
        for value, cotangent in zip(values, found_cotangents, strict=True)
    ]
    return [Tracer(trace, trace.value_of(result)) for result in results]


def backpropagate(trace: Trace, seeds: dict[Value, Any], wrt: Sequence[Value]) -> list[Any]:
    """Cotangents of ``wrt`` given those of ``seeds``; ``None`` where nothing flows back."""
    wanted = set(wrt)
    # Only what depends on a wanted value can carry something back to one.
    dependent = set(wanted)
    for equation in trace.equations:
        if not dependent.isdisjoint(equation.inputs):
            dependent.update(equation.outputs)
    cotangents: dict[Value, Any] = dict(seeds)
    for equation in reversed(list(trace.equations)):
        if dependent.isdisjoint(equation.inputs):
            continue
        incoming = [cotangents.get(value) for value in equation.outputs]
        if all(cotangent is None for cotangent in incoming):
            continue
        rule = equation.primitive.vjp
        if rule is None:
            raise NotDifferentiableError(
                subject=f"through {equation.primitive.name}",
                reason="this operation has no derivative rule",
                advice="Wrap its input in kcore.ops.stop_gradient if it is meant to be constant.",
            )
        inputs = [Tracer(trace, value) for value in equation.inputs]
        outputs = [Tracer(trace, value) for value in equation.outputs]
        results = rule(incoming, inputs, outputs, **equation.params)
        for value, cotangent in zip(equation.inputs, results, strict=True):
            if cotangent is None or value not in dependent:
                continue
            known = cotangents.get(value)
            cotangents[value] = cotangent if known is None else known + cotangent
    return [cotangents.get(value) for value in wrt]


def inline(program: Program, operands: Sequence[Any]) -> list[Any]:
    """Run a program's equations on ``operands``: traced ones record it, concrete ones compute it."""
    values: dict[Value, Any] = dict(zip(program.inputs, operands, strict=True))
    values.update(program.constants)
    for equation in program.equations:
        result = apply(equation.primitive, *(values[value] for value in equation.inputs), **equation.params)
        if len(equation.outputs) == 1:
            values[equation.outputs[0]] = result
        else:
            values.update(zip(equation.outputs, result, strict=True))
    return [values[value] for value in program.outputs]


def differentiate(program: Program, wrt: Sequence[int] = (0,)) -> Program:
    """The program of ``(output, *gradients)`` of a program with one scalar output.

    Args:
        program: has one output, a floating scalar.
        wrt: positions of the inputs to differentiate with respect to.
    """
    trace = Trace()
    with trace.active():
        operands = [trace.add_input(value.type) for value in program.inputs]
        (target,) = inline(program, operands)
        return trace.program([target, *gradients(target, [operands[position] for position in wrt])])
