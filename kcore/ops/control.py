"""Loops inside a program."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kcore.engine.looping import scan as _scan


def scan(
    body: Callable[[Any, Any], tuple[Any, Any]],
    init: Any,
    xs: Any = None,
    *,
    length: int | None = None,
    reverse: bool = False,
    assigns: bool = False,
) -> tuple[Any, Any]:
    """Repeat ``body`` over the first axis of ``xs``, handing a carry from step to step: the loop of recurrent layers.

    The same as this, but the body is traced once, and the loop is one equation that can be differentiated::

        carry, ys = init, []
        for x in xs:                # from the last to the first with reverse=True; ys are stacked in the order of xs
            carry, y = body(carry, x)
            ys.append(y)
        return carry, np.stack(ys)

    What the body reads from outside (variables, arrays, traced arrays) is the same in all steps. What changes belongs
    to the carry: the body must not assign variables, unless ``assigns`` says that it does. Work that does not depend on
    the carry, such as the product of all steps' inputs with a kernel, is faster outside, for all steps at once.

    Args:
        body: ``body(carry, x) -> (carry, y)``; the carry keeps its form, shapes and dtypes, ``y`` may be ``None``.
        init: the first carry, an array or nested lists, tuples and dictionaries of arrays.
        xs: (steps, ...), an array or several in the same nested forms; ``None`` if the body takes no slices.
        length: the number of steps, needed where ``xs`` is ``None``.
        reverse: begin with the last slice.
        assigns: whether the body may assign variables, as the loop above would: each step sees what the one before it
            assigned.

    Returns:
        the last carry, and ``y`` of all steps, (steps, ...).

    Raises:
        OperandError: the carry changes its form, shape or dtype, or the number of steps is not clear.
        UnsupportedOperationError: the body assigns a variable, and ``assigns`` is false.

    Example:
        >>> import numpy as np
        >>> total, sums = scan(lambda total, x: (total + x, total + x), np.float64(0), np.array([1.0, 2.0, 4.0]))
        >>> float(total), sums.tolist()
        (7.0, [1.0, 3.0, 7.0])
    """
    return _scan(body, init, xs, length, reverse, assigns)
