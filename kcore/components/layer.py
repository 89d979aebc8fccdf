"""The contract of layers: ``build``, ``call``, ``compute_output_shape``, ``get_config``."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any, NoReturn

import numpy as np

from kcore.components.call_context import call_context, current_context
from kcore.components.component import Component, plain
from kcore.components.constraint import Constraint
from kcore.components.input_spec import InputSpec, unmet
from kcore.components.names import snake_case, unique_name
from kcore.components.regularizer import Regularizer
from kcore.components.shape_inference import traced_output_shape
from kcore.components.symbolic import SymbolicTensor
from kcore.components.weights import Weighted
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
    spelled_shape,
)
from kcore.registry import registry


class Layer(Wired, Weighted, Component):
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
        if name is not None and (not isinstance(name, str) or not name or "/" in name):
            raise InvalidArgumentError(
                component=type(self).__name__, argument="name", value=name, allowed="a non-empty string without '/'"
            )
        self.name = name or unique_name(snake_case(type(self).__name__))
        self.trainable = trainable
        self.dtype = np.dtype(dtype or floatx()).name
        if input_dim is not None:
            self._check_sizes("input_dim", input_dim, [input_dim])
            input_shape = (input_dim,) if input_shape is None else input_shape
        if input_shape is not None:
            self._check_sizes("input_shape", input_shape, input_shape)
            batch_input_shape = (batch_size, *input_shape) if batch_input_shape is None else batch_input_shape
        if batch_input_shape is not None:
            self._check_sizes("batch_input_shape", batch_input_shape, batch_input_shape)
        self.batch_input_shape: Shape | None = None if batch_input_shape is None else tuple(batch_input_shape)
        self.activity_regularizer = registry("regularizers").get(activity_regularizer)
        self.built = False
        self.input_spec: InputSpec | list[InputSpec] | None = None
        self.nodes = []
        self.regularizers: list[tuple[Variable, Regularizer]] = []
        self.constraints: list[tuple[Variable, Constraint]] = []
        self.loss_functions: list[Callable[[], Any]] = []
        self.__dict__.setdefault("_variables", [])
        self._first_weights = None if weights is None else [np.asarray(array) for array in weights]
        parameters = inspect.signature(self.call).parameters
        self._takes_training = "training" in parameters
        self._takes_mask = "mask" in parameters

    def _check_sizes(self, argument: str, value: Any, sizes: Any) -> None:
        """Refuse a shape that is no sequence of sizes."""
        valid = isinstance(sizes, list | tuple) and all(
            size is None or (isinstance(size, int | np.integer) and not isinstance(size, bool) and size >= 1)
            for size in sizes
        )
        if not valid:
            whole = "a whole number of at least 1, or None"
            allowed = whole if argument == "input_dim" else f"a tuple with, for each axis, {whole}"
            raise InvalidArgumentError(component=type(self).__name__, argument=argument, value=value, allowed=allowed)

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

    # --- what a call tells the training ------------------------------------------------------------------------------

    def add_loss(self, losses: Any, inputs: Any = None) -> None:
        """Add to the loss that training minimises.

        Args:
            losses: in ``call``, a number computed there (or a list of them), which counts for that call; nothing
                happens where nobody trains or evaluates. Anywhere, a function without arguments that gives a number
                from the layer's weights; it is called in every training and evaluation step.
            inputs: for Keras's sake; on what the numbers depend is seen in tracing.

        Raises:
            InvalidArgumentError: something that is not a single number.
            LayerStateError: a number, outside of ``call``.
        """
        context = current_context()
        for loss in losses if isinstance(losses, list | tuple) else [losses]:
            if callable(loss):
                self.loss_functions.append(loss)
                continue
            if np.shape(loss) != () or isinstance(loss, SymbolicTensor):
                raise InvalidArgumentError(
                    component=f"{type(self).__name__}.add_loss",
                    argument="losses",
                    value=loss if isinstance(loss, SymbolicTensor) else f"array of shape {np.shape(loss)}",
                    allowed="single numbers: take np.mean or np.sum of an array; or functions without arguments",
                )
            if context.depth == 0:
                raise LayerStateError(
                    layer=self.name,
                    problem="was given a loss outside of call(), where a number never changes",
                    advice="Add it in call(), or give a function without arguments that computes it from weights.",
                )
            if context.losses is not None:
                context.losses.append(loss)

    def add_update(self, updates: Any, inputs: Any = None) -> None:
        """Change variables after this step of training; called in ``call``.

        Nothing happens outside of training, and where the layer, or one around it, is not trainable.

        Args:
            updates: a pair ``(variable, new value)``, or a list of such.
            inputs: for Keras's sake.

        Raises:
            InvalidArgumentError: something other than such pairs.
        """
        pair = isinstance(updates, tuple) and len(updates) == 2 and isinstance(updates[0], Variable)
        for update in [updates] if pair else updates:
            if not isinstance(update, tuple | list) or len(update) != 2 or not isinstance(update[0], Variable):
                raise InvalidArgumentError(
                    component=f"{type(self).__name__}.add_update",
                    argument="updates",
                    value=update,
                    allowed="a pair (variable, new value), or a list of such pairs",
                )
            if current_context().training and not self.frozen:
                update[0].assign(update[1])

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
            given = {"training": training, "mask": mask}
            return wire(self, inputs, {**kwargs, **{name: value for name, value in given.items() if value is not None}})
        self.ensure_built(shapes_of(inputs))
        frozen = None if self.trainable or current_context().frozen is not None else frozenset(self.walk())
        with call_context(training=training, frozen=frozen, layer=self) as context:
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
            self.check_input(input_shape)
            self.build(input_shape)
            self.built = True
            if self._first_weights is not None:
                self.set_weights(self._first_weights)
        self.check_input(input_shape)

    def check_input(self, input_shape: Any) -> None:
        """Check a shape, or a list of shapes, against ``input_spec``.

        Raises:
            LayerInputError: it is not what the layer needs.
        """
        found = unmet(self.input_spec, input_shape)
        if found is not None:
            self.refuse_input(*found)

    def refuse_input(self, expected: str, shape: Shape | list[Shape] | str) -> NoReturn:
        """Raise the error for an input that this layer cannot take; it names the layer and its place in the model.

        Args:
            expected: what the layer expects, as it follows "Layer ... expects".
            shape: the input's, batch axis first; for several inputs a list of shapes.

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


_BASE_ARGUMENTS = frozenset(inspect.signature(Layer.__init__).parameters)
