"""Elementwise primitives: one for each NumPy ufunc that is traced, casts, and selection."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from kcore.engine.array_interface import ArrayInterface
from kcore.engine.primitive import Primitive, Thunk, no_gradient
from kcore.engine.primitives.calls import broadcast_into, copied, into
from kcore.engine.tracing import apply, ufunc_table
from kcore.engine.types import Array, ArrayType, is_float
from kcore.errors.engine import OperandError


def broadcast_shape(operation: str, shapes: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """The shape that the operands broadcast to, or an ``OperandError``."""
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        reason = "the shapes do not broadcast (trailing dimensions must be equal or 1)"
        raise OperandError(operation=operation, shapes=shapes, reason=reason) from None


@lru_cache(maxsize=4096)
def _loop_dtypes(ufunc: np.ufunc, dtypes: tuple[np.dtype[Any], ...]) -> tuple[np.dtype[Any], ...]:
    """The dtypes in which ``ufunc`` computes on operands of these dtypes, and that of its result."""
    return ufunc.resolve_dtypes((*dtypes, *([None] * ufunc.nout)))


def _converted(ufunc: np.ufunc, operands: Sequence[Any]) -> list[Any]:
    """The operands in the dtypes of the ufunc's inner loop: a ufunc that converts allocates a buffer every time."""
    arrays = [operand if isinstance(operand, ArrayInterface) else np.asarray(operand) for operand in operands]
    try:
        dtypes = _loop_dtypes(ufunc, tuple(array.dtype for array in arrays))
    except TypeError:
        return arrays  # The shape rule says it better.
    if any(dtype.kind not in "biuf" for dtype in dtypes):
        return arrays
    return [cast(array, dtype) for array, dtype in zip(arrays, dtypes, strict=False)]


def sum_to(gradient: Any, like: Any) -> Any:
    """Undo broadcasting: sum ``gradient`` over the axes along which ``like`` was repeated, in its dtype."""
    shape = like.shape
    if gradient.shape != shape:
        lead = gradient.ndim - len(shape)
        axes = tuple(range(lead)) + tuple(
            lead + axis for axis, size in enumerate(shape) if size == 1 and gradient.shape[lead + axis] != 1
        )
        if axes:
            gradient = np.sum(gradient, axis=axes, keepdims=True)
        gradient = np.reshape(gradient, shape)
    return gradient if gradient.dtype == like.dtype else cast(gradient, like.dtype)


ufunc_primitives: dict[np.ufunc, Primitive] = {}
"""The primitive of each ufunc that is one."""


def ufunc_primitive(ufunc: np.ufunc, *derivatives: Callable[..., Any] | None) -> Primitive:
    """A primitive for ``ufunc``; ``derivatives[i](g, *inputs, output)`` is the cotangent of input ``i``."""
    name = ufunc.__name__

    def infer(*types: ArrayType) -> tuple[ArrayType, ...]:
        shape = broadcast_shape(name, [type.shape for type in types])
        try:
            dtype = _loop_dtypes(ufunc, tuple(type.dtype for type in types))[-1]
        except TypeError:
            dtypes = " and ".join(type.dtype.name for type in types)
            raise OperandError(
                operation=name, shapes=[type.shape for type in types], reason=f"it is not defined for {dtypes}"
            ) from None
        return (ArrayType(shape, dtype),)

    def bind(inputs: Sequence[Array], outputs: Sequence[Array], scratch: Sequence[Array]) -> Thunk:
        return broadcast_into(ufunc, inputs, outputs[0])

    def vjp(cotangents: Any, inputs: Sequence[Any], outputs: Sequence[Any]) -> list[Any]:
        results: list[Any] = []
        for operand, derivative in zip(inputs, derivatives, strict=True):
            if derivative is None or not is_float(operand.dtype):
                results.append(None)
            else:
                results.append(sum_to(derivative(cotangents[0], *inputs, outputs[0]), operand))
        return results

    primitive = Primitive(name, infer, bind, vjp=vjp if derivatives else no_gradient, inplace=tuple(range(ufunc.nin)))
    ufunc_primitives[ufunc] = primitive
    ufunc_table[ufunc] = lambda *operands: apply(primitive, *_converted(ufunc, operands))
    return primitive


def _power_base(g: Any, x: Any, y: Any, out: Any) -> Any:
    # x**0 is constant, also at x = 0, where 0 * 0**-1 would be nan.
    return g * y * np.power(x, np.where(y == 0, np.ones_like(y), y - 1))


def _power_exponent(g: Any, x: Any, y: Any, out: Any) -> Any:
    # log(x) only where it exists: the derivative of 0**y with respect to y is 0 for y > 0.
    return g * out * np.log(np.where(x > 0, x, np.ones_like(x)))


def _share(winner: Any, other: Any) -> Any:
    """1 where the first operand wins, 1/2 at a tie, so that both together get the whole gradient."""
    half = np.asarray(0.5, winner.dtype)
    return (winner > other) + half * (winner == other)


_derivative_table: dict[np.ufunc, tuple[Callable[..., Any] | None, ...]] = {
    np.negative: (lambda g, x, o: -g,),
    np.absolute: (lambda g, x, o: g * np.sign(x),),
    np.exp: (lambda g, x, o: g * o,),
    np.expm1: (lambda g, x, o: g * (o + 1),),
    np.exp2: (lambda g, x, o: g * o * math.log(2.0),),
    np.log: (lambda g, x, o: g / x,),
    np.log1p: (lambda g, x, o: g / (x + 1),),
    np.log2: (lambda g, x, o: g / (x * math.log(2.0)),),
    np.log10: (lambda g, x, o: g / (x * math.log(10.0)),),
    np.log2: (lambda g, x, o: g / (x * math.log(2.0)),),
    np.log10: (lambda g, x, o: g / (x * math.log(10.0)),),
    np.sqrt: (lambda g, x, o: g * 0.5 / o,),
    np.square: (lambda g, x, o: g * 2 * x,),
    np.reciprocal: (lambda g, x, o: -g * o * o,),
    np.sin: (lambda g, x, o: g * np.cos(x),),
    np.cos: (lambda g, x, o: -g * np.sin(x),),
    np.tan: (lambda g, x, o: g * (1 + o * o),),
    np.arctan: (lambda g, x, o: g / (1 + x * x),),
    np.sinh: (lambda g, x, o: g * np.cosh(x),),
    np.cosh: (lambda g, x, o: g * np.sinh(x),),
    np.tanh: (lambda g, x, o: g * (1 - o * o),),
    np.add: (lambda g, x, y, o: g, lambda g, x, y, o: g),
    np.subtract: (lambda g, x, y, o: g, lambda g, x, y, o: -g),
    np.multiply: (lambda g, x, y, o: g * y, lambda g, x, y, o: g * x),
    np.divide: (lambda g, x, y, o: g / y, lambda g, x, y, o: -g * o / y),
    np.power: (_power_base, _power_exponent),
    np.maximum: (lambda g, x, y, o: g * _share(x, y), lambda g, x, y, o: g * _share(y, x)),
    np.minimum: (lambda g, x, y, o: g * _share(y, x), lambda g, x, y, o: g * _share(x, y)),
    np.logaddexp: (lambda g, x, y, o: g * np.exp(x - o), lambda g, x, y, o: g * np.exp(y - o)),
    np.remainder: (lambda g, x, y, o: g, lambda g, x, y, o: -g * np.floor(x / y)),
}
for _ufunc, _derivatives in _derivative_table.items():
    ufunc_primitive(_ufunc, *_derivatives)

for _ufunc in (
    np.sign, np.floor, np.ceil, np.rint, np.trunc, np.floor_divide,
    np.isnan, np.isinf, np.isfinite, np.signbit,
    np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal,
    np.logical_and, np.logical_or, np.logical_xor, np.logical_not,
    np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.invert, np.left_shift, np.right_shift,
):  # fmt: skip
    ufunc_primitive(_ufunc)


def _positive(x: Any) -> Any:
    if x.dtype == np.bool_:
        raise OperandError(operation="positive", shapes=[x.shape], reason="it is not defined for bool")
    return x


ufunc_table[np.positive] = _positive


# --- cast ------------------------------------------------------------------------------------------------------------


def _cast_infer(x: ArrayType, *, dtype: str) -> tuple[ArrayType, ...]:
    if np.dtype(dtype).kind not in "biuf":
        reason = f"programs compute with bool, integer and floating dtypes, not {dtype}"
        raise OperandError(operation="cast", shapes=[x.shape], reason=reason)
    return (ArrayType(x.shape, dtype),)


def _cast_bind(inputs: Sequence[Array], outputs: Sequence[Array], scratch: Any, *, dtype: str) -> Thunk:
    return copied(outputs[0], inputs[0])


def _cast_vjp(cotangents: Any, inputs: Sequence[Any], outputs: Any, *, dtype: str) -> list[Any]:
    return [cast(cotangents[0], inputs[0].dtype) if is_float(inputs[0].dtype) else None]


cast_p = Primitive("cast", _cast_infer, _cast_bind, vjp=_cast_vjp)


def cast(x: Any, dtype: Any) -> Any:
    """``x`` converted to ``dtype``, as ``x.astype(dtype)``; the same array when it has that dtype."""
    name = np.dtype(dtype).name
    return x if x.dtype == name else apply(cast_p, x, dtype=name)


# --- select ----------------------------------------------------------------------------------------------------------


def _select_infer(condition: ArrayType, x: ArrayType, y: ArrayType) -> tuple[ArrayType, ...]:
    shape = broadcast_shape("where", [condition.shape, x.shape, y.shape])
    return (ArrayType(shape, np.result_type(x.dtype, y.dtype)),)


def _select_scratch(condition: ArrayType, x: ArrayType, y: ArrayType) -> list[ArrayType]:
    words = _words(np.result_type(x.dtype, y.dtype))
    if words is None or x.dtype != y.dtype:
        return []
    shape = broadcast_shape("where", [condition.shape, x.shape, y.shape])
    return [ArrayType(condition.shape, words), ArrayType(shape, words)]


def _words(dtype: np.dtype[Any]) -> np.dtype[Any] | None:
    """The integer whose bits hold a number of this dtype, where numbers are wide enough for that to pay."""
    return np.dtype(f"i{dtype.itemsize}") if dtype.itemsize in (4, 8) else None


def _select_bind(inputs: Sequence[Array], outputs: Sequence[Array], scratch: Sequence[Array]) -> Thunk:
    condition, x, y = inputs
    output = outputs[0]
    if scratch:
        return _blend(condition, x, y, output, *scratch)

    # The planner may have given the output the memory of y.
    in_place = np.may_share_memory(output, y)

    def select() -> None:
        if not in_place:
            np.copyto(output, y)
        np.copyto(output, x, where=condition)

    return select


def _blend(condition: Array, x: Array, y: Array, output: Array, mask: Array, difference: Array) -> Thunk:
    """``y ^ ((x ^ y) & mask)`` on the bits: no branch an element, which a random condition makes slow."""
    x_bits, y_bits, bits = x.view(mask.dtype), y.view(mask.dtype), output.view(mask.dtype)

    def select() -> None:
        np.copyto(mask, condition)
        np.negative(mask, mask)
        np.bitwise_xor(x_bits, y_bits, difference)
        np.bitwise_and(difference, mask, difference)
        np.bitwise_xor(y_bits, difference, bits)

    return select


def _select_vjp(cotangents: Any, inputs: Sequence[Any], outputs: Any) -> list[Any]:
    condition, x, y = inputs
    g = cotangents[0]
    zero = np.zeros((), g.dtype)
    return [
        None,
        sum_to(apply(select_p, condition, g, zero), x) if is_float(x.dtype) else None,
        sum_to(apply(select_p, condition, zero, g), y) if is_float(y.dtype) else None,
    ]


select_p = Primitive("select", _select_infer, _select_bind, vjp=_select_vjp, scratch=_select_scratch, inplace=(2,))


# --- relu ------------------------------------------------------------------------------------------------------------


def _relu_infer(x: ArrayType) -> tuple[ArrayType, ...]:
    return (x,)


def _relu_bind(inputs: Sequence[Array], outputs: Sequence[Array], scratch: Any) -> Thunk:
    return into(np.maximum, (inputs[0], np.zeros((), inputs[0].dtype)), outputs[0])


def _relu_vjp(cotangents: Any, inputs: Any, outputs: Sequence[Any]) -> list[Any]:
    # From the output, so that the input need not be kept; the derivative at 0 is 0, as in Keras and PyTorch.
    return [cotangents[0] * cast(outputs[0] > 0, outputs[0].dtype)]


relu_p = Primitive("relu", _relu_infer, _relu_bind, vjp=_relu_vjp, inplace=(0,))


# --- sigmoid ---------------------------------------------------------------------------------------------------------


def _sigmoid_infer(x: ArrayType) -> tuple[ArrayType, ...]:
    if not is_float(x.dtype):
        reason = f"it is defined for floating dtypes, not {x.dtype.name}"
        raise OperandError(operation="sigmoid", shapes=[x.shape], reason=reason)
    return (x,)


def _sigmoid_bind(inputs: Sequence[Array], outputs: Sequence[Array], scratch: Any) -> Thunk:
    x, output = inputs[0], outputs[0]
    one = np.ones((), output.dtype)

    def sigmoid() -> None:
        # Where exp overflows, the quotient is 0, which is right; and no digits are lost where the result is small.
        np.negative(x, output)
        np.exp(output, output)
        np.add(output, one, output)
        np.divide(one, output, output)

    return sigmoid


def _sigmoid_vjp(cotangents: Any, inputs: Any, outputs: Sequence[Any]) -> list[Any]:
    return [cotangents[0] * outputs[0] * (1 - outputs[0])]


sigmoid_p = Primitive("sigmoid", _sigmoid_infer, _sigmoid_bind, vjp=_sigmoid_vjp, inplace=(0,))
