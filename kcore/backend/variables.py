"""Variables and constants: making, reading and changing them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from kcore.backend.random import random_normal, random_uniform
from kcore.backend.tensors import operands, shape_of, tensor
from kcore.components.call_context import current_context
from kcore.engine.settings import floatx
from kcore.engine.tracing import Variable, concrete, current_trace
from kcore.engine.types import Array
from kcore.errors.components import InvalidArgumentError
from kcore.ops import cast

Dtype = npt.DTypeLike | None


def variable(value: Any, dtype: Dtype = None, name: str | None = None, constraint: Any = None) -> Variable:
    """A variable, which keeps a value from step to step.

    The weights of a layer are made with ``add_weight``: only those are trained, saved and listed.

    Args:
        value: the first value.
        dtype: ``kcore.floatx()`` by default.
        name: of the variable.
        constraint: has to be ``None``: a constraint belongs to ``add_weight``.

    Raises:
        InvalidArgumentError: there is a constraint.

    Example:
        >>> v = variable([1.0, 2.0])
        >>> v.assign(v * 3)
        >>> get_value(v).tolist()
        [3.0, 6.0]
    """
    if constraint is not None:
        raise InvalidArgumentError(
            component="kcore.backend.variable",
            argument="constraint",
            value=constraint,
            allowed="None; add_weight of a layer takes a constraint",
        )
    return Variable(value, dtype=dtype or floatx(), name=name or "variable")


def constant(value: Any, dtype: Dtype = None, shape: Sequence[int] | None = None, name: str | None = None) -> Array:
    """An array; a single number fills ``shape``.

    Example:
        >>> constant(0.5, shape=(2, 2)).tolist()
        [[0.5, 0.5], [0.5, 0.5]]
    """
    array = np.array(value, dtype=dtype or floatx())
    if shape is None:
        return array
    return np.full(shape, array) if array.size == 1 else array.reshape(shape)


def zeros(shape: Any, dtype: Dtype = None, name: str | None = None) -> Any:
    """Zeros: a variable, as in Keras; while a program is traced, a constant of that program."""
    return _kept(np.zeros(shape_of("zeros", shape), dtype or floatx()), name)


def ones(shape: Any, dtype: Dtype = None, name: str | None = None) -> Any:
    """Ones: a variable, as in Keras; while a program is traced, a constant of that program."""
    return _kept(np.ones(shape_of("ones", shape), dtype or floatx()), name)


def eye(size: int, dtype: Dtype = None, name: str | None = None) -> Any:
    """The identity matrix: a variable, as in Keras; while a program is traced, a constant of that program."""
    return _kept(np.eye(size, dtype=dtype or floatx()), name)


def _kept(array: Array, name: str | None) -> Any:
    return array if current_trace() is not None else Variable(array, name=name or "variable")


def zeros_like(x: Any, dtype: Dtype = None, name: str | None = None) -> Any:
    """Zeros of the shape and dtype of ``x``."""
    return np.zeros_like(tensor(x), dtype=dtype)


def ones_like(x: Any, dtype: Dtype = None, name: str | None = None) -> Any:
    """Ones of the shape and dtype of ``x``."""
    return np.ones_like(tensor(x), dtype=dtype)


def random_uniform_variable(
    shape: Sequence[int], low: float, high: float, dtype: Dtype = None, name: str | None = None, seed: int | None = None
) -> Variable:
    """A variable that begins with numbers uniform in low..high."""
    return variable(random_uniform(shape, low, high, dtype, seed), dtype, name)


def random_normal_variable(
    shape: Sequence[int],
    mean: float,
    scale: float,
    dtype: Dtype = None,
    name: str | None = None,
    seed: int | None = None,
) -> Variable:
    """A variable that begins with numbers from the normal distribution with this mean and standard deviation."""
    return variable(random_normal(shape, mean, scale, dtype, seed), dtype, name)


# --- reading and changing --------------------------------------------------------------------------------------------


def get_value(x: Any) -> Array:
    """A copy of the value of a variable or an array."""
    return np.array(concrete(tensor(x)))


def batch_get_value(tensors: Sequence[Any]) -> list[Array]:
    """``get_value`` of each."""
    return [get_value(x) for x in tensors]


def set_value(x: Variable, value: Any) -> None:
    """Give a variable a new value of the same shape.

    Raises:
        VariableValueError: the shape is another.
        InvalidArgumentError: ``x`` is no variable.
    """
    _variable("set_value", x).assign(np.asarray(value))


def batch_set_value(tuples: Sequence[tuple[Variable, Any]]) -> None:
    """``set_value`` of each pair (variable, value)."""
    for x, value in tuples:
        set_value(x, value)


def get_variable_shape(x: Any) -> tuple[int, ...]:
    """The shape of a variable."""
    return tuple(x.shape)


def count_params(x: Any) -> int:
    """The number of elements."""
    return math.prod(x.shape)


def update(x: Variable, new_x: Any) -> tuple[Variable, Any]:
    """Give a variable a new value.

    In a call of a layer that happens in training only, and not where the layer is frozen; anywhere else at once. What
    it returns may be given to ``add_update`` of a layer, as Keras wants it, or be left alone.

    Args:
        x: a variable.
        new_x: of its shape.

    Returns:
        the variable and the new value.

    Raises:
        VariableValueError: the shapes differ.
        InvalidArgumentError: ``x`` is no variable.

    Example:
        >>> step = variable(1)
        >>> _ = update_add(step, 2)
        >>> get_value(step).item()
        3.0
    """
    _variable("update", x)
    new = tensor(new_x)
    context = current_context()
    if context.depth == 0 or (context.training and not (context.layer is not None and context.layer.frozen)):
        x.assign(new)
    return x, new


def update_add(x: Variable, increment: Any) -> tuple[Variable, Any]:
    """Add to a variable; see ``update``."""
    return update(x, np.add(*operands(_variable("update_add", x), increment)))


def update_sub(x: Variable, decrement: Any) -> tuple[Variable, Any]:
    """Subtract from a variable; see ``update``."""
    return update(x, np.subtract(*operands(_variable("update_sub", x), decrement)))


def moving_average_update(x: Variable, value: Any, momentum: Any) -> tuple[Variable, Any]:
    """Let a variable become x * momentum + value * (1 - momentum); see ``update``.

    With TensorFlow 1, Keras corrected the first updates for the start at 0; later, and here, nothing is corrected.
    """
    variable = _variable("moving_average_update", x)
    return update(x, cast(variable * momentum + tensor(value) * (1 - momentum), variable.dtype))


def _variable(function: str, x: Any) -> Any:
    if not isinstance(x, Variable):
        raise InvalidArgumentError(
            component=f"kcore.backend.{function}",
            argument="x",
            value=x,
            allowed="a variable, as K.variable or add_weight makes it",
        )
    return x
