"""The masks of symbolic tensors: for looking at a graph. When it computes, masks travel with the arrays."""

from __future__ import annotations

from typing import Any

from kcore.components.shape_inference import traced_call
from kcore.components.symbolic import Node, SymbolicTensor
from kcore.engine.tree import leaves


def masks_of(tensors: Any) -> Any:
    """The mask of a symbolic tensor, ``None`` for none; for a list of tensors a list, or ``None`` if none has one."""
    parts = [_mask_of(tensor) for tensor in leaves(tensors)]
    if isinstance(tensors, list | tuple):
        return parts if any(part is not None for part in parts) else None
    return parts[0]


def node_masks(node: Node) -> Any:
    """The masks of a call's outputs, in their form; found once, when first asked for."""
    # Without recursion, for graphs of any depth: a call's masks follow from those of the calls before it.
    stack = [node]
    while stack:
        latest = stack[-1]
        waiting = [
            tensor.node for tensor in latest.needs if tensor.node is not None and not hasattr(tensor.node, "masks")
        ]
        if waiting:
            stack.extend(waiting)
            continue
        stack.pop()
        if not hasattr(latest, "masks"):
            latest.masks = _found(latest)
    return node.masks


def _found(node: Node) -> Any:
    from kcore.components.layer import Layer

    layer, given = node.layer, masks_of(node.inputs)
    if not leaves(node.inputs):
        return None
    if given is None and type(layer).compute_mask is Layer.compute_mask and not layer.sublayers:
        return None
    return traced_call(layer, node.inputs, node.kwargs, given)[1]


def _mask_of(tensor: SymbolicTensor) -> Any:
    if tensor.node is None:
        return None
    masks = node_masks(tensor.node)
    if isinstance(masks, list | tuple):
        return masks[tensor.index]
    return masks
