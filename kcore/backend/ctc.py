"""Connectionist temporal classification: the cost of labels whose places in time are not known."""

from __future__ import annotations

from typing import Any

import numpy as np

from kcore import ops
from kcore.backend.tensors import floating, tensor
from kcore.engine.settings import epsilon
from kcore.errors.engine import OperandError

# The logarithm of no chance at all; differences of infinities would be NaN.
NEVER = -1e30


def ctc_batch_cost(y_true: Any, y_pred: Any, input_length: Any, label_length: Any) -> Any:
    """Minus the logarithm of the probability of a sequence of labels, over all ways to spread it over the steps.

    Between labels, and where one comes twice in a row, there may be, or has to be, the blank, which is the last class.
    Source: Graves, Fernández, Gomez and Schmidhuber, "Connectionist temporal classification" (2006). As in Keras,
    epsilon is added to the probabilities, and they are divided by their sum.

    Args:
        y_true: class numbers (batch, longest label); what follows a label's length counts for nothing.
        y_pred: probabilities (batch, steps, classes), as a softmax gives them.
        input_length: steps of each sample, (batch, 1) or (batch,).
        label_length: labels of each sample, (batch, 1) or (batch,).

    Returns:
        (batch, 1); infinite for a label that has no place in the steps.

    Raises:
        OperandError: the shapes are not these.

    Example:
        >>> cost = ctc_batch_cost([[0]], [[[0.5, 0.5], [0.5, 0.5]]], [[2]], [[1]])
        >>> round(cost.item(), 4)
        0.2877
    """
    labels, probabilities = ops.cast(tensor(y_true), "int64"), floating(y_pred)
    lengths = [ops.cast(tensor(one), "int64") for one in (input_length, label_length)]
    given = [labels.shape, probabilities.shape, *(one.shape for one in lengths)]
    batch = labels.shape[0] if labels.ndim else 0
    if labels.ndim != 2 or probabilities.ndim != 3 or probabilities.shape[0] != batch or any(
        tuple(one.shape) not in ((batch,), (batch, 1)) for one in lengths
    ):  # fmt: skip
        reason = "it takes labels (batch, length), probabilities (batch, steps, classes), and two lengths (batch, 1)"
        raise OperandError(operation="kcore.backend.ctc_batch_cost", shapes=given, reason=reason)
    steps, counts = (np.reshape(one, (batch, 1)) for one in lengths)
    blank, longest = probabilities.shape[2] - 1, labels.shape[1]
    places = np.arange(2 * longest + 1)
    # blank, first label, blank, second label, ..., blank; what is behind the label's end is never reached.
    pairs = np.stack([np.full_like(labels, blank), np.where(np.arange(longest) < counts, labels, blank)], axis=2)
    path = np.concatenate([np.reshape(pairs, (batch, 2 * longest)), np.full_like(steps, blank)], axis=1)
    # A label may follow the one before it at once, unless it is the same.
    never = np.asarray(NEVER, probabilities.dtype)
    zero = np.zeros((), probabilities.dtype)
    before = np.concatenate([np.full_like(path[:, :2], blank), path[:, :-2]], axis=1)
    jump = np.where((places % 2 == 1) & (places > 1) & (path != before), zero, never)
    logarithms = ops.log_softmax(np.log(probabilities + np.asarray(epsilon(), probabilities.dtype)))
    chosen = np.broadcast_to(np.expand_dims(path, 1), (batch, probabilities.shape[1], 2 * longest + 1))
    emitted = np.swapaxes(np.take_along_axis(logarithms, chosen, axis=2), 0, 1)

    def body(reached: Any, item: Any) -> tuple[Any, None]:
        score, number = item
        edge = np.broadcast_to(never, (batch, 2))
        padded = np.concatenate([edge, reached], axis=1)
        total = np.logaddexp(np.logaddexp(reached, padded[:, 1:-1]), padded[:, :-2] + jump) + score
        return np.where(number < steps, total, reached), None

    start = np.where(places < 2, emitted[0], never)
    numbers = np.arange(1, probabilities.shape[1])
    reached, _ = ops.scan(body, start, (emitted[1:], numbers))
    # It ends with the last label, or the blank behind it.
    ends = (places == 2 * counts) | (places == 2 * counts - 1)
    final = np.where(ends, reached, never)
    largest = ops.stop_gradient(np.max(final, axis=1, keepdims=True))
    cost = -(np.log(np.sum(np.exp(final - largest), axis=1, keepdims=True)) + largest)
    return np.where(cost < -NEVER / 2, cost, np.asarray(np.inf, cost.dtype))
