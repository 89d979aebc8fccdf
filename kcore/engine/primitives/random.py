"""Random numbers inside a program: a pure function of a key, so that a replayed step is reproducible.

A key is two 64-bit words, (stream, position). The generator is Philox4x64-10 (Salmon, Moraes, Dror and Shaw,
"Parallel random numbers: as easy as 1, 2, 3", 2011), NumPy's implementation of it, keyed by both words.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from kcore.engine.primitive import Primitive, Thunk, no_gradient
from kcore.engine.tracing import apply
from kcore.engine.types import Array, ArrayType
from kcore.errors.engine import OperandError


def _infer(key: ArrayType, *, shape: tuple[int, ...], dtype: str) -> tuple[ArrayType, ...]:
    if key != ArrayType((2,), np.uint64):
        raise OperandError(operation="random", shapes=[key.shape], reason=f"a key is uint64[2], this is {key}")
    if np.dtype(dtype).name not in ("float32", "float64"):
        reason = f"numbers are drawn in float32 or float64, not {dtype}"
        raise OperandError(operation="random", shapes=[shape], reason=reason)
    return (ArrayType(shape, dtype),)


def numbers_per_block(dtype: str) -> int:
    """How many uniform numbers the generator makes of one block: four words of 64 bits."""
    return 32 // np.dtype(dtype).itemsize


def _bind_draw(name: str) -> Any:
    def bind(
        inputs: Sequence[Array],
        outputs: Sequence[Array],
        scratch: Any,
        *,
        shape: tuple[int, ...],
        dtype: str,
        skipped: int = 0,
    ) -> Thunk:
        # ``skipped`` numbers of the same key come before these: how a piece continues where the one before it ends.
        key, output = inputs[0], outputs[0]
        bits = np.random.Philox(0)
        state: Any = bits.state
        words, counter = state["state"]["key"], state["state"]["counter"]
        blocks = skipped // numbers_per_block(dtype)
        draw = partial(getattr(np.random.Generator(bits), name), dtype=output.dtype, out=output)

        def fill() -> None:
            np.copyto(words, key)
            counter.fill(0)
            counter[0] = blocks
            bits.state = state
            draw()

        return fill

    return bind


random_uniform_p = Primitive("random_uniform", _infer, _bind_draw("random"), vjp=no_gradient)
random_normal_p = Primitive("random_normal", _infer, _bind_draw("standard_normal"), vjp=no_gradient)


def draw(primitive: Primitive, key: Any, shape: Sequence[int], dtype: Any) -> Any:
    """Numbers of ``shape`` drawn with ``key``."""
    return apply(primitive, key, shape=tuple(int(size) for size in shape), dtype=np.dtype(dtype).name)
