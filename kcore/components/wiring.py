"""Where a layer stands in graphs: the nodes of its calls, and what follows from the only one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from kcore.components.symbolic import Node, SymbolicTensor
from kcore.engine.tree import leaves
from kcore.errors.components import LayerStateError

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

    def _only_node(self, what: str) -> Node:
        if not self.nodes:
            raise LayerStateError(
                layer=self.name, problem=f"has no {what}, because it is in no graph", advice="Call it on an Input."
            )
        if len(self.nodes) > 1:
            raise LayerStateError(
                layer=self.name,
                problem=f"has {len(self.nodes)} {what}s, because it was called that many times",
                advice="Choose one of layer.nodes.",
            )
        return self.nodes[0]

    @property
    def input(self) -> Any:
        """The symbolic input of the layer's only call."""
        return self._only_node("input").inputs

    @property
    def output(self) -> Any:
        """The symbolic output of the layer's only call."""
        return self._only_node("output").outputs

    @property
    def input_shape(self) -> Any:
        """The shape of the only call's input."""
        return shapes_of(self._only_node("input shape").inputs)

    @property
    def output_shape(self) -> Any:
        """The shape of the only call's output."""
        return shapes_of(self._only_node("output shape").outputs)


def shapes_of(inputs: Any) -> Any:
    """The shape of an input, or a list of shapes for a list of inputs."""
    if isinstance(inputs, list | tuple) and not all(isinstance(item, int | float) for item in inputs):
        return [tuple(item.shape) for item in inputs]
    return tuple(np.shape(inputs)) if not isinstance(inputs, SymbolicTensor) else inputs.shape


def wire(layer: Layer, inputs: Any, kwargs: dict[str, Any]) -> Any:
    """Record a call of ``layer`` on symbolic tensors as a node of the graph; returns its outputs.

    Raises:
        LayerStateError: some of the inputs are arrays.
    """
    if not all(isinstance(item, SymbolicTensor) for item in leaves(inputs)):
        raise LayerStateError(
            layer=layer.name,
            problem="was given arrays beside symbolic tensors",
            advice="Give it either: in a graph, make an Input for each array.",
        )
    shapes = shapes_of(inputs)
    layer.ensure_built(shapes)
    output_shape = layer.compute_output_shape(shapes)
    number = len(layer.nodes)
    name = layer.name if number == 0 else f"{layer.name}_{number}"
    if isinstance(output_shape, list):
        outputs: Any = [
            SymbolicTensor(shape, layer.dtype, f"{name}:{index}") for index, shape in enumerate(output_shape)
        ]
    else:
        outputs = SymbolicTensor(output_shape, layer.dtype, name)
    layer.nodes.append(Node(layer, inputs, kwargs, outputs))
    return outputs
