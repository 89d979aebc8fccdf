"""Where a graph begins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kcore.components.layer import Layer
from kcore.components.names import unique_name
from kcore.components.symbolic import Node, SymbolicTensor
from kcore.errors.components import InvalidArgumentError


class InputLayer(Layer):
    """The layer that stands for an input in the list of a model's layers; it returns what it is given.

    Args:
        batch_input_shape: shape with the batch axis in front, ``None`` for sizes that may vary.
        dtype: what data is converted to.
        name: of the input.
        trainable: means nothing here; files of Keras have it.
        sparse, ragged: False, which files of Keras say, too.
    """

    def __init__(
        self,
        *,
        batch_input_shape: Sequence[int | None],
        dtype: str | None = None,
        name: str | None = None,
        trainable: bool = True,
        sparse: bool = False,
        ragged: bool = False,
    ) -> None:
        if sparse or ragged:
            raise InvalidArgumentError(
                component="InputLayer", argument="sparse" if sparse else "ragged", value=True, allowed=[False]
            )
        super().__init__(
            name=name or unique_name("input"), dtype=dtype, batch_input_shape=batch_input_shape, trainable=trainable
        )
        self.built = True
        assert self.batch_input_shape is not None
        tensor = SymbolicTensor(self.batch_input_shape, self.dtype, self.name)
        self.nodes.append(Node(self, [], {}, tensor))

    def call(self, inputs: Any) -> Any:
        return inputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Name, dtype and shape."""
        assert self.batch_input_shape is not None
        return {"name": self.name, "dtype": self.dtype, "batch_input_shape": list(self.batch_input_shape)}


def Input(  # noqa: N802
    shape: Sequence[int | None] | None = None,
    *,
    batch_shape: Sequence[int | None] | None = None,
    batch_size: int | None = None,
    name: str | None = None,
    dtype: str | None = None,
) -> SymbolicTensor:
    """A symbolic tensor to call layers on, the beginning of a functional model.

    Args:
        shape: of one sample, without the batch axis.
        batch_shape: the same with the batch axis; one of the two is needed.
        batch_size: the size of the batch axis, if it is fixed.
        name: of the input.
        dtype: what data is converted to; ``kcore.floatx()`` by default.

    Raises:
        InvalidArgumentError: neither or both shapes are given, or a size is no positive number.
    """
    if (shape is None) == (batch_shape is None):
        raise InvalidArgumentError(
            component="Input", argument="shape", value=shape, allowed="either shape or batch_shape, and not both"
        )
    if shape is not None and not isinstance(shape, list | tuple):
        raise InvalidArgumentError(component="Input", argument="shape", value=shape, allowed="a tuple, such as (784,)")
    full = (batch_size, *shape) if shape is not None else tuple(batch_shape or ())
    for size in full:
        if size is not None and (isinstance(size, bool) or not isinstance(size, int) or size < 1):
            raise InvalidArgumentError(
                component="Input", argument="shape", value=full, allowed="whole numbers of at least 1, or None"
            )
    tensor: SymbolicTensor = InputLayer(batch_input_shape=full, dtype=dtype, name=name).output
    return tensor
