"""A model that is a plain stack of layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from kcore.components.call_context import call_context
from kcore.components.layer import Layer
from kcore.components.symbolic import SymbolicTensor
from kcore.errors.components import InvalidArgumentError, LayerStateError
from kcore.errors.models import GraphError
from kcore.models.inputs import Input, InputLayer
from kcore.models.model import Model
from kcore.registry import deserialize, serialize
from kcore.training.inputs import InputSlot


class Sequential(Model):
    """Layers one after the other.

    The shapes are known once the first layer has an ``input_shape``, an ``Input`` comes first, or data was seen.

    Args:
        layers: to be added in order.
        name: of the model.
        trainable: whether training changes its weights.
    """

    def __init__(self, layers: Sequence[Any] | None = None, name: str | None = None, *, trainable: bool = True) -> None:
        super().__init__(name=name, trainable=trainable)
        self._layers: list[Layer] = []
        self._input: SymbolicTensor | None = None
        self._output: SymbolicTensor | None = None
        for layer in layers or ():
            self.add(layer)

    @property
    def layers(self) -> list[Layer]:
        return list(self._layers)

    def add(self, layer: Any) -> None:
        """Put a layer on top.

        Raises:
            InvalidArgumentError: it is no layer.
            GraphError: a layer of that name, or this very layer, is in the model already.
            LayerInputError: it cannot take the output of the layer below.
        """
        if isinstance(layer, SymbolicTensor) and layer.node is not None and isinstance(layer.node.layer, InputLayer):
            layer = layer.node.layer
        if not isinstance(layer, Layer):
            raise InvalidArgumentError(
                component="Sequential",
                argument="layer",
                value=layer,
                allowed="a Layer" + (", made by calling the class" if isinstance(layer, type) else ""),
            )
        if isinstance(layer, InputLayer):
            if self._layers or self._input is not None:
                raise GraphError(
                    model=self.name, problem="can have an Input only as its first layer", advice="Add it first."
                )
            self._input = self._output = layer.output
            self._changed()
            return
        if any(layer.name == other.name for other in self._layers):
            raise GraphError(
                model=self.name,
                problem=f"has a layer named {layer.name!r} already",
                advice="Names of layers are unique within a model: make a new layer, or give it another name.",
            )
        below = self._output
        if below is None and not self._layers:
            shape = layer.batch_input_shape or (layer.input_shape if isinstance(layer, Model) and layer.built else None)
            if shape is not None:
                self._input = below = Input(batch_shape=shape, dtype=_data_dtype(layer), name=f"{layer.name}_input")
        if below is not None:
            with call_context(place=f"layer {len(self._layers) + 1} in model {self.name!r}"):
                self._output = layer(below)
        self._layers = [*self._layers, layer]
        self._changed()

    def pop(self) -> None:
        """Take the top layer off.

        Raises:
            GraphError: there is none.
        """
        if not self._layers:
            raise GraphError(model=self.name, problem="has no layer to take off", advice="Add one first.")
        top = self._layers[-1]
        if self._output is not None and top.nodes:
            self._output = top.nodes.pop().inputs
        self._layers = self._layers[:-1]
        if not self._layers:
            self._input = self._output = None
        self._changed()

    def _changed(self) -> None:
        self.built = bool(self._layers) and self._output is not None
        self.forget_steps()

    def build(self, input_shape: Any) -> None:
        """Make all weights for an input of this shape, the batch axis first."""
        if not self._layers:
            raise GraphError(model=self.name, problem="has no layers", advice="Add some first.")
        if self._output is None:
            first = self._layers[0]
            shape = (None, *input_shape[1:])
            tensor = Input(batch_shape=shape, dtype=_data_dtype(first), name=f"{first.name}_input")
            self._input = tensor
            for number, layer in enumerate(self._layers, 1):
                with call_context(place=self._place(number)):
                    tensor = layer(tensor)
            self._output = tensor
        self.built = True

    def _place(self, number: int) -> str:
        return f"layer {number} of {len(self._layers)} in model {self.name!r}"

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        values = inputs
        for number, layer in enumerate(self._layers, 1):
            with call_context(place=self._place(number)):
                values = layer(values)
        return values

    def compute_output_shape(self, input_shape: Any) -> Any:
        for layer in self._layers:
            layer.ensure_built(input_shape)
            input_shape = layer.compute_output_shape(input_shape)
        return input_shape

    def input_slots(self) -> list[InputSlot] | None:
        if self._input is None or not self._layers:
            return None
        return [InputSlot(self._input.name, self._layers[0].name, self._input.shape, self._input.dtype)]

    def output_names(self) -> list[str]:
        return [self._layers[-1].name if self._layers else "output"]

    @property
    def inputs(self) -> list[SymbolicTensor]:
        """The symbolic input, once the shapes are known."""
        return [self._known(self._input)]

    @property
    def outputs(self) -> list[SymbolicTensor]:
        """The symbolic output, once the shapes are known."""
        return [self._known(self._output)]

    @property
    def input(self) -> Any:
        return self._known(self._input)

    @property
    def output(self) -> Any:
        return self._known(self._output)

    @property
    def input_shape(self) -> Any:
        return self._known(self._input).shape

    @property
    def output_shape(self) -> Any:
        return self._known(self._output).shape

    def _known(self, tensor: SymbolicTensor | None) -> SymbolicTensor:
        if tensor is None:
            raise LayerStateError(
                layer=self.name,
                problem="does not know its shapes yet",
                advice="Give the first layer an input_shape, add an Input first, or call build(input_shape).",
            )
        return tensor

    def get_config(self) -> dict[str, Any]:
        """The name and the layers' configs, bottom first; an ``InputLayer`` at the head once the shapes are known."""
        begin = [] if self._input is None or self._input.node is None else [self._input.node.layer]
        return {"name": self.name, "layers": [serialize(layer, "layers") for layer in [*begin, *self._layers]]}

    @classmethod
    def from_config(cls, config: Any) -> Self:
        """A model with this config; Keras 2.1 and older wrote the bare list of layers."""
        entries = config["layers"] if isinstance(config, dict) else config
        model = cls(name=config.get("name") if isinstance(config, dict) else None)
        for entry in entries:
            model.add(deserialize(entry, "layers"))
        shape = config.get("build_input_shape") if isinstance(config, dict) else None
        if shape is not None and not model.built and model.layers:
            model.ensure_built(tuple(shape))
        return model


def _data_dtype(first: Layer) -> str | None:
    """What data are converted to for a stack that begins with this layer, or this model."""
    inputs = getattr(first, "inputs", None) if isinstance(first, Model) and first.built else None
    return inputs[0].dtype if inputs else first.input_dtype
