"""How each primitive behaves along an axis that work can be cut on: it maps, it sums, or it needs the whole.

A rule says along which axis of each input and of the output an equation falls into independent pieces. Where the
output has no such axis, the pieces give partial sums, which are added in order. Primitives without a rule need
their whole input.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from kcore.engine.primitive import Primitive
from kcore.engine.primitives import average_pooling, convolution, elementwise, matmul, pooling, random, reductions
from kcore.engine.primitives.cost import moved_bytes, multiplications
from kcore.engine.types import ArrayType

NARROW, BROAD = 64, 192
"""Rows or columns of a matrix product's piece: at least the first, and at least the second if two such fit."""

Types: TypeAlias = Sequence[ArrayType]
Params: TypeAlias = Mapping[str, Any]


class Cut(NamedTuple):
    """Where an equation may be cut.

    Attributes:
        size: of the axis that is cut.
        inputs: per input, the position of that axis; ``None`` for one that every piece needs whole.
        output: its position in the output; ``None`` where the pieces are partial sums.
        work: of the whole equation, in bytes moved; a multiplication counts like an eighth of a byte.
        params: the static parameters of the piece with these rows, where they depend on it.
        least: rows below which a piece is not worth its overhead.
    """

    size: int
    inputs: tuple[int | None, ...]
    output: int | None
    work: int
    params: Callable[[Params, slice], dict[str, Any]] | None = None
    least: int = 1


Rule: TypeAlias = Callable[[Types, ArrayType, Params], Cut | None]


def _maps(inputs: Types, output: ArrayType, params: Params) -> Cut | None:
    """Element for element: the first axis of the output, and of the inputs that have it."""
    if not output.shape:
        return None
    axes = tuple(
        0 if len(type.shape) == len(output.shape) and type.shape[0] == output.shape[0] else None for type in inputs
    )
    # An operand that is repeated along the first axis is taken whole by every piece.
    # What lies in the cache streams through one processor faster than another can be told to help.
    return Cut(output.shape[0], axes, 0, moved_bytes(inputs, output) // 4)


def _matmul(inputs: Types, output: ArrayType, params: Params) -> Cut | None:
    """The longer side of the product: rows of the first operand, or columns of the second."""
    x, y = inputs
    if len(x.shape) != 2 or len(y.shape) != 2:
        return None
    rows, columns = output.shape
    work = moved_bytes(inputs, output) + multiplications(matmul.matmul_p, inputs, output, params) // 8
    # Every piece packs the other operand anew, so pieces are kept broad.
    least = max(NARROW, min(BROAD, max(rows, columns) // 2))
    if rows >= columns:
        return Cut(rows, (0, None), 0, work, least=least)
    return Cut(columns, (None, 1), 1, work, least=least)


def _samples(*batched: bool, sums: bool = False, shaped: str | None = None, primitive: Primitive | None = None) -> Rule:
    """Samples are independent.

    Args:
        batched: which inputs have them.
        sums: whether the output sums over them.
        shaped: a parameter that is a shape that has them, too.
        primitive: whose multiplications count as work.
    """

    def adjusted(params: Params, rows: slice) -> dict[str, Any]:
        assert shaped is not None
        return {**params, shaped: (rows.stop - rows.start, *params[shaped][1:])}

    def rule(inputs: Types, output: ArrayType, params: Params) -> Cut:
        work = moved_bytes(inputs, output)
        if primitive is not None:
            work += multiplications(primitive, inputs, output, params) // 8
        axes = tuple(0 if has else None for has in batched)
        return Cut(inputs[0].shape[0], axes, None if sums else 0, work, adjusted if shaped else None)

    return rule


def _sum(inputs: Types, output: ArrayType, params: Params) -> Cut | None:
    (x,) = inputs
    if len(x.shape) < 2:
        return None
    return Cut(x.shape[0], (0,), None if 0 in params["axes"] else 0, moved_bytes(inputs, output))


def _maps_unless_reduced(inputs: Types, output: ArrayType, params: Params) -> Cut | None:
    (x,) = inputs
    if len(x.shape) < 2 or 0 in params["axes"]:
        return None
    return Cut(x.shape[0], (0,), 0, moved_bytes(inputs, output))


def _uniform(inputs: Types, output: ArrayType, params: Params) -> Cut | None:
    """The generator can begin anywhere, at the beginning of a block."""
    row = math.prod(output.shape[1:])
    if len(output.shape) < 2 or row % random.numbers_per_block(params["dtype"]):
        return None

    def placed(params: Params, rows: slice) -> dict[str, Any]:
        return {**params, "shape": (rows.stop - rows.start, *params["shape"][1:]), "skipped": rows.start * row}

    return Cut(output.shape[0], (None,), 0, 4 * output.nbytes, placed)


rules: dict[Primitive, Rule] = {
    **dict.fromkeys(elementwise.ufunc_primitives.values(), _maps),
    elementwise.cast_p: _maps,
    elementwise.select_p: _maps,
    elementwise.relu_p: _maps,
    elementwise.sigmoid_p: _maps,
    matmul.matmul_p: _matmul,
    reductions.sum_p: _sum,
    reductions.max_p: _maps_unless_reduced,
    reductions.min_p: _maps_unless_reduced,
    convolution.conv_p: _samples(True, False, primitive=convolution.conv_p),
    convolution.conv_input_gradient_p: _samples(
        True, False, shaped="input_shape", primitive=convolution.conv_input_gradient_p
    ),
    convolution.conv_kernel_gradient_p: _samples(True, True, sums=True, primitive=convolution.conv_kernel_gradient_p),
    random.random_uniform_p: _uniform,
    average_pooling.average_pool_p: _samples(True),
    average_pooling.average_unpool_p: _samples(True, shaped="input_shape"),
    pooling.max_pool_p: _samples(True),
    pooling.max_pool_winner_p: _samples(True, True),
    pooling.max_unpool_p: _samples(True, True, shaped="input_shape"),
    pooling.max_pick_p: _samples(True, True),
}


def cut(primitive: Primitive, inputs: Types, outputs: Types, params: Params) -> Cut | None:
    """Where an equation may be cut, or ``None`` if it needs the whole."""
    rule = rules.get(primitive)
    return rule(inputs, outputs[0], params) if rule is not None and len(outputs) == 1 else None
