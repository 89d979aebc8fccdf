"""What the functions of the backend take: arrays, variables, traced arrays, and Python's numbers and lists."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from kcore.components.symbolic import SymbolicTensor
from kcore.engine.array_interface import ArrayInterface
from kcore.engine.settings import floatx, image_data_format
from kcore.errors.components import InvalidArgumentError, LayerStateError
from kcore.ops import cast

Axis = int | Sequence[int] | None


def tensor(x: Any) -> Any:
    """``x`` as something to compute with; Python's numbers and lists become arrays, floats of ``kcore.floatx()``.

    Raises:
        LayerStateError: it is a symbolic tensor.
    """
    if isinstance(x, ArrayInterface | np.ndarray | np.generic):
        return x
    if isinstance(x, SymbolicTensor):
        refuse_symbolic(x)
    if isinstance(x, list | tuple) and any(isinstance(item, ArrayInterface) for item in x):
        return np.stack([tensor(item) for item in x])
    array = np.asarray(x)
    return array.astype(floatx()) if array.dtype.kind == "f" else array


def refuse_symbolic(x: SymbolicTensor) -> None:
    """Raise the error for a tensor that has no numbers, neither now nor in a program that is traced."""
    raise LayerStateError(
        layer=x.node.layer.name if x.node else x.name,
        problem="has a symbolic output, which the functions of kcore.backend cannot compute with",
        advice="Call them in Lambda(function) or in call() of a layer of your own, and that layer on the tensor.",
    )


def operands(*given: Any) -> list[Any]:
    """The operands of a function of several; Python's numbers stay as they are, to take the dtype of the others."""
    scalars = [type(x) in (bool, int, float) for x in given]
    if all(scalars):
        return [tensor(x) for x in given]
    return [x if scalar else tensor(x) for x, scalar in zip(given, scalars, strict=True)]


def floating(x: Any) -> Any:
    """``x`` in its floating dtype, or in ``kcore.floatx()``."""
    array = tensor(x)
    return array if array.dtype.kind == "f" else cast(array, floatx())


def axes_of(axis: Axis) -> Any:
    """An axis, several, or ``None`` for all, as NumPy takes it."""
    return tuple(int(item) for item in axis) if isinstance(axis, list | tuple) else axis


def shape_of(function: str, shape: Any) -> tuple[int, ...]:
    """A shape from a list, a tuple or an array of whole numbers.

    Raises:
        InvalidArgumentError: something else.
    """
    try:
        sizes = [shape] if np.ndim(shape) == 0 else list(shape)
        return tuple(int(np.asarray(size)) if isinstance(size, np.ndarray) else operator.index(size) for size in sizes)
    except TypeError:
        raise InvalidArgumentError(
            component=f"kcore.backend.{function}",
            argument="shape",
            value=shape,
            allowed="whole numbers, as K.int_shape(x) or K.shape(x) gives them",
        ) from None


def layout_of(function: str, data_format: str | None) -> str:
    """The layout of images; ``kcore.image_data_format()`` for ``None``.

    Raises:
        InvalidArgumentError: there is no such layout.
    """
    chosen = image_data_format() if data_format is None else data_format
    return one_of(function, "data_format", chosen, ("channels_last", "channels_first"))


def one_of(function: str, argument: str, value: Any, allowed: Sequence[str]) -> str:
    """``value``, if it is among those allowed.

    Raises:
        InvalidArgumentError: it is not.
    """
    if value not in allowed:
        raise InvalidArgumentError(
            component=f"kcore.backend.{function}", argument=argument, value=value, allowed=list(allowed)
        )
    return str(value)


def sizes_of(function: str, argument: str, value: Any, count: int) -> tuple[int, ...]:
    """One whole number of at least 1 for each of ``count`` axes, from such a list or from one number for all.

    Raises:
        InvalidArgumentError: something else.
    """
    given = value if isinstance(value, list | tuple) else [value] * count
    whole = all(isinstance(item, int | np.integer) and not isinstance(item, bool) and item >= 1 for item in given)
    if len(given) != count or not whole:
        allowed = (
            "a whole number of at least 1" if count == 1 else f"{count} whole numbers of at least 1, or one for all"
        )
        raise InvalidArgumentError(
            component=f"kcore.backend.{function}", argument=argument, value=value, allowed=allowed
        )
    return tuple(int(item) for item in given)


def rank_of(function: str, argument: str, x: Any, ranks: Sequence[int], axes: str) -> None:
    """Check the number of axes.

    Raises:
        InvalidArgumentError: it is another.
    """
    if len(x.shape) not in ranks:
        raise InvalidArgumentError(
            component=f"kcore.backend.{function}", argument=argument, value=f"array of shape {tuple(x.shape)}",
            allowed=f"an array of the axes {axes}",
        )  # fmt: skip
