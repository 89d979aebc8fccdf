"""What a tensor is, and its shape, dtype and value."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from kcore.backend.tensors import refuse_symbolic, tensor
from kcore.components.symbolic import SymbolicTensor
from kcore.engine.array_interface import ArrayInterface
from kcore.engine.settings import floatx
from kcore.engine.tracing import Variable, concrete, is_traced
from kcore.engine.types import Array, Shape
from kcore.errors.components import InvalidArgumentError
from kcore.models.inputs import Input, InputLayer


def is_tensor(x: Any) -> bool:
    """Whether it is an array, traced or not, a variable, or a symbolic tensor."""
    return isinstance(x, ArrayInterface | np.ndarray | np.generic | SymbolicTensor)


def is_keras_tensor(x: Any) -> bool:
    """Whether it is a symbolic tensor, as a layer in a graph gives it.

    Raises:
        InvalidArgumentError: it is no tensor at all.
    """
    if not is_tensor(x):
        raise InvalidArgumentError(
            component="kcore.backend.is_keras_tensor", argument="x", value=x, allowed="an array or a symbolic tensor"
        )
    return isinstance(x, SymbolicTensor)


def is_variable(x: Any) -> bool:
    """Whether it is a variable."""
    return isinstance(x, Variable)


def is_placeholder(x: Any) -> bool:
    """Whether it is the input of a graph."""
    return isinstance(x, SymbolicTensor) and x.node is not None and isinstance(x.node.layer, InputLayer)


def is_sparse(tensor: Any) -> bool:
    """False: kcore has dense arrays only."""
    return False


def to_dense(tensor: Any) -> Any:
    """The array itself."""
    return tensor


def placeholder(
    shape: Sequence[int | None] | None = None,
    ndim: int | None = None,
    dtype: str | None = None,
    sparse: bool = False,
    name: str | None = None,
) -> SymbolicTensor:
    """The beginning of a graph, as ``Input(batch_shape=shape)`` gives it; layers can be called on it.

    Args:
        shape: the whole shape, ``None`` for sizes that may vary.
        ndim: the number of axes, where no shape is given.
        dtype: ``kcore.floatx()`` by default.
        sparse: has to be False.
        name: of the input.

    Raises:
        InvalidArgumentError: there is neither shape nor ndim, or it should be sparse.

    Example:
        >>> placeholder(ndim=2).shape
        (None, None)
    """
    if sparse:
        raise InvalidArgumentError(
            component="kcore.backend.placeholder", argument="sparse", value=sparse, allowed=[False]
        )
    if shape is None and ndim is None:
        raise InvalidArgumentError(
            component="kcore.backend.placeholder",
            argument="shape",
            value=shape,
            allowed="a shape, or ndim in its place",
        )
    sizes = (None,) * (ndim or 0) if shape is None else tuple(shape)
    return Input(batch_shape=sizes, dtype=dtype or floatx(), name=name)


def shape(x: Any) -> Array:
    """The shape as an array of integers: all sizes are known, also while a program is traced.

    Example:
        >>> int(shape(np.zeros((4, 3)))[0])
        4
    """
    if isinstance(x, SymbolicTensor):
        if any(size is None for size in x.shape):
            refuse_symbolic(x)
        return np.array(x.shape, np.int64)
    return np.array(tensor(x).shape, np.int64)


def int_shape(x: Any) -> Shape:
    """The shape as a tuple; of a symbolic tensor with ``None`` for what is not known."""
    return tuple(x.shape) if isinstance(x, SymbolicTensor) else tuple(tensor(x).shape)


def ndim(x: Any) -> int:
    """The number of axes."""
    return len(int_shape(x))


def size(x: Any, name: str | None = None) -> int:
    """The number of elements."""
    return math.prod(tensor(x).shape)


def dtype(x: Any) -> str:
    """The name of the dtype.

    Example:
        >>> dtype(np.zeros(3, "float32"))
        'float32'
    """
    return np.dtype(x.dtype if isinstance(x, SymbolicTensor) else tensor(x).dtype).name


def eval(x: Any) -> Array:
    """The value, a copy.

    Raises:
        LayerStateError: it is a symbolic tensor: ``K.function`` computes those from inputs.
        TracingError: it is traced.
    """
    return np.array(concrete(tensor(x)))


def print_tensor(x: Any, message: str = "") -> Any:
    """``x`` itself; prints it with the message where it has a value. A program that is traced prints nothing."""
    if isinstance(x, SymbolicTensor):
        refuse_symbolic(x)
    if not is_traced(x):
        print(message, concrete(tensor(x)))
    return x
