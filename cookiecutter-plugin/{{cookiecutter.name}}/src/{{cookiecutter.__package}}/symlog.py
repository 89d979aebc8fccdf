"""The symmetric logarithm, which the components here share."""

from __future__ import annotations

{% if cookiecutter.engine == 'primitive' %}
from collections.abc import Sequence
from typing import Any

import numpy as np
from kcore import Array, ops
from kcore.errors import OperandError
from kcore.extend.primitives import ArrayType, Primitive, Thunk, apply, by_element, is_float


def _infer(x: ArrayType) -> tuple[ArrayType, ...]:
    """The shape rule: the result is of the type of the operand."""
    if not is_float(x.dtype):
        reason = f"it is defined for floating dtypes, not {x.dtype.name}"
        raise OperandError(operation="symlog", shapes=[x.shape], reason=reason)
    return (x,)


def _scratch(x: ArrayType) -> list[ArrayType]:
    """The kernel wants one work array."""
    return [x]


def _bind(inputs: Sequence[Array], outputs: Sequence[Array], scratch: Sequence[Array]) -> Thunk:
    """The kernel: called once with the arrays that every run uses. What it returns fills them and allocates nothing."""
    x, output, size = inputs[0], outputs[0], scratch[0]

    def symlog() -> None:
        np.absolute(x, out=size)
        np.log1p(size, out=size)
        # The output may have the memory of the input (`inplace` below): only here is it written, element for element.
        np.copysign(size, x, out=output)

    return symlog


def _vjp(cotangents: Sequence[Any], inputs: Sequence[Any], outputs: Sequence[Any]) -> list[Any]:
    """The derivative is 1 / (1 + abs(x)). It is made of other operations, so that it can be derived again."""
    return [cotangents[0] / (1 + np.abs(inputs[0]))]


# `cuts` says how the work may be shared: every element by itself, each as long as four additions.
symlog_p = Primitive(
    "symlog",
    _infer,
    _bind,
    vjp=_vjp,
    scratch=_scratch,
    inplace=(0,),
    cuts=lambda inputs, output, params: by_element(inputs, output, params, weight=4),
)


def symlog(x: Array) -> Array:
    """sign(x) * log(1 + abs(x)), element for element: about x near 0, and a logarithm far from it.

    Args:
        x: any shape; integers count as float64.

    Returns:
        an array of the same shape, in x's floating dtype.

    Example:
        >>> symlog(np.array([0.0, np.e - 1, 1 - np.e])).round(6).tolist()
        [0.0, 1.0, -1.0]
    """
    result: Array = apply(symlog_p, x if is_float(x.dtype) else ops.cast(x, "float64"))
    return result
{% else %}
import numpy as np
from kcore import Array


def symlog(x: Array) -> Array:
    """sign(x) * log(1 + abs(x)), element for element: about x near 0, and a logarithm far from it.

    Args:
        x: any shape; integers count as float64.

    Returns:
        an array of the same shape, in x's floating dtype.

    Example:
        >>> symlog(np.array([0.0, np.e - 1, 1 - np.e])).round(6).tolist()
        [0.0, 1.0, -1.0]
    """
    # Not as in the formula: np.sign is constant around 0, so its derivative would make that of the product 0 at x = 0.
    result: Array = np.log1p(np.maximum(x, 0.0)) - np.log1p(np.maximum(-x, 0.0))
    return result
{% endif %}
