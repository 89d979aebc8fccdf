"""Computing one primitive at once on concrete arrays, for debugging and for folding constants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kcore.engine.primitive import Primitive
from kcore.engine.types import Array, ArrayType


def evaluate(primitive: Primitive, arrays: Sequence[Array], params: Mapping[str, Any]) -> Any:
    """The primitive's output, or a tuple of its outputs, freshly allocated (or a view where the rule gives one)."""
    types = [ArrayType.of(array) for array in arrays]
    output_types = primitive.infer(*types, **params)
    if primitive.view is not None:
        view = primitive.view(*arrays, **params)
        if view is not None:
            return view
    outputs = [np.empty(type.shape, type.dtype) for type in output_types]
    scratch_types = primitive.scratch(*types, **params) if primitive.scratch else ()
    scratch = [np.empty(type.shape, type.dtype) for type in scratch_types]
    with np.errstate(all="ignore"):
        primitive.bind(arrays, outputs, scratch, **params)()
    return outputs[0] if len(outputs) == 1 else tuple(outputs)
