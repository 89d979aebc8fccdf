"""Taking out of a loop what does not wait for its carry.

A step of a recurrent layer computes things that depend on its slice alone: the product of its input with a kernel,
or, going backwards, the slopes of its gates. For all steps at once, outside of the loop, the same takes one large call
in place of many small ones. To find more of it, products are put in another order: ``(carry * a) * b`` becomes
``carry * (a * b)``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kcore.engine.passes import optimize
from kcore.engine.primitive import Primitive
from kcore.engine.primitives import elementwise, error_function, layout, reductions
from kcore.engine.primitives.matmul import matmul, matmul_p
from kcore.engine.program import Equation, Program, Value
from kcore.engine.tracing import apply

SLICE_BYTES = 1 << 18
"""Values of a step that are larger stay in it: for all steps together they would only cost memory."""

_multiply_p = elementwise.ufunc_primitives[np.multiply]
_maps = {
    *elementwise.ufunc_primitives.values(), elementwise.cast_p, elementwise.select_p, elementwise.relu_p,
    elementwise.sigmoid_p, error_function.erfc_p,
}  # fmt: skip


class Split:
    """A loop after what could be taken out of it was.

    Attributes:
        body: what is left, with further slices for what was taken out.
        consts, stacks: the operands of ``body``.
    """

    def __init__(self, body: Program, consts: list[Any], stacks: list[Any], outputs: Sequence[Any]) -> None:
        self.body = body
        self.consts = consts
        self.stacks = stacks
        self._outputs = outputs

    def collected(self, results: Sequence[Any]) -> list[Any]:
        """The stacked outputs of the loop as it was: those of ``body``, and what was computed outside."""
        rest = iter(results)
        return [next(rest) if output is None else output for output in self._outputs]


def fission(body: Program, consts: Sequence[Any], carry: int, stacks: Sequence[Any], length: int) -> Split:
    """Compute outside what does not depend on the carry.

    Args:
        body: its inputs are constants, carry and slices; its outputs the carry and slices.
        consts, stacks: the operands for constants and slices.
        carry: how many inputs and outputs are the carry.
        length: the number of steps.
    """
    count = len(consts)
    waiting = _waiting(body, body.inputs[count : count + carry])
    body = _reordered(body, waiting)
    waiting = _waiting(body, body.inputs[count : count + carry])
    outside = _Outside(body, consts, stacks, length, carry)
    ys = body.outputs[carry:]
    # What is an output, or is read by something that waits, if it is more than a view of a slice.
    free = [
        value
        for equation in body.equations
        if equation.primitive.view is None
        for value in equation.outputs
        if value not in waiting
    ]
    wanted = dict.fromkeys(value for value in free if outside.can(value))
    outputs = [outside.stacked(value) if value in wanted else None for value in ys]
    read = _sources(body.equations, waiting)
    taken = [value for value in wanted if value in read or value in body.outputs[:carry]]
    program = optimize(
        Program(
            [*body.inputs, *taken],
            body.constants,
            [equation for equation in body.equations if not set(equation.outputs) & set(taken)],
            [*body.outputs[:carry], *(value for value, output in zip(ys, outputs, strict=True) if output is None)],
        )
    )
    needed = {value for equation in program.equations for value in equation.inputs} | set(program.outputs)
    kept_consts = [number for number in range(count) if body.inputs[number] in needed]
    start = count + carry
    slices = [*zip(body.inputs[start:], stacks, strict=True), *((value, outside.stacked(value)) for value in taken)]
    slices = [(value, stack) for value, stack in slices if value in needed]
    inputs = [body.inputs[number] for number in kept_consts]
    inputs += [*body.inputs[count:start], *(value for value, _ in slices)]
    left = Program(inputs, program.constants, program.equations, program.outputs)
    return Split(left, [consts[number] for number in kept_consts], [stack for _, stack in slices], outputs)


def _waiting(body: Program, starts: Sequence[Value]) -> set[Value]:
    """What depends on the carry."""
    found = set(starts)
    for equation in body.equations:
        if not found.isdisjoint(equation.inputs):
            found.update(equation.outputs)
    return found


def _sources(equations: Sequence[Equation], waiting: set[Value]) -> set[Value]:
    """What the equations that wait read, and what that is a view of."""
    found: set[Value] = set()
    for equation in reversed(equations):
        if not waiting.isdisjoint(equation.outputs) or (
            equation.primitive.view is not None and not found.isdisjoint(equation.outputs)
        ):
            found.update(equation.inputs)
    return found


def _reordered(body: Program, waiting: set[Value]) -> Program:
    """Factors that do not wait for the carry are multiplied with each other first."""
    uses = Counter(value for equation in body.equations for value in equation.inputs)
    uses.update(body.outputs)
    products: dict[Value, tuple[Value, Value]] = {}
    equations: list[Equation] = []
    for equation in body.equations:
        pair = _base_and_factor(equation, waiting)
        if pair is not None:
            base, factor = pair
            earlier = products.get(base)
            if earlier is not None and uses[base] == 1:
                both = Value(factor.type)
                equations.append(Equation(_multiply_p, [earlier[1], factor], [both], {}))
                base, factor = earlier[0], both
                equation = Equation(_multiply_p, [base, factor], equation.outputs, {})
            products[equation.outputs[0]] = (base, factor)
        equations.append(equation)
    return Program(body.inputs, body.constants, equations, body.outputs)


def _base_and_factor(equation: Equation, waiting: set[Value]) -> tuple[Value, Value] | None:
    """For a product of equal shapes of which one waits for the carry: that one, and the other."""
    if equation.primitive is not _multiply_p or len({value.type for value in equation.inputs}) > 1:
        return None
    waits = [value in waiting for value in equation.inputs]
    if sum(waits) != 1:
        return None
    first, second = equation.inputs
    return (first, second) if waits[0] else (second, first)


class _Outside:
    """Values of the body for all steps at once, computed when they are asked for."""

    def __init__(self, body: Program, consts: Sequence[Any], stacks: Sequence[Any], length: int, carry: int) -> None:
        self._length = length
        self._fixed: dict[Value, Any] = {**dict(zip(body.inputs, consts, strict=False)), **body.constants}
        self._stacks: dict[Value, Any] = dict(zip(body.inputs[len(consts) + carry :], stacks, strict=True))
        self._producers = {value: step for step in body.equations for value in step.outputs}
        self._can: dict[Value, bool] = {}

    def can(self, value: Value) -> bool:
        """Whether it can be computed for all steps at once, and depends on some slice."""
        if value in self._stacks:
            return True
        if value not in self._can:
            step = self._producers.get(value)
            self._can[value] = (
                step is not None
                and len(step.outputs) == 1
                and step.primitive in _RULES
                and (value.type.nbytes <= SLICE_BYTES or step.primitive is matmul_p)
                and all(v in self._fixed or self.can(v) for v in step.inputs)
                and any(v not in self._fixed for v in step.inputs)
            )
        return self._can[value]

    def stacked(self, value: Value) -> Any:
        """(steps, ...), traced or computed."""
        if value not in self._stacks:
            step = self._producers[value]
            operands = [self._fixed[v] if v in self._fixed else self.stacked(v) for v in step.inputs]
            steps = [v not in self._fixed for v in step.inputs]
            self._stacks[value] = _RULES[step.primitive](step, operands, steps, self._length)
        return self._stacks[value]


Rule = Callable[[Equation, list[Any], list[bool], int], Any]


def _map(step: Equation, operands: list[Any], stacked: list[bool], length: int) -> Any:
    """Element for element; slices of fewer axes get ones behind the steps, so that they still broadcast."""
    ndim = step.outputs[0].type.ndim
    aligned = []
    for value, operand, whole in zip(step.inputs, operands, stacked, strict=True):
        missing = ndim - value.type.ndim
        shape = (length, *(1,) * missing, *value.type.shape)
        aligned.append(np.reshape(operand, shape) if whole and missing else operand)
    return apply(step.primitive, *aligned, **step.params)


def _shifted(step: Equation, operands: list[Any], stacked: list[bool], length: int) -> Any:
    """Primitives whose parameters say something of each axis: the steps are one more axis in front."""
    (x,), params = operands, step.params
    if step.primitive is layout.slice_p:
        return apply(layout.slice_p, x, region=((0, length, 1), *params["region"]))
    if step.primitive is layout.reshape_p:
        return apply(layout.reshape_p, x, shape=(length, *params["shape"]))
    if step.primitive is layout.transpose_p:
        return apply(layout.transpose_p, x, axes=(0, *(axis + 1 for axis in params["axes"])))
    if step.primitive is layout.broadcast_p:
        missing = step.outputs[0].type.ndim - step.inputs[0].type.ndim
        x = np.reshape(x, (length, *(1,) * missing, *step.inputs[0].type.shape))
        return apply(layout.broadcast_p, x, shape=(length, *params["shape"]))
    if step.primitive in (layout.alias_p, layout.stop_gradient_p):
        return apply(step.primitive, x)
    return apply(step.primitive, x, axes=tuple(axis + 1 for axis in params["axes"]), keepdims=params["keepdims"])


def _product(step: Equation, operands: list[Any], stacked: list[bool], length: int) -> Any:
    x, y = operands
    return matmul(x, y)


_RULES: dict[Primitive, Rule] = {
    **dict.fromkeys(_maps, _map),
    **dict.fromkeys(
        (
            layout.slice_p, layout.reshape_p, layout.transpose_p, layout.broadcast_p, layout.alias_p,
            layout.stop_gradient_p, reductions.sum_p, reductions.max_p, reductions.min_p,
        ),
        _shifted,
    ),
    matmul_p: _product,
}  # fmt: skip
