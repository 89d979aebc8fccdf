"""What the constructors here accept."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

from kcore import Array, activations
from kcore.errors import InvalidArgumentError


def positive_integer(component: str, argument: str, value: Any) -> int:
    """The value as an integer.

    Raises:
        InvalidArgumentError: it is none, or below 1.
    """
    try:
        number = operator.index(value)
    except TypeError:
        number = 0
    if isinstance(value, bool) or number < 1:
        raise InvalidArgumentError(
            component=component, argument=argument, value=value, allowed="an integer of at least 1"
        )
    return number


def finite_number(component: str, argument: str, value: Any) -> float:
    """The value as a float.

    Raises:
        InvalidArgumentError: it is no number, or not finite.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InvalidArgumentError(component=component, argument=argument, value=value, allowed="a finite number")
    return float(value)


def activation_function(component: str, value: Any) -> Callable[[Array], Array]:
    """The function for an activation's name, config, or the function itself; ``None`` is linear.

    Raises:
        InvalidArgumentError: nothing that can be called.
        UnknownComponentError: no activation has this name.
    """
    found = activations.get("linear" if value is None else value)
    if not callable(found):
        allowed = "None, the name of an activation, or a function of an array"
        raise InvalidArgumentError(component=component, argument="activation", value=value, allowed=allowed)
    function: Callable[[Array], Array] = found
    return function
