"""The contract of regularizers."""

from __future__ import annotations

from kcore.components.component import Component
from kcore.engine.types import Array


class Regularizer(Component):
    """A penalty on a weight or on an activation, added to the loss."""

    def __call__(self, weights: Array) -> Array:
        """The penalty, a scalar, for an array of any shape."""
        raise NotImplementedError(f"{type(self).__name__} has to define __call__(weights)")
