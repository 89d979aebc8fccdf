"""Layers that change the shape of each sample, and none of its numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from kcore import Array, Shape
from kcore.errors import InvalidArgumentError
from kcore.layers import InputSpec, Layer
from kcore_layers.arguments import data_format_name, is_integer, positive_integer


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


class Permute(Layer):
    """Puts the axes of each sample into another order: output axis i is input axis dims[i - 1].

    Input (batch, a, b, ...), for ``dims=(2, 1)`` (batch, a, b) -> (batch, b, a). The batch axis stays the first.

    Args:
        dims: the numbers of the axes after the batch, from 1 on, each once.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: ``dims`` is no order of 1, 2, ..., n.
        LayerInputError: the input has not n axes after the batch.

    Example:
        >>> Permute((3, 1, 2))(np.zeros((5, 10, 20, 30))).shape
        (5, 30, 10, 20)
    """

    def __init__(self, dims: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        entries: Sequence[Any] = dims if isinstance(dims, list | tuple) else ()
        order = [int(entry) for entry in entries if is_integer(entry)]
        if not entries or len(order) < len(entries) or sorted(order) != list(range(1, len(order) + 1)):
            raise InvalidArgumentError(
                component="Permute",
                argument="dims",
                value=dims,
                allowed="the numbers of the axes after the batch, 1, 2, ..., each once, in any order",
            )
        self.dims: tuple[int, ...] = tuple(order)
        self.input_spec = InputSpec(ndim=len(order) + 1)

    def call(self, inputs: Array) -> Array:
        """(batch, ...) -> (batch, ...), in another order."""
        return np.transpose(inputs, (0, *self.dims))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (input_shape[0], *(input_shape[axis] for axis in self.dims))


class RepeatVector(Layer):
    """Makes a sequence of equal steps from each vector: (batch, features) -> (batch, n, features).

    Args:
        n: number of steps.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: ``n`` is no integer of at least 1.
        LayerInputError: the input has not two axes.

    Example:
        >>> RepeatVector(2)(np.array([[1.0, 3.0]])).tolist()
        [[[1.0, 3.0], [1.0, 3.0]]]
    """

    def __init__(self, n: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n = positive_integer("RepeatVector", "n", n)
        self.input_spec = InputSpec(ndim=2)

    def call(self, inputs: Array) -> Array:
        """(batch, features) -> (batch, n, features)."""
        return np.repeat(np.expand_dims(inputs, 1), self.n, axis=1)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (input_shape[0], self.n, input_shape[1])


def _product(sizes: Sequence[int | None]) -> int | None:
    known = [size for size in sizes if size is not None]
    return math.prod(known) if len(known) == len(sizes) else None
