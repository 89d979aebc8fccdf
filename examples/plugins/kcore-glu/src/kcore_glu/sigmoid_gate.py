"""The sigmoid gate value * sigmoid(gate), on which the layers here are built: one operation, with its derivative.

With an array as its own gate it is SiLU (Elfwing, Uchibe and Doya, 2018, arXiv:1702.03118), which is Swish with a slope
of 1 (Ramachandran, Zoph and Le, 2017, arXiv:1710.05941); with two arrays it is the gate of gated linear units (Dauphin
et al., 2017, arXiv:1612.08083).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from kcore import Array, ops
from kcore.errors import OperandError
from kcore.extend.primitives import ArrayType, Primitive, Thunk, apply, by_element, is_float


def _infer(value: ArrayType, gate: ArrayType) -> tuple[ArrayType, ...]:
    """The shape rule: two operands of one type, and the result is of that type."""
    reason = ""
    if not is_float(value.dtype):
        reason = f"it is defined for floating dtypes, not {value.dtype.name}"
    elif value != gate:
        reason = f"a {value.dtype.name} array has a gate of the same shape and dtype, not one of {gate.dtype.name}"
    if reason:
        raise OperandError(operation="sigmoid_gate", shapes=[value.shape, gate.shape], reason=reason)
    return (value,)


def _scratch(value: ArrayType, gate: ArrayType) -> list[ArrayType]:
    """The kernel wants one work array."""
    return [gate]


def _bind(inputs: Sequence[Array], outputs: Sequence[Array], scratch: Sequence[Array]) -> Thunk:
    """The kernel: called once with the arrays that every run uses. What it returns fills them and allocates nothing."""
    (value, gate), output, divisor = inputs, outputs[0], scratch[0]
    one = np.ones((), output.dtype)

    def sigmoid_gate() -> None:
        # value / (1 + exp(-gate)) loses no digits on either side: far to the right the divisor is 1, and where the
        # exponential overflows to infinity the quotient is 0, which is what is left of it.
        np.negative(gate, out=divisor)
        np.exp(divisor, out=divisor)
        np.add(divisor, one, out=divisor)
        # The output may have the memory of an input (`inplace` below): only here is it written, element for element.
        np.divide(value, divisor, out=output)

    return sigmoid_gate


def _vjp(cotangents: Sequence[Any], inputs: Sequence[Any], outputs: Sequence[Any]) -> list[Any]:
    """Made of other operations, so that it can be derived again. sigmoid' = sigmoid(gate) * sigmoid(-gate)."""
    (cotangent,), (value, gate) = cotangents, inputs
    opened = cotangent * ops.sigmoid(gate)
    return [opened, opened * value * ops.sigmoid(-gate)]


# `cuts` says how the work may be shared: every element by itself, each as long as six additions.
sigmoid_gate_p = Primitive(
    "sigmoid_gate",
    _infer,
    _bind,
    vjp=_vjp,
    scratch=_scratch,
    inplace=(0, 1),
    cuts=lambda inputs, output, params: by_element(inputs, output, params, weight=6),
)


def sigmoid_gate(value: Array, gate: Array) -> Array:
    """value / (1 + exp(-gate)), element for element: value where the gate is open, 0 where it is shut.

    Args:
        value: any shape, floating.
        gate: of the same shape and dtype.

    Returns:
        an array of that shape and dtype.

    Raises:
        OperandError: the operands are not floating, or not of one shape and dtype.

    Example:
        >>> sigmoid_gate(np.array([2.0, 2.0, 2.0]), np.array([-1000.0, 0.0, 1000.0])).tolist()
        [0.0, 1.0, 2.0]
    """
    result: Array = apply(sigmoid_gate_p, value, gate)
    return result


def swish(x: Array, slope: Any = 1.0) -> Array:
    """x * sigmoid(slope * x): a straight line far to the right, 0 far to the left, and a small dip between.

    Args:
        x: any shape, floating.
        slope: a number, or a scalar weight of x's dtype: 0 gives x / 2, and large ones come close to ReLU.

    Returns:
        an array of x's shape and dtype.

    Example:
        >>> swish(np.array([-1000.0, 0.0, 1000.0])).tolist()
        [-0.0, 0.0, 1000.0]
    """
    return sigmoid_gate(x, x if isinstance(slope, float) and slope == 1 else x * slope)
