"""What an equation costs, from shapes alone: arithmetic operations and bytes moved."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from kcore.engine.primitive import Primitive
from kcore.engine.primitives import convolution, matmul
from kcore.engine.types import ArrayType


def multiplications(
    primitive: Primitive, inputs: Sequence[ArrayType], output: ArrayType, params: Mapping[str, Any]
) -> int:
    """Multiplications of products and convolutions, each of which comes with an addition; 0 for all others."""
    if primitive is matmul.matmul_p:
        return output.size * inputs[0].shape[-1]
    # Both derivatives of a convolution take as many multiplications as the convolution itself.
    if primitive is convolution.conv_p:
        return math.prod(output.shape[:-1]) * inputs[1].size
    if primitive is convolution.conv_input_gradient_p:
        return math.prod(inputs[0].shape[:-1]) * inputs[1].size
    if primitive is convolution.conv_kernel_gradient_p:
        return math.prod(inputs[1].shape[:-1]) * output.size
    return 0


def operations(primitive: Primitive, inputs: Sequence[ArrayType], output: ArrayType, params: Mapping[str, Any]) -> int:
    """Floating-point operations: two per multiplication of a product, else one per element read or written."""
    products = multiplications(primitive, inputs, output, params)
    return 2 * products if products else max([output.size, *(type.size for type in inputs)])


def moved_bytes(inputs: Sequence[ArrayType], output: ArrayType) -> int:
    """Bytes of all operands and of the result, each counted once."""
    return sum(type.nbytes for type in inputs) + output.nbytes
