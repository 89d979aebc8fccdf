"""The layers that most networks have: Dense, Activation, Dropout, and those that change shapes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kcore import Array, KeySequence, Shape, Variable, constraints, initializers, ops, regularizers
from kcore.errors import InvalidArgumentError
from kcore.layers import InputSpec, Layer
from kcore_layers.arguments import (
    activation_function,
    data_format_name,
    dropped_fraction,
    is_integer,
    optional_seed,
    positive_integer,
)
from kcore_layers.dropping import keep_mask


class Dense(Layer):
    """A fully connected layer: activation(x @ kernel + bias).

    Input (batch, ..., inputs), output (batch, ..., units): only the last axis is transformed. Weights:
    ``kernel`` (inputs, units), then ``bias`` (units,). The input is converted to the layer's dtype. A mask is
    passed on.

    Args:
        units: size of the output's last axis.
        activation: a function of an array, or its name; ``None`` is linear.
        use_bias: whether a bias is added.
        kernel_initializer, bias_initializer: of the weights' first values.
        kernel_regularizer, bias_regularizer: penalties on the weights, added to the loss.
        activity_regularizer: a penalty on the output, added to the loss.
        kernel_constraint, bias_constraint: projections after each update.
        **kwargs: those of ``Layer``: ``name``, ``input_shape``, ``trainable``, ``dtype``, ...

    Raises:
        InvalidArgumentError: ``units`` is not an integer of at least 1, or ``activation`` is no function.
        LayerInputError: when called on an input of one axis, or whose last axis is not that of the first
            call.

    Example:
        >>> layer = Dense(2, activation="relu", kernel_initializer="ones")
        >>> layer(np.array([[1.0, 2.0, 3.0]], "float32")).tolist()
        [[6.0, 6.0]]
        >>> [weight.shape for weight in layer.weights]
        [(3, 2), (2,)]
    """

    supports_masking = True

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.units = positive_integer("Dense", "units", units)
        self.activation: Callable[[Array], Array] = activation_function("Dense", activation)
        self.use_bias = bool(use_bias)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.input_spec = InputSpec(min_ndim=2)

    def build(self, input_shape: Shape) -> None:
        inputs: Any = input_shape[-1]
        self.kernel: Variable = self.add_weight(
            "kernel",
            (inputs, self.units),
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.bias: Variable | None = None
        if self.use_bias:
            self.bias = self.add_weight(
                "bias",
                (self.units,),
                self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        self.input_spec = InputSpec(min_ndim=2, axes={-1: inputs})

    def call(self, inputs: Array) -> Array:
        """(batch, ..., inputs) -> (batch, ..., units)."""
        result: Any = ops.cast(inputs, self.dtype) @ self.kernel
        if self.bias is not None:
            result = result + self.bias
        return self.activation(result)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape[:-1], self.units)


class Activation(Layer):
    """An activation function as a layer of its own. Output and input have the same shape.

    Args:
        activation: a function of an array, or its name.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: ``activation`` is no function.

    Example:
        >>> Activation("relu")(np.array([[-1.0, 2.0]])).tolist()
        [[0.0, 2.0]]
    """

    supports_masking = True

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation: Callable[[Array], Array] = activation_function("Activation", activation)

    def call(self, inputs: Array) -> Array:
        """Any shape -> the same shape."""
        return self.activation(inputs)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return tuple(input_shape)


class Dropout(Layer):
    """In training, sets random entries of the input to 0 and divides the rest by 1 - rate.

    At other times the output is the input. On average it is that in training too ("inverted" dropout), so
    that prediction needs no correction. Every call draws another mask. Source: Srivastava et al., "Dropout: a
    simple way to prevent neural networks from overfitting" (2014).

    Args:
        rate: the probability of an entry to become 0; 0 <= rate < 1.
        noise_shape: the shape of the mask, one entry per axis of the input: 1 where entries share their fate,
            the input's size or ``None`` elsewhere. (batch, 1, features) drops a feature at all steps or at
            none.
        seed: an integer of at least 0 that fixes the masks; by default they follow from
            ``kcore.set_random_seed``, in the order in which layers are made.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: an argument outside the values above.
        LayerInputError: ``noise_shape`` does not fit the input.

    Example:
        >>> layer = Dropout(0.5, seed=1)
        >>> x = np.ones((1, 1000), "float32")
        >>> sorted(set(layer(x, training=True)[0].tolist()))
        [0.0, 2.0]
        >>> layer(x) is x
        True
    """

    supports_masking = True

    def __init__(
        self,
        rate: float,
        noise_shape: Sequence[int | None] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.rate = dropped_fraction("Dropout", "rate", rate)
        self.noise_shape: Shape | None = None
        if noise_shape is not None:
            if not isinstance(noise_shape, list | tuple):
                raise InvalidArgumentError(
                    component="Dropout",
                    argument="noise_shape",
                    value=noise_shape,
                    allowed="None, or one entry per axis of the input: an integer of at least 1, or None",
                )
            self.noise_shape = tuple(
                None if size is None else positive_integer("Dropout", "noise_shape", size) for size in noise_shape
            )
            self.input_spec = InputSpec(ndim=len(noise_shape))
        self.seed = optional_seed("Dropout", seed)
        self._keys = KeySequence(self.seed)

    def call(self, inputs: Array, training: bool = False) -> Array:
        """Any shape -> the same shape."""
        if not training or self.rate == 0:
            return inputs
        x = inputs if inputs.dtype.kind == "f" else ops.cast(inputs, self.dtype)
        return x * keep_mask(self._keys.next(), self._mask_shape(x.shape), self.rate, x.dtype)  # type: ignore[no-any-return]

    def _mask_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        if self.noise_shape is None:
            return shape
        mask = tuple(size if wanted is None else wanted for wanted, size in zip(self.noise_shape, shape, strict=True))
        if any(wanted not in (1, size) for wanted, size in zip(mask, shape, strict=True)):
            self.refuse_input(f"an input that noise_shape={self.noise_shape} broadcasts to", shape)
        return mask

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return tuple(input_shape)


class Flatten(Layer):
    """Puts all axes but the batch axis into one: (batch, a, b, ...) -> (batch, a * b * ...).

    An input of shape (batch,) gets an axis of size 1. With ``"channels_first"``, (batch, channels, ...) is
    brought into the order (batch, ..., channels) first, so that weights behind it serve both layouts, as
    Keras documents it.

    Args:
        data_format: ``"channels_last"`` or ``"channels_first"``; ``kcore.image_data_format()`` by default.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: an unknown layout.

    Example:
        >>> Flatten()(np.zeros((2, 3, 4))).shape
        (2, 12)
    """

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = data_format_name("Flatten", data_format)
        self.input_spec = InputSpec(min_ndim=1)

    def call(self, inputs: Array) -> Array:
        """(batch, ...) -> (batch, features)."""
        x = inputs
        if self.data_format == "channels_first" and x.ndim > 2:
            x = np.moveaxis(x, 1, -1)
        return np.reshape(x, (x.shape[0], math.prod(x.shape[1:])))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (input_shape[0], _product(input_shape[1:]))


class Reshape(Layer):
    """Gives every sample another shape, in row-major order: (batch, ...) -> (batch, *target_shape).

    Args:
        target_shape: without the batch axis; one entry may be -1, which takes what is left.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: an entry is neither -1 nor an integer of at least 1, or more than one is -1.
        LayerInputError: the input has not as many elements per sample as the target.

    Example:
        >>> Reshape((2, -1))(np.zeros((5, 12))).shape
        (5, 2, 6)
    """

    def __init__(self, target_shape: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        entries: Sequence[Any] = target_shape if isinstance(target_shape, list | tuple) else (None,)
        sizes = [int(entry) for entry in entries if is_integer(entry) and (entry >= 1 or entry == -1)]
        if len(sizes) < len(entries) or sizes.count(-1) > 1:
            raise InvalidArgumentError(
                component="Reshape",
                argument="target_shape",
                value=target_shape,
                allowed="a sequence of integers of at least 1, of which one may be -1",
            )
        self.target_shape: tuple[int, ...] = tuple(sizes)
        self.input_spec = InputSpec(min_ndim=1)

    def call(self, inputs: Array) -> Array:
        """(batch, ...) -> (batch, *target_shape)."""
        shape: Any = self.compute_output_shape(inputs.shape)
        return np.reshape(inputs, shape)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        batch, *rest = input_shape
        total = _product(rest)
        known = math.prod(size for size in self.target_shape if size != -1)
        if total is None:
            return (batch, *(None if size == -1 else size for size in self.target_shape))
        if total % known or (-1 not in self.target_shape and total != known):
            amount = f"a multiple of {known}" if -1 in self.target_shape else str(known)
            self.refuse_input(
                f"an input with {amount} elements per sample for target_shape={self.target_shape}",
                input_shape,
            )
        return (batch, *(total // known if size == -1 else size for size in self.target_shape))


def _product(sizes: Sequence[int | None]) -> int | None:
    known = [size for size in sizes if size is not None]
    return math.prod(known) if len(known) == len(sizes) else None
