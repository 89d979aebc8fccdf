"""How each primitive behaves along an axis that work can be cut on: it maps, it sums, or it needs the whole.

A rule says along which axis of each input and of the output an equation falls into independent pieces, for each way
in which it can be cut. Where the output has no such axis, the pieces give partial sums, which are added in order.
Primitives without a rule need their whole input. A plugin's primitive brings its rule along (``Primitive.cuts``).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from kcore.engine.primitive import Primitive
from kcore.engine.primitives import (
    average_pooling,
    convolution,
    error_function,
    indexing,
    layout,
    matmul,
    pooling,
    random,
    reductions,
)
from kcore.engine.primitives import elementwise as maps
from kcore.engine.primitives.cost import moved_bytes, multiplications
from kcore.engine.program import Equation
from kcore.engine.types import ArrayType

NARROW, BROAD = 64, 192
"""Rows or columns of a matrix product's piece: at least the first, and at least the second if two such fit."""

Types: TypeAlias = Sequence[ArrayType]
Params: TypeAlias = Mapping[str, Any]


class Cut(NamedTuple):
    """A way in which an equation may be cut.

    Attributes:
        mode: what is cut: the first axis of the output (``"rows"``), its last (``"last"``), all its elements in a row
            (``"flat"``), or the batch of a loop (``"loop"``).
        size: of the axis that is cut.
        inputs: per input, the position of that axis; ``None`` for one that every piece needs whole.
        output: its position in the output; ``None`` where the pieces are partial sums.
        work: of the whole equation, in bytes moved; a multiplication counts like an eighth of a byte.
        params: the static parameters of the piece with these rows, where they depend on it.
        least: rows below which a piece is not worth its overhead.
        outputs: the position of the axis in each output, where there are several.
    """

    mode: str
    size: int
    inputs: tuple[int | None, ...]
    output: int | None
    work: int
    params: Callable[[Params, slice], dict[str, Any]] | None = None
    least: int = 1
    outputs: tuple[int, ...] = ()

    @property
    def places(self) -> tuple[int | None, ...]:
        """The position of the axis in each output."""
        return self.outputs or (self.output,)


Rule: TypeAlias = Callable[[Types, ArrayType, Params], list[Cut]]


def by_element(inputs: Types, output: ArrayType, params: Params, *, weight: int = 1) -> list[Cut]:
    """Element for element. An operand that is repeated along the axis is taken whole by every piece.

    Args:
        weight: how many times as long as an addition an element takes.
    """
    if not output.shape or not output.size:
        return []
    # What lies in the cache streams through one processor faster than another can be told to help.
    work = max(weight * output.nbytes, moved_bytes(inputs, output) // 4)
    rows = tuple(
        0 if len(type.shape) == len(output.shape) and type.shape[0] == output.shape[0] else None for type in inputs
    )
    cuts = [Cut("rows", output.shape[0], rows, 0, work)]
    if len(output.shape) > 1:
        last = tuple(
            len(type.shape) - 1 if type.shape and type.shape[-1] == output.shape[-1] else None for type in inputs
        )
        cuts.append(Cut("last", output.shape[-1], last, len(output.shape) - 1, work))
        if all(type.shape in ((), output.shape) for type in inputs):
            flat = tuple(0 if type.shape else None for type in inputs)
            cuts.append(Cut("flat", output.size, flat, 0, work))
    return cuts


def _matmul(inputs: Types, output: ArrayType, params: Params) -> list[Cut]:
    """The longer side of the product: rows of the first operand, or columns of the second."""
    x, y = inputs
    if len(x.shape) != 2 or len(y.shape) != 2:
        return []
    rows, columns = output.shape
    work = moved_bytes(inputs, output) + multiplications(matmul.matmul_p, inputs, output, params) // 8
    # Every piece packs the other operand anew, so pieces are kept broad.
    least = max(NARROW, min(BROAD, max(rows, columns) // 2))
    if rows >= columns:
        return [Cut("rows", rows, (0, None), 0, work, least=least)]
    return [Cut("last", columns, (None, 1), 1, work, least=least)]


def by_sample(
    *batched: bool, sums: bool = False, shaped: str | None = None, primitive: Primitive | None = None
) -> Rule:
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

    def rule(inputs: Types, output: ArrayType, params: Params) -> list[Cut]:
        work = moved_bytes(inputs, output)
        if primitive is not None:
            work += multiplications(primitive, inputs, output, params) // 8
        axes = tuple(0 if has else None for has in batched)
        size = inputs[batched.index(True)].shape[0]
        return [Cut("rows", size, axes, None if sums else 0, work, adjusted if shaped else None)]

    return rule


def _sum(inputs: Types, output: ArrayType, params: Params) -> list[Cut]:
    (x,) = inputs
    ndim, work = len(x.shape), moved_bytes(inputs, output)
    if ndim < 2:
        return []
    cuts = [Cut("rows", x.shape[0], (0,), None if 0 in params["axes"] else 0, work)]
    if ndim - 1 not in params["axes"]:
        cuts.append(Cut("last", x.shape[-1], (ndim - 1,), len(output.shape) - 1, work))
    return cuts


def _maps_unless_reduced(inputs: Types, output: ArrayType, params: Params) -> list[Cut]:
    (x,) = inputs
    if len(x.shape) < 2 or 0 in params["axes"]:
        return []
    return [Cut("rows", x.shape[0], (0,), 0, moved_bytes(inputs, output))]


def _uniform(inputs: Types, output: ArrayType, params: Params) -> list[Cut]:
    """The generator can begin anywhere, at the beginning of a block."""
    row = math.prod(output.shape[1:])
    if len(output.shape) < 2 or row % random.numbers_per_block(params["dtype"]):
        return []

    def placed(params: Params, rows: slice) -> dict[str, Any]:
        return {**params, "shape": (rows.stop - rows.start, *params["shape"][1:]), "skipped": rows.start * row}

    return [Cut("rows", output.shape[0], (None,), 0, 4 * output.nbytes, placed)]


def _gather(inputs: Types, output: ArrayType, params: Params) -> list[Cut]:
    positions = inputs[1]
    if params["axis"] or not positions.shape:
        return []
    return [Cut("rows", positions.shape[0], (None, 0), 0, output.nbytes)]


def _concatenate(inputs: Types, output: ArrayType, params: Params) -> list[Cut]:
    if not params["axis"]:
        return []
    return [Cut("rows", output.shape[0], (0,) * len(inputs), 0, output.nbytes)]


def _place(inputs: Types, output: ArrayType, params: Params) -> list[Cut]:
    """Rows stay rows where every part has all of them."""
    whole = (0, output.shape[0], 1) if output.shape else None
    if len(output.shape) < 2 or any(region[0] != whole for region in params["regions"]):
        return []

    def shaped(params: Params, rows: slice) -> dict[str, Any]:
        count = rows.stop - rows.start
        regions = tuple(((0, count, 1), *region[1:]) for region in params["regions"])
        return {**params, "regions": regions, "shape": (count, *params["shape"][1:])}

    return [Cut("rows", output.shape[0], (0,) * len(inputs), 0, output.nbytes, shaped)]


# Functions that take many times as long as an addition; measured with NumPy's vectorized loops.
_SLOW: dict[np.ufunc, int] = {
    **dict.fromkeys((np.exp, np.expm1, np.exp2, np.log, np.log1p, np.log2, np.log10), 4),
    **dict.fromkeys((np.tanh, np.sin, np.cos, np.tan, np.arctan, np.sinh, np.cosh, np.logaddexp, np.power), 8),
}


rules: dict[Primitive, Rule] = {
    **{
        primitive: partial(by_element, weight=_SLOW[ufunc]) if ufunc in _SLOW else by_element
        for ufunc, primitive in maps.ufunc_primitives.items()
    },
    maps.cast_p: by_element,
    maps.select_p: by_element,
    maps.relu_p: by_element,
    maps.sigmoid_p: partial(by_element, weight=4),
    error_function.erfc_p: partial(by_element, weight=32),
    matmul.matmul_p: _matmul,
    reductions.sum_p: _sum,
    reductions.max_p: _maps_unless_reduced,
    reductions.min_p: _maps_unless_reduced,
    convolution.conv_p: by_sample(True, False, primitive=convolution.conv_p),
    convolution.conv_input_gradient_p: by_sample(
        True, False, shaped="input_shape", primitive=convolution.conv_input_gradient_p
    ),
    convolution.conv_kernel_gradient_p: by_sample(True, True, sums=True, primitive=convolution.conv_kernel_gradient_p),
    random.random_uniform_p: _uniform,
    indexing.gather_p: _gather,
    layout.concatenate_p: _concatenate,
    layout.place_p: _place,
    average_pooling.average_pool_p: by_sample(True),
    average_pooling.average_unpool_p: by_sample(True, shaped="input_shape"),
    pooling.max_pool_p: by_sample(True),
    pooling.max_pool_winner_p: by_sample(True, True),
    pooling.max_unpool_p: by_sample(True, True, shaped="input_shape"),
    pooling.max_pick_p: by_sample(True, True),
}


def cuts(primitive: Primitive, inputs: Types, outputs: Types, params: Params) -> list[Cut]:
    """The ways in which an equation may be cut; none if it needs the whole."""
    rule = rules.get(primitive, primitive.cuts)
    found = rule(inputs, outputs[0], params) if rule is not None and len(outputs) == 1 else []
    return [cut for cut in found if cut.size > 1]


def elementwise(found: Sequence[Cut]) -> bool:
    """Whether these are the cuts of an equation that maps element for element."""
    return {"rows", "last"} <= {cut.mode for cut in found} and all(cut.output is not None for cut in found)


def keeps_rows(equation: Equation) -> bool:
    """Whether the rows of a view are the rows of what it views, one for one."""
    before, after, params = equation.inputs[0].type.shape, equation.outputs[0].type.shape, equation.params
    if not before or not after or before[0] != after[0] or not equation.inputs[0].type.size:
        return False
    if equation.primitive is layout.transpose_p:
        return bool(params["axes"][0] == 0)
    if equation.primitive is layout.slice_p:
        return bool(params["region"][0] == (0, before[0], 1))
    if equation.primitive is layout.broadcast_p:
        return len(before) == len(after)
    return equation.primitive in (layout.reshape_p, layout.alias_p, layout.stop_gradient_p)
