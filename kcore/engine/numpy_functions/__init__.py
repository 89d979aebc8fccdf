"""NumPy's functions on traced arrays, as compositions of primitives. Importing this fills the tracer's table."""

from __future__ import annotations

from kcore.engine.numpy_functions import einsum, indexing, layout, order, products, reductions, values

__all__ = ["einsum", "indexing", "layout", "order", "products", "reductions", "values"]
