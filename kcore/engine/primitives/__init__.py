"""The primitives, one subject a module. Importing this package fills the tracer's tables."""

from __future__ import annotations

from kcore.engine.primitives import (
    convolution,
    elementwise,
    layout,
    matmul,
    pooling,
    random,
    reductions,
)

__all__ = ["convolution", "elementwise", "layout", "matmul", "pooling", "random", "reductions"]
