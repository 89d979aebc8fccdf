"""The contract of metrics: streaming states whose result is exact however the data is batched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from kcore.components.component import Component
from kcore.components.loss import spread_weights
from kcore.components.names import snake_case
from kcore.engine.tracing import Variable
from kcore.engine.types import Array
from kcore.errors.components import InvalidArgumentError
from kcore.ops import cast


class Metric(Component):
    """A number about predictions, accumulated over batches. Subclasses write ``update`` and ``result``.

    States are float64 sums and counts, not means of means, so that the result after several batches is that of one
    pass over all the data, whatever the batch size.

    Args:
        name: in logs and history; the class's name in snake case by default.
        dtype: of the result, floating; ``None`` is float64. The states are float64 whatever it is.

    Raises:
        InvalidArgumentError: a dtype that is not floating.
    """

    def __init__(self, *, name: str | None = None, dtype: npt.DTypeLike | None = None) -> None:
        self.name = name or snake_case(type(self).__name__)
        self.dtype = dtype if dtype is None else _floating(type(self).__name__, dtype)
        self.states: list[Variable] = []

    def add_state(self, name: str, shape: Sequence[int] = (), dtype: npt.DTypeLike = "float64") -> Variable:
        """A state of zeros; ``update`` gives it new values with ``assign``."""
        variable = Variable(np.zeros(tuple(shape), dtype), name=f"{self.name}/{name}", trainable=False)
        self.states.append(variable)
        return variable

    def update(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> None:
        """Take in one batch."""
        raise NotImplementedError(f"{type(self).__name__} has to define update(y_true, y_pred, sample_weight)")

    def result(self) -> Array:
        """The value over everything taken in since the last reset; a scalar, unless ``several`` says otherwise."""
        raise NotImplementedError(f"{type(self).__name__} has to define result()")

    def several(self) -> str:
        """What there is a result for each of, such as "class"; empty where the result is one number, as for logs."""
        return ""

    def in_dtype(self, value: Array) -> Array:
        """A result in the metric's dtype."""
        return value if self.dtype is None else cast(value, self.dtype)

    def reset(self) -> None:
        """Forget everything."""
        for variable in self.states:
            variable.value.fill(0)

    def __call__(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> Array:
        """Take in one batch and return the result so far."""
        self.update(y_true, y_pred, sample_weight)
        return self.result()


class Mean(Metric):
    """The weighted mean of whatever numbers it is given.

    Args:
        name: in logs.
        dtype: of the result.
    """

    def __init__(self, *, name: str | None = None, dtype: npt.DTypeLike | None = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_state("total")
        self.count = self.add_state("count")

    def add(self, values: Array, sample_weight: Array | None = None) -> None:
        """Take in an array of numbers, each with its weight (1 by default)."""
        numbers: Any = cast(values, "float64")
        if sample_weight is None:
            total, count = np.sum(numbers), np.asarray(float(numbers.size))
        else:
            weights = np.broadcast_to(spread_weights(sample_weight, numbers), numbers.shape)
            total, count = np.sum(numbers * weights), np.sum(weights)
        self.total.assign(self.total + total)
        self.count.assign(self.count + count)

    def result(self) -> Array:
        # 0 before anything was taken in, as in Keras, and no division by zero.
        return self.in_dtype(self.total / (self.count + (self.count == 0)))


class MeanMetric(Mean):
    """A metric that is a mean over samples. Subclasses write ``values``."""

    def values(self, y_true: Array, y_pred: Array) -> Array:
        """A number per sample (and step), shape ``y_pred.shape[:-1]``."""
        raise NotImplementedError(f"{type(self).__name__} has to define values(y_true, y_pred)")

    def update(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> None:
        self.add(self.values(y_true, y_pred), sample_weight)


class FunctionMetric(MeanMetric):
    """A metric made of a function ``f(y_true, y_pred)`` that returns a value per sample."""

    def __init__(self, function: Callable[[Array, Array], Array], *, name: str | None = None) -> None:
        super().__init__(name=name or getattr(function, "__name__", "metric"))
        self.function = function

    def values(self, y_true: Array, y_pred: Array) -> Array:
        return self.function(y_true, y_pred)


def _floating(component: str, dtype: npt.DTypeLike) -> str:
    try:
        found = np.dtype(dtype)
    except TypeError:
        found = np.dtype(object)
    if found.kind != "f":
        raise InvalidArgumentError(
            component=component, argument="dtype", value=dtype, allowed="a floating dtype, or None"
        )
    return found.name
