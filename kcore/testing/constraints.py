"""Constraints put to the test: the cases that a constraint's author states, and the checks that every case must pass.

As ``kcore.testing.layers``::

    from kcore.testing.constraints import CHECKS, ConstraintCase

    for name, check in CHECKS.items():
        check(ConstraintCase("NonNeg", weights=[-1.0, 2.0], allowed=[0.0, 2.0]))
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kcore import Sequential
from kcore.components.constraint import Constraint
from kcore.engine.compiled import CompiledFunction
from kcore.engine.types import Array
from kcore.layers import Layer
from kcore.registry import deserialize
from kcore.testing.plain_training import Descent, squared_error
from kcore.testing.round_trips import check_config_of, check_copies_of, check_names_of, same


@dataclass(frozen=True)
class ConstraintCase:
    """One way to use a constraint, on which all checks run.

    Attributes:
        constraint: its name in ``kcore.constraints``.
        config: constructor arguments, as a config writes them.
        label: what is particular about the case; cases of one constraint have different ones.
        weights: some weights, and
        allowed: what becomes of them, computed by hand, to four digits.
        shape: of the random weights that the other checks use.
        again: whether constrained weights stay as they are.
    """

    constraint: str
    config: Mapping[str, Any] = field(default_factory=dict)
    label: str = ""
    weights: Any = ()
    allowed: Any = ()
    shape: Sequence[int] = (4, 3)
    again: bool = True

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> ConstraintCase:
        """A case from a row of a table in JSON or YAML, which has lists for tuples."""
        return cls(**{**row, "shape": tuple(row.get("shape", cls.shape))})

    def __str__(self) -> str:
        return f"{self.constraint}-{self.label}" if self.label else self.constraint

    def make(self) -> Constraint:
        """The constraint."""
        config = {"class_name": self.constraint, "config": dict(self.config)}
        constraint: Constraint = deserialize(config, "constraints")
        return constraint

    def drawn(self, dtype: str = "float32") -> Array:
        """Random weights, the same at every call."""
        rng = np.random.default_rng(zlib.crc32(str(self).encode()))
        weights: Array = (rng.normal(size=self.shape) * 2).astype(dtype)
        return weights


def check_config(case: ConstraintCase) -> None:
    """The config is plain data, and a constraint made from it has the same one."""
    check_config_of(case.make(), "constraints")


def check_names(case: ConstraintCase) -> None:
    """Each name of the constraint makes the same one."""
    check_names_of(case.constraint, "constraints", case.config)


def check_copies(case: ConstraintCase) -> None:
    """A pickled and a deep copy do the same."""
    check_copies_of(case.make(), "constraints", lambda constraint: constraint(case.drawn()))


def check_values(case: ConstraintCase) -> None:
    """The weights become what the case states; zeros and large numbers become finite numbers."""
    found = case.make()(np.array(case.weights, "float64"))
    np.testing.assert_allclose(found, np.array(case.allowed, "float64"), rtol=0, atol=1e-4, err_msg="the weights")
    for dtype in ("float32", "float64"):
        for number in (0.0, -1e3, 1e-20):
            constrained = case.make()(np.full(case.shape, number, dtype))
            assert np.isfinite(constrained).all(), f"of {number} everywhere it makes {constrained.flat[0]}"


def check_dtypes(case: ConstraintCase) -> None:
    """The result has the shape and dtype of the weights, which are left as they were."""
    found = {}
    for dtype in ("float32", "float64"):
        weights = case.drawn("float32").astype(dtype)
        before = weights.copy()
        constrained = case.make()(weights)
        like = constrained.shape == weights.shape and constrained.dtype == dtype
        assert like, f"of {dtype}{weights.shape} it makes {constrained.dtype}{constrained.shape}"
        np.testing.assert_array_equal(weights, before, err_msg="the weights were changed")
        found[dtype] = constrained
    same(found["float32"], found["float64"], what="float32 beside float64")


def check_planned(case: ConstraintCase) -> None:
    """Compiled, it does what it does eagerly."""
    constraint, weights = case.make(), case.drawn("float64")
    same(CompiledFunction(constraint)(weights), constraint(weights), "float64", what="planned beside eager")


def check_again(case: ConstraintCase) -> None:
    """What is allowed stays as it is, if the case says so."""
    constraint = case.make()
    once = constraint(case.drawn("float64"))
    twice = constraint(once)
    stays = bool(np.allclose(twice, once, rtol=1e-6, atol=1e-9))
    assert stays == case.again, f"what is constrained already stays as it is: {stays}"


class _Weight(Layer):
    """A layer of nothing but a weight with a constraint."""

    def __init__(self, shape: Sequence[int], constraint: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.shape = tuple(shape)
        self.constraint = constraint

    def build(self, input_shape: Any) -> None:
        self.weight = self.add_weight("weight", self.shape, np.ones, constraint=self.constraint)

    def call(self, inputs: Any) -> Any:
        return inputs + np.sum(self.weight)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return tuple(input_shape)


def check_training(case: ConstraintCase) -> None:
    """In a model, weights are constrained after each step; by its config, its object, or as a plain function."""
    weights, zeros = case.drawn(), np.zeros((2, 1), "float32")
    constraint = case.make()
    config = {"class_name": case.constraint, "config": dict(case.config)}
    # The loss is the square of the sum of all weights.
    expected = constraint(weights - np.float32(0.01 * 2) * weights.sum())
    for given in (config, constraint, lambda w: case.make()(w)):
        layer = _Weight(case.shape, given)
        model = Sequential([layer])
        model.compile(Descent(0.01), squared_error)
        model.build((None, 1))
        layer.set_weights([weights])
        model.train_on_batch(zeros, zeros)
        same(layer.get_weights()[0], expected, what="the weights after a step")


def traced(case: ConstraintCase) -> tuple[Callable[..., Any], list[Any]]:
    """The constraint, and weights for it."""
    return case.make(), [case.drawn()]


CHECKS: dict[str, Callable[[ConstraintCase], None]] = {
    "config": check_config,
    "names": check_names,
    "copies": check_copies,
    "values": check_values,
    "dtypes": check_dtypes,
    "planned": check_planned,
    "again": check_again,
    "training": check_training,
}
