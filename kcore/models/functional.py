"""The functional model: a graph of layers between symbolic tensors."""

from __future__ import annotations

from typing import Any, Self

from kcore.components.call_context import call_context
from kcore.components.layer import Layer
from kcore.components.symbolic import Node, SymbolicTensor
from kcore.components.wiring import called_symbolically
from kcore.engine.tree import leaves, map_leaves
from kcore.errors.components import InvalidArgumentError
from kcore.errors.models import GraphError
from kcore.models.graph_config import graph_config, graph_from_config
from kcore.models.inputs import InputLayer
from kcore.models.model import Model
from kcore.training.inputs import InputSlot


class Functional(Model):
    """A model of all layers on the way from ``inputs`` to ``outputs``.

    Args:
        inputs: what ``Input`` gave, or a list of such.
        outputs: symbolic tensors computed from them.
        name: of the model.
        trainable: whether training changes its weights.

    Raises:
        GraphError: an output does not depend on the inputs alone, or two layers have one name.
    """

    def __init__(self, inputs: Any, outputs: Any, *, name: str | None = None, trainable: bool = True) -> None:
        for argument, value in (("inputs", inputs), ("outputs", outputs)):
            if not leaves(value) or not all(isinstance(item, SymbolicTensor) for item in leaves(value)):
                raise InvalidArgumentError(
                    component="Model", argument=argument, value=value, allowed="symbolic tensors, as Input gives them"
                )
        super().__init__(name=name, trainable=trainable)
        self.inputs: list[SymbolicTensor] = leaves(inputs)
        self.outputs: list[SymbolicTensor] = leaves(outputs)
        self._single_output = isinstance(outputs, SymbolicTensor)
        self.order = self._sorted_nodes()
        self._layers = list(dict.fromkeys(node.layer for node in self.order))
        names = [layer.name for layer in self._layers]
        twice = sorted({one for one in names if names.count(one) > 1})
        if twice:
            raise GraphError(
                model=self.name,
                problem=f"has more than one layer named {', '.join(map(repr, twice))}",
                advice="Names of layers are unique within a model: give each its own.",
            )
        self.built = True

    def _sorted_nodes(self) -> list[Node]:
        """The nodes between inputs and outputs, each after those it needs; iterative, for graphs of any depth."""
        given = {id(tensor) for tensor in self.inputs}
        order: list[Node] = []
        done: set[int] = set()
        for tensor in self.inputs:
            assert tensor.node is not None
            if isinstance(tensor.node.layer, InputLayer) and id(tensor.node) not in done:
                done.add(id(tensor.node))
                order.append(tensor.node)
        stack: list[tuple[SymbolicTensor, bool]] = [(tensor, False) for tensor in reversed(self.outputs)]
        while stack:
            tensor, ready = stack.pop()
            node = tensor.node
            if id(tensor) in given or node is None or id(node) in done:
                continue
            if isinstance(node.layer, InputLayer):
                raise GraphError(
                    model=self.name,
                    problem=f"needs the input {tensor.name!r}, which is not among its inputs",
                    advice="Add it to inputs=[...].",
                )
            if ready:
                done.add(id(node))
                order.append(node)
            else:
                stack.append((tensor, True))
                stack.extend((needed, False) for needed in reversed(node.needs))
        return order

    # --- Layer -------------------------------------------------------------------------------------------------------

    @property
    def layers(self) -> list[Layer]:
        return list(self._layers)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        values: dict[int, Any] = {id(tensor): value for tensor, value in zip(self.inputs, leaves(inputs), strict=True)}
        count = len(self._layers)
        positions = {layer: number for number, layer in enumerate(self._layers, 1)}
        for node in self.order:
            if isinstance(node.layer, InputLayer):
                continue
            arguments, more = _substituted([node.inputs, node.kwargs], values)
            place = f"layer {positions[node.layer]} of {count} in model {self.name!r}"
            with call_context(place=place):
                result = node.layer(arguments, **more)
            for tensor, value in zip(leaves(node.outputs), leaves(result), strict=True):
                values[id(tensor)] = value
        results = [values[id(tensor)] for tensor in self.outputs]
        return results[0] if self._single_output else results

    def compute_output_shape(self, input_shape: Any) -> Any:
        given = input_shape if isinstance(input_shape, list) else [input_shape]
        known: dict[int, Any] = {
            id(tensor): SymbolicTensor(shape, tensor.dtype, tensor.name)
            for tensor, shape in zip(self.inputs, given, strict=True)
        }
        for node in self.order:
            if isinstance(node.layer, InputLayer):
                continue
            arguments, more = _substituted([node.inputs, node.kwargs], known)
            found = called_symbolically(node.layer, arguments, more)
            known.update(zip(map(id, leaves(node.outputs)), leaves(found), strict=True))
        results = [known[id(tensor)].shape for tensor in self.outputs]
        return results[0] if self._single_output else results

    # --- Trainer -----------------------------------------------------------------------------------------------------

    def input_slots(self) -> list[InputSlot]:
        return [InputSlot(t.name, self._reader(t), t.shape, t.dtype) for t in self.inputs]

    def _reader(self, tensor: SymbolicTensor) -> str:
        """The first layer that takes this input, for errors."""
        for node in self.order:
            if any(needed is tensor for needed in node.needs):
                return node.layer.name
        return tensor.name

    def output_names(self) -> list[str]:
        names: list[str] = []
        for tensor in self.outputs:
            assert tensor.node is not None
            name = tensor.node.layer.name
            names.append(name if name not in names else f"{name}_{names.count(name)}")
        return names

    @property
    def input_shape(self) -> Any:
        shapes = [tensor.shape for tensor in self.inputs]
        return shapes if len(shapes) > 1 else shapes[0]

    @property
    def output_shape(self) -> Any:
        shapes = [tensor.shape for tensor in self.outputs]
        return shapes if len(shapes) > 1 else shapes[0]

    @property
    def input(self) -> Any:
        return self.inputs if len(self.inputs) > 1 else self.inputs[0]

    @property
    def output(self) -> Any:
        return self.outputs if len(self.outputs) > 1 else self.outputs[0]

    # --- config ------------------------------------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """The graph, in Keras's own form: layers with their configs, and which output feeds which call."""
        return graph_config(self)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        inputs, outputs = graph_from_config(config)
        return cls(inputs, outputs, name=config.get("name"))


def _substituted(tree: Any, values: dict[int, Any]) -> Any:
    """``tree`` with what is known of each symbolic tensor in its place; other leaves stay."""
    return map_leaves(lambda leaf: values[id(leaf)] if isinstance(leaf, SymbolicTensor) else leaf, tree)
