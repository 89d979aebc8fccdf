"""Layers that make one tensor of several, and their functional forms."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np

from kcore import Array, Shape
from kcore.errors import InvalidArgumentError
from kcore.layers import Layer
from kcore_layers.arguments import is_integer


class Merge(Layer):
    """What the layers for several inputs of one form share: the inputs' shapes are broadcast together.

    As in NumPy, axes of size 1 are repeated. An input with fewer axes than another gets axes of size 1 right behind its
    batch axis, as in Keras.

    A subclass writes ``merge``. The output's mask is where all masks that the inputs have are true.
    """

    counts: str = "at least 2"

    def build(self, input_shape: Any) -> None:
        self.compute_output_shape(input_shape)

    def call(self, inputs: Sequence[Array]) -> Array:
        """A list of arrays (batch, ...) -> (batch, ...)."""
        self.compute_output_shape([x.shape for x in inputs])
        axes = max(x.ndim for x in inputs)
        return self.merge([np.reshape(x, (x.shape[0], *(1,) * (axes - x.ndim), *x.shape[1:])) for x in inputs])

    def merge(self, inputs: list[Array]) -> Array:
        """The inputs, which have the same number of axes, made one."""
        raise NotImplementedError(f"{type(self).__name__} has to define merge(inputs)")

    def accepts_count(self, count: int) -> bool:
        """Whether so many inputs are right."""
        return count >= 2

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """(batch, ...): where all masks there are, are true; ``None`` if there are none."""
        masks = [] if mask is None else [one for one in mask if one is not None]
        return reduce(np.logical_and, masks) if masks else None

    def compute_output_shape(self, input_shape: Any) -> Shape:
        shapes = self.checked_shapes(input_shape)
        axes = max(len(shape) for shape in shapes)
        padded = [(shape[0], *(1,) * (axes - len(shape)), *shape[1:]) for shape in shapes]
        sizes = [_broadcast(column) for column in zip(*padded, strict=True)]
        if -1 in sizes:
            self.refuse_input("inputs whose shapes broadcast together", shapes)
        return tuple(sizes)

    def checked_shapes(self, input_shape: Any) -> list[Any]:
        """The inputs' shapes.

        Raises:
            LayerInputError: they are not as many as needed, or one has no axis.
        """
        shapes = input_shape if isinstance(input_shape, list) else [input_shape]
        if not isinstance(input_shape, list) or not self.accepts_count(len(shapes)):
            self.refuse_input(f"a list of {self.counts} inputs", input_shape)
        if any(len(shape) == 0 for shape in shapes):
            self.refuse_input("inputs with a batch axis", shapes)
        return shapes


def _broadcast(sizes: Sequence[int | None]) -> int | None:
    """The common size; ``None`` where it is not known, -1 where there is none."""
    known = {size for size in sizes if size not in (None, 1)}
    if len(known) > 1:
        return -1
    return known.pop() if known else None if None in sizes else 1


class Add(Merge):
    """The sum of its inputs, entry by entry: y = x_1 + x_2 + ...

    Input a list of at least two arrays (batch, ...) whose shapes broadcast together; output (batch, ...). The output's
    mask is where all the inputs' masks are true. Source: Keras's documented behaviour.

    Args:
        **kwargs: those of ``Layer``.

    Raises:
        LayerInputError: there are fewer than two inputs, or their shapes do not broadcast together.

    Example:
        >>> import numpy as np
        >>> Add()([np.array([[1.0, 2.0]]), np.array([[10.0, 20.0]])]).tolist()
        [[11.0, 22.0]]
    """

    def merge(self, inputs: list[Array]) -> Array:
        return reduce(np.add, inputs)


class Subtract(Merge):
    """The difference of two inputs, entry by entry: y = x_1 - x_2.

    Input a list of two arrays (batch, ...) whose shapes broadcast together; output (batch, ...). The output's mask is
    where both masks are true. Source: Keras's documented behaviour.

    Args:
        **kwargs: those of ``Layer``.

    Raises:
        LayerInputError: there are not two inputs, or their shapes do not broadcast together.

    Example:
        >>> import numpy as np
        >>> Subtract()([np.array([[10.0, 20.0]]), np.array([[1.0, 2.0]])]).tolist()
        [[9.0, 18.0]]
    """

    counts = "2"

    def accepts_count(self, count: int) -> bool:
        return count == 2

    def merge(self, inputs: list[Array]) -> Array:
        first, second = inputs
        return first - second


class Multiply(Merge):
    """The product of its inputs, entry by entry: y = x_1 * x_2 * ...

    Input a list of at least two arrays (batch, ...) whose shapes broadcast together; output (batch, ...). The output's
    mask is where all the inputs' masks are true. Source: Keras's documented behaviour.

    Args:
        **kwargs: those of ``Layer``.

    Raises:
        LayerInputError: there are fewer than two inputs, or their shapes do not broadcast together.

    Example:
        >>> import numpy as np
        >>> Multiply()([np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]])]).tolist()
        [[3.0, 8.0]]
    """

    def merge(self, inputs: list[Array]) -> Array:
        return reduce(np.multiply, inputs)


class Average(Merge):
    """The mean of its n inputs, entry by entry: y = (x_1 + ... + x_n) / n.

    Input a list of at least two arrays (batch, ...) whose shapes broadcast together; output (batch, ...), floating. The
    output's mask is where all the inputs' masks are true. Source: Keras's documented behaviour.

    Args:
        **kwargs: those of ``Layer``.

    Raises:
        LayerInputError: there are fewer than two inputs, or their shapes do not broadcast together.

    Example:
        >>> import numpy as np
        >>> Average()([np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]])]).tolist()
        [[2.0, 3.0]]
    """

    def merge(self, inputs: list[Array]) -> Array:
        return reduce(np.add, inputs) / len(inputs)


class Maximum(Merge):
    """The largest of its inputs, entry by entry: y = max(x_1, x_2, ...).

    Input a list of at least two arrays (batch, ...) whose shapes broadcast together; output (batch, ...). Inputs that
    are equal share the gradient evenly. The output's mask is where all the inputs' masks are true. Source: Keras's
    documented behaviour.

    Args:
        **kwargs: those of ``Layer``.

    Raises:
        LayerInputError: there are fewer than two inputs, or their shapes do not broadcast together.

    Example:
        >>> import numpy as np
        >>> Maximum()([np.array([[1.0, 4.0]]), np.array([[3.0, 2.0]])]).tolist()
        [[3.0, 4.0]]
    """

    def merge(self, inputs: list[Array]) -> Array:
        return reduce(np.maximum, inputs)


class Minimum(Merge):
    """The smallest of its inputs, entry by entry: y = min(x_1, x_2, ...).

    Input a list of at least two arrays (batch, ...) whose shapes broadcast together; output (batch, ...). Inputs that
    are equal share the gradient evenly. The output's mask is where all the inputs' masks are true. Source: Keras's
    documented behaviour.

    Args:
        **kwargs: those of ``Layer``.

    Raises:
        LayerInputError: there are fewer than two inputs, or their shapes do not broadcast together.

    Example:
        >>> import numpy as np
        >>> Minimum()([np.array([[1.0, 4.0]]), np.array([[3.0, 2.0]])]).tolist()
        [[1.0, 2.0]]
    """

    def merge(self, inputs: list[Array]) -> Array:
        return reduce(np.minimum, inputs)


class Concatenate(Merge):
    """Its inputs one after the other along an axis.

    Input a list of at least two arrays (batch, ...) of one shape but for ``axis``; output (batch, ...), where ``axis``
    has the sum of the sizes. Masks, of the first axes: concatenated where they have ``axis``, an input without one
    counting as all true; else the output's mask is where all are true. Source: Keras's documented behaviour.

    Args:
        axis: an integer, as in ``np.concatenate``.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: ``axis`` is no integer.
        LayerInputError: there are fewer than two inputs, they have no such axis, or their shapes differ elsewhere.

    Example:
        >>> import numpy as np
        >>> Concatenate()([np.array([[1.0, 2.0]]), np.array([[3.0]])]).tolist()
        [[1.0, 2.0, 3.0]]
    """

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not is_integer(axis):
            raise InvalidArgumentError(component=type(self).__name__, argument="axis", value=axis, allowed="an integer")
        self.axis = int(axis)

    def call(self, inputs: Sequence[Array]) -> Array:
        """A list of arrays (batch, ...) -> (batch, ...)."""
        self.compute_output_shape([x.shape for x in inputs])
        return np.concatenate(list(inputs), axis=self.axis)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """(batch, ...): see the class; ``None`` if no input has a mask."""
        given = [] if mask is None else [one for one in mask if one is not None]
        if not given:
            return None
        axes = given[0].ndim
        if self.axis % inputs[0].ndim >= axes:
            return reduce(np.logical_and, given)
        masks = [np.ones(x.shape[:axes], "bool") if one is None else one for x, one in zip(inputs, mask, strict=True)]
        return np.concatenate(masks, axis=self.axis % inputs[0].ndim)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        shapes = self.checked_shapes(input_shape)
        axes = len(shapes[0])
        if any(len(shape) != axes for shape in shapes) or not -axes <= self.axis < axes:
            self.refuse_input(f"inputs with the same number of axes, of which one is axis {self.axis}", shapes)
        place = self.axis % axes
        result: list[int | None] = []
        for axis, sizes in enumerate(zip(*shapes, strict=True)):
            known = {size for size in sizes if size is not None}
            if axis == place:
                result.append(None if None in sizes else sum(known for known in sizes))
            elif len(known) > 1:
                self.refuse_input(f"inputs of one shape but for axis {self.axis}", shapes)
            else:
                result.append(known.pop() if known else None)
        return tuple(result)


class Dot(Merge):
    """Products of the vectors along an axis of two inputs.

    y[b, i..., j...] = sum over k of x_1[b, i..., k] * x_2[b, k, j...], with k on ``axes``.

    Input a list of two arrays (batch, ...); output (batch, the other axes of the first, the other axes of the second),
    or (batch, 1) if there are none. A mask is not passed on. Source: Keras's documented behaviour.

    Args:
        axes: the axis of the products, in both inputs or in each of them; not 0, the batch axis.
        normalize: whether each vector is divided by its length first, so that the products are cosines. A length counts
            as at least 1e-6.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: ``axes`` is neither an integer nor a pair of integers, or is the batch axis.
        LayerInputError: there are not two inputs, they have no such axis, or the axes have different sizes.

    Example:
        >>> import numpy as np
        >>> Dot(axes=1)([np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]])]).tolist()
        [[11.0]]
        >>> Dot(axes=(2, 1))([np.zeros((5, 2, 3)), np.zeros((5, 3, 4))]).shape
        (5, 2, 4)
    """

    counts = "2"

    def __init__(self, axes: int | Sequence[int], normalize: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        pair: Any = [axes, axes] if is_integer(axes) else axes
        if not isinstance(pair, list | tuple) or len(pair) != 2 or not all(is_integer(a) and a != 0 for a in pair):
            raise InvalidArgumentError(
                component="Dot", argument="axes", value=axes, allowed="an integer other than 0, or a pair of such"
            )
        self.axes = axes
        self.normalize = bool(normalize)
        self._pair = (int(pair[0]), int(pair[1]))

    def accepts_count(self, count: int) -> bool:
        return count == 2

    def call(self, inputs: Sequence[Array]) -> Array:
        """A list of two arrays (batch, ...) -> (batch, ...)."""
        shape: Any = self.compute_output_shape([x.shape for x in inputs])
        first, second = (np.moveaxis(x, axis, -1) for x, axis in zip(inputs, self._pair, strict=True))
        batch, length = first.shape[0], first.shape[-1]
        # (batch, all other axes, k), and the second one turned round, so that one product of matrices does it.
        rows: Any = np.reshape(first, (batch, -1, length))
        columns: Any = np.reshape(second, (batch, -1, length))
        if self.normalize:
            rows, columns = _normalized(rows), _normalized(columns)
        return np.reshape(rows @ np.swapaxes(columns, 1, 2), shape)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """None."""
        return None

    def compute_output_shape(self, input_shape: Any) -> Shape:
        shapes = self.checked_shapes(input_shape)
        for shape, axis in zip(shapes, self._pair, strict=True):
            # The batch axis may also be named from the end.
            if not -len(shape) < axis < len(shape):
                self.refuse_input(f"inputs with the axes {self._pair}, besides the batch axis", shapes)
        lengths = [shape[axis] for shape, axis in zip(shapes, self._pair, strict=True)]
        batches = [shape[0] for shape in shapes]
        if any(None not in pair and pair[0] != pair[1] for pair in (lengths, batches)):
            self.refuse_input(f"inputs with as many samples, and as many elements on the axes {self._pair}", shapes)
        rest = [
            size
            for shape, axis in zip(shapes, self._pair, strict=True)
            for place, size in enumerate(shape)
            if place not in (0, axis % len(shape))
        ]
        return (batches[0] if batches[0] is not None else batches[1], *(rest or [1]))


def _normalized(x: Any) -> Any:
    """Every vector along the last axis with the length 1."""
    return x / np.sqrt(np.maximum(np.sum(np.square(x), axis=-1, keepdims=True), 1e-12))


def add(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """``Add(**kwargs)(inputs)``: the sum of the inputs, entry by entry."""
    return Add(**kwargs)(inputs)


def subtract(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """``Subtract(**kwargs)(inputs)``: the difference of two inputs, entry by entry."""
    return Subtract(**kwargs)(inputs)


def multiply(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """``Multiply(**kwargs)(inputs)``: the product of the inputs, entry by entry."""
    return Multiply(**kwargs)(inputs)


def average(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """``Average(**kwargs)(inputs)``: the mean of the inputs, entry by entry."""
    return Average(**kwargs)(inputs)


def maximum(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """``Maximum(**kwargs)(inputs)``: the largest of the inputs, entry by entry."""
    return Maximum(**kwargs)(inputs)


def minimum(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """``Minimum(**kwargs)(inputs)``: the smallest of the inputs, entry by entry."""
    return Minimum(**kwargs)(inputs)


def concatenate(inputs: Sequence[Any], axis: int = -1, **kwargs: Any) -> Any:
    """``Concatenate(axis, **kwargs)(inputs)``: the inputs one after the other along an axis."""
    return Concatenate(axis=axis, **kwargs)(inputs)


def dot(inputs: Sequence[Any], axes: int | Sequence[int], normalize: bool = False, **kwargs: Any) -> Any:
    """``Dot(axes, normalize, **kwargs)(inputs)``: products of the vectors along an axis of two inputs."""
    return Dot(axes=axes, normalize=normalize, **kwargs)(inputs)
