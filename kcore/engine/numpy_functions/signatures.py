"""What the traced forms of NumPy's functions share: how they are registered, and the arguments they refuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from kcore.engine.array_interface import ArrayInterface
from kcore.engine.tracing import function_table
from kcore.errors.engine import UnsupportedOperationError

NoValue: Any = np._NoValue


def implements(*functions: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def register(implementation: Callable[..., Any]) -> Callable[..., Any]:
        for function in functions:
            function_table[function] = implementation
        return implementation

    return register


def as_array(x: Any) -> Any:
    return x if isinstance(x, ArrayInterface) else np.asarray(x)


def refuse(name: str, **arguments: Any) -> None:
    """Arguments that write into arrays or mask a reduction have no traced form."""
    for key, value in arguments.items():
        if value is not None and value is not NoValue:
            raise UnsupportedOperationError(
                operation=f"np.{name}",
                reason=f"the argument {key!r} has no traced form",
                advice="Use np.where and a reduction without it.",
            )


def keep(keepdims: Any) -> bool:
    return keepdims is not NoValue and bool(keepdims)
