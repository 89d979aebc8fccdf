"""What a call gives, found without computing: the call is traced on stand-ins of two sizes, and the shapes compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kcore.components.call_context import call_context
from kcore.components.symbolic import SymbolicTensor
from kcore.engine.tracing import Trace
from kcore.engine.tree import leaves, map_leaves, rebuild
from kcore.engine.types import ArrayType, Shape

if TYPE_CHECKING:
    from kcore.components.layer import Layer

# Sizes put in place of unknown ones: for the batch axis, for the others. Large enough for windows, and with many
# divisors, so that reshaping works. A size of the output that differs between the two tracings depends on one.
_STAND_INS = ((2, 48), (3, 96))


def traced_call(
    layer: Layer, inputs: Any, kwargs: dict[str, Any], masks: Any = None, losses: list[Any] | None = None
) -> tuple[Any, Any]:
    """What ``layer(inputs, mask=masks, **kwargs)`` would return, and its masks, both as symbolic tensors.

    Args:
        layer: is built.
        inputs: a symbolic tensor, or a list of them.
        kwargs: further arguments of the call; symbolic tensors among them are stood in for, too.
        masks: of the inputs, in their form, symbolic.
        losses: a list that receives a traced number for each penalty; they are of no use but to be counted.
    """
    losses = [] if losses is None else losses
    (outputs, found), (more, more_found) = (
        _traced(layer, inputs, kwargs, masks, losses, *sizes) for sizes in _STAND_INS
    )
    return _merged(layer.name, outputs, more), _merged(f"{layer.name}/mask", found, more_found)


def traced_output_shape(layer: Layer, input_shape: Any) -> Any:
    """The output's shape, or a list of shapes, for an input's shape or a list of shapes."""
    dtype = layer.input_dtype or layer.dtype
    several = isinstance(input_shape, list)
    inputs = [SymbolicTensor(shape, dtype, "") for shape in (input_shape if several else [input_shape])]
    outputs, _ = traced_call(layer, inputs if several else inputs[0], {})
    shapes = [output.shape for output in leaves(outputs)]
    return shapes if isinstance(outputs, list | tuple) else shapes[0]


def _traced(
    layer: Layer, inputs: Any, kwargs: Any, masks: Any, losses: list[Any], batch: int, other: int
) -> tuple[Any, Any]:
    trace = Trace()

    def stand_in(leaf: Any) -> Any:
        if not isinstance(leaf, SymbolicTensor):
            return leaf
        sizes = [(batch if axis == 0 else other) if size is None else size for axis, size in enumerate(leaf.shape)]
        return trace.add_input(ArrayType(sizes, leaf.dtype))

    given, more, given_masks = (map_leaves(stand_in, tree) for tree in (inputs, kwargs, masks))
    with trace.active(), call_context(losses=losses) as context:
        # Through __call__, so that failures name the layer.
        outputs = layer(given, **more) if masks is None else layer(given, **more, mask=given_masks)
        return outputs, context.masks.of(outputs)


def _merged(name: str, first: Any, second: Any) -> Any:
    parts = [
        SymbolicTensor(_common(a.shape, b.shape), a.dtype, name)
        for a, b in zip(leaves(first), leaves(second), strict=True)
    ]
    return rebuild(first, parts)


def _common(first: tuple[int, ...], second: tuple[int, ...]) -> Shape:
    return tuple(a if a == b else None for a, b in zip(first, second, strict=True))
