"""Operations of one's own: what a plugin needs to define a primitive.

A primitive is one operation of a program with all rules that belong to it: shapes, a NumPy kernel that writes into
given memory, the vector-Jacobian product in terms of other operations, and how it may be cut into pieces. Most
components need none; what NumPy and ``kcore.ops`` can say is differentiated and planned as it is. One of your own is
worth it where a formula takes many passes over the memory, or where its derivative is not that of the function.

Example:
    >>> import numpy as np
    >>> def infer(x):
    ...     return (x,)
    >>> def bind(inputs, outputs, scratch):
    ...     return lambda: np.power(inputs[0], 3, out=outputs[0])
    >>> def vjp(cotangents, inputs, outputs):
    ...     return [cotangents[0] * 3 * np.square(inputs[0])]
    >>> cube = Primitive("cube", infer, bind, vjp=vjp, inplace=(0,), cuts=by_element)
    >>> apply(cube, np.array([2.0, -1.0])).tolist()
    [8.0, -1.0]
"""

from __future__ import annotations

from kcore.engine.primitive import Primitive as Primitive
from kcore.engine.primitive import Thunk as Thunk
from kcore.engine.primitive import no_gradient as no_gradient
from kcore.engine.primitives.batching import Cut as Cut
from kcore.engine.primitives.batching import by_element as by_element
from kcore.engine.primitives.batching import by_sample as by_sample
from kcore.engine.tracing import apply as apply
from kcore.engine.types import ArrayType as ArrayType
from kcore.engine.types import is_float as is_float

__all__ = ["ArrayType", "Cut", "Primitive", "Thunk", "apply", "by_element", "by_sample", "is_float", "no_gradient"]
