"""Choosing between two values."""

from __future__ import annotations

from typing import Any

import numpy as np

from kcore.backend.tensors import operands, tensor
from kcore.engine.tracing import concrete, is_traced
from kcore.errors.components import InvalidArgumentError


def switch(condition: Any, then_expression: Any, else_expression: Any) -> Any:
    """``then_expression`` where the condition holds, ``else_expression`` elsewhere.

    A single condition with a known value chooses one of the two, and only that one is called. Otherwise both are
    computed. The axes of the condition are the first ones of the expressions; behind them it counts for all.

    Args:
        condition: bool (or a number that is 0 or not), with at most as many axes as the expressions.
        then_expression, else_expression: arrays, or functions without arguments that give them.

    Raises:
        InvalidArgumentError: the condition has more axes than the expressions.

    Example:
        >>> switch(np.array([True, False]), np.array([[1, 2], [3, 4]]), np.zeros((2, 2), int)).tolist()
        [[1, 2], [0, 0]]
    """
    decision = tensor(condition)
    if not decision.shape and not is_traced(decision):
        chosen = then_expression if bool(concrete(decision)) else else_expression
        return tensor(chosen() if callable(chosen) else chosen)
    yes, no = operands(*(item() if callable(item) else item for item in (then_expression, else_expression)))
    rank = max(np.ndim(yes), np.ndim(no))
    if decision.ndim > rank:
        raise InvalidArgumentError(
            component="kcore.backend.switch",
            argument="condition",
            value=f"array of shape {tuple(decision.shape)}",
            allowed=f"an array of at most as many axes as the expressions have, {rank}",
        )
    return np.where(np.reshape(decision, (*decision.shape, *(1,) * (rank - decision.ndim))) != 0, yes, no)
