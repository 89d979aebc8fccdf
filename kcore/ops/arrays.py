"""Conversions, and values that gradients do not see."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from kcore.engine.array_interface import ArrayInterface
from kcore.engine.primitives.elementwise import cast as _cast
from kcore.engine.primitives.layout import stop_gradient_p
from kcore.engine.tracing import apply
from kcore.engine.types import Array


def _array(x: Any) -> Any:
    return x if isinstance(x, ArrayInterface) else np.asarray(x)


def cast(x: Array, dtype: npt.DTypeLike) -> Array:
    """``x`` in another dtype; ``x`` itself when it has that dtype already."""
    return _cast(_array(x), dtype)  # type: ignore[no-any-return]


def clip(x: Array, low: float | Array | None, high: float | Array | None) -> Array:
    """``x`` limited to low..high, as ``np.clip``; the gradient is 0 outside and 1/2 at the limits."""
    return np.clip(x, low, high)


def stop_gradient(x: Array) -> Array:
    """``x``, treated as a constant by differentiation."""
    return apply(stop_gradient_p, x)  # type: ignore[no-any-return]


def one_hot(labels: Array, num_classes: int, *, dtype: npt.DTypeLike = "float32", axis: int = -1) -> Array:
    """1 at each label's position along a new axis, 0 elsewhere; all 0 for labels outside 0..num_classes-1.

    Args:
        labels: integers (or floats that hold integers), any shape.
        num_classes: length of the new axis.
        dtype: of the result.
        axis: where the new axis goes.
    """
    indices = _array(labels)
    # The positions keep their own dtype: in that of the labels, uint8 say, large ones would wrap around.
    hits = np.expand_dims(indices, -1) == np.arange(num_classes)
    return np.moveaxis(cast(hits, dtype), -1, axis)
