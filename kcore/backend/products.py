"""Products of matrices, and of matrices sample by sample."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from kcore.backend.tensors import tensor
from kcore.errors.components import InvalidArgumentError
from kcore.errors.engine import OperandError


def dot(x: Any, y: Any) -> Any:
    """The sum of products over the last axis of ``x`` and the last but one of ``y``.

    (..., n) and (n, m) give (..., m); (..., n) and (\\*others, n, m) give (..., \\*others, m). No axis is taken as that
    of a batch: see ``batch_dot``.

    Example:
        >>> dot(np.ones((2, 3)), np.ones((4, 3, 5))).shape
        (2, 4, 5)
    """
    x, y = tensor(x), tensor(y)
    shared = y.shape[max(y.ndim - 2, 0)] if y.ndim else None
    if x.ndim and y.ndim and x.shape[-1] != shared:
        reason = f"the last axis of the first has size {x.shape[-1]}, the last but one of the second {shared}"
        raise OperandError(operation="kcore.backend.dot", shapes=[x.shape, y.shape], reason=reason)
    if y.ndim != 2 or x.ndim <= 2:
        return np.dot(x, y)
    # One product of two matrices, however many axes there are.
    return np.reshape(np.reshape(x, (-1, x.shape[-1])) @ y, (*x.shape[:-1], y.shape[1]))


def batch_dot(x: Any, y: Any, axes: int | Sequence[int] | None = None) -> Any:
    """The sum of products over one axis of each, for every sample.

    The result is (batch, other axes of ``x``, other axes of ``y``), or (batch, 1) if there are no others.

    Args:
        x, y: (batch, ...), with at least two axes.
        axes: which axes are summed over, one for each or one for both, not 0; by default the last of ``x``, and the
            last but one of ``y`` (the last, if it has two).

    Raises:
        InvalidArgumentError: ``axes`` names the batch axis, or none that there is.
        OperandError: the sizes of the axes, or of the batches, differ.

    Example:
        >>> batch_dot(np.ones((32, 20, 5)), np.ones((32, 5, 7))).shape
        (32, 20, 7)
        >>> batch_dot(np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]]), axes=1).tolist()
        [[11.0]]
    """
    x, y = tensor(x), tensor(y)
    if x.ndim < 2 or y.ndim < 2:
        raise OperandError(
            operation="kcore.backend.batch_dot", shapes=[x.shape, y.shape], reason="both need at least two axes"
        )
    given: Any = axes
    if axes is None:
        given = (x.ndim - 1, max(y.ndim - 2, 1))
    elif isinstance(axes, int | np.integer):
        given = (axes, axes)
    if not isinstance(given, list | tuple) or len(given) != 2 or any(
        not isinstance(axis, int | np.integer) or not -a.ndim <= axis < a.ndim or axis % a.ndim == 0
        for axis, a in zip(given, (x, y), strict=True)
    ):  # fmt: skip
        raise InvalidArgumentError(
            component="kcore.backend.batch_dot",
            argument="axes",
            value=axes,
            allowed=f"an axis other than 0, or one for each array, of arrays with {x.ndim} and {y.ndim} axes",
        )
    first, second = (int(axis) % a.ndim for axis, a in zip(given, (x, y), strict=True))
    if x.shape[0] != y.shape[0] or x.shape[first] != y.shape[second]:
        reason = f"the batches, and axes {first} and {second}, must have the same sizes"
        raise OperandError(operation="kcore.backend.batch_dot", shapes=[x.shape, y.shape], reason=reason)
    rows, columns = np.moveaxis(x, first, -1), np.moveaxis(y, second, 1)
    length, outer, inner = x.shape[first], rows.shape[1:-1], columns.shape[2:]
    left = np.reshape(rows, (x.shape[0], math.prod(outer), length))
    right = np.reshape(columns, (x.shape[0], length, math.prod(inner)))
    return np.reshape(left @ right, (x.shape[0], *((*outer, *inner) or (1,))))


def transpose(x: Any) -> Any:
    """All axes in the opposite order."""
    return np.transpose(tensor(x))
