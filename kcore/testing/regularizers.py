"""Regularizers put to the test: the cases that a regularizer's author states, and the checks that every case must pass.

As ``kcore.testing.layers``::

    from kcore.testing.regularizers import CHECKS, RegularizerCase

    for name, check in CHECKS.items():
        check(RegularizerCase("L2", {"l2": 0.5}, penalty=2.5, weights=[[1.0, -2.0]]))
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kcore import Sequential
from kcore.components.regularizer import Regularizer
from kcore.engine.compiled import CompiledFunction
from kcore.engine.functions import grad
from kcore.engine.types import Array
from kcore.layers import Layer
from kcore.registry import deserialize
from kcore.testing.gradients import check_gradients
from kcore.testing.plain_training import Descent, squared_error
from kcore.testing.round_trips import check_config_of, check_copies_of, check_names_of, same


@dataclass(frozen=True)
class RegularizerCase:
    """One way to use a regularizer, on which all checks run.

    Attributes:
        regularizer: its name in ``kcore.regularizers``.
        config: constructor arguments, as a config writes them.
        label: what is particular about the case; cases of one regularizer have different ones.
        weights: some weights, and
        penalty: what they cost, computed by hand.
        shape: of the random weights that the other checks use.
    """

    regularizer: str
    config: Mapping[str, Any] = field(default_factory=dict)
    label: str = ""
    weights: Any = ()
    penalty: float = 0.0
    shape: Sequence[int] = (4, 3)

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> RegularizerCase:
        """A case from a row of a table in JSON or YAML, which has lists for tuples."""
        return cls(**{**row, "shape": tuple(row.get("shape", cls.shape))})

    def __str__(self) -> str:
        return f"{self.regularizer}-{self.label}" if self.label else self.regularizer

    def make(self) -> Regularizer:
        """The regularizer."""
        config = {"class_name": self.regularizer, "config": dict(self.config)}
        regularizer: Regularizer = deserialize(config, "regularizers")
        return regularizer

    def drawn(self, dtype: str = "float32") -> Array:
        """Random weights, the same at every call; none is near 0."""
        rng = np.random.default_rng(zlib.crc32(str(self).encode()))
        sizes = rng.uniform(0.2, 2.0, self.shape) * rng.choice([-1.0, 1.0], self.shape)
        weights: Array = sizes.astype(dtype)
        return weights


def check_config(case: RegularizerCase) -> None:
    """The config is plain data, and a regularizer made from it has the same one."""
    check_config_of(case.make(), "regularizers")


def check_names(case: RegularizerCase) -> None:
    """Each name of the regularizer makes the same one."""
    check_names_of(case.regularizer, "regularizers", case.config)


def check_copies(case: RegularizerCase) -> None:
    """A pickled and a deep copy give the same penalty."""
    check_copies_of(case.make(), "regularizers", lambda regularizer: regularizer(case.drawn()))


def check_penalty(case: RegularizerCase) -> None:
    """The penalty is the number that the case states; of zeros it is finite, in any precision."""
    found = float(case.make()(np.array(case.weights, "float64")))
    np.testing.assert_allclose(found, case.penalty, rtol=1e-12, atol=1e-15, err_msg="the penalty")
    for dtype in ("float32", "float64"):
        for weights in (np.zeros(case.shape, dtype), np.full(case.shape, 1e3, dtype)):
            penalty = case.make()(weights)
            assert np.isfinite(penalty), f"the penalty of {weights.flat[0]} everywhere is {penalty}"


def check_dtypes(case: RegularizerCase) -> None:
    """The penalty is a scalar of the weights' dtype."""
    found = {}
    for dtype in ("float32", "float64"):
        penalty = case.make()(case.drawn("float32").astype(dtype))
        kind = f"{penalty.dtype}{penalty.shape}"
        assert kind == f"{dtype}()", f"of {dtype}, the penalty is {kind}"
        found[dtype] = penalty
    same(found["float32"], found["float64"], what="float32 beside float64")


def check_planned(case: RegularizerCase) -> None:
    """Compiled, the penalty is what it is eagerly."""
    regularizer, weights = case.make(), case.drawn("float64")
    same(CompiledFunction(regularizer)(weights), regularizer(weights), "float64", what="planned beside eager")


def check_derivatives(case: RegularizerCase) -> None:
    """The gradient, against finite differences; and no NaN where weights are 0."""
    regularizer = case.make()
    check_gradients(regularizer, [case.drawn("float64")], order=1, name=str(case))
    slope = grad(regularizer)(np.zeros(case.shape))
    assert np.isfinite(slope).all(), f"where all weights are 0, the gradient is {slope}"


class _Weight(Layer):
    """A layer of nothing but a weight with a penalty."""

    def __init__(self, shape: Sequence[int], regularizer: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.shape = tuple(shape)
        self.regularizer = regularizer

    def build(self, input_shape: Any) -> None:
        self.weight = self.add_weight("weight", self.shape, np.ones, regularizer=self.regularizer)

    def call(self, inputs: Any) -> Any:
        return inputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        return tuple(input_shape)


def check_training(case: RegularizerCase) -> None:
    """In a model, the penalty is added to the loss, by its config, its object, or as a plain function."""
    weights, zeros = case.drawn(), np.zeros((2, 1), "float32")
    expected = float(case.make()(weights))
    config = {"class_name": case.regularizer, "config": dict(case.config)}
    for given in (config, case.make(), lambda w: case.make()(w)):
        layer = _Weight(case.shape, given)
        model = Sequential([layer])
        model.compile(Descent(0.01), squared_error)
        model.build((None, 1))
        layer.set_weights([weights])
        found = model.test_on_batch(zeros, zeros)
        same(float(found[0] if isinstance(found, list) else found), expected, what="the loss of a model without error")


def traced(case: RegularizerCase) -> tuple[Callable[..., Any], list[Any]]:
    """The regularizer, and weights for it."""
    return case.make(), [case.drawn()]


CHECKS: dict[str, Callable[[RegularizerCase], None]] = {
    "config": check_config,
    "names": check_names,
    "copies": check_copies,
    "penalty": check_penalty,
    "dtypes": check_dtypes,
    "planned": check_planned,
    "derivatives": check_derivatives,
    "training": check_training,
}
