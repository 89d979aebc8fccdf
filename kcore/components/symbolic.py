"""Symbolic tensors and nodes: how layers are wired before any array exists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from kcore.engine.tree import leaves
from kcore.engine.types import Shape
from kcore.errors.components import LayerStateError, spelled_shape

if TYPE_CHECKING:
    from kcore.components.layer import Layer


class SymbolicTensor:
    """The output of a layer that has been wired, but not computed.

    Attributes:
        shape: with ``None`` for dimensions that are not known, the batch axis first.
        dtype: name of the dtype.
        node: the call of a layer that makes it.
        index: which of the call's outputs it is.
        name: for people.
    """

    def __init__(self, shape: Shape, dtype: str, name: str) -> None:
        self.shape = tuple(shape)
        self.dtype = np.dtype(dtype).name
        self.name = name
        self.node: Node | None = None
        self.index = 0

    def _refuse(self, *operands: Any) -> NoReturn:
        raise LayerStateError(
            layer=self.node.layer.name if self.node else self.name,
            problem="has a symbolic output, which holds no numbers to compute with",
            advice="Put the computation into a layer (write a Layer with call(), or use a merge layer).",
        )

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _refuse
    __matmul__ = __rmatmul__ = __pow__ = __neg__ = __getitem__ = _refuse
    __array__ = _refuse

    def __repr__(self) -> str:
        return f"<SymbolicTensor {self.name!r} {spelled_shape(self.shape)} {self.dtype}>"


class Node:
    """One call of a layer on symbolic tensors.

    Attributes:
        layer: what was called.
        inputs: the call's first argument: a symbolic tensor, or a list of them.
        kwargs: the call's other arguments, among which there may be symbolic tensors, too.
        outputs: what it returned, in the same form.
        masks: of the outputs, in their form, once somebody has asked for them.
    """

    masks: Any

    def __init__(self, layer: Layer, inputs: Any, kwargs: dict[str, Any], outputs: Any) -> None:
        self.layer = layer
        self.inputs = inputs
        self.kwargs = kwargs
        self.outputs = outputs
        for index, tensor in enumerate(leaves(outputs)):
            tensor.node = self
            tensor.index = index

    @property
    def needs(self) -> list[SymbolicTensor]:
        """All symbolic tensors that the call takes."""
        return [leaf for leaf in leaves([self.inputs, self.kwargs]) if isinstance(leaf, SymbolicTensor)]

    @property
    def number(self) -> int:
        """Which of its layer's calls this is."""
        return self.layer.nodes.index(self)
