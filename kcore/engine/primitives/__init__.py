"""The primitives, one subject a module. Importing this package fills the tracer's tables."""

from __future__ import annotations

from kcore.engine.primitives import (
    average_pooling,
    convolution,
    cumulative,
    elementwise,
    error_function,
    indexing,
    layout,
    matmul,
    pooling,
    random,
    reductions,
    scan,
    sorting,
)

__all__ = [
    "average_pooling",
    "convolution",
    "cumulative",
    "elementwise",
    "error_function",
    "indexing",
    "layout",
    "matmul",
    "pooling",
    "random",
    "reductions",
    "scan",
    "sorting",
]
