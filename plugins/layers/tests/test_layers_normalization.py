"""BatchNormalization beside its formula; moving statistics, frozen layers, configs, bad arguments, training."""

from __future__ import annotations

import doctest
import math
from typing import Any

import numpy as np
import pytest

from kcore import Array, Model, Sequential
from kcore.engine import ArrayType, CompiledFunction, gradients
from kcore.engine.compiled import TracedFunction
from kcore.errors import InvalidArgumentError, LayerInputError, LayerStateError
from kcore.layers import Input
from kcore.testing.gradients import check_gradients
from kcore_layers import normalization
from kcore_layers.core import Dense
from kcore_layers.normalization import BatchNormalization

RNG = np.random.default_rng(4)
X = RNG.normal(2, 3, (16, 5)).astype(np.float32)


def statistics(layer: BatchNormalization) -> list[Array]:
    return [layer.moving_mean.numpy(), layer.moving_variance.numpy()]


@pytest.mark.parametrize(("axis", "shape"), [(-1, (7, 4)), (1, (3, 4, 5)), (-2, (3, 5, 4, 2)), (3, (2, 3, 3, 4))])
def test_training_and_prediction_follow_the_formula(axis: int, shape: tuple[int, ...]) -> None:
    x = RNG.normal(1, 2, shape)
    others = tuple(place for place in range(len(shape)) if place != axis % len(shape))
    alone = [4 if place == axis % len(shape) else 1 for place in range(len(shape))]
    gamma, beta, mean, variance = RNG.uniform(0.5, 2, (4, 4))
    layer = BatchNormalization(axis, 0.75, 0.01, weights=[gamma, beta, mean, variance], dtype="float64")
    expected = (x - mean.reshape(alone)) / np.sqrt(variance.reshape(alone) + 0.01) * gamma.reshape(alone)
    np.testing.assert_allclose(layer(x), expected + beta.reshape(alone), rtol=1e-12)
    batch_mean, batch_variance = x.mean(others), x.var(others)
    expected = (x - batch_mean.reshape(alone)) / np.sqrt(batch_variance.reshape(alone) + 0.01) * gamma.reshape(alone)
    np.testing.assert_allclose(layer(x, training=True), expected + beta.reshape(alone), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(layer.moving_mean.value, 0.75 * mean + 0.25 * batch_mean, rtol=1e-14)
    np.testing.assert_allclose(layer.moving_variance.value, 0.75 * variance + 0.25 * batch_variance, rtol=1e-14)


def test_gradients_in_training() -> None:
    layer = BatchNormalization(dtype="float64")
    check_gradients(lambda x: layer(x, training=True), (RNG.standard_normal((6, 2, 3)),), order=2)


def test_large_means_cost_no_digits() -> None:
    x = (RNG.standard_normal((256, 3)) + 1000).astype(np.float32)
    exact = (x.astype(float) - x.mean(0, dtype=float)) / np.sqrt(x.var(0, dtype=float) + 1e-3)
    np.testing.assert_allclose(BatchNormalization()(x, training=True), exact, atol=2e-4)


def test_prediction_changes_nothing_and_planned_steps_do_what_eager_calls_do() -> None:
    layer, other = BatchNormalization(momentum=0.5), BatchNormalization(momentum=0.5)
    step = CompiledFunction(lambda x: layer(x, training=True))
    for _ in range(3):
        x = RNG.normal(size=(8, 5)).astype(np.float32)
        np.testing.assert_allclose(step(x), other(x, training=True), atol=1e-6)
    for one, two in zip(statistics(layer), statistics(other), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-6)
    before = statistics(layer)
    np.testing.assert_allclose(CompiledFunction(layer)(X), layer(X), atol=1e-6)
    np.testing.assert_array_equal(statistics(layer), before)


def test_the_traced_program_is_small() -> None:
    """What goes over all of the data in a training step: a bound that a worse formula breaks."""
    layer = BatchNormalization()
    x, g = np.zeros((32, 8, 8, 16), np.float32), np.zeros((32, 8, 8, 16), np.float32)

    def step(inputs: Any, cotangent: Any) -> Any:
        y = layer(inputs, training=True)
        return y, gradients(np.sum(y * cotangent), [inputs, *layer.trainable_weights])

    def large(function: Any, *arguments: Any) -> int:
        program = TracedFunction(function, *map(ArrayType.of, arguments)).program
        return sum(
            any(value.type.size == x.size for value in (*equation.inputs, *equation.outputs))
            and equation.primitive.view is None
            for equation in program.equations
        )

    assert large(layer, x) == 2
    assert large(lambda inputs: layer(inputs, training=True), x) <= 6
    # The loss itself takes two.
    assert large(step, x, g) - 2 <= 14


def test_weights_have_the_order_and_names_of_keras() -> None:
    layer = BatchNormalization(name="norm", beta_regularizer="l2", gamma_constraint="non_neg")
    layer.ensure_built((None, 3))
    assert [(weight.name, weight.shape, weight.trainable) for weight in layer.weights] == [
        ("norm/gamma", (3,), True),
        ("norm/beta", (3,), True),
        ("norm/moving_mean", (3,), False),
        ("norm/moving_variance", (3,), False),
    ]
    assert [array.tolist() for array in layer.get_weights()] == [[1.0] * 3, [0.0] * 3, [0.0] * 3, [1.0] * 3]
    assert [variable for variable, _ in layer.regularizers] == [layer.beta]
    assert [variable for variable, _ in layer.constraints] == [layer.gamma]
    layer = BatchNormalization(center=False, scale=False)
    layer.ensure_built((None, 3))
    assert layer.trainable_weights == [] and len(layer.non_trainable_weights) == 2


def test_a_frozen_layer_predicts_in_training() -> None:
    layer = BatchNormalization(trainable=False)
    np.testing.assert_array_equal(layer(X, training=True), layer(X))
    assert statistics(layer)[0].tolist() == [0.0] * 5
    inner = BatchNormalization()
    model = Sequential([inner], name="inner")
    outer = Sequential([Input((5,)), model, Dense(1)])
    model.trainable = False
    np.testing.assert_array_equal(outer(X, training=True), outer(X))
    assert statistics(inner)[0].tolist() == [0.0] * 5
    model.trainable = True
    assert not np.array_equal(outer(X, training=True), outer(X))
    assert statistics(inner)[0].tolist() != [0.0] * 5


def test_a_shared_layer_follows_all_its_inputs() -> None:
    shared = BatchNormalization(momentum=0.5)
    first, second = Input((5,)), Input((5,))
    model = Model([first, second], [shared(first), shared(second)])
    CompiledFunction(lambda a, b: model([a, b], training=True))(X, 2 * X)
    expected = 0.5 * (0.5 * X.mean(0)) + 0.5 * 2 * X.mean(0)
    np.testing.assert_allclose(shared.moving_mean.value, expected, rtol=1e-5)


def test_integers_and_masks() -> None:
    layer = BatchNormalization()
    assert layer(np.array([[1, 2], [3, 4]]), training=True).dtype == "float32"
    mask = np.array([True, False])
    assert layer.compute_mask(X, mask) is mask


def test_config_rebuilds_the_layer() -> None:
    config = BatchNormalization(name="n").get_config()
    assert config == {
        "name": "n",
        "trainable": True,
        "dtype": "float32",
        "axis": -1,
        "momentum": 0.99,
        "epsilon": 0.001,
        "center": True,
        "scale": True,
        "beta_initializer": {"class_name": "Zeros", "config": {}},
        "gamma_initializer": {"class_name": "Ones", "config": {}},
        "moving_mean_initializer": {"class_name": "Zeros", "config": {}},
        "moving_variance_initializer": {"class_name": "Ones", "config": {}},
        "beta_regularizer": None,
        "gamma_regularizer": None,
        "beta_constraint": None,
        "gamma_constraint": None,
    }
    assert BatchNormalization.from_config(config).get_config() == config
    assert BatchNormalization.from_config({**config, "axis": [3]}).axis == 3


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"axis": 0}, "axis=0. Allowed: an integer other than 0, or a list of one."),
        ({"axis": [1, 2]}, "axis=[1, 2]. Allowed: an integer other than 0, or a list of one."),
        ({"axis": 1.0}, "axis=1.0. Allowed: an integer other than 0, or a list of one."),
        ({"momentum": 1.5}, "momentum=1.5. Allowed: a number from 0 to 1."),
        ({"momentum": "0.9"}, "momentum='0.9'. Allowed: a number from 0 to 1."),
        ({"epsilon": 0}, "epsilon=0. Allowed: a number above 0."),
        ({"epsilon": math.nan}, "epsilon=nan. Allowed: a number above 0."),
    ],
)
def test_bad_arguments_are_named(arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        BatchNormalization(**arguments)
    assert str(caught.value) == f"BatchNormalization cannot take {text}"


def test_inputs_that_do_not_fit_are_refused() -> None:
    with pytest.raises(LayerInputError, match="expects an input with at least 4 axes"):
        BatchNormalization(axis=3)(X)
    with pytest.raises(LayerInputError, match="expects an input with at least 3 axes"):
        BatchNormalization(axis=-2)(X)
    layer = BatchNormalization()
    layer(X)
    with pytest.raises(LayerInputError, match=r"expects an input of shape \(batch, 5\)|size 5 on axis -1"):
        layer(X[:, :3])
    with pytest.raises(LayerStateError, match=r"'gamma' of shape \(None,\), because a size is unknown"):
        BatchNormalization().ensure_built((None, None))


def test_examples_in_the_docstrings() -> None:
    found = doctest.testmod(normalization)
    assert found.attempted >= 4
    assert found.failed == 0
