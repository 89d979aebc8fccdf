"""The contract of layers: ``build``, ``call``, ``compute_output_shape``, ``get_config``."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from kcore.components.call_context import call_context, current_context
from kcore.components.component import Component, plain
from kcore.components.constraint import Constraint
from kcore.components.input_spec import InputSpec
from kcore.components.names import snake_case, unique_name
from kcore.components.regularizer import Regularizer
from kcore.components.shape_inference import traced_output_shape
from kcore.components.symbolic import SymbolicTensor
from kcore.components.wiring import Wired, shapes_of, wire
from kcore.engine.settings import floatx
from kcore.engine.tracing import Variable
from kcore.engine.tree import leaves
from kcore.engine.types import Array, Shape
from kcore.errors.base import KcoreError
from kcore.errors.components import (
    InvalidArgumentError,
    LayerCallError,
    LayerInputError,
    LayerMaskError,
    LayerStateError,
    WeightsError,
    spelled_shape,
)
from kcore.registry import registry


class Layer(Wired, Component):
    """A piece of a network: weights, and a function of arrays.

    A subclass keeps its constructor arguments as attributes, makes its weights in ``build(input_shape)``, and
    computes in ``call(inputs)`` with plain NumPy and ``kcore.ops``. An argument named ``training`` in ``call``
    receives whether this is training, one named ``mask`` the mask of the input (or a list of them); layers that do
    not name them do not get them.

    Args:
        name: unique within a model; by default the class's name and a number.
        trainable: whether training may change the weights.
        dtype: of the weights; ``kcore.floatx()`` by default.
        input_shape: of one sample, without the batch axis; only for the first layer of a Sequential model.
        batch_input_shape: the same with the batch axis in front (``None`` if it may vary).
        input_dim: short for ``input_shape=(input_dim,)``.
        weights: first values of the weights, in the order of ``get_weights``.
        activity_regularizer: a penalty on the output, added to the loss.

    Attributes:
        supports_masking: whether the input's mask is that of the output, too.
        input_dtype: what the data of a model are converted to that begins with this layer; ``None`` for
            ``kcore.floatx()``.
    """

    supports_masking: bool = False
    input_dtype: str | None = None
    _sublayers: dict[str, list[Layer]]

    def __init__(
        self,
        *,
        name: str | None = None,
        trainable: bool = True,
        dtype: str | None = None,
        input_shape: Sequence[int | None] | None = None,
        batch_input_shape: Sequence[int | None] | None = None,
        batch_size: int | None = None,
        input_dim: int | None = None,
        weights: Sequence[Array] | None = None,
        activity_regularizer: Any = None,
    ) -> None:
        object.__setattr__(self, "_sublayers", {})
        if name is not None and (not isinstance(name, str) or not name or "/" in name):
            raise InvalidArgumentError(
                component=type(self).__name__, argument="name", value=name, allowed="a non-empty string without '/'"
            )
        self.name = name or unique_name(snake_case(type(self).__name__))
        self.trainable = trainable
        self.dtype = np.dtype(dtype or floatx()).name
        if input_dim is not None and input_shape is None:
            input_shape = (input_dim,)
        if batch_input_shape is None and input_shape is not None:
            batch_input_shape = (batch_size, *input_shape)
        self.batch_input_shape: Shape | None = None if batch_input_shape is None else tuple(batch_input_shape)
        self.activity_regularizer = registry("regularizers").get(activity_regularizer)
        self.built = False
        self.input_spec: InputSpec | None = None
        self.nodes = []
        self.regularizers: list[tuple[Variable, Regularizer]] = []
        self.constraints: list[tuple[Variable, Constraint]] = []
        self._variables: list[Variable] = []
        self._first_weights = None if weights is None else [np.asarray(array) for array in weights]
        parameters = inspect.signature(self.call).parameters
        self._takes_training = "training" in parameters
        self._takes_mask = "mask" in parameters

    # --- what subclasses write ---------------------------------------------------------------------------------------

    def build(self, input_shape: Any) -> None:
        """Make the weights, knowing the input's shape (batch axis first, ``None`` where unknown)."""

    def call(self, inputs: Any) -> Any:
        """The layer's function."""
        raise NotImplementedError(f"{type(self).__name__} has to define call(inputs)")

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The output's shape for an input's shape, ``None`` for what is unknown; found by tracing ``call``."""
        return traced_output_shape(self, input_shape)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The output's mask, ``None`` for none; for a list of outputs a list.

        By default it is the input's, if ``supports_masking``. A layer that takes the mask in ``call``, or has layers
        inside, has made use of it, and passes none on.

        Args:
            inputs: what ``call`` gets.
            mask: of the input, ``None`` for none; for a list of inputs a list.

        Raises:
            LayerMaskError: the input has a mask, which this layer would lose.
        """
        if mask is None or self.supports_masking:
            return mask
        if self._takes_mask or self.sublayers:
            return None
        raise LayerMaskError(layer=self.name, kind=type(self).__name__, place=current_context().place)

    # --- config ------------------------------------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """Name, dtype, and the constructor arguments of the class."""
        config: dict[str, Any] = {"name": self.name, "trainable": self.trainable, "dtype": self.dtype}
        if self.batch_input_shape is not None:
            config["batch_input_shape"] = list(self.batch_input_shape)
        if self.activity_regularizer is not None:
            config["activity_regularizer"] = plain(self.activity_regularizer)
        config.update(super().get_config())
        return config

    def _not_config(self) -> set[str]:
        # The base's own arguments are written above; a subclass may still have one of the same name as its own.
        kept = vars(self)
        return {"self", *(name for name in _BASE_ARGUMENTS if name not in kept or name in ("name", "dtype"))}

    # --- weights -----------------------------------------------------------------------------------------------------

    def add_weight(
        self,
        name: str,
        shape: Sequence[int],
        initializer: Any = "glorot_uniform",
        *,
        regularizer: Any = None,
        constraint: Any = None,
        trainable: bool = True,
        dtype: npt.DTypeLike | None = None,
    ) -> Variable:
        """Make a weight; called in ``build``.

        Args:
            name: within the layer, such as ``"kernel"``.
            shape: all sizes known.
            initializer, regularizer, constraint: a component, its name, or its config.
            trainable: whether gradients are taken with respect to it.
            dtype: the layer's by default.

        Raises:
            LayerStateError: a size is unknown.
        """
        if any(size is None for size in shape):
            raise LayerStateError(
                layer=self.name,
                problem=f"cannot make its weight {name!r} of shape {tuple(shape)}, because a size is unknown",
                advice="Give the input a fixed size on the axis that the weight depends on.",
            )
        make = registry("initializers").get(initializer)
        value = make(tuple(shape), dtype or self.dtype)
        variable = Variable(value, name=f"{self.name}/{name}", trainable=trainable, dtype=dtype or self.dtype)
        self._variables.append(variable)
        penalty = registry("regularizers").get(regularizer)
        if penalty is not None:
            self.regularizers.append((variable, penalty))
        projection = registry("constraints").get(constraint)
        if projection is not None:
            self.constraints.append((variable, projection))
        return variable

    def __setattr__(self, name: str, value: Any) -> None:
        # Layers kept as attributes belong to this one: their weights are its weights.
        if name != "_sublayers":
            found = [item for item in _flat(value) if isinstance(item, Layer)]
            if found:
                self._sublayers[name] = found
            else:
                self._sublayers.pop(name, None)
        object.__setattr__(self, name, value)

    @property
    def sublayers(self) -> list[Layer]:
        """Layers that this one keeps as attributes, alone or in lists and dictionaries, once each."""
        return list(dict.fromkeys(layer for layers in self._sublayers.values() for layer in layers))

    def walk(self) -> Iterator[Layer]:
        """This layer and all layers inside it, once each."""
        seen: set[int] = set()
        stack: list[Layer] = [self]
        while stack:
            layer = stack.pop()
            if id(layer) not in seen:
                seen.add(id(layer))
                yield layer
                stack.extend(reversed(layer.sublayers))

    @property
    def trainable_weights(self) -> list[Variable]:
        """The weights that training changes; none if the layer is not trainable."""
        if not self.trainable:
            return []
        own = [variable for variable in self._variables if variable.trainable]
        return _once([*own, *(weight for layer in self.sublayers for weight in layer.trainable_weights)])

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The weights that training leaves alone."""
        changed = set(self.trainable_weights)
        everything = [*self._variables, *(weight for layer in self.sublayers for weight in layer.weights)]
        return [variable for variable in _once(everything) if variable not in changed]

    @property
    def weights(self) -> list[Variable]:
        """All weights, in an order that does not depend on ``trainable``: trainable by nature first."""
        own = [variable for variable in self._variables if variable.trainable]
        fixed = [variable for variable in self._variables if not variable.trainable]
        return _once([*own, *(weight for layer in self.sublayers for weight in layer.weights), *fixed])

    def get_weights(self) -> list[Array]:
        """Copies of all weights, in the order of ``weights``."""
        return [variable.numpy() for variable in self.weights]

    def set_weights(self, weights: Sequence[Array]) -> None:
        """Give all weights new values, in the order of ``weights``; nothing changes if one does not fit.

        Raises:
            WeightsError: the number of arrays, or a shape, is wrong.
        """
        arrays = [np.asarray(array) for array in weights]
        expected = [variable.shape for variable in self.weights]
        given = [array.shape for array in arrays]
        if expected != given:
            raise WeightsError(owner=f"{type(self).__name__} {self.name!r}", expected=expected, given=given)
        for variable, array in zip(self.weights, arrays, strict=True):
            variable.assign(array)

    def count_params(self) -> int:
        """The number of numbers in all weights.

        Raises:
            LayerStateError: the layer is not built.
        """
        if not self.built:
            raise LayerStateError(
                layer=self.name,
                problem="has no weights yet, because it is not built",
                advice="Call it on an input, or give the first layer an input_shape.",
            )
        return sum(variable.size for variable in self.weights)

    # --- calling -----------------------------------------------------------------------------------------------------

    def __call__(self, inputs: Any, *args: Any, training: bool | None = None, mask: Any = None, **kwargs: Any) -> Any:
        """Build the layer if need be, and compute: arrays give arrays, symbolic tensors give symbolic tensors.

        Args:
            inputs: an array, or what ``call`` takes.
            *args: further arguments of ``call``, in its order, such as the states of a recurrent cell.
            training: whether this is training; by default as in the call around this one.
            mask: of the input; by default the one that came with it from the layer before.
            **kwargs: further arguments of ``call``.

        Raises:
            LayerInputError: the input's shape is not what the layer needs.
            LayerMaskError: the input has a mask, which this layer would lose.
            LayerCallError: ``call`` failed; the cause is chained.
        """
        if args:
            named = inspect.signature(self.call).bind_partial(inputs, *args).arguments
            further = dict(list(named.items())[1:])
            training, mask = further.pop("training", training), further.pop("mask", mask)
            kwargs = {**further, **kwargs}
        if any(isinstance(item, SymbolicTensor) for item in leaves(inputs)):
            return wire(self, inputs, kwargs if mask is None else {**kwargs, "mask": mask})
        self.ensure_built(shapes_of(inputs))
        frozen = None if self.trainable or current_context().frozen is not None else frozenset(self.walk())
        with call_context(training=training, frozen=frozen) as context:
            if self._takes_training:
                kwargs["training"] = context.training
            with context.masks.replaced(inputs, mask) if mask is not None else nullcontext():
                masks = context.masks.of(inputs)
                if self._takes_mask:
                    kwargs["mask"] = masks
                outputs = self._computed(inputs, kwargs)
                masks = self._output_masks(inputs, masks, outputs)
            context.masks.put(outputs, masks)
            if self.activity_regularizer is not None and context.losses is not None:
                # The mean over the batch, so that the penalty does not grow with the batch size.
                for output in leaves(outputs):
                    context.losses.append(self.activity_regularizer(output) / max(output.shape[0], 1))
        return outputs

    def _computed(self, inputs: Any, kwargs: dict[str, Any]) -> Any:
        try:
            return self.call(inputs, **kwargs)
        except (KcoreError, ValueError, TypeError, IndexError) as error:
            if isinstance(error, LayerInputError | LayerCallError | LayerStateError | LayerMaskError):
                raise
            raise self._failed(inputs, error) from error

    def _output_masks(self, inputs: Any, masks: Any, outputs: Any) -> Any:
        found = self.compute_mask(inputs, masks)
        if found is None and type(self).compute_mask is Layer.compute_mask:
            # The layers inside may have given the outputs masks.
            return current_context().masks.of(outputs)
        return found

    @property
    def frozen(self) -> bool:
        """Whether the training around this call leaves the layer's weights alone, as of when it was compiled."""
        layers = current_context().frozen
        return not self.trainable if layers is None else self in layers

    def _failed(self, inputs: Any, error: Exception) -> LayerCallError:
        shape = ", ".join(spelled_shape(item.shape) for item in leaves(inputs))
        place = current_context().place
        return LayerCallError(layer=self.name, kind=type(self).__name__, shape=shape, reason=str(error), place=place)

    def ensure_built(self, input_shape: Any) -> None:
        """Check the input's shape, and make the weights if they are not there yet.

        Raises:
            LayerInputError: the shape is not what the layer needs.
        """
        if not self.built:
            self._check(input_shape)
            self.build(input_shape)
            self.built = True
            if self._first_weights is not None:
                self.set_weights(self._first_weights)
        self._check(input_shape)

    def _check(self, input_shape: Any) -> None:
        if self.input_spec is None:
            return
        if isinstance(input_shape, list):
            expected, given = "one input", f"a list of {len(input_shape)} inputs"
        elif self.input_spec.accepts(input_shape):
            return
        else:
            expected, given = self.input_spec.describe(), input_shape
        self.refuse_input(expected, given)

    def refuse_input(self, expected: str, shape: Shape | str) -> NoReturn:
        """Raise the error for an input that this layer cannot take; it names the layer and its place in the model.

        Args:
            expected: what the layer expects, as it follows "Layer ... expects".
            shape: the input's, batch axis first.

        Raises:
            LayerInputError: always.
        """
        raise LayerInputError(
            layer=self.name,
            kind=type(self).__name__,
            expected=expected,
            shape=shape,
            place=current_context().place,
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for item in value:
            yield from _flat(item)
    else:
        yield value


def _once(variables: Sequence[Variable]) -> list[Variable]:
    return list(dict.fromkeys(variables))


_BASE_ARGUMENTS = frozenset(inspect.signature(Layer.__init__).parameters)
