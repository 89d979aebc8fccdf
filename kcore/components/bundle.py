"""Small parameters put together, so that an optimizer's rule runs once on all of them.

A network has as many biases as kernels. Updated alone, each takes all calls of the rule for a few hundred numbers; in
one array they take as many as one of them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

import numpy as np

from kcore.engine.tracing import Variable
from kcore.engine.types import Array

SMALL = 1 << 14
"""Elements up to which a parameter is copied for less than what its own calls would cost."""


def alike(parameters: Sequence[Variable]) -> list[list[Variable]]:
    """The small parameters by dtype, where there is more than one of a dtype."""
    found: dict[Any, list[Variable]] = {}
    for parameter in parameters:
        if parameter.size <= SMALL:
            found.setdefault(parameter.dtype, []).append(parameter)
    return [members for members in found.values() if len(members) > 1]


class Bundle:
    """Some parameters as one array of one axis, and their slots, which are parts of one variable per slot.

    Args:
        parameters: of one dtype.
        slot_starts: what each slot of the optimizer holds at first.
    """

    def __init__(self, parameters: Sequence[Variable], slot_starts: Mapping[str, float]) -> None:
        self.parameters = list(parameters)
        *starts, total = accumulate((parameter.size for parameter in parameters), initial=0)
        self._starts = dict(zip(parameters, starts, strict=True))
        dtype = parameters[0].dtype
        self.slots = {
            slot: Variable(np.full(total, start, dtype), name=f"small/{slot}", trainable=False)
            for slot, start in slot_starts.items()
        }

    def part(self, slot: str, parameter: Variable) -> Variable:
        """The slot of one parameter."""
        name = f"{parameter.name}/{slot}"
        return Variable.part_of(self.slots[slot], self._starts[parameter], parameter.shape, name)

    def joined(self, arrays: Sequence[Any]) -> Array:
        """One array per parameter as one array of one axis."""
        return np.concatenate([np.reshape(array, (-1,)) for array in arrays])

    def assign(self, new: Array) -> None:
        """Give every parameter its part of ``new``."""
        for parameter, start in self._starts.items():
            parameter.assign(np.reshape(new[start : start + math.prod(parameter.shape)], parameter.shape))
