"""Inputs as floating numbers."""

from __future__ import annotations

from kcore import Array, ops
from kcore.layers import Layer


def floating(layer: Layer, inputs: Array) -> Array:
    """The inputs if they are floating, of either precision, and otherwise converted to the layer's dtype."""
    return inputs if inputs.dtype.kind == "f" else ops.cast(inputs, layer.dtype)
