"""The contract of schedules, and optimizers that take their learning rate from one."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from kcore import Sequential
from kcore.components.optimizer import Optimizer
from kcore.components.schedule import LearningRateSchedule
from kcore.engine import CompiledFunction, Variable
from kcore.errors import ConfigError, InvalidArgumentError, KcoreError, ScheduledRateError, UnknownComponentError
from kcore.layers import Dense
from kcore.registry import registry


class Halving(LearningRateSchedule):
    """start / 2**t."""

    def __init__(self, start: float = 1.0, name: str | None = None) -> None:
        super().__init__(name)
        self._number("start", start, most=8)
        self.start = start

    def rate(self, step: Any) -> Any:
        return self.start * np.power(0.5, step)


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    registry("schedules").register(Halving)
    yield
    registry("schedules").unregister("Halving")


class Descent(Optimizer):
    def __init__(self, learning_rate: Any = 1.0, **options: Any) -> None:
        super().__init__(learning_rate, **options)

    def update(
        self, parameter: Any, gradient: Any, slots: dict[str, Any], step: Any, learning_rate: Any
    ) -> tuple[Any, dict[str, Any]]:
        return parameter - learning_rate * gradient, {}


class Product(Descent):
    """A step as long as the product of all step numbers so far, which is a shared number."""

    def shared_after(self, steps: int) -> dict[str, float]:
        return {"factorial": float(np.prod(np.arange(1.0, steps + 1)))}

    def next_shared(self, shared: Any, step: Any) -> dict[str, Any]:
        return {"factorial": shared["factorial"] * step}

    def update(
        self, parameter: Any, gradient: Any, slots: dict[str, Any], step: Any, learning_rate: Any
    ) -> tuple[Any, dict[str, Any]]:
        return parameter - np.asarray(1, parameter.dtype) * slots["factorial"].astype(parameter.dtype), {}


HALVING = {"class_name": "Halving", "config": {"start": 4.0, "name": None}}


def test_a_schedule_takes_steps_of_every_kind() -> None:
    schedule = Halving(4.0)
    for step in (1, np.int64(1), np.float32(1), np.array(1), Variable(1)):
        rate = schedule(step)
        assert (float(rate), rate.dtype) == (2.0, np.float64)
    assert schedule(np.array([[0, 1], [2, 3]])).tolist() == [[4.0, 2.0], [1.0, 0.5]]
    assert schedule.get_config() == {"start": 4.0, "name": None}
    assert registry("schedules").get(HALVING).get_config() == schedule.get_config()
    with pytest.raises(NotImplementedError, match=r"LearningRateSchedule has to define rate\(step\)"):
        LearningRateSchedule()(0)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"start": -1}, "start=-1. Allowed: a number from 0 to 8."),
        ({"start": 9}, "start=9. Allowed: a number from 0 to 8."),
        ({"start": "4"}, "start='4'. Allowed: a number from 0 to 8."),
        ({"start": float("nan")}, "start=nan. Allowed: a number from 0 to 8."),
        ({"name": 3}, "name=3. Allowed: None, or a string."),
    ],
)
def test_bad_arguments_of_a_schedule(arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        Halving(**arguments)
    assert str(caught.value) == f"Halving cannot take {text}"


def steps(optimizer: Optimizer, parameter: Variable, count: int, traced: bool = True) -> list[float]:
    """How far each of some steps moves a parameter; all are one traced program."""
    traces = []

    def step() -> None:
        traces.append(1)
        optimizer.apply([np.ones(())], [parameter])

    run: Any = CompiledFunction(step) if traced else step
    moved = []
    for _ in range(count):
        before = float(parameter)
        run()
        moved.append(before - float(parameter))
    assert len(traces) == (1 if traced else count)
    return moved


@pytest.mark.parametrize("traced", [False, True], ids=["eager", "traced"])
@pytest.mark.parametrize("given", [Halving(4.0), HALVING], ids=["object", "config"])
def test_each_step_has_the_rate_of_its_number(given: Any, traced: bool) -> None:
    optimizer = Descent(given)
    assert float(optimizer.learning_rate) == float(optimizer.lr) == 4.0
    assert steps(optimizer, Variable(np.zeros(())), 4, traced) == [4.0, 2.0, 1.0, 0.5]
    assert float(optimizer.learning_rate) == 0.25


def test_a_name_is_a_schedule_with_its_defaults() -> None:
    optimizer = Descent("Halving")
    assert isinstance(optimizer.schedule, Halving)
    assert float(optimizer.learning_rate) == 1.0
    assert isinstance(Descent(lr=Halving()).schedule, Halving)


def test_decay_applies_to_the_rate_of_the_schedule() -> None:
    moved = steps(Descent(Halving(4.0), decay=1.0), Variable(np.zeros(())), 3)
    np.testing.assert_allclose(moved, [4.0, 2.0 / 2, 1.0 / 3], rtol=1e-15)


def test_a_schedule_is_in_the_config_by_its_name_and_goes_on_after_a_restore() -> None:
    optimizer = Descent(Halving(4.0))
    config = json.loads(json.dumps(optimizer.get_config()))
    assert config["learning_rate"] == HALVING
    steps(optimizer, Variable(np.zeros(())), 2)
    again = Descent.from_config(config)
    again.set_weights(optimizer.get_weights())
    for other in (again, copy.deepcopy(optimizer), pickle.loads(pickle.dumps(optimizer))):
        assert other.get_config() == optimizer.get_config()
        assert steps(other, Variable(np.zeros(())), 2) == [1.0, 0.5]


def test_a_scheduled_rate_cannot_be_set() -> None:
    optimizer = Descent(Halving(), name="mine")
    for setting in ("learning_rate", "lr"):
        with pytest.raises(ScheduledRateError) as caught:
            setattr(optimizer, setting, 0.5)
        assert str(caught.value) == (
            "Optimizer 'mine' takes its learning rate from the schedule Halving, so it cannot be set to 0.5. Compile with "
            "an optimizer that has a number as learning_rate: that can be changed."
        )
        assert (caught.value.optimizer, caught.value.schedule) == ("mine", "Halving")  # type: ignore[attr-defined]
    assert isinstance(caught.value, KcoreError) and isinstance(caught.value, TypeError)
    assert float(optimizer.learning_rate) == 1.0


def test_a_fixed_rate_is_set_by_any_number_and_by_nothing_else() -> None:
    optimizer = Descent(1.0)
    for value in (0.5, np.float32(0.5), np.array(0.5), np.array([0.5]), Variable(0.5)):
        optimizer.learning_rate = 1.0
        optimizer.learning_rate = value
        assert float(optimizer.learning_rate) == 0.5
    for value in (None, "0.1", Halving(), float("nan"), -1.0, np.array([1.0, 2.0]), True):
        with pytest.raises(InvalidArgumentError, match="Descent cannot take learning_rate="):
            optimizer.learning_rate = value
    assert float(optimizer.learning_rate) == 0.5


@pytest.mark.parametrize("value", [None, True, [0.1], Halving, np.array(0.1), len])
def test_what_is_no_learning_rate(value: Any) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        Descent(value)
    allowed = "a finite number of at least 0, or a schedule, its name, or its config"
    assert str(caught.value) == f"Descent cannot take learning_rate={value!r}. Allowed: {allowed}."


def test_a_name_or_config_that_is_no_schedule() -> None:
    with pytest.raises(
        UnknownComponentError, match=r"No schedule named 'Halfing' is installed. Did you mean 'Halving'"
    ):
        Descent("Halfing")
    with pytest.raises(ConfigError, match="'Halving' of local has the argument 'begin', which it does not take"):
        Descent({"class_name": "Halving", "config": {"begin": 1.0}})


def test_a_model_trains_with_a_schedule_as_with_the_same_rates_set_by_hand() -> None:
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(8, 3)).astype("float32"), rng.normal(size=(8, 1)).astype("float32")

    def trained(optimizer: Optimizer, by_hand: bool) -> list[Any]:
        model = Sequential([Dense(1, kernel_initializer="ones", input_shape=(3,))])
        model.compile(optimizer, "mse")
        for count in range(4):
            if by_hand:
                optimizer.learning_rate = 0.25 / 2**count
            model.train_on_batch(x, y)
        return model.get_weights()

    for one, other in zip(trained(Descent(Halving(0.25)), False), trained(Descent(), True), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("traced", [False, True], ids=["eager", "traced"])
def test_shared_numbers_are_computed_once_and_kept(traced: bool) -> None:
    optimizer = Product()
    optimizer.elementwise = True
    parameters = [Variable(np.zeros(2, "float32")), Variable(np.zeros(3, "float32")), Variable(np.zeros(2))]

    def step() -> None:
        optimizer.apply([np.ones(variable.shape, variable.dtype) for variable in parameters], parameters)

    run: Any = CompiledFunction(step) if traced else step
    for _ in range(4):
        run()
    assert all((variable.value == -(1 + 2 + 6 + 24)).all() for variable in parameters)
    assert [variable.dtype.name for variable in parameters] == ["float32", "float32", "float64"]
    assert [float(weight) for weight in optimizer.weights] == [4, 24]
    again = Product()
    again.set_weights(optimizer.get_weights())
    assert float(again.shared["factorial"]) == again.shared_after(4)["factorial"] == 24


def test_slots_that_do_not_begin_with_zero() -> None:
    class Kept(Descent):
        elementwise = True
        slot_names = ("kept", "plain")
        slot_starts = {"kept": 0.5}  # noqa: RUF012

    optimizer = Kept()
    together = [Variable(np.zeros(2)), Variable(np.zeros(3))]
    optimizer.build([*together, Variable(np.zeros(1, "float32"))])
    assert [slot.value.tolist() for slot in optimizer.slots["kept"]] == [[0.5] * 2, [0.5] * 3, [0.5]]
    assert [slot.shared for slot in optimizer.slots["kept"]] == [True, True, False]
    assert not any(slot.value.any() for slot in optimizer.slots["plain"])
