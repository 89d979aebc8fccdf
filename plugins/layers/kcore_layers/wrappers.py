"""Layers around a layer: the base of them, and one layer for every step of a sequence."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Self

import numpy as np

from kcore import Shape, layers, ops
from kcore.errors import AbstractLayerError, InvalidArgumentError
from kcore.layers import InputSpec, Layer


class Wrapper(Layer):
    """The base of layers around another one, whose weights, losses and states are theirs.

    It computes nothing by itself. A subclass writes ``call(inputs)``, which calls ``self.layer``, and states its
    output's shape in ``compute_output_shape`` if it is not to be traced; where the inner layer gets another shape
    than the wrapper, ``build(input_shape)`` calls ``self.layer.ensure_built`` with that. The config holds the inner
    layer under ``layer``.

    Args:
        layer: any layer or model; or its config.
        **kwargs: those of ``Layer``; ``dtype`` is the inner layer's by default.

    Attributes:
        layer: the inner layer.

    Raises:
        AbstractLayerError: it is not a subclass that was made, or one without ``call``.
        InvalidArgumentError: ``layer`` is no layer.

    Example:
        >>> import numpy as np
        >>> from kcore.layers import Dense, Wrapper
        >>> class Residual(Wrapper):
        ...     def call(self, inputs):
        ...         return inputs + self.layer(inputs)
        >>> layer = Residual(Dense(3, kernel_initializer="zeros"))
        >>> layer(np.ones((2, 3), "float32")).tolist()
        [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]
        >>> [weight.shape for weight in layer.weights]
        [(3, 3), (3,)]
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        if cls.call is Wrapper.call:
            raise AbstractLayerError(
                layer=cls.__name__, base="Wrapper", concrete=["TimeDistributed", "Bidirectional"], missing=["call"]
            )
        return super().__new__(cls)

    def __init__(self, layer: Any, **kwargs: Any) -> None:
        inner = checked_layer(type(self).__name__, "layer", layer)
        kwargs.setdefault("dtype", inner.dtype)
        super().__init__(**kwargs)
        self.layer: Layer = inner
        self.input_dtype = inner.input_dtype

    def get_config(self) -> dict[str, Any]:
        """As ``Layer``, and the inner layer."""
        config = super().get_config()
        return config if "layer" in config else {**config, "layer": layers.serialize(self.layer)}

    def build(self, input_shape: Any) -> None:
        self.layer.ensure_built(input_shape)

    def call(self, inputs: Any) -> Any:
        raise NotImplementedError


class TimeDistributed(Wrapper):
    """One layer for every step of a sequence: the same weights at each.

    All steps of all samples become one batch for the inner layer: y[b, t] = layer(x)[b * steps + t]. So a
    ``BatchNormalization`` inside takes its means over the steps, too.

    Input (batch, steps, ...), output (batch, steps, *what the layer makes of the rest); also lists of them for a
    layer or model of several inputs or outputs. The weights are the inner layer's.

    A mask (batch, steps) is passed on as it is. Of a mask with more axes the inner layer gets the part of each step,
    and what it gives as its own mask is the rest of the result's; where it gives none, a step is masked if all of it
    was.

    Args:
        layer: any layer or model; or its config.
        **kwargs: those of ``Layer``; ``dtype`` is the inner layer's by default.

    Raises:
        InvalidArgumentError: ``layer`` is no layer.
        LayerInputError: the input has fewer than three axes, or a step is not what the inner layer takes.

    Example:
        >>> import numpy as np
        >>> from kcore.layers import Dense
        >>> layer = TimeDistributed(Dense(8))
        >>> layer(np.zeros((2, 10, 16), "float32")).shape
        (2, 10, 8)
    """

    def __init__(self, layer: Any, **kwargs: Any) -> None:
        super().__init__(layer, **kwargs)

    def ensure_built(self, input_shape: Any) -> None:
        super().ensure_built(input_shape)
        # Later inputs are checked by the inner layer, also where they are only wired.
        self.build(input_shape)

    def build(self, input_shape: Any) -> None:
        self.layer.ensure_built(each(self._step_shape, input_shape))

    def _step_shape(self, shape: Shape) -> Shape:
        """What the inner layer gets of an input of this shape."""
        if len(shape) < 3:
            self.refuse_input(InputSpec(min_ndim=3).describe(), shape)
        batch, steps, *rest = shape
        return (None if batch is None or steps is None else batch * steps, *rest)

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """(batch, steps, ...) -> (batch, steps, ...)."""
        inputs = list(inputs) if isinstance(inputs, tuple) else inputs
        batch, steps = first_of(inputs).shape[:2]
        outputs = self.layer(each(_folded, inputs), mask=each(_inner_mask, mask))
        outputs = list(outputs) if isinstance(outputs, tuple) else outputs
        return each(lambda y: np.reshape(y, (batch, steps, *y.shape[1:])), outputs)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """(batch, steps, ...): the inner layer's mask of each step, or which steps are masked."""
        inputs = list(inputs) if isinstance(inputs, tuple) else inputs
        batch, steps = first_of(inputs).shape[:2]
        found = self.layer.compute_mask(each(_folded, inputs), each(_inner_mask, mask))
        of_steps = first_of(mask)
        if of_steps is not None and len(of_steps.shape) > 2:
            flat = np.reshape(ops.cast(of_steps, "bool"), (batch, steps, math.prod(of_steps.shape[2:])))
            of_steps = np.any(flat, axis=-1)
        # An inner layer of several outputs may say of all at once that they have none.
        outputs = getattr(self.layer, "outputs", None)
        if found is None and isinstance(outputs, list) and len(outputs) > 1:
            return [of_steps] * len(outputs)
        return (
            each(lambda one: of_steps if one is None else np.reshape(one, (batch, steps, *one.shape[1:])), found)
            if found is not None
            else of_steps
        )

    def compute_output_shape(self, input_shape: Any) -> Any:
        batch, steps = first_of(input_shape)[:2]
        inside = self.layer.compute_output_shape(each(self._step_shape, input_shape))
        return each(lambda shape: (batch, steps, *shape[1:]), inside)


def each(function: Callable[[Any], Any], items: Any) -> Any:
    """``function`` of an array or shape, or of each of a list."""
    return [function(item) for item in items] if isinstance(items, list) else function(items)


def first_of(items: Any) -> Any:
    """The first of a list, or the only one."""
    return items[0] if isinstance(items, list) else items


def _folded(x: Any) -> Any:
    """All steps as one batch."""
    return np.reshape(x, (x.shape[0] * x.shape[1], *x.shape[2:]))


def _inner_mask(mask: Any) -> Any:
    """The part of a mask that is the inner layer's business: of what a step is made of."""
    return None if mask is None or len(mask.shape) < 3 else _folded(ops.cast(mask, "bool"))


def checked_layer(component: str, argument: str, layer: Any) -> Layer:
    """A layer, given as such or as its config.

    Raises:
        InvalidArgumentError: it is none.
    """
    found = layers.deserialize(layer) if isinstance(layer, dict) else layer
    if not isinstance(found, Layer):
        raise InvalidArgumentError(
            component=component,
            argument=argument,
            value=layer,
            allowed="a Layer or model" + (", made by calling the class" if isinstance(layer, type) else ""),
        )
    return found
