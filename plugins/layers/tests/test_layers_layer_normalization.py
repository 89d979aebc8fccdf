"""LayerNormalization beside its formula: axes, tiny variances, weights, configs, bad arguments."""

from __future__ import annotations

import doctest
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kcore import Sequential
from kcore.engine import ArrayType, CompiledFunction, gradients
from kcore.engine.compiled import TracedFunction
from kcore.errors import InvalidArgumentError, LayerInputError, LayerStateError
from kcore.testing.gradients import check_gradients
from kcore_layers import layer_normalization
from kcore_layers.embedding import Embedding
from kcore_layers.global_pooling import GlobalAveragePooling1D
from kcore_layers.layer_normalization import LayerNormalization

RNG = np.random.default_rng(4)


@given(st.sets(st.integers(1, 3), min_size=1), st.booleans(), st.randoms(use_true_random=False))
def test_values_and_gradients_follow_the_formula(axes: set[int], negative: bool, random: Any) -> None:
    x = RNG.normal(1, 2, (3, 4, 2, 5))
    places = sorted(axes)
    sizes = [x.shape[place] for place in places]
    alone = [size if place in places else 1 for place, size in enumerate(x.shape)]
    given_axes = [place - 4 if negative else place for place in places]
    random.shuffle(given_axes)
    gamma, beta = RNG.uniform(0.5, 2, (2, *sizes))
    layer = LayerNormalization(given_axes, 0.01, weights=[gamma, beta], dtype="float64")
    mean, variance = x.mean(tuple(places), keepdims=True), x.var(tuple(places), keepdims=True)
    expected = (x - mean) / np.sqrt(variance + 0.01) * gamma.reshape(alone) + beta.reshape(alone)
    np.testing.assert_allclose(layer(x), expected, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(layer(x, training=True), expected, rtol=1e-11, atol=1e-12)
    assert layer.compute_output_shape((None, 4, 2, 5)) == (None, 4, 2, 5)


def test_gradients_of_second_order() -> None:
    layer = LayerNormalization([1, 2], dtype="float64")
    check_gradients(layer, (RNG.standard_normal((3, 2, 4)),), order=2)


def test_each_sample_is_normalized_by_itself() -> None:
    x = RNG.standard_normal((5, 7)).astype("float32") * 9
    layer = LayerNormalization()
    np.testing.assert_array_equal(layer(x)[2:3], layer(x[2:3]))


@pytest.mark.parametrize("spread", [0.0, 1e-12, 1e-6, 1e-3])
@pytest.mark.parametrize("epsilon", [1e-3, 1e-10])
def test_tiny_variances_keep_exact_gradients(spread: float, epsilon: float) -> None:
    # Numbers that float32 holds exactly: one value, and small steps from 0.
    x = (np.array([[1, -2, 0.5, 4, -3.5]]) * spread).astype("float32")
    g = np.array([[0.5, 1, -2, 0.25, 1]], "float32")

    def slope(x: Any, g: Any, dtype: str) -> Any:
        layer = LayerNormalization(epsilon=epsilon, dtype=dtype)
        layer.ensure_built((None, 5))
        return CompiledFunction(lambda x: gradients(np.sum(layer(x) * g), [x])[0])(x)

    wide, wide_g = x.astype(float), g.astype(float)
    n, root = 5, np.sqrt(wide.var(-1, keepdims=True) + epsilon)
    normal = (wide - wide.mean(-1, keepdims=True)) / root
    exact = (wide_g - wide_g.mean(-1, keepdims=True) - normal * np.sum(wide_g * normal, -1, keepdims=True) / n) / root
    np.testing.assert_allclose(slope(wide, wide_g, "float64"), exact, rtol=1e-10)
    np.testing.assert_allclose(slope(x, g, "float32"), exact, rtol=1e-5, atol=1e-6 * np.abs(exact).max())


def test_equal_features_give_beta_and_no_infinities() -> None:
    x = np.full((2, 4), 1e6, "float32")
    layer = LayerNormalization(epsilon=1e-12, beta_initializer={"class_name": "Constant", "config": {"value": 0.5}})
    assert layer(x).tolist() == [[0.5] * 4] * 2
    (slope,) = CompiledFunction(lambda x: gradients(np.sum(layer(x)), [x]))(x)
    assert np.isfinite(slope).all()


def test_large_means_cost_no_digits() -> None:
    x = (RNG.standard_normal((3, 256)) + 1000).astype("float32")
    exact = (x - x.mean(-1, keepdims=True, dtype=float)) / np.sqrt(x.var(-1, keepdims=True, dtype=float) + 1e-3)
    np.testing.assert_allclose(LayerNormalization()(x), exact, atol=2e-4)


def test_the_traced_program_is_small() -> None:
    """What goes over all of the data: a bound that a worse formula breaks."""
    layer, x = LayerNormalization(), np.zeros((32, 16, 24), np.float32)
    program = TracedFunction(layer, ArrayType.of(x)).program
    large = [
        equation
        for equation in program.equations
        if equation.primitive.view is None
        and any(value.type.size == x.size for value in (*equation.inputs, *equation.outputs))
    ]
    assert len(large) <= 7


def test_weights() -> None:
    layer = LayerNormalization([3, 1], name="norm", beta_regularizer="l2", gamma_constraint="non_neg")
    layer.ensure_built((None, 3, None, 5))
    assert [(weight.name, weight.shape) for weight in layer.weights] == [("norm/gamma", (3, 5)), ("norm/beta", (3, 5))]
    assert [float(array.mean()) for array in layer.get_weights()] == [1.0, 0.0]
    assert [variable for variable, _ in layer.regularizers] == [layer.beta]
    assert [variable for variable, _ in layer.constraints] == [layer.gamma]
    layer = LayerNormalization(center=False, scale=False)
    layer.ensure_built((None, None, None))
    assert layer.weights == []


def test_integers_and_masks() -> None:
    assert LayerNormalization()(np.array([[1, 2], [3, 4]])).dtype == "float32"
    model = Sequential([Embedding(9, 4, mask_zero=True), LayerNormalization(), GlobalAveragePooling1D()])
    numbers, short = np.array([[3, 5, 0]]), np.array([[3, 5]])
    np.testing.assert_allclose(model.predict(numbers), model.predict(short), rtol=1e-5, atol=1e-6)


def test_config_rebuilds_the_layer() -> None:
    config = LayerNormalization(name="n").get_config()
    assert config == {
        "name": "n",
        "trainable": True,
        "dtype": "float32",
        "axis": -1,
        "epsilon": 0.001,
        "center": True,
        "scale": True,
        "beta_initializer": {"class_name": "Zeros", "config": {}},
        "gamma_initializer": {"class_name": "Ones", "config": {}},
        "beta_regularizer": None,
        "gamma_regularizer": None,
        "beta_constraint": None,
        "gamma_constraint": None,
    }
    assert LayerNormalization.from_config(config).get_config() == config
    assert LayerNormalization([1, -1]).get_config()["axis"] == [1, -1]


AXES = "an integer other than 0, or a list of different ones"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"axis": 0}, f"axis=0. Allowed: {AXES}."),
        ({"axis": [1, 1]}, f"axis=[1, 1]. Allowed: {AXES}."),
        ({"axis": []}, f"axis=[]. Allowed: {AXES}."),
        ({"axis": 1.0}, f"axis=1.0. Allowed: {AXES}."),
        ({"axis": "1"}, f"axis='1'. Allowed: {AXES}."),
        ({"epsilon": 0}, "epsilon=0. Allowed: a number above 0."),
        ({"epsilon": math.inf}, "epsilon=inf. Allowed: a number above 0."),
    ],
)
def test_bad_arguments_are_named(arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        LayerNormalization(**arguments)
    assert str(caught.value) == f"LayerNormalization cannot take {text}"


def test_inputs_that_do_not_fit_are_refused() -> None:
    x = np.ones((2, 5))
    with pytest.raises(LayerInputError, match="expects an input with at least 4 axes"):
        LayerNormalization([1, 3])(x)
    with pytest.raises(LayerInputError, match="expects an input with at least 3 axes"):
        LayerNormalization(-2)(x)
    with pytest.raises(LayerInputError, match=r"an input on which axis=\(1, -1\) names different axes"):
        LayerNormalization([1, -1])(x)
    layer = LayerNormalization()
    layer(x)
    with pytest.raises(LayerInputError, match=r"expects an input of shape \(batch, 5\)"):
        layer(x[:, :3])
    with pytest.raises(LayerStateError, match=r"'gamma' of shape \(None,\), because a size is unknown"):
        LayerNormalization().ensure_built((None, None))


def test_examples_in_the_docstrings() -> None:
    found = doctest.testmod(layer_normalization)
    assert found.attempted >= 2
    assert found.failed == 0
