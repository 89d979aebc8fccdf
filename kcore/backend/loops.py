"""Loops over steps and over samples; each is one equation of the program, traced once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from kcore.backend.tensors import tensor
from kcore.engine.tree import leaves, map_leaves, rebuild
from kcore.errors.components import InvalidArgumentError
from kcore.errors.engine import OperandError
from kcore.ops import cast, scan

Step = Callable[[Any, list[Any]], tuple[Any, Sequence[Any]]]


def rnn(
    step_function: Step,
    inputs: Any,
    initial_states: Sequence[Any],
    go_backwards: bool = False,
    mask: Any = None,
    constants: Sequence[Any] | None = None,
    unroll: bool = False,
    input_length: int | None = None,
) -> tuple[Any, Any, list[Any]]:
    """Go through the steps of a sequence, handing states from one to the next.

    Args:
        step_function: ``step_function(input, states) -> (output, new_states)``, with an input (batch, ...), and for the
            states a list, to which the constants are added. It is called once where the loop is traced.
        inputs: (batch, steps, ...).
        initial_states: (batch, ...) each; a state keeps its shape and dtype. The list may be empty.
        go_backwards: begin with the last step; the outputs come in the order in which they were computed.
        mask: (batch, steps), or (batch, steps, 1): where it is false, the states stay, and the output is that of the
            step before, at the beginning 0.
        constants: arrays that every step gets behind its states.
        unroll: write the steps out, one by one, instead of a loop; a program of many steps takes long to compile.
        input_length: for Keras's sake: the number of steps is always known.

    Returns:
        the last output (batch, ...), all outputs (batch, steps, ...), the last states.

    Raises:
        OperandError: ``inputs`` has fewer than three axes, or no step, or the mask is not (batch, steps).

    Example:
        >>> x = np.ones((1, 3, 2))
        >>> last, outputs, states = rnn(lambda x, s: (s[0] + x, [s[0] + x]), x, [np.zeros((1, 2))])
        >>> outputs[:, :, 0].tolist(), last.tolist()
        ([[1.0, 2.0, 3.0]], [[3.0, 3.0]])
    """
    x = tensor(inputs)
    if x.ndim < 3 or not x.shape[1]:
        reason = "inputs are (batch, steps, ...), with at least one step"
        raise OperandError(operation="kcore.backend.rnn", shapes=[x.shape], reason=reason)
    x = np.swapaxes(x, 0, 1)
    keep = None if mask is None else _steps_of(mask, x)
    if go_backwards:
        x, keep = x[::-1], None if keep is None else keep[::-1]
    more = [tensor(item) for item in constants or ()]

    def step(states: Sequence[Any], item: Any) -> tuple[tuple[Any, ...], Any]:
        output, new = step_function(item, [*states, *more])
        if len(new) != len(states):
            raise InvalidArgumentError(
                component="kcore.backend.rnn",
                argument="step_function",
                value=f"a function that returned {len(new)} states",
                allowed=f"one that returns as many states as there are first ones, {len(states)}",
            )
        return tuple(cast(tensor(one), state.dtype) for one, state in zip(new, states, strict=True)), tensor(output)

    def body(carry: Any, item: Any) -> tuple[Any, Any]:
        states, before = carry
        value, kept = item
        new, output = step(states, value)
        if kept is not None:
            new = tuple(_where(kept, after, state) for after, state in zip(new, states, strict=True))
            output = _where(kept, output, before)
            before = output
        return (new, before), output

    states = tuple(tensor(state) for state in initial_states)
    # Masked steps at the beginning give zeros, whose shape is that of any output.
    before = None if keep is None else np.zeros_like(step(states, x[0])[1])
    if unroll:
        (ends, _), outputs = _unrolled(body, (states, before), (x, keep))
    else:
        (ends, _), outputs = scan(body, (states, before), (x, keep))
    return outputs[-1], np.swapaxes(outputs, 0, 1), list(ends)


def _unrolled(body: Any, carry: Any, xs: tuple[Any, Any]) -> tuple[Any, Any]:
    outputs = []
    for number in range(xs[0].shape[0]):
        x, keep = xs
        carry, output = body(carry, (x[number], None if keep is None else keep[number]))
        outputs.append(output)
    return carry, np.stack(outputs)


def _steps_of(mask: Any, x: Any) -> Any:
    """A mask as bool (steps, batch)."""
    keep = tensor(mask)
    if keep.ndim == 3 and keep.shape[2] == 1:
        keep = np.squeeze(keep, 2)
    if tuple(keep.shape) != (x.shape[1], x.shape[0]):
        reason = f"a mask is (batch, steps), here ({x.shape[1]}, {x.shape[0]})"
        raise OperandError(operation="kcore.backend.rnn", shapes=[keep.shape], reason=reason)
    return np.swapaxes(cast(keep, "bool"), 0, 1)


def _where(kept: Any, after: Any, before: Any) -> Any:
    return np.where(np.reshape(kept, (*kept.shape, *(1,) * (after.ndim - kept.ndim))), after, before)


def map_fn(fn: Callable[[Any], Any], elems: Any, name: str | None = None, dtype: npt.DTypeLike | None = None) -> Any:
    """``fn`` of every element along the first axis, stacked.

    Args:
        fn: of one element.
        elems: an array, or a list of arrays, of which it gets a list.
        name: for Keras's sake.
        dtype: of the result; what ``fn`` gives by default.

    Example:
        >>> map_fn(lambda row: row.sum(), np.array([[1.0, 2.0], [3.0, 4.0]])).tolist()
        [3.0, 7.0]
    """
    items = map_leaves(tensor, elems)

    def body(carry: Any, item: Any) -> tuple[Any, Any]:
        found = map_leaves(tensor, fn(item))
        return carry, found if dtype is None else map_leaves(lambda leaf: cast(leaf, dtype), found)

    return scan(body, (), items)[1]


def foldl(fn: Callable[[Any, Any], Any], elems: Any, initializer: Any = None, name: str | None = None) -> Any:
    """fn(fn(fn(initializer, x0), x1), x2), and so on, over the first axis.

    Args:
        fn: ``fn(so_far, element)``; the result keeps its shape and dtype.
        elems: an array, or a list of arrays.
        initializer: what it begins with; the first element by default.
        name: for Keras's sake.

    Example:
        >>> foldl(lambda total, x: total * 10 + x, np.array([1.0, 2.0, 3.0])).item()
        123.0
    """
    return _folded("foldl", fn, elems, initializer, False)


def foldr(fn: Callable[[Any, Any], Any], elems: Any, initializer: Any = None, name: str | None = None) -> Any:
    """``foldl`` from the last element to the first."""
    return _folded("foldr", fn, elems, initializer, True)


def _folded(function: str, fn: Callable[[Any, Any], Any], elems: Any, initializer: Any, reverse: bool) -> Any:
    items = map_leaves(tensor, elems)
    if initializer is None:
        if any(not leaf.shape or not leaf.shape[0] for leaf in leaves(items)):
            shapes = [tuple(leaf.shape) for leaf in leaves(items)]
            raise OperandError(
                operation=f"kcore.backend.{function}", shapes=shapes, reason="there is no first element to begin with"
            )
        start = map_leaves(lambda leaf: leaf[-1] if reverse else leaf[0], items)
        items = map_leaves(lambda leaf: leaf[:-1] if reverse else leaf[1:], items)
    else:
        start = map_leaves(tensor, initializer)

    def body(carry: Any, item: Any) -> tuple[Any, Any]:
        found = zip(leaves(fn(carry, item)), leaves(carry), strict=True)
        return rebuild(carry, [cast(tensor(new), old.dtype) for new, old in found]), None

    return scan(body, start, items, reverse=reverse)[0]
