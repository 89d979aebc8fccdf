"""The checks of ``kcore.testing.optimizers`` and ``.schedules`` find what is wrong: a component for each, broken so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from kcore.components.optimizer import Optimizer
from kcore.components.schedule import LearningRateSchedule
from kcore.registry import registry
from kcore.testing.optimizers import CHECKS, OptimizerCase
from kcore.testing.schedules import CHECKS as SCHEDULE_CHECKS
from kcore.testing.schedules import ScheduleCase

Given = dict[str, Any]


class Momentum(Optimizer):
    """An optimizer that keeps the contract, with a slot and a shared number."""

    elementwise = True
    slot_names = ("sum",)

    def __init__(self, learning_rate: Any = 0.01, factor: float = 0.5, **options: Any) -> None:
        self._fraction("factor", factor)
        self.factor = factor
        super().__init__(learning_rate, **options)

    def shared_after(self, steps: int) -> dict[str, float]:
        return {"power": 0.5**steps}

    def next_shared(self, shared: Any, step: Any) -> Given:
        return {"power": shared["power"] * 0.5}

    def update(self, parameter: Any, gradient: Any, slots: Given, step: Any, learning_rate: Any) -> tuple[Any, Given]:
        total = self.factor * slots["sum"] + gradient
        small = (1 + slots["power"]).astype(parameter.dtype)
        return parameter - learning_rate * total * small, {"sum": total}


class ForgetsTheRate(Momentum):
    def get_config(self) -> Given:
        return {**super().get_config(), "learning_rate": 0.01}


class ForgetsAnArgument(Momentum):
    def get_config(self) -> Given:
        return {**super().get_config(), "factor": 0.25 if self.factor == 0.5 else 0.5}


class KeepsSecretState(Momentum):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.secret = 0

    def apply(self, gradients: Any, parameters: Any) -> None:
        super().apply(gradients, parameters)
        self.secret += 1

    def update(self, parameter: Any, gradient: Any, slots: Given, step: Any, learning_rate: Any) -> tuple[Any, Given]:
        new, slots = super().update(parameter, gradient, slots, step, learning_rate)
        return new - np.asarray(self.secret, new.dtype), slots


class HasAnIdleSlot(Momentum):
    slot_names = ("sum", "idle")

    def update(self, parameter: Any, gradient: Any, slots: Given, step: Any, learning_rate: Any) -> tuple[Any, Given]:
        new, found = super().update(parameter, gradient, slots, step, learning_rate)
        return new, {**found, "idle": slots["idle"] * 0}


class KnowsNothingOfItsProduct(Momentum):
    def shared_after(self, steps: int) -> dict[str, float]:
        return {"power": 1.0}


class Random(Momentum):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.factor = float(np.random.default_rng().uniform())


class LooksAtTheTracing(Momentum):
    def update(self, parameter: Any, gradient: Any, slots: Given, step: Any, learning_rate: Any) -> tuple[Any, Given]:
        factor = 1 if isinstance(gradient, np.ndarray) else 2
        return super().update(parameter, gradient * factor, slots, step, learning_rate)


class AlwaysFloat64(Momentum):
    def update(self, parameter: Any, gradient: Any, slots: Given, step: Any, learning_rate: Any) -> tuple[Any, Given]:
        return super().update(parameter.astype("float64"), gradient, slots, step, learning_rate)


class RoundsToFloat32(Momentum):
    def update(self, parameter: Any, gradient: Any, slots: Given, step: Any, learning_rate: Any) -> tuple[Any, Given]:
        new, slots = super().update(parameter, gradient, slots, step, learning_rate)
        return new.astype("float32").astype(parameter.dtype), slots


class NotElementwise(Momentum):
    def update(self, parameter: Any, gradient: Any, slots: Given, step: Any, learning_rate: Any) -> tuple[Any, Given]:
        return super().update(parameter, gradient / np.max(np.abs(gradient)), slots, step, learning_rate)


class HasItsOwnRate(Momentum):
    def update(self, parameter: Any, gradient: Any, slots: Given, step: Any, learning_rate: Any) -> tuple[Any, Given]:
        return super().update(parameter, gradient, slots, step, np.asarray(0.01, parameter.dtype))


class BakesTheRateIn(Momentum):
    def update(self, parameter: Any, gradient: Any, slots: Given, step: Any, learning_rate: Any) -> tuple[Any, Given]:
        return super().update(parameter, gradient, slots, step, np.asarray(self._rate.value, parameter.dtype))


class NeverClips(Momentum):
    def _clipped(self, gradient: Any) -> Any:
        return gradient


class Climbs(Momentum):
    def update(self, parameter: Any, gradient: Any, slots: Given, step: Any, learning_rate: Any) -> tuple[Any, Given]:
        return super().update(parameter, -gradient, slots, step, learning_rate)


class TakesAnything(Momentum):
    def _positive(self, argument: str, value: Any, *, zero: bool = False) -> None:
        return


class AnotherEachTime(Momentum):
    made = 0

    @classmethod
    def from_config(cls, config: Given) -> Any:
        cls.made += 1
        return cls(**{**config, "factor": 1 / (1 + cls.made)})


WRONG: list[tuple[type[Optimizer], str, str]] = [
    (ForgetsTheRate, "config", "the learning rate became 0.125, the config says 0.01"),
    (ForgetsAnArgument, "config", "the config .* makes "),
    (AnotherEachTime, "names", "the name 'AnotherEachTime' makes"),
    (KeepsSecretState, "state", "after a restore, the steps are others"),
    (HasAnIdleSlot, "slots", r"the slots \['idle'\] are still 0"),
    (KnowsNothingOfItsProduct, "slots", "shared_after says another power"),
    (Random, "repeated", "the steps are others the second time"),
    (LooksAtTheTracing, "planned", "planned beside eager"),
    (AlwaysFloat64, "dtypes", "the rule computes .*float64.* from float32"),
    (RoundsToFloat32, "dtypes", "rounded to float32"),
    (NotElementwise, "together", "parameter . moves otherwise beside others"),
    (HasItsOwnRate, "rate", "the learning rate has no effect"),
    (BakesTheRateIn, "rate", "beside a rate set by hand"),
    (NeverClips, "clipping", "clipnorm"),
    (Climbs, "descent", "from a height of"),
    (TakesAnything, "arguments", "learning_rate=-1.0 was accepted"),
]


class Halves(LearningRateSchedule):
    """A schedule that keeps the contract."""

    def __init__(self, start: float = 1.0, name: str | None = None) -> None:
        super().__init__(name)
        self.start = start

    def rate(self, step: Any) -> Any:
        return self.start / (1.0 + step)


class ForgetsItsStart(Halves):
    def get_config(self) -> Given:
        return {"start": 5.0 if self.start == 1.0 else 1.0, "name": self.name}


class CannotBeCopied(Halves):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.function = lambda x: x


class TooFast(Halves):
    def rate(self, step: Any) -> Any:
        return self.start / (1.0 + step) ** 2


class OneAtATime(Halves):
    def rate(self, step: Any) -> Any:
        return self.start / (1.0 + np.max(step))


class TurnsNegative(Halves):
    def rate(self, step: Any) -> Any:
        return np.where(step > 1000, -1.0, super().rate(step))


class LooksAtItsTracing(Halves):
    def rate(self, step: Any) -> Any:
        return super().rate(step) * (1.0 if isinstance(step, np.ndarray | np.generic) else 2.0)


class AnotherStartEachTime(Halves):
    made = 0

    @classmethod
    def from_config(cls, config: Given) -> Any:
        cls.made += 1
        return cls(**{**config, "start": float(cls.made)})


SCHEDULES: list[tuple[type[LearningRateSchedule], str, str]] = [
    (ForgetsItsStart, "config", "the config .* makes "),
    (AnotherStartEachTime, "names", "the name 'AnotherStartEachTime' makes"),
    (CannotBeCopied, "copies", "pickle"),
    (TooFast, "rates", "the rate of step 1"),
    (OneAtATime, "arrays", "give rates of shape"),
    (TurnsNegative, "finite", "some rates are no rates"),
    (LooksAtItsTracing, "planned", "the traced rate of step 0"),
]


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    members: list[tuple[str, type]] = [("optimizers", Momentum), ("schedules", Halves)]
    members += [("optimizers", kind) for kind, *_ in WRONG]
    members += [("schedules", schedule) for schedule, *_ in SCHEDULES]
    members = list(dict.fromkeys(members))
    for family, kind in members:
        registry(family).register(kind)
    yield
    for family, kind in members:
        registry(family).unregister(kind.__name__)


def case_of(kind: type) -> ScheduleCase:
    return ScheduleCase(kind.__name__, {}, {0: 1.0, 1: 0.5, 3: 0.25})


@pytest.mark.parametrize("check", CHECKS)
def test_an_optimizer_that_keeps_the_contract_passes(check: str) -> None:
    CHECKS[check](OptimizerCase("Momentum", {"learning_rate": 0.02}))


@pytest.mark.parametrize(("kind", "check", "text"), WRONG)
def test_each_check_finds_its_own(kind: type[Optimizer], check: str, text: str) -> None:
    with pytest.raises(Exception, match=f"(?s){text}"):
        CHECKS[check](OptimizerCase(kind.__name__))


@pytest.mark.parametrize("check", SCHEDULE_CHECKS)
def test_a_schedule_that_keeps_the_contract_passes(check: str) -> None:
    SCHEDULE_CHECKS[check](case_of(Halves))


@pytest.mark.parametrize(("kind", "check", "text"), SCHEDULES)
def test_each_check_of_schedules_finds_its_own(kind: type[LearningRateSchedule], check: str, text: str) -> None:
    with pytest.raises(Exception, match=f"(?s){text}"):
        SCHEDULE_CHECKS[check](case_of(kind))


def test_every_check_has_a_component_that_it_finds() -> None:
    assert {check for _, check, _ in WRONG} == set(CHECKS)
    assert {check for _, check, _ in SCHEDULES} == set(SCHEDULE_CHECKS)


def test_rows_of_tables() -> None:
    case = OptimizerCase.from_row({"optimizer": "Momentum", "label": "slow", "config": {"factor": 0.25}})
    assert str(case) == "Momentum-slow" and case.make(learning_rate=0.5).get_config()["learning_rate"] == 0.5
    schedule = ScheduleCase.from_row({"schedule": "Halves", "config": {"start": 2}, "rates": {"0": 2, 60: 0.5}})
    assert str(schedule) == "Halves" and schedule.rates == {0: 2.0, 60: 0.5}
    assert schedule.steps().tolist() == [*range(51), 60]
