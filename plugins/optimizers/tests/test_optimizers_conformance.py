"""Every optimizer and schedule of the registry keeps its contract: all checks on all cases of the tables."""

from __future__ import annotations

import doctest
import importlib
from typing import Any

import numpy as np
import pytest

import kcore
from kcore import optimizers
from kcore.errors import ConfigError, InvalidArgumentError, UnknownComponentError
from kcore.registry import registry
from kcore.testing import conformance_test


def offered(family: str) -> set[str]:
    """The classes of this distribution, each under its own name."""
    home = registry(family)
    names = [record.name for record in home.records() if record.distribution == "kcore-optimizers"]
    return {name for name in names if home.load(name).__name__ == name}


test_conformance = conformance_test("kcore-optimizers")

NAMES = {
    "SGD": ["SGD", "sgd"],
    "Adagrad": ["Adagrad", "adagrad"],
    "Adadelta": ["Adadelta", "adadelta"],
    "RMSprop": ["RMSprop", "rmsprop"],
    "Adam": ["Adam", "adam", "AMSGrad", "amsgrad"],
    "AdamW": ["AdamW", "adamw"],
    "Adamax": ["Adamax", "adamax"],
    "Nadam": ["Nadam", "nadam"],
    "Lion": ["Lion", "lion"],
    "Ftrl": ["Ftrl", "ftrl"],
}


@pytest.mark.parametrize("kind", NAMES)
def test_each_optimizer_is_had_by_name_and_as_a_class(kind: str) -> None:
    for name in NAMES[kind]:
        assert type(optimizers.get(name)).__name__ == kind
        assert (
            optimizers.deserialize({"class_name": name, "config": {}}).get_config() == optimizers.get(name).get_config()
        )
    assert getattr(optimizers, kind).__name__ == kind
    assert {name for names in NAMES.values() for name in names} == {
        record.name for record in registry("optimizers").records() if record.distribution == "kcore-optimizers"
    }


@pytest.mark.parametrize("name", sorted(offered("schedules")))
def test_each_schedule_is_where_keras_has_it(name: str) -> None:
    kind = getattr(optimizers.schedules, name)
    assert (
        kind is getattr(kcore.schedules, name) is getattr(importlib.import_module("kcore.optimizers.schedules"), name)
    )
    with pytest.raises(AttributeError):
        getattr(optimizers, name)


def test_a_name_that_is_nearly_right() -> None:
    with pytest.raises(
        UnknownComponentError, match=r"No optimizer named 'RMSProp' is installed. Did you mean 'RMSprop'"
    ):
        optimizers.get("RMSProp")
    with pytest.raises(
        UnknownComponentError, match=r"No schedule named 'CosineDecy' is installed. Did you mean 'CosineD"
    ):
        optimizers.get("sgd", learning_rate="CosineDecy")
    with pytest.raises(
        ConfigError, match=r"'CosineDecay' of kcore-optimizers lacks the arguments 'initial_learning_rate'"
    ):
        optimizers.get("sgd", learning_rate="CosineDecay")


@pytest.mark.parametrize(
    ("name", "arguments", "text"),
    [
        ("Adagrad", {"initial_accumulator_value": -0.1}, "-0.1. Allowed: a finite number of at least 0."),
        ("Adagrad", {"epsilon": 0}, "0. Allowed: a finite number above 0."),
        ("AdamW", {"weight_decay": None}, "None. Allowed: a finite number of at least 0."),
        ("Adamax", {"beta_1": 1.0}, "1.0. Allowed: a number from 0 to below 1."),
        ("Adamax", {"beta_2": -0.1}, "-0.1. Allowed: a number from 0 to below 1."),
        ("Adamax", {"epsilon": -1e-7}, "-1e-07. Allowed: a finite number above 0."),
        ("Nadam", {"beta_1": "0.9"}, "'0.9'. Allowed: a number from 0 to below 1."),
        ("Nadam", {"beta_2": 1}, "1. Allowed: a number from 0 to below 1."),
        ("Nadam", {"epsilon": 0}, "0. Allowed: a finite number above 0."),
        ("Nadam", {"schedule_decay": -1}, "-1. Allowed: a finite number of at least 0."),
        ("Lion", {"beta_1": 1.5}, "1.5. Allowed: a number from 0 to below 1."),
        ("Lion", {"beta_2": None}, "None. Allowed: a number from 0 to below 1."),
        ("Lion", {"weight_decay": -0.1}, "-0.1. Allowed: a finite number of at least 0."),
        ("Ftrl", {"learning_rate_power": 0.5}, "0.5. Allowed: a finite number of at most 0."),
        ("Ftrl", {"initial_accumulator_value": -1}, "-1. Allowed: a finite number of at least 0."),
        ("Ftrl", {"l1_regularization_strength": -1}, "-1. Allowed: a finite number of at least 0."),
        ("Ftrl", {"l2_regularization_strength": -1}, "-1. Allowed: a finite number of at least 0."),
        ("Ftrl", {"l2_shrinkage_regularization_strength": -1}, "-1. Allowed: a finite number of at least 0."),
        ("Ftrl", {"beta": -1}, "-1. Allowed: a finite number of at least 0."),
    ],
)
def test_bad_arguments_of_optimizers(name: str, arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        optimizers.get(name, **arguments)
    assert str(caught.value) == f"{name} cannot take {next(iter(arguments))}={text}"


RATE, DURATION = "a finite number of at least 0", "a finite number above 0"
EXPONENTIAL = {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.5}
COSINE = {"initial_learning_rate": 0.1, "decay_steps": 10}
RESTARTS = {"initial_learning_rate": 0.1, "first_decay_steps": 10}
PIECES = {"boundaries": [1, 2], "values": [3, 2, 1]}


@pytest.mark.parametrize(
    ("name", "config", "argument", "value", "allowed"),
    [
        ("ExponentialDecay", EXPONENTIAL, "initial_learning_rate", -1, RATE),
        ("ExponentialDecay", EXPONENTIAL, "decay_steps", 0, DURATION),
        ("ExponentialDecay", EXPONENTIAL, "decay_rate", 0, DURATION),
        ("ExponentialDecay", EXPONENTIAL, "staircase", 1, "True, False"),
        ("InverseTimeDecay", EXPONENTIAL, "initial_learning_rate", "0.1", RATE),
        ("InverseTimeDecay", EXPONENTIAL, "decay_steps", -10, DURATION),
        ("InverseTimeDecay", EXPONENTIAL, "decay_rate", -1, RATE),
        ("InverseTimeDecay", EXPONENTIAL, "staircase", None, "True, False"),
        ("PolynomialDecay", COSINE, "initial_learning_rate", float("inf"), RATE),
        ("PolynomialDecay", COSINE, "decay_steps", True, DURATION),
        ("PolynomialDecay", COSINE, "end_learning_rate", -0.1, RATE),
        ("PolynomialDecay", COSINE, "power", 0, DURATION),
        ("PolynomialDecay", COSINE, "cycle", "yes", "True, False"),
        ("CosineDecay", COSINE, "initial_learning_rate", None, RATE),
        ("CosineDecay", COSINE, "decay_steps", 0, DURATION),
        ("CosineDecay", COSINE, "alpha", 1.5, "a number from 0 to 1"),
        ("CosineDecay", COSINE, "warmup_target", -1, RATE),
        ("CosineDecay", COSINE, "warmup_steps", -1, RATE),
        ("CosineDecayRestarts", RESTARTS, "initial_learning_rate", -1, RATE),
        ("CosineDecayRestarts", RESTARTS, "first_decay_steps", 0, DURATION),
        ("CosineDecayRestarts", RESTARTS, "t_mul", 0.5, "a finite number of at least 1"),
        ("CosineDecayRestarts", RESTARTS, "m_mul", 0, DURATION),
        ("CosineDecayRestarts", RESTARTS, "alpha", -1, "a number from 0 to 1"),
        ("CosineDecayRestarts", RESTARTS, "name", 5, "None, or a string"),
        ("PiecewiseConstantDecay", PIECES, "boundaries", 3, "a list of numbers"),
        (
            "PiecewiseConstantDecay",
            PIECES,
            "boundaries",
            [],
            "a list of at least one number, each larger than the one before",
        ),
        (
            "PiecewiseConstantDecay",
            PIECES,
            "boundaries",
            [2, 2],
            "a list of at least one number, each larger than the one before",
        ),
        ("PiecewiseConstantDecay", PIECES, "values", [3, 2], "a list of 3 numbers, one more than boundaries"),
        ("PiecewiseConstantDecay", PIECES, "values", "321", "a list of numbers"),
    ],
)
def test_bad_arguments_of_schedules(name: str, config: dict[str, Any], argument: str, value: Any, allowed: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        kcore.schedules.get(name, **{**config, argument: value})
    assert str(caught.value) == f"{name} cannot take {argument}={value!r}. Allowed: {allowed}."


def test_numbers_of_numpy_become_plain_ones() -> None:
    schedule = kcore.schedules.get(
        "PiecewiseConstantDecay", boundaries=np.array([1, 2]), values=(np.float32(0.5), 0.25, 0.1)
    )
    assert schedule.get_config() == {"boundaries": [1, 2], "values": [0.5, 0.25, 0.1], "name": None}
    with pytest.raises(InvalidArgumentError, match=r"PiecewiseConstantDecay cannot take values=-0.5"):
        kcore.schedules.get("PiecewiseConstantDecay", boundaries=[1], values=[0.5, -0.5])


def test_amsgrad_is_adam_with_its_option() -> None:
    made = optimizers.get("amsgrad", learning_rate=0.25, clipnorm=1.0)
    assert made.get_config() == optimizers.get("adam", learning_rate=0.25, clipnorm=1.0, amsgrad=True).get_config()
    with pytest.raises(ConfigError, match="'AMSGrad' of kcore-optimizers has the argument 'speed'"):
        optimizers.get("AMSGrad", speed=3)


def test_ftrl_makes_weights_exactly_zero() -> None:
    parameter = kcore.Variable(np.array([1.0, -1.0, 1.0, -1.0], "float32"))
    optimizer = optimizers.get("ftrl", learning_rate=0.5, l1_regularization_strength=1.0)
    for _ in range(20):
        # Only the last two elements matter to the loss.
        optimizer.apply([np.array([1e-3, -1e-3, 1, -1], "float32") * (parameter.value - [0, 0, 3, 3])], [parameter])
    assert (parameter.value[:2] == 0).all() and (parameter.value[2:] != 0).all()


def test_ftrl_without_a_start_stays_where_there_was_no_gradient() -> None:
    parameter = kcore.Variable(np.zeros(2, "float32"))
    optimizer = optimizers.get("ftrl", learning_rate=0.5, initial_accumulator_value=0.0)
    optimizer.apply([np.array([0.0, 1.0], "float32")], [parameter])
    np.testing.assert_allclose(parameter.value, [0.0, -0.5], rtol=1e-6)


@pytest.mark.parametrize(
    "module", ["adadelta", "adagrad", "adam", "adamax", "cosine", "decays", "ftrl", "lion", "nadam"]
)
def test_examples_in_the_docstrings(module: str) -> None:
    found = doctest.testmod(
        importlib.import_module(f"kcore_optimizers.{module}"), extraglobs={"Variable": kcore.Variable, "np": np}
    )
    assert found.failed == 0
    assert found.attempted > 0 or module == "adadelta"
