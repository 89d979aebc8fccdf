"""The contract of constraints."""

from __future__ import annotations

from kcore.components.component import Component
from kcore.engine.types import Array


class Constraint(Component):
    """A projection that a weight goes through after every update."""

    def __call__(self, weights: Array) -> Array:
        """The nearest (or agreed upon) allowed weights, of the same shape and dtype."""
        raise NotImplementedError(f"{type(self).__name__} has to define __call__(weights)")
