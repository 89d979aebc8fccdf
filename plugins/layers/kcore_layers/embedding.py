"""Embedding: a learned vector for each whole number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kcore import Array, Shape, Variable, constraints, initializers, ops, regularizers
from kcore.errors import InvalidArgumentError
from kcore.layers import InputSpec, Layer
from kcore_layers.arguments import is_integer, positive_integer


class Embedding(Layer):
    """Row ``i`` of a learned table in place of each whole number ``i``: y[..., :] = embeddings[x[...]].

    Input (batch, ...) of integers from 0 to ``input_dim`` - 1, or floating numbers that hold such, as in Keras;
    output (batch, ..., output_dim). Weight: ``embeddings`` (input_dim, output_dim). A model that begins with this
    layer takes its data as int64, so that large numbers are not rounded.

    Args:
        input_dim: number of rows of the table: the largest number in the data plus 1.
        output_dim: length of each row.
        embeddings_initializer: of the table's first values.
        embeddings_regularizer: a penalty on the table, added to the loss.
        activity_regularizer: a penalty on the output, added to the loss.
        embeddings_constraint: a projection after each update.
        mask_zero: whether 0 marks padding: the output then has the mask x != 0, and no word can have the number 0.
        input_length: number of steps in each sequence, if it is fixed (or one number for each axis after the
            batch); as a first layer, it stands for ``input_shape=(input_length,)``.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: an argument outside the values above.
        LayerInputError: the input has not the lengths that ``input_length`` says.
        LayerCallError: a number in the input is outside the table; as in NumPy, negative ones count from the end. In a
            compiled step, an IndexError.

    Example:
        >>> import numpy as np
        >>> layer = Embedding(3, 2, weights=[np.array([[0.0, 0.5], [1.0, 1.5], [2.0, 2.5]])])
        >>> layer(np.array([[2, 0]])).tolist()
        [[[2.0, 2.5], [0.0, 0.5]]]
        >>> Embedding(3, 2, mask_zero=True).compute_mask(np.array([[2, 0]])).tolist()
        [[True, False]]
    """

    input_dtype = "int64"

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        activity_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        input_length: int | Sequence[int | None] | None = None,
        **kwargs: Any,
    ) -> None:
        lengths = _lengths(input_length)
        if "input_shape" not in kwargs and "batch_input_shape" not in kwargs:
            kwargs["input_shape"] = (None,) if lengths is None else lengths
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.input_dim = positive_integer("Embedding", "input_dim", input_dim)
        self.output_dim = positive_integer("Embedding", "output_dim", output_dim)
        self.embeddings_initializer = initializers.get(embeddings_initializer)
        self.embeddings_regularizer = regularizers.get(embeddings_regularizer)
        self.embeddings_constraint = constraints.get(embeddings_constraint)
        self.mask_zero = bool(mask_zero)
        self.input_length = input_length
        self._lengths = lengths
        if lengths is not None:
            sizes = {axis: size for axis, size in enumerate(lengths, 1) if size is not None}
            self.input_spec = InputSpec(ndim=len(lengths) + 1, axes=sizes)

    def build(self, input_shape: Shape) -> None:
        self.embeddings: Variable = self.add_weight(
            "embeddings",
            (self.input_dim, self.output_dim),
            self.embeddings_initializer,
            regularizer=self.embeddings_regularizer,
            constraint=self.embeddings_constraint,
        )

    def call(self, inputs: Array) -> Array:
        """(batch, ...) -> (batch, ..., output_dim)."""
        numbers = inputs if inputs.dtype.kind in "iu" else ops.cast(inputs, "int64")
        table: Any = self.embeddings
        return ops.take(table, numbers)

    def compute_mask(self, inputs: Array, mask: Any = None) -> Any:
        """(batch, ...): where the input is not 0, if ``mask_zero``; else none."""
        return np.not_equal(inputs, 0) if self.mask_zero else None

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        self.check_input(input_shape)
        known = input_shape[1:] if self._lengths is None else self._lengths
        sizes = [length if size is None else size for size, length in zip(input_shape[1:], known, strict=True)]
        return (input_shape[0], *sizes, self.output_dim)


def _lengths(value: Any) -> tuple[int | None, ...] | None:
    """``input_length`` as one size for each axis after the batch, ``None`` for what is not fixed."""
    entries = [value] if value is None or is_integer(value) else value
    if not isinstance(entries, list | tuple) or not all(
        entry is None or (is_integer(entry) and entry >= 1) for entry in entries
    ):
        raise InvalidArgumentError(
            component="Embedding",
            argument="input_length",
            value=value,
            allowed="None, an integer of at least 1, or one of these for each axis after the batch",
        )
    return None if value is None else tuple(None if entry is None else int(entry) for entry in entries)
