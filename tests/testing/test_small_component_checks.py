"""The checks of initializers, regularizers, constraints and activations find what is wrong: a component for each."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from kcore import ops
from kcore.components.constraint import Constraint
from kcore.components.initializer import Initializer
from kcore.components.regularizer import Regularizer
from kcore.registry import registry
from kcore.testing import activations, constraints, initializers, regularizers
from kcore.testing.distributions import assert_drawn_from, kolmogorov_smirnov, normal, truncated_normal, uniform

# --- initializers ----------------------------------------------------------------------------------------------------


class Unit(Initializer):
    """Keeps the contract: uniform numbers in 0..scale."""

    def __init__(self, scale: float = 1.0, seed: int | None = None) -> None:
        self.scale = scale
        self.seed = None if seed is None else int(seed)

    def sample(self, shape: Any, dtype: Any, rng: Any) -> Any:
        return (self.scale * rng.uniform(size=shape)).astype(dtype)


class ForgetsItsSeed(Unit):
    def get_config(self) -> dict[str, Any]:
        return {"scale": self.scale, "seed": None}


class AnotherScaleEachTime(Unit):
    made = 0

    @classmethod
    def from_config(cls, config: Any) -> Any:
        cls.made += 1
        return cls(**{**config, "scale": float(cls.made)})


class CannotBePickled(Unit):
    def __init__(self, scale: float = 1.0, seed: int | None = None) -> None:
        super().__init__(scale, seed)
        self.function = lambda x: x


class DrawsInTheDtype(Unit):
    def sample(self, shape: Any, dtype: Any, rng: Any) -> Any:
        return rng.random(shape, dtype)


class AlwaysSingle(Unit):
    def sample(self, shape: Any, dtype: Any, rng: Any) -> Any:
        return super().sample(shape, "float32", rng)


class KeepsItsArray(Unit):
    def sample(self, shape: Any, dtype: Any, rng: Any) -> Any:
        if not hasattr(self, "kept"):
            self.kept = super().sample(shape, dtype, rng)
        return self.kept


class SeedsByItself(Unit):
    def sample(self, shape: Any, dtype: Any, rng: Any) -> Any:
        return super().sample(shape, dtype, np.random.default_rng(5))


class IgnoresTheGlobalSeed(Unit):
    def sample(self, shape: Any, dtype: Any, rng: Any) -> Any:
        return super().sample(shape, dtype, rng if self.seed is not None else np.random.default_rng())


class SlightlyTooWide(Unit):
    def sample(self, shape: Any, dtype: Any, rng: Any) -> Any:
        return (1.03 * rng.uniform(size=shape)).astype(dtype)


INITIALIZERS: list[tuple[Any, str, str]] = [
    (ForgetsItsSeed, "config", "of the seed 7 the config says None"),
    (AnotherScaleEachTime, "names", "the name 'AnotherScaleEachTime' makes"),
    (CannotBePickled, "copies", "pickle"),
    (DrawsInTheDtype, "dtypes", "float32 beside float64"),
    (AlwaysSingle, "dtypes", "the dtype is float32, not float64"),
    (KeepsItsArray, "memory", "two weights share memory"),
    (SeedsByItself, "seeds", "another seed gives the same numbers"),
    (IgnoresTheGlobalSeed, "seeds", "after the global seed was set again"),
    (SlightlyTooWide, "distribution", "is off by|times as large|beyond the bounds"),
]

# --- regularizers ----------------------------------------------------------------------------------------------------


class Squares(Regularizer):
    """Keeps the contract: factor * sum(w ** 2)."""

    def __init__(self, factor: float = 0.5) -> None:
        self.factor = factor

    def __call__(self, weights: Any) -> Any:
        return np.sum(np.square(weights)) * self.factor


class ForgetsItsFactor(Squares):
    def get_config(self) -> dict[str, Any]:
        return {"factor": 0.25 if self.factor == 0.5 else 0.5}


class AnotherFactorEachTime(Squares):
    made = 0

    @classmethod
    def from_config(cls, config: Any) -> Any:
        cls.made += 1
        return cls(float(cls.made))


class PenaltyCannotBePickled(Squares):
    def __init__(self, factor: float = 0.5) -> None:
        super().__init__(factor)
        self.function = lambda x: x


class HalfAsMuch(Squares):
    def __call__(self, weights: Any) -> Any:
        return super().__call__(weights) * 0.5


class NotANumberAtZero(Squares):
    def __call__(self, weights: Any) -> Any:
        size = np.sum(np.square(weights))
        return size * self.factor / np.where(size > 0, np.ones((), weights.dtype), np.zeros((), weights.dtype))


class ARow(Squares):
    def __call__(self, weights: Any) -> Any:
        return (
            np.sum(np.square(weights), axis=0) * self.factor if weights.shape == (4, 3) else super().__call__(weights)
        )


class LooksAtItsTracing(Squares):
    def __call__(self, weights: Any) -> Any:
        return super().__call__(weights) * (1.0 if isinstance(weights, np.ndarray) else 2.0)


class StopsTheGradient(Squares):
    def __call__(self, weights: Any) -> Any:
        return super().__call__(ops.stop_gradient(weights))


class RootOfZero(Squares):
    def __call__(self, weights: Any) -> Any:
        return np.sqrt(super().__call__(weights) * 2 / self.factor) * self.factor * math.sqrt(2)


class NothingInTraining(Squares):
    def __call__(self, weights: Any) -> Any:
        penalty = super().__call__(weights)
        return penalty if isinstance(weights, np.ndarray) else penalty * 0


REGULARIZERS: list[tuple[Any, str, str]] = [
    (ForgetsItsFactor, "config", "the config .* makes "),
    (AnotherFactorEachTime, "names", "the name 'AnotherFactorEachTime' makes"),
    (PenaltyCannotBePickled, "copies", "pickle"),
    (HalfAsMuch, "penalty", "the penalty"),
    (NotANumberAtZero, "penalty", "invalid value encountered|everywhere is nan"),
    (ARow, "dtypes", r"the penalty is float32\(3,\)"),
    (LooksAtItsTracing, "planned", "planned beside eager"),
    (StopsTheGradient, "derivatives", "The derivative of order 1 of .* is wrong"),
    (RootOfZero, "derivatives", "where all weights are 0, the gradient is"),
    (NothingInTraining, "training", "the loss of a model without error"),
]

# --- constraints -----------------------------------------------------------------------------------------------------


class AtMost(Constraint):
    """Keeps the contract: min(w, limit)."""

    def __init__(self, limit: float = 1.0) -> None:
        self.limit = limit

    def __call__(self, weights: Any) -> Any:
        return np.minimum(weights, self.limit)


class ForgetsItsLimit(AtMost):
    def get_config(self) -> dict[str, Any]:
        return {"limit": 2.0 if self.limit == 1.0 else 1.0}


class AnotherLimitEachTime(AtMost):
    made = 0

    @classmethod
    def from_config(cls, config: Any) -> Any:
        cls.made += 1
        return cls(1 / cls.made)


class LimitCannotBePickled(AtMost):
    def __init__(self, limit: float = 1.0) -> None:
        super().__init__(limit)
        self.function = lambda x: x


class AtMostTwo(AtMost):
    def __call__(self, weights: Any) -> Any:
        return np.minimum(weights, 2.0)


class DividesByZero(AtMost):
    def __call__(self, weights: Any) -> Any:
        with np.errstate(invalid="ignore"):
            return np.minimum(weights, self.limit) * (weights / weights)


class AlwaysDouble(AtMost):
    def __call__(self, weights: Any) -> Any:
        return super().__call__(weights).astype("float64")


class WritesIntoTheWeights(AtMost):
    def __call__(self, weights: Any) -> Any:
        if isinstance(weights, np.ndarray):
            np.minimum(weights, self.limit, out=weights)
            return weights + 0
        return super().__call__(weights)


class ConstraintThatLooks(AtMost):
    def __call__(self, weights: Any) -> Any:
        return super().__call__(weights) - (0 if isinstance(weights, np.ndarray) else 1)


class Shrinks(AtMost):
    def __call__(self, weights: Any) -> Any:
        return super().__call__(weights * np.asarray(0.5, weights.dtype))


class OnlyWithoutAModel(AtMost):
    def __call__(self, weights: Any) -> Any:
        return super().__call__(weights) if isinstance(weights, np.ndarray) else weights + 0


CONSTRAINTS: list[tuple[Any, str, str]] = [
    (ForgetsItsLimit, "config", "the config .* makes "),
    (AnotherLimitEachTime, "names", "the name 'AnotherLimitEachTime' makes"),
    (LimitCannotBePickled, "copies", "pickle"),
    (AtMostTwo, "values", "the weights"),
    (DividesByZero, "values", "of 0.0 everywhere it makes nan"),
    (AlwaysDouble, "dtypes", r"of float32\(4, 3\) it makes float64\(4, 3\)"),
    (WritesIntoTheWeights, "dtypes", "the weights were changed"),
    (ConstraintThatLooks, "planned", "planned beside eager"),
    (Shrinks, "again", "what is constrained already stays as it is: False"),
    (OnlyWithoutAModel, "training", "the weights after a step"),
]

# --- activations -----------------------------------------------------------------------------------------------------


def bend(x: Any, slope: float = 0.5) -> Any:
    """Keeps the contract: x above 0, slope * x below."""
    return np.where(x > 0, x, slope * x)


def kinked(x: Any) -> Any:
    return np.where(x > 0, x, 0.25 * x)


def in_double(x: Any) -> Any:
    return bend(x).astype("float64")


def writes(x: Any) -> Any:
    if isinstance(x, np.ndarray):
        y = bend(x)
        x[...] = 0
        return y
    return bend(x)


def looks(x: Any) -> Any:
    return bend(x) * (1 if isinstance(x, np.ndarray) else 2)


def without_slope(x: Any) -> Any:
    return bend(ops.stop_gradient(x))


def mixes(x: Any) -> Any:
    return bend(x) - np.mean(x) * 0.5


def overflows(x: Any) -> Any:
    return np.log(np.exp(x))


def rounded_in_models(x: Any) -> Any:
    return bend(x) if isinstance(x, np.ndarray) or x.dtype == np.float64 else np.round(bend(x))


ACTIVATIONS: list[tuple[Any, str, str]] = [
    (kinked, "values", "of -2.0"),
    (in_double, "dtypes", r"of float32\(5, 8\) it makes float64\(5, 8\)"),
    (writes, "dtypes", "the input was changed"),
    (looks, "planned", "planned"),
    (without_slope, "derivatives", "The derivative of order 1 of .* is wrong"),
    (mixes, "elements", "a row alone"),
    (overflows, "extremes", "overflow encountered in exp"),
    (rounded_in_models, "layers", "in a model"),
]

GOOD: dict[str, Any] = {
    "initializers": (initializers, Unit),
    "regularizers": (regularizers, Squares),
    "constraints": (constraints, AtMost),
    "activations": (activations, bend),
}
WRONG = {
    "initializers": INITIALIZERS,
    "regularizers": REGULARIZERS,
    "constraints": CONSTRAINTS,
    "activations": ACTIVATIONS,
}
ALL = [(family, *row) for family, rows in WRONG.items() for row in rows]


def case_of(family: str, component: Any) -> Any:
    name = component.__name__
    if family == "initializers":
        return initializers.InitializerCase(name, random=True, distribution="uniform", parameters=[0.0, 1.0])
    if family == "regularizers":
        return regularizers.RegularizerCase(name, weights=[[1.0, -2.0]], penalty=2.5)
    if family == "constraints":
        return constraints.ConstraintCase(name, weights=[0.5, 3.0], allowed=[0.5, 1.0])
    return activations.ActivationCase(name, values={-2.0: -1.0, 3.0: 3.0}, corners=[0.0])


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    members = [(family, component) for family, (_, component) in GOOD.items()]
    members += list(dict.fromkeys((family, component) for family, component, *_ in ALL))
    for family, component in members:
        registry(family).register(component)
    yield
    for family, component in members:
        registry(family).unregister(component.__name__)


@pytest.mark.parametrize(("family", "check"), [(family, check) for family in GOOD for check in GOOD[family][0].CHECKS])
def test_what_keeps_the_contract_passes(family: str, check: str) -> None:
    module, component = GOOD[family]
    module.CHECKS[check](case_of(family, component))


@pytest.mark.parametrize(("family", "component", "check", "text"), ALL)
def test_each_check_finds_its_own(family: str, component: Any, check: str, text: str) -> None:
    with pytest.raises(Exception, match=f"(?s){text}"):
        GOOD[family][0].CHECKS[check](case_of(family, component))


def test_every_check_has_a_component_that_it_finds() -> None:
    for family, rows in WRONG.items():
        found = {check for _, check, _ in rows} | ({"config", "names"} if family == "activations" else set())
        assert found == set(GOOD[family][0].CHECKS)


def test_an_activation_with_other_names() -> None:
    """Of functions, only a registry that gives another function each time can break their names and configs."""

    class Odd:
        """A callable with arguments that its config does not say."""

        def __init__(self, slope: float = 0.5) -> None:
            self.slope = slope

        def __call__(self, x: Any) -> Any:
            return bend(x, self.slope)

        def get_config(self) -> dict[str, Any]:
            return {}

    registry("activations").register(Odd)
    try:
        case = activations.ActivationCase("Odd", {"slope": 0.25}, values={1.0: 1.0})
        with pytest.raises(AssertionError, match="is written as"):
            activations.CHECKS["config"](case)
        with pytest.raises(AssertionError, match="the name 'Odd' is another function"):
            activations.CHECKS["names"](case)
    finally:
        registry("activations").unregister("Odd")


def test_what_is_not_random_is_the_same_twice() -> None:
    class Changing(Unit):
        def __init__(self) -> None:
            super().__init__()

    registry("initializers").register(Changing)
    try:
        with pytest.raises(AssertionError, match="not random"):
            initializers.CHECKS["distribution"](initializers.InitializerCase("Changing"))
        initializers.CHECKS["seeds"](initializers.InitializerCase("Changing"))
    finally:
        registry("initializers").unregister("Changing")


def test_rows_of_tables() -> None:
    initializer = initializers.InitializerCase.from_row({"initializer": "Unit", "shape": [2, 3], "label": "small"})
    assert str(initializer) == "Unit-small" and initializer.shape == (2, 3)
    assert initializers.InitializerCase.from_row({"initializer": "Unit"}).shape == (3, 5, 20, 60)
    regularizer = regularizers.RegularizerCase.from_row({"regularizer": "Squares", "shape": [7]})
    assert str(regularizer) == "Squares" and np.abs(regularizer.drawn()).min() >= 0.2
    constraint = constraints.ConstraintCase.from_row({"constraint": "AtMost", "again": False})
    assert str(constraint) == "AtMost" and constraint.drawn("float64").shape == (4, 3) and not constraint.again
    activation = activations.ActivationCase.from_row(
        {"activation": "bend", "values": {"-2": -1}, "config": {"slope": 1}}
    )
    assert str(activation) == "bend" and activation.values == {-2.0: -1.0}
    assert activation.identifier() == {"class_name": "bend", "config": {"slope": 1}}


# --- distributions ---------------------------------------------------------------------------------------------------

Draw = Callable[[Any], Any]


def cut(rng: Any) -> Any:
    values = rng.normal(size=40000)
    return values[np.abs(values) <= 2]


@pytest.mark.parametrize(
    ("draw", "distribution"),
    [
        (lambda rng: rng.uniform(-2, 5, 20000), uniform(-2, 5)),
        (lambda rng: rng.normal(3, 0.5, 20000), normal(3, 0.5)),
        (lambda rng: 1 + 3 * cut(rng), truncated_normal(1, 3)),
    ],
    ids=["uniform", "normal", "truncated normal"],
)
def test_samples_of_a_distribution_are_recognised(draw: Draw, distribution: Any) -> None:
    values = draw(np.random.default_rng(11))
    assert_drawn_from(values, distribution)
    # The moments that it states are those of a large sample.
    central = (values - distribution.mean) / distribution.deviation
    assert np.mean(central**4) == pytest.approx(distribution.kurtosis, rel=0.05)
    for wrong in (values * 1.03 - 0.03 * distribution.mean, values + 0.04 * distribution.deviation):
        with pytest.raises(AssertionError, match=r"the distribution function|the mean|the variance|the numbers"):
            assert_drawn_from(wrong, distribution)


def test_a_normal_sample_is_not_uniform_though_mean_and_variance_are_right() -> None:
    values = np.random.default_rng(2).normal(0.5, 1 / math.sqrt(12), 5000)
    with pytest.raises(AssertionError, match="the distribution function is off by"):
        assert_drawn_from(values, uniform(0, 1))


def test_the_statistic_of_small_samples() -> None:
    line = uniform(0, 1).cdf
    assert kolmogorov_smirnov(np.array([0.5]), line) == 0.5
    assert kolmogorov_smirnov(np.array([0.25, 0.75]), line) == 0.25
    assert kolmogorov_smirnov(np.array([0.9, 0.9]), line) == pytest.approx(0.9)
    # Quantiles of the normal distribution from a table.
    assert [normal(0, 1).cdf(x) for x in (0, 1.959963984540054)] == pytest.approx([0.5, 0.975], rel=1e-12)
    assert truncated_normal(0, 1).deviation == pytest.approx(0.87962566103423978, rel=1e-14)
    assert [truncated_normal(0, 1).cdf(x) for x in (-3, -2, 0, 2, 3)] == pytest.approx([0, 0, 0.5, 1, 1], abs=1e-15)
