"""The derivative of a loop: a loop in the other direction.

Its body is the derivative of the body. What that reads of the first loop's steps comes in as slices of what those
kept. Gradients of the loop's constants, such as a recurrent kernel, are sums over all steps; where each step's share
is a matrix product or a sum, the operands are collected instead, and one product or sum after the loop takes the
place of many small ones in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kcore.engine.autodiff import backpropagate
from kcore.engine.looping import emit_loop, with_intermediates
from kcore.engine.passes import optimize
from kcore.engine.primitives.elementwise import ufunc_primitives
from kcore.engine.primitives.layout import reshape_p, transpose_p
from kcore.engine.primitives.matmul import matmul_p
from kcore.engine.primitives.reductions import sum_p
from kcore.engine.primitives.scan import scan_p
from kcore.engine.program import Equation, Program, Value
from kcore.engine.tracing import Trace, apply
from kcore.engine.types import ArrayType, is_float


def loop_gradient(
    cotangents: Sequence[Any], inputs: Sequence[Any], outputs: Sequence[Any], *, body: Program, consts: int,
    carry: int, length: int, reverse: bool,
) -> list[Any]:  # fmt: skip
    """Cotangents of a loop's constants, first carry and slices."""
    if not set(body.inputs[consts : consts + carry]) <= set(body.outputs[carry:]):
        # A pass has dropped what nobody read so far: the loop is run again.
        body = with_intermediates(body, consts, carry)
        again = {"body": body, "consts": consts, "carry": carry, "length": length, "reverse": reverse}
        outputs = apply(scan_p, *inputs, **again)
        cotangents = [*cotangents, *[None] * (len(outputs) - len(cotangents))]
    stacked = dict(zip(body.outputs[carry:], outputs[carry:], strict=True))
    stacked.update(zip(body.inputs[consts + carry :], inputs[consts + carry :], strict=True))
    backward = _Backward(body, consts, carry, stacked, [given is not None for given in cotangents])
    return backward.emit(cotangents, inputs, length, not reverse)


class _Backward:
    """The body of the loop that goes back, while it is written."""

    def __init__(
        self, body: Program, consts: int, carry: int, stacked: dict[Value, Any], given: Sequence[bool]
    ) -> None:
        self.body, self.carry = body, carry
        self.trace = trace = Trace()
        with trace.active():
            self.consts = [trace.add_input(value.type) for value in body.inputs[:consts]]
            # The slices of this loop: what the steps of the first one took and gave, then the cotangents of its slices.
            self.slices = {trace.add_input(value.type).value: stack for value, stack in stacked.items()}
            known = dict(zip(stacked, self.slices, strict=True))
            self.grads = [trace.add_input(value.type) for value in body.outputs]
            computed = self._repeat(known)
            seeds: dict[Value, Any] = {}
            for number, value in enumerate(body.outputs):
                flows = is_float(value.type.dtype) and (number < carry or given[number])
                if flows:
                    seed, target = self.grads[number], computed[value]
                    seeds[target] = seeds[target] + seed if target in seeds else seed
            wrt = [computed[value] for value in body.inputs]
            found = backpropagate(trace, seeds, wrt)
            self.results = [None if item is None else trace.value_of(item) for item in found]
        # From here on, what the first loop kept takes the place of what was computed again to be differentiated.
        kept = {computed[value]: slice for value, slice in known.items() if computed[value] is not slice}
        self.equations = [
            Equation(step.primitive, [kept.get(value, value) for value in step.inputs], step.outputs, step.params)
            for step in trace.equations
        ]
        self.results = [None if value is None else kept.get(value, value) for value in self.results]
        self.producers = {value: step for step in self.equations for value in step.outputs}

    def _repeat(self, known: dict[Value, Value]) -> dict[Value, Value]:
        """The equations of the body in this trace; which value each of the body's became."""
        body, trace = self.body, self.trace
        consts = len(self.consts)
        computed: dict[Value, Value] = dict(
            zip(body.inputs[:consts], (tracer.value for tracer in self.consts), strict=True)
        )
        for value in body.inputs[consts:]:
            computed[value] = known[value]
        for value, array in body.constants.items():
            computed[value] = Value(value.type)
            trace.constants[computed[value]] = array
        for step in body.equations:
            fresh = [Value(value.type) for value in step.outputs]
            trace.equations.append(
                Equation(step.primitive, [computed[value] for value in step.inputs], fresh, step.params)
            )
            computed.update(zip(step.outputs, fresh, strict=True))
        return computed

    def emit(self, cotangents: Sequence[Any], inputs: Sequence[Any], length: int, reverse: bool) -> list[Any]:
        consts, carry = len(self.consts), self.carry
        # The carry: the cotangents of the first loop's carry, and sums for constants whose shares are nothing special.
        starts: list[Any] = []
        carried: list[tuple[Value, Value | None]] = []
        for number, value in enumerate(self.body.outputs[:carry]):
            if is_float(value.type.dtype):
                starts.append(_or_zeros(cotangents[number], value.type))
                carried.append((self.grads[number].value, self.results[consts + number]))
        collected: dict[Value, None] = {}
        shares = [_Shares(self, value, collected) for value in self.results[:consts]]
        for share in shares:
            if share.carried is not None:
                starts.append(np.zeros(share.carried.type.shape, share.carried.type.dtype))
                carried.append((share.start, share.total))
        slices = self.results[consts + carry :]
        collected.update(dict.fromkeys(value for value in slices if value is not None))
        stacks = {**self.slices, **self._given(cotangents)}
        zeros = {value: Value(value.type) for value, new in carried if new is None}
        constants = {**self.trace.constants}
        constants.update((zero, np.zeros(zero.type.shape, zero.type.dtype)) for zero in zeros.values())
        program = Program(
            [*(tracer.value for tracer in self.consts), *(value for value, _ in carried), *stacks],
            constants,
            self.equations,
            [*(zeros[value] if new is None else new for value, new in carried), *collected],
        )
        ends, results = emit_loop(optimize(program), inputs[:consts], starts, list(stacks.values()), length, reverse)
        known = {**stacks, **dict(zip(collected, results, strict=True))}
        floats = iter(ends)
        initial = [next(floats) if is_float(value.type.dtype) else None for value in self.body.outputs[:carry]]
        totals = [share.outside(known, next(floats) if share.carried is not None else None) for share in shares]
        return [*totals, *initial, *(None if value is None else known[value] for value in slices)]

    def _given(self, cotangents: Sequence[Any]) -> dict[Value, Any]:
        return {
            grad.value: cotangent
            for grad, cotangent in zip(self.grads[self.carry :], cotangents[self.carry :], strict=True)
            if cotangent is not None
        }


def _or_zeros(cotangent: Any, type: ArrayType) -> Any:
    return np.zeros(type.shape, type.dtype) if cotangent is None else cotangent


class _Shares:
    """A constant's cotangent within a step as a sum of shares; those of a known form are added up after the loop.

    Attributes:
        carried: one of the shares that are added up in the loop; ``None`` if there is none.
        start, total: their sum before and after a step.
    """

    def __init__(self, backward: _Backward, cotangent: Value | None, collected: dict[Value, None]) -> None:
        self.outer: list[Equation | Value] = []
        self.carried: Value | None = None
        inside: list[Value] = []
        pending = [] if cotangent is None else [cotangent]
        self._producers = producers = backward.producers
        while pending:
            value = pending.pop()
            step = producers.get(value)
            if step is not None and step.primitive is _add_p and all(v.type == value.type for v in step.inputs):
                pending += step.inputs
            elif step is not None and _is_product(step):
                operands = [self._untransposed(operand)[0] for operand in step.inputs]
                collected.update(dict.fromkeys(v for v in operands if v not in backward.slices))
                self.outer.append(step)
            elif step is not None and self._summed(value) is not None:
                source = self._summed(value)
                assert source is not None
                if source not in backward.slices:
                    collected[source] = None
                self.outer.append(value)
            else:
                inside.append(value)
        if inside:
            self.carried = inside[0]
            self.start = Value(self.carried.type)
            total = self.start
            for value in inside:
                new = Value(value.type)
                backward.equations.append(Equation(_add_p, [total, value], [new], {}))
                total = new
            self.total = total

    def _untransposed(self, value: Value) -> tuple[Value, bool]:
        step = self._producers.get(value)
        if step is not None and step.primitive is transpose_p and value.type.ndim == 2:
            return step.inputs[0], True
        return value, False

    def _summed(self, value: Value) -> Value | None:
        """What ``value`` is the sum of over some axes, if it is one, perhaps reshaped."""
        step = self._producers.get(value)
        if step is not None and step.primitive is reshape_p:
            step = self._producers.get(step.inputs[0])
        return step.inputs[0] if step is not None and step.primitive is sum_p else None

    def outside(self, stacks: dict[Value, Any], carried: Any) -> Any:
        """The sum over all steps, given the collected operands."""
        total = carried
        for item in self.outer:
            share = self._sum(item, stacks) if isinstance(item, Value) else self._product(item, stacks)
            total = share if total is None else total + share
        return total

    def _product(self, step: Equation, stacks: dict[Value, Any]) -> Any:
        """The sum of the products of all steps, as one product: the steps become a part of the inner axis."""
        left, right = step.inputs
        source, turned = self._untransposed(left)
        x = stacks[source]
        # (steps, inner, rows) or (steps, rows, inner), as (rows, steps * inner).
        x = np.reshape(x if turned else np.swapaxes(x, 1, 2), (-1, left.type.shape[0]))
        source, turned = self._untransposed(right)
        y = stacks[source]
        y = np.reshape(np.swapaxes(y, 1, 2) if turned else y, (-1, right.type.shape[1]))
        return np.matmul(np.transpose(x), y)

    def _sum(self, value: Value, stacks: dict[Value, Any]) -> Any:
        step = self._producers[value]
        if step.primitive is reshape_p:
            step = self._producers[step.inputs[0]]
        axes = (0, *(axis + 1 for axis in step.params["axes"]))
        return np.reshape(apply(sum_p, stacks[step.inputs[0]], axes=axes, keepdims=False), value.type.shape)


_add_p = ufunc_primitives[np.add]


def _is_product(step: Equation) -> bool:
    return step.primitive is matmul_p and all(value.type.ndim == 2 for value in step.inputs)
