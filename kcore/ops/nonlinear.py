"""The nonlinear functions that networks share, written so that they do not overflow."""

from __future__ import annotations

import numpy as np

from kcore.engine.primitives.elementwise import cast, relu_p, sigmoid_p
from kcore.engine.primitives.error_function import erfc_p
from kcore.engine.tracing import apply
from kcore.engine.types import Array
from kcore.ops.arrays import stop_gradient


def relu(x: Array) -> Array:
    """max(x, 0), with derivative 0 at 0."""
    return apply(relu_p, x)  # type: ignore[no-any-return]


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)), accurate also where it is small; integers count as float64."""
    return apply(sigmoid_p, x if x.dtype.kind == "f" else cast(x, np.float64))  # type: ignore[no-any-return]


def erfc(x: Array) -> Array:
    """The complementary error function, 1 - erf(x) = 2 / sqrt(pi) * integral of exp(-t**2) from x to infinity.

    Accurate also where it is small: to some units in the last place of ``x**2``. Integers count as float64.
    """
    return apply(erfc_p, x if x.dtype.kind == "f" else cast(x, np.float64))  # type: ignore[no-any-return]


def softplus(x: Array) -> Array:
    """log(1 + exp(x))."""
    return np.logaddexp(x, np.zeros((), x.dtype))


def softmax(x: Array, *, axis: int | tuple[int, ...] = -1) -> Array:
    """exp(x) / sum(exp(x)) along ``axis``, or over several axes together; the largest entry is subtracted first."""
    powers = np.exp(x - stop_gradient(np.max(x, axis=axis, keepdims=True)))
    return powers / np.sum(powers, axis=axis, keepdims=True)  # type: ignore[no-any-return]


def log_softmax(x: Array, *, axis: int = -1) -> Array:
    """log(softmax(x)) along ``axis``, without taking the logarithm of a rounded quotient."""
    shifted = x - stop_gradient(np.max(x, axis=axis, keepdims=True))
    return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))  # type: ignore[no-any-return]
