"""The contract of optimizers: slots, clipping, decay, the learning rate, weights, config."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

from kcore.components.bundle import SMALL
from kcore.components.optimizer import Optimizer
from kcore.engine import CompiledFunction, Variable
from kcore.errors import InvalidArgumentError, WeightsError


class Accumulate(Optimizer):
    """Keeps the sum of gradients; the slot is there only if wanted."""

    def __init__(self, learning_rate: float = 1.0, keep: bool = True, **options: Any) -> None:
        self._flag("keep", keep)
        self.keep = keep
        self.slot_names = ("total",) if keep else ()
        super().__init__(learning_rate, **options)

    def update(
        self, parameter: Any, gradient: Any, slots: dict[str, Any], step: Any, learning_rate: Any
    ) -> tuple[Any, dict[str, Any]]:
        total = slots["total"] + gradient if self.keep else gradient
        return parameter - learning_rate * step * total, {"total": total} if self.keep else {}


def one_step(optimizer: Optimizer, gradient: Any) -> Any:
    parameter = Variable(np.zeros_like(gradient))
    optimizer.apply([gradient], [parameter])
    return parameter.value


@pytest.mark.parametrize("traced", [False, True], ids=["eager", "traced"])
def test_steps_count_from_1_and_slots_last(traced: bool) -> None:
    optimizer, parameter = Accumulate(), Variable(np.zeros(2, "float32"))

    def step(gradient: Any) -> None:
        optimizer.apply([gradient], [parameter])

    run: Any = CompiledFunction(step) if traced else step
    for _ in range(3):
        run(np.array([1.0, 2.0], "float32"))
    np.testing.assert_array_equal(parameter.value, [-(1 + 2 * 2 + 3 * 3), -2 * (1 + 2 * 2 + 3 * 3)])
    assert int(optimizer.iterations) == 3
    np.testing.assert_array_equal(optimizer.slots["total"][0].value, [3, 6])


def test_clipping_by_norm_then_by_value() -> None:
    gradient = np.array([3.0, -4.0])
    np.testing.assert_allclose(one_step(Accumulate(clipnorm=1.0), gradient), [-0.6, 0.8], rtol=1e-15)
    np.testing.assert_allclose(one_step(Accumulate(clipnorm=10.0), gradient), -gradient, rtol=1e-15)
    np.testing.assert_allclose(one_step(Accumulate(clipvalue=3.5), gradient), [-3.0, 3.5], rtol=1e-15)
    np.testing.assert_allclose(one_step(Accumulate(clipnorm=1.0, clipvalue=0.7), gradient), [-0.6, 0.7], rtol=1e-15)
    np.testing.assert_array_equal(one_step(Accumulate(clipnorm=1.0), np.zeros(2)), [0.0, 0.0])


def test_decay_is_that_of_keras_2() -> None:
    optimizer, parameter = Accumulate(0.5, keep=False, decay=0.1), Variable(np.zeros(()))
    before = 0.0
    for t in range(4):
        optimizer.apply([np.ones(())], [parameter])
        np.testing.assert_allclose(before - parameter.value, (t + 1) * 0.5 / (1 + 0.1 * t), rtol=1e-15)
        before = float(parameter)


def test_build_keeps_the_slots_of_known_parameters() -> None:
    optimizer = Accumulate()
    first, second = Variable(np.zeros(2)), Variable(np.zeros(3))
    optimizer.apply([np.ones(2)], [first])
    optimizer.build([second, first])
    assert [slot.value.tolist() for slot in optimizer.slots["total"]] == [[0, 0, 0], [1, 1]]


class Together(Accumulate):
    elementwise = True


class LargestStep(Optimizer):
    """No element for itself: the step is the largest element of the gradient."""

    def update(
        self, parameter: Any, gradient: Any, slots: dict[str, Any], step: Any, learning_rate: Any
    ) -> tuple[Any, dict[str, Any]]:
        return parameter - learning_rate * np.max(gradient), {}


def totals(optimizer: Optimizer) -> list[list[float]]:
    return [slot.numpy().ravel().tolist() for slot in optimizer.slots["total"]]


def test_only_rules_that_say_so_update_small_parameters_together() -> None:
    first, second = Variable(np.zeros(2)), Variable(np.zeros(3))
    LargestStep(1.0).apply([np.array([1.0, 2.0]), np.array([3.0, 4.0, 5.0])], [first, second])
    assert (first.value.tolist(), second.value.tolist()) == ([-2, -2], [-5, -5, -5])


def test_slots_of_parameters_that_are_updated_together() -> None:
    optimizer = Together()
    parameters = [Variable(np.zeros(2)), Variable(np.zeros((1, 2))), Variable(np.zeros(2, "float32"))]
    large = Variable(np.zeros(SMALL + 1))
    ones = [np.ones(variable.shape, variable.dtype) for variable in (*parameters, large)]
    run = CompiledFunction(lambda gradients: optimizer.apply(gradients, [*parameters, large]))
    run(ones)
    # Two of float64 share memory; one of another dtype, and a large one, have their own.
    assert [slot.shared for slot in optimizer.slots["total"]] == [True, True, False, False]
    assert totals(optimizer)[:3] == [[1, 1], [1, 1], [1, 1]]
    optimizer.set_weights([np.array(1), np.full(2, 5.0), np.full((1, 2), 6.0), np.zeros(2), np.zeros(SMALL + 1)])
    run(ones)
    assert totals(optimizer)[:2] == [[6, 6], [7, 7]]


def test_a_copy_has_slots_of_its_own() -> None:
    optimizer = Together()
    parameters = [Variable(np.zeros(2)), Variable(np.zeros(3))]
    optimizer.apply([np.ones(2), np.ones(3)], parameters)
    for copied in (copy.deepcopy(optimizer), pickle.loads(pickle.dumps(optimizer))):
        assert totals(copied) == [[1, 1], [1, 1, 1]]
        own = copied._parameters
        copied.apply([np.ones(2), np.ones(3)], own)
        copied.build(own)
        copied.apply([np.ones(2), np.ones(3)], own)
        assert totals(copied) == [[3, 3], [3, 3, 3]]
        assert [slot.shared for slot in copied.slots["total"]] == [True, True]
    assert totals(optimizer) == [[1, 1], [1, 1, 1]]


def test_parameters_that_are_updated_apart_come_apart() -> None:
    optimizer = Together()
    first, second, third = Variable(np.zeros(2)), Variable(np.zeros(3)), Variable(np.zeros(1))
    optimizer.apply([np.ones(2), np.ones(3), np.ones(1)], [first, second, third])
    optimizer.apply([np.ones(2), np.ones(3)], [first, second])
    assert totals(optimizer) == [[2, 2], [2, 2, 2], [1]]
    optimizer.build([third, first])
    assert totals(optimizer) == [[1], [2, 2]]
    assert not any(slot.shared for slot in optimizer.slots["total"])


def test_weights_round_trip_and_refuse_what_does_not_fit() -> None:
    optimizer, parameter = Accumulate(name="mine"), Variable(np.zeros(2))
    optimizer.apply([np.ones(2)], [parameter])
    saved = optimizer.get_weights()
    optimizer.apply([np.ones(2)], [parameter])
    optimizer.set_weights(saved)
    assert [weight.tolist() for weight in optimizer.get_weights()] == [1, [1, 1]]
    with pytest.raises(WeightsError) as caught:
        optimizer.set_weights([np.zeros(()), np.zeros(3)])
    assert str(caught.value) == (
        "Optimizer 'mine' has 2 weights of shapes [(), (2,)], but it was given 2 arrays of shapes [(), (3,)]."
    )
    assert [weight.tolist() for weight in optimizer.get_weights()] == [1, [1, 1]]


def test_config_holds_the_learning_rate_as_given_and_as_changed() -> None:
    optimizer = Accumulate(lr=0.1, keep=False, decay=0.5)
    config = {
        "name": "accumulate", "learning_rate": 0.1, "keep": False, "decay": 0.5, "clipnorm": None, "clipvalue": None,
    }  # fmt: skip
    assert optimizer.get_config() == config
    assert Accumulate.from_config(config).get_config() == config
    optimizer.lr = 0.3
    assert optimizer.get_config() == config | {"learning_rate": 0.3}


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"learning_rate": -1}, "learning_rate=-1. Allowed: a finite number of at least 0."),
        ({"lr": float("inf")}, "learning_rate=inf. Allowed: a finite number of at least 0."),
        ({"decay": "slow"}, "decay='slow'. Allowed: a finite number of at least 0."),
        ({"clipnorm": 0.0}, "clipnorm=0.0. Allowed: a finite number above 0."),
        ({"clipvalue": True}, "clipvalue=True. Allowed: a finite number above 0."),
        ({"keep": 1}, "keep=1. Allowed: True, False."),
    ],
)
def test_bad_arguments(arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        Accumulate(**arguments)
    assert str(caught.value) == f"Accumulate cannot take {text}"
