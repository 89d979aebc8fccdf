"""The output shape of a layer that does not state it: trace its call on stand-ins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kcore.components.call_context import call_context
from kcore.engine.tracing import Trace
from kcore.engine.tree import leaves, map_leaves
from kcore.engine.types import ArrayType, Shape

if TYPE_CHECKING:
    from kcore.components.layer import Layer

# Sizes put in place of unknown ones: for the batch axis, for the others. Large enough for windows, and with many
# divisors, so that reshaping works. A size of the output that differs between the two tracings depends on one.
_STAND_INS = ((2, 48), (3, 96))


def traced_output_shape(layer: Layer, input_shape: Any) -> Any:
    """Trace ``layer.call`` without computing, and read the shape of what it returns."""
    first, second = (_trace(layer, input_shape, *sizes) for sizes in _STAND_INS)
    shapes = [_merge(a.shape, b.shape) for a, b in zip(leaves(first), leaves(second), strict=True)]
    return shapes if isinstance(first, list | tuple) else shapes[0]


def _trace(layer: Layer, input_shape: Any, batch: int, other: int) -> Any:
    trace = Trace()

    def stand_in(shape: Shape) -> Any:
        sizes = [(batch if axis == 0 else other) if size is None else size for axis, size in enumerate(shape)]
        return trace.add_input(ArrayType(sizes, layer.input_dtype or layer.dtype))

    shapes = input_shape if isinstance(input_shape, list) else [input_shape]
    inputs = [stand_in(shape) for shape in shapes]
    with trace.active(), call_context(losses=[]):
        # Through __call__, so that failures name the layer.
        outputs = layer(inputs if isinstance(input_shape, list) else inputs[0])
    return map_leaves(lambda leaf: leaf, outputs)


def _merge(first: tuple[int, ...], second: tuple[int, ...]) -> Shape:
    return tuple(a if a == b else None for a, b in zip(first, second, strict=True))
