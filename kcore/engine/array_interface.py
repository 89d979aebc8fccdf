"""How a traced array and a variable look to code written for NumPy: operators, methods, protocols."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from kcore.errors.engine import TracingError, UnsupportedOperationError

Axis = int | Sequence[int] | None


class ArrayInterface(np.lib.mixins.NDArrayOperatorsMixin):
    """NumPy's array interface, on top of ``shape``, ``dtype`` and NumPy's two dispatch protocols."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def T(self) -> Any:  # noqa: N802
        return np.transpose(self)  # type: ignore[call-overload]

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of an array without dimensions")
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has to define __getitem__")

    def __setitem__(self, index: Any, value: Any) -> NoReturn:
        raise UnsupportedOperationError(
            operation="assignment to a part of an array",
            reason="values of a program are written once",
            advice="Build the new array instead: np.where(mask, new, old), np.concatenate or np.pad.",
        )

    # NumPy's mixin hands the compound assignments to ufuncs with ``out=``; all are refused in one place there.

    def sum(self, axis: Axis = None, dtype: npt.DTypeLike | None = None, keepdims: bool = False) -> Any:
        return np.sum(self, axis=axis, dtype=dtype, keepdims=keepdims)  # type: ignore[call-overload]

    def mean(self, axis: Axis = None, dtype: npt.DTypeLike | None = None, keepdims: bool = False) -> Any:
        return np.mean(self, axis=axis, dtype=dtype, keepdims=keepdims)  # type: ignore[call-overload]

    def max(self, axis: Axis = None, keepdims: bool = False) -> Any:
        return np.max(self, axis=axis, keepdims=keepdims)  # type: ignore[call-overload]

    def min(self, axis: Axis = None, keepdims: bool = False) -> Any:
        return np.min(self, axis=axis, keepdims=keepdims)  # type: ignore[call-overload]

    def prod(self, axis: Axis = None, keepdims: bool = False) -> Any:
        return np.prod(self, axis=axis, keepdims=keepdims)  # type: ignore[call-overload]

    def any(self, axis: Axis = None, keepdims: bool = False) -> Any:
        return np.any(self, axis=axis, keepdims=keepdims)  # type: ignore[call-overload]

    def all(self, axis: Axis = None, keepdims: bool = False) -> Any:
        return np.all(self, axis=axis, keepdims=keepdims)  # type: ignore[call-overload]

    def var(self, axis: Axis = None, ddof: int = 0, keepdims: bool = False) -> Any:
        return np.var(self, axis=axis, ddof=ddof, keepdims=keepdims)  # type: ignore[call-overload]

    def std(self, axis: Axis = None, ddof: int = 0, keepdims: bool = False) -> Any:
        return np.std(self, axis=axis, ddof=ddof, keepdims=keepdims)  # type: ignore[call-overload]

    def argmax(self, axis: int | None = None, keepdims: bool = False) -> Any:
        return np.argmax(self, axis=axis, keepdims=keepdims)  # type: ignore[call-overload]

    def argmin(self, axis: int | None = None, keepdims: bool = False) -> Any:
        return np.argmin(self, axis=axis, keepdims=keepdims)  # type: ignore[call-overload]

    def reshape(self, *shape: Any) -> Any:
        return np.reshape(self, shape[0] if len(shape) == 1 else shape)  # type: ignore[call-overload]

    def ravel(self) -> Any:
        return np.reshape(self, (-1,))  # type: ignore[call-overload]

    def flatten(self) -> Any:
        return self.ravel()

    def transpose(self, *axes: Any) -> Any:
        chosen = axes[0] if len(axes) == 1 else axes
        return np.transpose(self, chosen or None)  # type: ignore[call-overload]

    def swapaxes(self, axis1: int, axis2: int) -> Any:
        return np.swapaxes(self, axis1, axis2)  # type: ignore[call-overload]

    def squeeze(self, axis: Axis = None) -> Any:
        return np.squeeze(self, axis=axis)  # type: ignore[call-overload]

    def clip(self, min: Any = None, max: Any = None) -> Any:
        return np.clip(self, min, max)  # type: ignore[call-overload]

    def dot(self, other: Any) -> Any:
        return np.dot(self, other)  # type: ignore[call-overload]

    def round(self, decimals: int = 0) -> Any:
        return np.round(self, decimals)  # type: ignore[call-overload]

    def copy(self) -> Any:
        return np.copy(self)  # type: ignore[call-overload]

    def astype(self, dtype: npt.DTypeLike, copy: bool = True) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has to define astype")


def refuse_concrete(what: str) -> NoReturn:
    """Raise the error for code that needs the numbers while only their shapes are known."""
    raise TracingError(
        problem=f"{what} needs the numbers of an array, but this one is traced: only shape and dtype are known.",
        advice="Choose between values with np.where(condition, a, b); a Python branch may depend on shapes and "
        "on arguments, not on array values.",
    )
