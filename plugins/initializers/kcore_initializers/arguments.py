"""Constructor arguments that several initializers share, checked."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from kcore.errors import InvalidArgumentError


def optional_seed(kind: str, value: Any) -> int | None:
    """``None``, or the seed as an int.

    Raises:
        InvalidArgumentError: it is no integer, or negative.
    """
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if value is not None and (not whole or value < 0):
        raise InvalidArgumentError(
            component=kind, argument="seed", value=value, allowed="None, or an integer of at least 0"
        )
    return None if value is None else int(value)


def is_finite_number(value: Any) -> bool:
    """Whether ``value`` is a finite number of Python or NumPy, and no bool."""
    number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    return number and math.isfinite(value)
