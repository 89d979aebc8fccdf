"""Activations put to the test: the cases that an activation's author states, and the checks that every case must pass.

As ``kcore.testing.layers``::

    from kcore.testing.activations import CHECKS, ActivationCase

    for name, check in CHECKS.items():
        check(ActivationCase("relu", {"alpha": 0.5}, corners=[0.0], values={-2.0: -1.0, 3.0: 3.0}))
"""

from __future__ import annotations

import copy
import json
import pickle
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kcore import Sequential
from kcore.engine.autodiff import gradients
from kcore.engine.compiled import CompiledFunction
from kcore.engine.types import Array
from kcore.layers import Layer
from kcore.registry import custom_object_scope, deserialize, registry, serialize
from kcore.testing.gradients import check_gradients
from kcore.testing.round_trips import check_config_of, same

EXTREME = 1e3


@dataclass(frozen=True)
class ActivationCase:
    """One way to use an activation, on which all checks run.

    Attributes:
        activation: its name in ``kcore.activations``.
        config: its further arguments, as a config writes them.
        label: what is particular about the case; cases of one activation have different ones.
        values: some numbers and what becomes of them, computed by hand, to six digits; empty for what is no function of
            one number.
        corners: where there is no derivative.
        along_axis: whether it looks at all numbers along an axis.
        overflows: whether it may be infinite for large numbers, as the exponential.
        halves: whether the last axis of the result is half as long.
    """

    activation: str
    config: Mapping[str, Any] = field(default_factory=dict)
    label: str = ""
    values: Mapping[float, float] = field(default_factory=dict)
    corners: Sequence[float] = ()
    along_axis: bool = False
    overflows: bool = False
    halves: bool = False

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> ActivationCase:
        """A case from a row of a table in JSON or YAML; JSON has texts for the numbers."""
        values = {float(x): float(y) for x, y in row.get("values", {}).items()}
        return cls(**{**row, "values": values})

    def __str__(self) -> str:
        return f"{self.activation}-{self.label}" if self.label else self.activation

    def identifier(self) -> Any:
        """What a layer takes: the name, or the config."""
        return {"class_name": self.activation, "config": dict(self.config)} if self.config else self.activation

    def make(self) -> Any:
        """The function."""
        return deserialize(self.identifier(), "activations")

    def drawn(self, dtype: str = "float64") -> Array:
        """Random numbers, the same at every call, and none near a corner."""
        rng = np.random.default_rng(zlib.crc32(str(self).encode()))
        x = rng.normal(size=(5, 8)) * 2
        for corner in self.corners:
            x = np.where(np.abs(x - corner) < 0.05, corner + 0.05 + np.abs(x - corner), x)
        return x.astype(dtype)


def value_and_gradient(function: Any, x: Array) -> tuple[Array, Array]:
    """The activation, and the gradient of the sum of its results, from a planned program."""

    def step(inputs: Any) -> Any:
        y = function(inputs)
        return y, gradients(np.sum(y), [inputs])[0]

    y, slope = CompiledFunction(step)(x)
    return y, slope


def check_config(case: ActivationCase) -> None:
    """It is written as its name, with its arguments if it has some, and read again as the same function."""
    function = case.make()
    written = serialize(function, "activations")
    assert written == case.identifier(), f"{case.identifier()} is written as {written}"
    check_config_of(function, "activations")
    assert deserialize(written, "activations") == function, f"the config {written} makes another function"
    for again in (pickle.loads(pickle.dumps(function)), copy.deepcopy(function)):
        assert again == function, "a copy is another function"


def check_names(case: ActivationCase) -> None:
    """Each name is the same function."""
    home = registry("activations")
    target = home.load(case.activation)
    for record in home.records_of(target):
        found = home.get({"class_name": record.name, "config": dict(case.config)})
        assert found == case.make(), f"the name {record.name!r} is another function"


def check_values(case: ActivationCase) -> None:
    """The numbers become what the case states, alone and in arrays of any shape."""
    function = case.make()
    assert case.values or case.along_axis, "the case states no values"
    for x, expected in case.values.items():
        for dtype in ("float32", "float64"):
            found = function(np.array([[x]], dtype))
            np.testing.assert_allclose(found, [[expected]], rtol=2e-6, atol=2e-6, err_msg=f"of {x}")


def check_dtypes(case: ActivationCase) -> None:
    """The result has the shape and dtype of the input, which is left as it was; float32 is float64 rounded."""
    found = {}
    for dtype in ("float32", "float64"):
        x = case.drawn("float32").astype(dtype)
        before = x.copy()
        y = case.make()(x)
        shape = (5, 4) if case.halves else x.shape
        assert (y.shape, y.dtype) == (shape, np.dtype(dtype)), f"of {dtype}{x.shape} it makes {y.dtype}{y.shape}"
        np.testing.assert_array_equal(x, before, err_msg="the input was changed")
        found[dtype] = y
    same(found["float32"], found["float64"], what="float32 beside float64")
    assert case.make()(np.zeros((0, 4), "float32")).shape == (0, 2 if case.halves else 4), "an empty batch"


def check_planned(case: ActivationCase) -> None:
    """Compiled, it gives what it gives eagerly."""
    same(value_and_gradient(case.make(), case.drawn())[0], case.make()(case.drawn()), "float64", what="planned")


def check_derivatives(case: ActivationCase) -> None:
    """The gradient, against finite differences."""
    check_gradients(case.make(), [case.drawn()], order=1, name=str(case))


def check_elements(case: ActivationCase) -> None:
    """Each number by itself gives what it gives among others; along an axis, each row does."""
    function, x = case.make(), case.drawn()
    together = function(x)
    for row in range(len(x)):
        same(function(x[row : row + 1]), together[row : row + 1], "float64", what="a row alone")
    if not case.along_axis:
        for column in range(x.shape[1]):
            same(function(x[:, column]), together[:, column], "float64", what="a column alone")


def check_extremes(case: ActivationCase) -> None:
    """Of +-1000, 0 and the corners, value and gradient are finite, without a floating-point error on the way."""
    for dtype in ("float32", "float64"):
        x = np.array([[-EXTREME, EXTREME, 0.0, -0.0, 50.0, -50.0, *case.corners]], dtype)
        x = x[:, : x.shape[1] // 2 * 2]
        if case.overflows:
            x = np.minimum(x, 50)
        with np.errstate(over="raise", invalid="raise", divide="raise"):
            eager = case.make()(x)
            y, slope = value_and_gradient(case.make(), x)
        for what, array in (("value", y), ("value", eager), ("gradient", slope)):
            assert np.isfinite(array).all(), f"of {x.tolist()}, the {what} is {array.tolist()}"


class Applied(Layer):
    """A layer of nothing but an activation."""

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation = registry("activations").get(activation)

    def call(self, inputs: Any) -> Any:
        return self.activation(inputs)


def check_layers(case: ActivationCase) -> None:
    """A layer takes it by name or config, and a model with it is rebuilt from its config."""
    x = case.drawn("float32")
    model = Sequential([Applied(case.identifier(), input_shape=(8,))])
    with custom_object_scope({"Applied": Applied}):
        again = Sequential.from_config(json.loads(json.dumps(model.get_config())))
    for one in (model, again):
        same(one.predict(x), case.make()(x), what="in a model")


def traced(case: ActivationCase) -> tuple[Callable[..., Any], list[Any]]:
    """The activation, and an array for it."""
    return case.make(), [case.drawn("float32")]


CHECKS: dict[str, Callable[[ActivationCase], None]] = {
    "config": check_config,
    "names": check_names,
    "values": check_values,
    "dtypes": check_dtypes,
    "planned": check_planned,
    "derivatives": check_derivatives,
    "elements": check_elements,
    "extremes": check_extremes,
    "layers": check_layers,
}
