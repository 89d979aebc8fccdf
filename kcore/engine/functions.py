"""Gradients of functions."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from kcore.engine.autodiff import gradients
from kcore.engine.compiled import CompiledFunction
from kcore.engine.primitives.layout import alias_p
from kcore.engine.tracing import Tracer, apply, current_trace
from kcore.engine.tree import leaves, map_leaves, rebuild


def value_and_grad(function: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., tuple[Any, Any]]:
    """A function that returns the value of ``function`` and its gradient.

    Args:
        function: takes arrays (or nested lists, tuples, dictionaries of arrays) and returns a floating scalar.
        argnums: the argument, or arguments, to differentiate with respect to.

    Returns:
        a function of the same arguments that returns ``(value, gradient)``; the gradient has the form of the chosen
        argument, or is a tuple of such for several ``argnums``. It can itself be differentiated, and used inside a
        function that is traced.

    Raises:
        NotDifferentiableError: when called, if the value is no floating scalar or an operation has no derivative.

    Example:
        >>> import numpy as np
        >>> value, slope = value_and_grad(lambda x: np.sum(x**2))(np.array([1.0, 3.0]))
        >>> float(value), slope.tolist()
        (10.0, [2.0, 6.0])
    """
    chosen = (argnums,) if isinstance(argnums, int) else tuple(argnums)

    def traced(*arguments: Any) -> tuple[Any, Any]:
        # Fresh names, so that what the function may have closed over counts as constant.
        renamed = list(arguments)
        for position in chosen:
            renamed[position] = map_leaves(_renamed, arguments[position])
        value = function(*renamed)
        wrt = [renamed[position] for position in chosen]
        found = rebuild(wrt, gradients(value, leaves(wrt)))
        return value, found[0] if isinstance(argnums, int) else tuple(found)

    compiled = CompiledFunction(traced)

    @functools.wraps(function)
    def differentiated(*arguments: Any) -> tuple[Any, Any]:
        if any(isinstance(leaf, Tracer) for leaf in leaves(arguments)):
            return traced(*arguments)
        return compiled(*arguments)  # type: ignore[no-any-return]

    return differentiated


def _renamed(leaf: Any) -> Any:
    """A new name for an argument in the active trace, also when it is an array that the trace takes as constant."""
    trace = current_trace()
    return apply(alias_p, leaf) if trace is None else trace.emit(alias_p, [leaf], {})


def grad(function: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """A function that returns the gradient of ``function``; see ``value_and_grad``.

    Example:
        >>> import numpy as np
        >>> grad(grad(lambda x: x**3))(np.float64(2.0)).item()
        12.0
    """
    differentiated = value_and_grad(function, argnums)

    @functools.wraps(function)
    def gradient(*arguments: Any) -> Any:
        return differentiated(*arguments)[1]

    return gradient
