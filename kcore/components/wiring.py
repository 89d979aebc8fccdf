"""Where a layer stands in graphs: the nodes of its calls, what went in and what came out of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from kcore.components.shape_inference import traced_call
from kcore.components.symbolic import Node, SymbolicTensor
from kcore.components.symbolic_masks import masks_of, node_masks
from kcore.engine.tree import leaves, rebuild
from kcore.errors.components import LayerNodeError, LayerStateError

if TYPE_CHECKING:
    from kcore.components.layer import Layer


class Wired:
    """Something that symbolic tensors come out of.

    Attributes:
        name: of the layer.
        nodes: its calls on symbolic tensors, in order.
    """

    name: str
    nodes: list[Node]

    def _node(self, what: str, index: int | None = None) -> Node:
        """The call number ``index``, or the only one."""
        count = len(self.nodes)
        if count == 0 or (index is None and count > 1) or (index is not None and not -count <= index < count):
            raise LayerNodeError(layer=self.name, what=what, nodes=count, index=index)
        return self.nodes[0 if index is None else index]

    # --- of the only call --------------------------------------------------------------------------------------------

    @property
    def input(self) -> Any:
        """The symbolic input of the layer's only call.

        Raises:
            LayerNodeError: for this and the following attributes, the layer was called never, or more than once; the
                methods ``get_input_at(index)``, ... tell the calls apart.
        """
        return self._node("input").inputs

    @property
    def output(self) -> Any:
        """The symbolic output of the layer's only call."""
        return self._node("output").outputs

    @property
    def input_shape(self) -> Any:
        """The shape of the only call's input, or the one that all calls have in common."""
        return self._common_shape("input shape", [shapes_of(node.inputs) for node in self.nodes])

    @property
    def output_shape(self) -> Any:
        """The shape of the only call's output, or the one that all calls have in common."""
        return self._common_shape("output shape", [shapes_of(node.outputs) for node in self.nodes])

    @property
    def input_mask(self) -> Any:
        """The symbolic mask of the only call's input, ``None`` for none."""
        return masks_of(self._node("input mask").inputs)

    @property
    def output_mask(self) -> Any:
        """The symbolic mask of the only call's output, ``None`` for none."""
        return node_masks(self._node("output mask"))

    def _common_shape(self, what: str, shapes: list[Any]) -> Any:
        if shapes and all(shape == shapes[0] for shape in shapes):
            return shapes[0]
        return self._node(what)

    # --- of one of several calls -------------------------------------------------------------------------------------

    def get_input_at(self, index: int) -> Any:
        """The symbolic input of the call number ``index``, from 0.

        Raises:
            LayerNodeError: for this and the following methods, there is no such call.
        """
        return self._node("input", index).inputs

    def get_output_at(self, index: int) -> Any:
        """The symbolic output of the call number ``index``."""
        return self._node("output", index).outputs

    def get_input_shape_at(self, index: int) -> Any:
        """The shape of the input of the call number ``index``; for several inputs a list."""
        return shapes_of(self._node("input shape", index).inputs)

    def get_output_shape_at(self, index: int) -> Any:
        """The shape of the output of the call number ``index``; for several outputs a list."""
        return shapes_of(self._node("output shape", index).outputs)

    def get_input_mask_at(self, index: int) -> Any:
        """The symbolic mask of the input of the call number ``index``, ``None`` for none."""
        return masks_of(self._node("input mask", index).inputs)

    def get_output_mask_at(self, index: int) -> Any:
        """The symbolic mask of the output of the call number ``index``, ``None`` for none."""
        return node_masks(self._node("output mask", index))


def shapes_of(inputs: Any) -> Any:
    """The shape of an input, or a list of shapes for a list of inputs."""
    if isinstance(inputs, list | tuple) and not all(isinstance(item, int | float) for item in inputs):
        return [tuple(item.shape) for item in inputs]
    return tuple(np.shape(inputs)) if not isinstance(inputs, SymbolicTensor) else inputs.shape


def wire(layer: Layer, inputs: Any, kwargs: dict[str, Any]) -> Any:
    """Record a call of ``layer`` on symbolic tensors as a node of the graph; returns its outputs.

    Raises:
        LayerStateError: some of the inputs are arrays, or masks of a graph.
    """
    if not all(isinstance(item, SymbolicTensor) for item in leaves(inputs)):
        raise LayerStateError(
            layer=layer.name,
            problem="was given arrays beside symbolic tensors",
            advice="Give it either: in a graph, make an Input for each array.",
        )
    if any(item.node is None for item in leaves([inputs, kwargs]) if isinstance(item, SymbolicTensor)):
        raise LayerStateError(
            layer=layer.name,
            problem="was given a symbolic mask, which no layer computes",
            advice="A mask goes from layer to layer by itself; take it as the argument mask of call().",
        )
    layer.ensure_built(shapes_of(inputs))
    found = called_symbolically(layer, inputs, kwargs)
    number = len(layer.nodes)
    name = layer.name if number == 0 else f"{layer.name}_{number}"
    parts = leaves(found)
    names = [name] if len(parts) == 1 else [f"{name}:{index}" for index in range(len(parts))]
    outputs = rebuild(
        found, [SymbolicTensor(part.shape, part.dtype, one) for part, one in zip(parts, names, strict=True)]
    )
    layer.nodes.append(Node(layer, inputs, kwargs, outputs))
    return outputs


def called_symbolically(layer: Layer, inputs: Any, kwargs: dict[str, Any]) -> Any:
    """Symbolic tensors of the shapes that a call gives, which belong to no node yet."""
    from kcore.components.layer import Layer as Base

    if type(layer).compute_output_shape is Base.compute_output_shape:
        return traced_call(layer, inputs, kwargs)[0]
    shapes = layer.compute_output_shape(shapes_of(inputs))
    if isinstance(shapes, list):
        return [SymbolicTensor(shape, layer.dtype, layer.name) for shape in shapes]
    return SymbolicTensor(shapes, layer.dtype, layer.name)
