"""What all optimizers keep and refuse: slots, weights, learning rate, config, pickle, bad arguments."""

from __future__ import annotations

import json
import math
import pickle
from typing import Any

import numpy as np
import pytest

from kcore import Variable
from kcore.engine import ArrayType, CompiledFunction, TracedFunction
from kcore.errors import InvalidArgumentError, WeightsError
from kcore.optimizers import Optimizer
from kcore_optimizers.adadelta import Adadelta
from kcore_optimizers.adam import Adam
from kcore_optimizers.rmsprop import RMSprop
from kcore_optimizers.sgd import SGD

OPTIMIZERS: dict[str, tuple[Any, dict[str, Any], tuple[str, ...]]] = {
    "sgd": (SGD, {}, ()),
    "momentum": (SGD, {"momentum": 0.9, "nesterov": True}, ("momentum",)),
    "rmsprop": (RMSprop, {}, ("rms",)),
    "rmsprop-all": (
        RMSprop,
        {"rho": 0.8, "momentum": 0.5, "epsilon": 0.01, "centered": True},
        ("rms", "momentum", "mg"),
    ),
    "adadelta": (Adadelta, {"rho": 0.8, "epsilon": 0.01, "decay": 0.1}, ("accum_grad", "accum_var")),
    "adam": (Adam, {"decay": 0.1}, ("m", "v")),
    "amsgrad": (Adam, {"beta_1": 0.8, "beta_2": 0.9, "amsgrad": True, "clipnorm": 0.5}, ("m", "v", "vhat")),
}
EVERY = pytest.mark.parametrize(("kind", "config", "slots"), OPTIMIZERS.values(), ids=OPTIMIZERS)


def variables() -> list[Variable]:
    random = np.random.default_rng(7)
    return [Variable(random.standard_normal(shape), name=f"w{shape}", dtype="float32") for shape in ((3, 2), (2,))]


def steps(optimizer: Optimizer, parameters: list[Variable], first: int, last: int) -> list[Any]:
    run = CompiledFunction(lambda *gradients: optimizer.apply(gradients, parameters))
    for t in range(first, last + 1):
        run(*(np.sin(t + np.arange(p.size)).astype("float32").reshape(p.shape) for p in parameters))
    return [parameter.numpy() for parameter in parameters]


@EVERY
def test_slots_depend_on_the_arguments(kind: Any, config: dict[str, Any], slots: tuple[str, ...]) -> None:
    optimizer, parameters = kind(**config), variables()
    assert optimizer.slot_names == slots
    optimizer.build(parameters)
    assert [weight.shape for weight in optimizer.weights] == [(), *([(3, 2), (2,)] * len(slots))]
    assert not any(np.any(weight) for weight in optimizer.get_weights())


@EVERY
def test_weights_round_trip_goes_on_as_if_never_interrupted(
    kind: Any, config: dict[str, Any], slots: tuple[str, ...]
) -> None:
    expected = steps(kind(**config), variables(), 1, 6)
    first, parameters = kind(**config), variables()
    steps(first, parameters, 1, 3)
    second = kind.from_config(first.get_config())
    second.build(parameters)
    second.set_weights(first.get_weights())
    assert int(second.iterations) == 3
    for found, wanted in zip(steps(second, parameters, 4, 6), expected, strict=True):
        np.testing.assert_array_equal(found, wanted)


@EVERY
def test_pickle_goes_on_as_if_never_interrupted(kind: Any, config: dict[str, Any], slots: tuple[str, ...]) -> None:
    expected = steps(kind(**config), variables(), 1, 6)
    optimizer, parameters = kind(**config), variables()
    steps(optimizer, parameters, 1, 3)
    optimizer, parameters = pickle.loads(pickle.dumps((optimizer, parameters)))
    for found, wanted in zip(steps(optimizer, parameters, 4, 6), expected, strict=True):
        np.testing.assert_array_equal(found, wanted)


@EVERY
def test_eager_steps_are_the_traced_ones(kind: Any, config: dict[str, Any], slots: tuple[str, ...]) -> None:
    expected = steps(kind(**config), variables(), 1, 3)
    optimizer, parameters = kind(**config), variables()
    for t in range(1, 4):
        wave = [np.sin(t + np.arange(p.size)).astype("float32").reshape(p.shape) for p in parameters]
        optimizer.apply(wave, parameters)
    for parameter, wanted in zip(parameters, expected, strict=True):
        np.testing.assert_allclose(parameter.value, wanted, rtol=1e-6)


@EVERY
def test_config_round_trip(kind: Any, config: dict[str, Any], slots: tuple[str, ...]) -> None:
    optimizer = kind(learning_rate=0.07, clipvalue=0.3, name="mine", **config)
    found = optimizer.get_config()
    assert found.items() >= {"learning_rate": 0.07, "clipvalue": 0.3, "name": "mine", **config}.items()
    assert kind.from_config(json.loads(json.dumps(found))).get_config() == found
    assert "lr" not in found


@EVERY
def test_learning_rate_changes_without_a_new_trace(kind: Any, config: dict[str, Any], slots: tuple[str, ...]) -> None:
    optimizer, (parameter, _) = kind(**config, learning_rate=0.5), variables()
    traces = []

    def step(gradient: Any) -> None:
        traces.append(1)
        optimizer.apply([gradient], [parameter])

    run = CompiledFunction(step)
    gradient = np.ones((3, 2), "float32")
    run(gradient)
    optimizer.learning_rate = 0.0
    if "momentum" in slots:
        # What the velocity still has is no new step.
        optimizer.slots["momentum"][0].assign(np.zeros((3, 2)))
    before = parameter.numpy()
    run(gradient)
    np.testing.assert_array_equal(parameter.value, before)
    optimizer.lr = 0.25
    run(gradient)
    assert (parameter.value < before).all()
    assert len(traces) == 1
    assert optimizer.get_config()["learning_rate"] == float(optimizer.lr) == 0.25


def test_keras_2_name_of_the_learning_rate() -> None:
    assert float(SGD(lr=0.5).learning_rate) == 0.5
    assert [float(kind().learning_rate) for kind in (SGD, RMSprop, Adam, Adadelta)] == [0.01, 0.001, 0.001, 1.0]


def test_parameters_in_another_order_keep_their_own_slots() -> None:
    optimizer, (w, v) = SGD(0.1, momentum=0.9), variables()
    optimizer.apply([np.ones((3, 2), "float32"), np.zeros(2, "float32")], [w, v])
    before = w.numpy()
    optimizer.apply([np.zeros(2, "float32"), np.zeros((3, 2), "float32")], [v, w])
    np.testing.assert_allclose(w.value, before - 0.09, rtol=1e-6)


def test_parameters_that_join_later_get_slots_and_the_others_keep_theirs() -> None:
    optimizer, (w, v) = Adam(), variables()
    optimizer.apply([np.ones((3, 2), "float32")], [w])
    optimizer.apply([np.ones(2, "float32")], [v])
    assert [slot.shape for slot in optimizer.slots["m"]] == [(3, 2), (2,)]
    np.testing.assert_allclose(optimizer.slots["m"][0].value, 0.1, rtol=1e-6)


def test_parameters_of_both_precisions_keep_theirs() -> None:
    single, double = Variable(np.ones(2, "float32")), Variable(np.ones(2))
    Adam(0.1, clipnorm=1.0, clipvalue=0.5).apply([np.ones(2, "float32"), np.ones(2)], [single, double])
    assert [single.dtype.name, double.dtype.name] == ["float32", "float64"]
    # Both gradients, (1, 1), are scaled to norm 1, then limited to 0.5.
    change = 0.1 * np.sqrt(0.001) / 0.1 * 0.05 / (np.sqrt(0.001) * 0.5 + 1e-7)
    np.testing.assert_allclose(double.value, 1 - change, rtol=1e-12)
    np.testing.assert_allclose(single.value, 1 - change, rtol=1e-6)


def test_adam_computes_its_corrections_once_for_all_parameters() -> None:
    optimizer = Adam(decay=0.1)
    many = [Variable(np.zeros(3, "float32")) for _ in range(5)]
    types = [ArrayType((3,), "float32")] * 5
    traced = TracedFunction(lambda *gradients: optimizer.apply(gradients, many), *types)
    equations = traced.program.equations
    scalars = [equation for equation in equations if equation.outputs[0].type.shape == ()]
    assert sum(equation.primitive.name == "power" for equation in scalars) == 2
    # All five are small: the twelve equations of the rule run once, on one array of fifteen numbers.
    rule = [equation for equation in equations if equation.outputs[0].type.shape == (15,)]
    assert sum(equation.primitive.name != "concatenate" for equation in rule) == 12


@pytest.mark.parametrize(
    "make",
    [
        lambda: SGD(0.1, momentum=0.9, nesterov=True, clipnorm=1.0), lambda: Adam(amsgrad=True, decay=0.1),
        lambda: RMSprop(momentum=0.9, centered=True, clipvalue=0.5), Adadelta,
    ],
)  # fmt: skip
def test_small_parameters_together_are_updated_as_each_alone(make: Any) -> None:
    shapes = [(3, 2), (2,), (), (5,), (1, 4, 2)]
    together = [Variable(np.linspace(-1, 1, math.prod(shape)).reshape(shape).astype("float32")) for shape in shapes]
    alone = [Variable(variable.value) for variable in together]
    one, many = make(), [make() for _ in shapes]
    rng = np.random.default_rng(5)
    for _ in range(4):
        gradients = [rng.normal(size=shape).astype("float32") for shape in shapes]
        one.apply(gradients, together)
        for optimizer, gradient, parameter in zip(many, gradients, alone, strict=True):
            optimizer.apply([gradient], [parameter])
    for number, optimizer in enumerate(many):
        np.testing.assert_array_equal(together[number].value, alone[number].value)
        for slot in one.slot_names:
            np.testing.assert_array_equal(one.slots[slot][number].value, optimizer.slots[slot][0].value)


def test_centered_rmsprop_stays_finite_where_rounding_makes_the_variance_negative() -> None:
    # Of a large constant gradient the variance is 0 but for rounding, which may leave it below -epsilon.
    optimizer, parameter = RMSprop(centered=True), Variable(np.zeros(50, "float32"))
    gradient = np.linspace(1e3, 1e4, 50).astype("float32")
    negative = 0
    for _ in range(300):
        optimizer.apply([gradient], [parameter])
        rms, mean = optimizer.slots["rms"][0].value, optimizer.slots["mg"][0].value
        negative += int((rms - mean * mean < -1e-7).sum())
    assert negative > 0
    assert np.isfinite(parameter.value).all()


@pytest.mark.parametrize(
    ("kind", "argument", "value", "allowed"),
    [
        (SGD, "learning_rate", -0.1, "a finite number of at least 0"),
        (SGD, "learning_rate", float("nan"), "a finite number of at least 0"),
        (Adam, "learning_rate", None, "a finite number of at least 0, or a schedule, its name, or its config"),
        (Adam, "decay", -1, "a finite number of at least 0"),
        (SGD, "clipnorm", 0, "a finite number above 0"),
        (SGD, "clipvalue", float("inf"), "a finite number above 0"),
        (SGD, "momentum", 1.5, "a number from 0 to 1"),
        (SGD, "nesterov", "yes", "True, False"),
        (RMSprop, "rho", 1.0, "a number from 0 to below 1"),
        (RMSprop, "momentum", -0.5, "a number from 0 to 1"),
        (RMSprop, "epsilon", 0.0, "a finite number above 0"),
        (RMSprop, "centered", 1, "True, False"),
        (Adadelta, "rho", 1.0, "a number from 0 to below 1"),
        (Adadelta, "epsilon", 0.0, "a finite number above 0"),
        (Adam, "beta_1", 1, "a number from 0 to below 1"),
        (Adam, "beta_2", True, "a number from 0 to below 1"),
        (Adam, "epsilon", None, "a finite number above 0"),
        (Adam, "amsgrad", None, "True, False"),
    ],
)
def test_bad_arguments(kind: Any, argument: str, value: Any, allowed: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        kind(**{argument: value})
    assert str(caught.value) == f"{kind.__name__} cannot take {argument}={value!r}. Allowed: {allowed}."
    assert caught.value.argument == argument  # type: ignore[attr-defined]


def test_learning_rate_that_makes_no_sense_is_refused_later_too() -> None:
    optimizer = SGD(0.5)
    with pytest.raises(InvalidArgumentError, match="SGD cannot take learning_rate=-1"):
        optimizer.learning_rate = -1
    assert float(optimizer.learning_rate) == 0.5


def test_weights_of_another_optimizer() -> None:
    optimizer = Adam(name="mine")
    optimizer.build(variables())
    with pytest.raises(WeightsError) as caught:
        optimizer.set_weights([np.zeros(())])
    assert str(caught.value) == (
        "Optimizer 'mine' has 5 weights of shapes [(), (3, 2), (2,), (3, 2), (2,)], but it was given 1 arrays "
        "of shapes [()]."
    )
