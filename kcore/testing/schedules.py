"""Learning-rate schedules put to the test: the cases that an author states, and the checks that every case must pass.

As ``kcore.testing.layers``::

    from kcore.testing.schedules import CHECKS, ScheduleCase

    for name, check in CHECKS.items():
        check(ScheduleCase("PiecewiseConstantDecay", {"boundaries": [2], "values": [1.0, 0.5]}, {0: 1.0, 3: 0.5}))
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from kcore.components.optimizer import Optimizer
from kcore.components.schedule import LearningRateSchedule
from kcore.engine.compiled import CompiledFunction
from kcore.engine.tracing import Variable
from kcore.registry import deserialize
from kcore.testing.round_trips import check_config_of, check_copies_of, check_names_of, same

FAR = 10**9


@dataclass(frozen=True)
class ScheduleCase:
    """One way to use a schedule, on which all checks run.

    Attributes:
        schedule: its name in ``kcore.schedules``.
        config: constructor arguments, as a config writes them.
        rates: some steps and their rates, computed by hand.
        label: what is particular about the case; cases of one schedule have different ones.
    """

    schedule: str
    config: Mapping[str, Any]
    rates: Mapping[int, float]
    label: str = ""

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> ScheduleCase:
        """A case from a row of a table in JSON or YAML; JSON has texts for the steps."""
        return cls(**{**row, "rates": {int(step): float(rate) for step, rate in row["rates"].items()}})

    def __str__(self) -> str:
        return f"{self.schedule}-{self.label}" if self.label else self.schedule

    def make(self) -> LearningRateSchedule:
        """The schedule."""
        config = {"class_name": self.schedule, "config": dict(self.config)}
        schedule: LearningRateSchedule = deserialize(config, "schedules")
        return schedule

    def steps(self) -> Any:
        """Step numbers: those with known rates, and all from 0 to 50."""
        return np.array(sorted({*self.rates, *range(51)}), "int64")


class _Descent(Optimizer):
    """The plainest rule, so that a step shows its rate."""

    def update(
        self, parameter: Any, gradient: Any, slots: dict[str, Any], step: Any, learning_rate: Any
    ) -> tuple[Any, dict[str, Any]]:
        return parameter - learning_rate * gradient, {}


def check_config(case: ScheduleCase) -> None:
    """The config is plain data, and a schedule made from it has the same one."""
    check_config_of(case.make(), "schedules")


def check_names(case: ScheduleCase) -> None:
    """Each name of the schedule makes the same one."""
    check_names_of(case.schedule, "schedules", case.config)


def check_copies(case: ScheduleCase) -> None:
    """A pickled and a deep copy give the same rates."""
    check_copies_of(case.make(), "schedules", lambda schedule: schedule(case.steps()))


def check_rates(case: ScheduleCase) -> None:
    """The rates are those that the case states; each is a float64 number, the same every time it is asked for."""
    schedule = case.make()
    for step, expected in case.rates.items():
        for rate in (schedule(step), schedule(step)):
            assert rate.dtype == np.float64 and rate.shape == (), f"the rate of step {step} is {rate!r}"
            np.testing.assert_allclose(rate, expected, rtol=1e-12, atol=1e-15, err_msg=f"the rate of step {step}")


def check_arrays(case: ScheduleCase) -> None:
    """An array of steps gives the array of their rates, whatever its shape and dtype."""
    schedule, steps = case.make(), case.steps()
    each = np.array([schedule(int(step)) for step in steps])
    for given in (steps, steps.astype("float64"), steps.astype("int32")[:, np.newaxis]):
        found = schedule(given)
        assert found.shape == given.shape, f"steps of shape {given.shape} give rates of shape {found.shape}"
        np.testing.assert_allclose(found.ravel(), each, rtol=1e-14, err_msg="an array beside one step at a time")


def check_finite(case: ScheduleCase) -> None:
    """No rate is negative or infinite, however far the training goes."""
    rates = case.make()(np.array([*case.steps(), 10**6, FAR]))
    assert np.isfinite(rates).all() and (rates >= 0).all(), f"some rates are no rates: {rates}"


def check_planned(case: ScheduleCase) -> None:
    """In a traced step each step has its rate, and nothing is traced again."""
    schedule, traces = case.make(), []
    optimizer, parameter = _Descent(schedule), Variable(np.zeros(()))

    def step() -> None:
        traces.append(1)
        optimizer.apply([np.ones(())], [parameter])

    run = CompiledFunction(step)
    steps = [int(step) for step in case.steps()]
    for number in steps:
        optimizer.iterations.assign(number)
        parameter.assign(0.0)
        run()
        same(-float(parameter), float(schedule(number)), "float64", what=f"the traced rate of step {number}")
    assert len(traces) == 1, f"the step was traced {len(traces)} times"


def traced(case: ScheduleCase) -> tuple[Callable[..., Any], list[Any]]:
    """The schedule, and steps for it."""
    return case.make(), [case.steps()]


CHECKS: dict[str, Callable[[ScheduleCase], None]] = {
    "config": check_config,
    "names": check_names,
    "copies": check_copies,
    "rates": check_rates,
    "arrays": check_arrays,
    "finite": check_finite,
    "planned": check_planned,
}
