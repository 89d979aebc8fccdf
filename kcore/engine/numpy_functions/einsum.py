"""``np.einsum`` and ``np.tensordot``: transposes, reshapes and one matrix product for each pair of operands."""

from __future__ import annotations

import math
import string
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from kcore.engine.numpy_functions.signatures import as_array, implements, refuse
from kcore.engine.primitives import layout
from kcore.engine.primitives.elementwise import cast
from kcore.engine.primitives.matmul import matmul
from kcore.errors.engine import OperandError, UnsupportedOperationError


class Labelled(NamedTuple):
    """An array, and a label for each of its axes."""

    array: Any
    labels: tuple[str, ...]

    def size(self, label: str) -> int:
        return int(self.array.shape[self.labels.index(label)])

    def ordered(self, labels: Sequence[str]) -> Any:
        """The array with its axes in the order of ``labels``; a label that it does not have becomes an axis of 1."""
        have = [label for label in labels if label in self.labels]
        moved = layout.transpose(self.array, [self.labels.index(label) for label in have])
        return layout.reshape(moved, [self.size(label) if label in self.labels else 1 for label in labels])


@implements(np.einsum)
def _einsum(
    *operands: Any, out: Any = None, dtype: Any = None, order: str = "K", casting: str = "safe", optimize: Any = False
) -> Any:
    refuse("einsum", out=out)
    subscripts, *arrays = operands
    if not isinstance(subscripts, str):
        raise UnsupportedOperationError(
            operation="np.einsum",
            reason="only subscripts as one string have a traced form",
            advice="Write np.einsum('ij,jk->ik', x, y).",
        )
    given = [as_array(array) for array in arrays]
    result = np.result_type(*(array.dtype for array in given)) if dtype is None else np.dtype(dtype)
    terms, target = _parse(subscripts, [tuple(array.shape) for array in given])
    parts = [
        _without_ones(_diagonal(Labelled(cast(array, result), labels)))
        for array, labels in zip(given, terms, strict=True)
    ]
    sizes = {label: part.size(label) for part in parts for label in part.labels}
    total = parts[0]
    for position, part in enumerate(parts[1:], 1):
        later = {label for other in parts[position + 1 :] for label in other.labels} | set(target)
        total = _contract(_summed(total, {*later, *part.labels}), _summed(part, {*later, *total.labels}), later)
    # Where a label has size 1 in every operand, its axis comes back now.
    full = _summed(total, set(target)).ordered(target)
    return cast(np.broadcast_to(full, tuple(sizes.get(label, 1) for label in target)), result)


def _parse(subscripts: str, shapes: Sequence[tuple[int, ...]]) -> tuple[list[tuple[str, ...]], tuple[str, ...]]:
    """Labels of each operand and of the result; axes that an ellipsis stands for get labels "0", "1", ..."""
    left, arrow, right = subscripts.replace(" ", "").partition("->")
    texts = left.split(",")

    def refused(reason: str) -> OperandError:
        return OperandError(operation=f"einsum {subscripts!r}", shapes=shapes, reason=reason)

    def split(text: str, hidden: Sequence[str]) -> tuple[str, ...]:
        before, dots, after = text.partition("...")
        if not set(before + after) <= set(string.ascii_letters):
            raise refused(f"{text!r} is not made of letters and at most one ellipsis")
        return (*before, *(hidden if dots else ()), *after)

    if len(texts) != len(shapes):
        raise refused(f"it has subscripts for {len(texts)} operands, not {len(shapes)}")
    terms, most = [], 0
    for text, shape in zip(texts, shapes, strict=True):
        count = len(shape) - len(split(text, ()))
        if count < 0 or (count and "..." not in text):
            raise refused(f"{text!r} does not name the {len(shape)} axes of its operand")
        most = max(most, count)
        # Aligned at the right, as axes are that broadcast.
        terms.append(split(text, [str(number) for number in range(count - 1, -1, -1)]))
    dots = tuple(str(number) for number in range(most - 1, -1, -1))
    known = [label for term in terms for label in term]
    if arrow:
        target = split(right, dots)
        if len(set(target)) != len(target) or not set(target) <= set(known):
            raise refused(f"the result {right!r} must name labels of the operands, each once")
        if "..." not in right and dots:
            raise refused("the result lacks the ellipsis of the operands")
    else:
        target = (*dots, *sorted(label for label in set(known) if known.count(label) == 1 and label not in dots))
    for label in set(known):
        found = {
            shape[place] for term, shape in zip(terms, shapes, strict=True) for place, name in enumerate(term)
            if name == label
        }  # fmt: skip
        if len(found - {1}) > 1:
            raise refused(f"axes labelled {label!r} have sizes {sorted(found)}")
    return terms, target


def _diagonal(part: Labelled) -> Labelled:
    """A label that an operand has twice chooses its diagonal: in the flattened pair, every (n + 1)-th element."""
    array, labels = part
    for label in set(labels):
        while labels.count(label) > 1:
            first = labels.index(label)
            second = labels.index(label, first + 1)
            size = array.shape[first]
            if size != array.shape[second]:
                raise OperandError(
                    operation="einsum", shapes=[array.shape], reason=f"the diagonal of {label!r} needs two equal axes"
                )
            moved = np.moveaxis(array, (first, second), (-2, -1))
            array = layout.reshape(moved, (*moved.shape[:-2], size * size))[..., :: size + 1]
            rest = [name for place, name in enumerate(labels) if place not in (first, second)]
            labels = (*rest, label)
    return Labelled(array, labels)


def _without_ones(part: Labelled) -> Labelled:
    """Without the axes of size 1: as factors they change nothing."""
    keep = tuple(label for label in part.labels if part.size(label) != 1)
    return Labelled(layout.reshape(part.array, [part.size(label) for label in keep]), keep)


def _summed(part: Labelled, wanted: set[str]) -> Labelled:
    """Summed over all axes that nobody wants."""
    axes = tuple(place for place, label in enumerate(part.labels) if label not in wanted)
    if not axes:
        return part
    total = cast(np.sum(part.array, axis=axes), part.array.dtype)
    return Labelled(total, tuple(label for label in part.labels if label in wanted))


def _contract(x: Labelled, y: Labelled, later: set[str]) -> Labelled:
    """The product of two operands, summed over the labels that only the two of them have."""
    shared = [label for label in x.labels if label in y.labels]
    summed = [label for label in shared if label not in later]
    batch = [label for label in shared if label in later]
    rows = [label for label in x.labels if label not in shared]
    columns = [label for label in y.labels if label not in shared]
    labels = (*batch, *rows, *columns)
    if not summed:
        return Labelled(x.ordered(labels) * y.ordered(labels), labels)
    sizes = {label: part.size(label) for part in (x, y) for label in part.labels}

    def matrices(part: Labelled, *groups: list[str]) -> Any:
        shape = [sizes[label] for label in batch]
        shape += [math.prod(sizes[label] for label in group) for group in groups]
        return layout.reshape(part.ordered([*batch, *(label for group in groups for label in group)]), shape)

    product = matmul(matrices(x, rows, summed), matrices(y, summed, columns))
    return Labelled(layout.reshape(product, [sizes[label] for label in labels]), labels)


@implements(np.tensordot)
def _tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    x, y = as_array(a), as_array(b)
    if isinstance(axes, int | np.integer):
        left, right = tuple(range(len(x.shape) - int(axes), len(x.shape))), tuple(range(int(axes)))
    else:
        left, right = axes
    try:
        lefts, rights = normalize_axis_tuple(left, len(x.shape)), normalize_axis_tuple(right, len(y.shape))
    except ValueError as error:
        raise OperandError(operation="tensordot", shapes=[x.shape, y.shape], reason=str(error)) from None
    if [x.shape[axis] for axis in lefts] != [y.shape[axis] for axis in rights]:
        raise OperandError(
            operation="tensordot",
            shapes=[x.shape, y.shape],
            reason=f"axes {lefts} of the first and {rights} of the second must have the same sizes",
        )
    rows = [axis for axis in range(len(x.shape)) if axis not in lefts]
    columns = [axis for axis in range(len(y.shape)) if axis not in rights]
    length = math.prod(x.shape[axis] for axis in lefts)
    first = layout.reshape(layout.transpose(x, [*rows, *lefts]), (math.prod(x.shape[axis] for axis in rows), length))
    other = layout.reshape(
        layout.transpose(y, [*rights, *columns]), (length, math.prod(y.shape[axis] for axis in columns))
    )
    shape = [*(x.shape[axis] for axis in rows), *(y.shape[axis] for axis in columns)]
    return layout.reshape(matmul(first, other), shape)
