"""Dense beside what Keras recorded: weights, config, regularizers, constraints, dtypes, bad arguments and inputs."""

from __future__ import annotations

import doctest
from typing import Any, cast

import numpy as np
import pytest

from kcore import activations, initializers
from kcore.errors import InvalidArgumentError, LayerInputError, LayerStateError
from kcore_layers import core
from kcore_layers.core import Dense


def test_weights_are_kernel_then_bias() -> None:
    layer = Dense(3, name="hidden")
    layer.build((None, 5))
    assert [(weight.name, weight.shape, weight.dtype.name) for weight in layer.weights] == [
        ("hidden/kernel", (5, 3), "float32"),
        ("hidden/bias", (3,), "float32"),
    ]
    assert layer.trainable_weights == layer.weights == [layer.kernel, layer.bias]
    # Glorot's limit, and zeros.
    assert 0 < np.abs(layer.kernel.value).max() <= (6 / 8) ** 0.5
    assert layer.get_weights()[1].tolist() == [0.0, 0.0, 0.0]


def test_without_bias_there_is_one_weight() -> None:
    layer = Dense(3, use_bias=False)
    assert layer(np.ones((2, 5), "float32")).shape == (2, 3)
    assert [weight.shape for weight in layer.weights] == [(5, 3)]
    assert layer.bias is None


def test_parameters_are_counted() -> None:
    layer = Dense(512)
    with pytest.raises(LayerStateError):
        layer.count_params()
    layer.ensure_built((None, 784))
    assert layer.count_params() == 784 * 512 + 512


def test_the_default_config_has_keras_2s_keys_and_values() -> None:
    assert Dense(4, name="d").get_config() == {
        "name": "d",
        "trainable": True,
        "dtype": "float32",
        "units": 4,
        "activation": "linear",
        "use_bias": True,
        "kernel_initializer": {"class_name": "GlorotUniform", "config": {"seed": None}},
        "bias_initializer": {"class_name": "Zeros", "config": {}},
        "kernel_regularizer": None,
        "bias_regularizer": None,
        "activity_regularizer": None,
        "kernel_constraint": None,
        "bias_constraint": None,
    }


def test_a_full_config_rebuilds_the_layer() -> None:
    layer = Dense(
        cast(int, np.int64(4)),
        activation="relu",
        use_bias=False,
        kernel_initializer=initializers.get("he_normal"),
        bias_initializer="ones",
        kernel_regularizer="l2",
        bias_regularizer={"class_name": "L1L2", "config": {"l1": 0.5, "l2": 0.25}},
        activity_regularizer="l1",
        kernel_constraint="max_norm",
        bias_constraint="non_neg",
        name="d",
        input_shape=(7,),
        trainable=False,
        dtype="float64",
    )
    config = layer.get_config()
    assert config == {
        "name": "d",
        "trainable": False,
        "dtype": "float64",
        "batch_input_shape": [None, 7],
        "units": 4,
        "activation": "relu",
        "use_bias": False,
        "kernel_initializer": {"class_name": "HeNormal", "config": {"seed": None}},
        "bias_initializer": {"class_name": "Ones", "config": {}},
        "kernel_regularizer": {"class_name": "L2", "config": {"l2": 0.01}},
        "bias_regularizer": {"class_name": "L1L2", "config": {"l1": 0.5, "l2": 0.25}},
        "activity_regularizer": {"class_name": "L1", "config": {"l1": 0.01}},
        "kernel_constraint": {"class_name": "MaxNorm", "config": {"max_value": 2, "axis": 0}},
        "bias_constraint": {"class_name": "NonNeg", "config": {}},
    }
    again = Dense.from_config(config)
    assert again.get_config() == config
    assert again.activation is activations.get("relu")


def test_regularizers_and_constraints_are_tied_to_their_weights() -> None:
    layer = Dense(2, kernel_regularizer="l2", bias_regularizer="l1", bias_constraint="non_neg")
    layer.ensure_built((None, 3))
    penalties = [(variable.name.split("/")[1], type(penalty).__name__) for variable, penalty in layer.regularizers]
    assert penalties == [("kernel", "L2"), ("bias", "L1")]
    assert [(variable, type(projection).__name__) for variable, projection in layer.constraints] == [
        (layer.bias, "NonNeg")
    ]


def test_an_activation_may_be_any_function() -> None:
    layer = Dense(2, activation=np.square, kernel_initializer="ones")
    assert layer(np.array([[1.0, 2.0]], "float32")).tolist() == [[9.0, 9.0]]


@pytest.mark.parametrize("dtype", ["uint8", "int64", "float64"])
def test_inputs_are_converted_to_the_layers_dtype(dtype: str) -> None:
    layer = Dense(2, kernel_initializer="ones")
    y = layer(np.array([[100, 200, 255]], dtype))
    assert y.dtype == "float32"
    assert y.tolist() == [[555.0, 555.0]]


def test_unknown_sizes_but_the_last_are_allowed() -> None:
    assert Dense(3).compute_output_shape((None, None, 5)) == (None, None, 3)


@pytest.mark.parametrize(
    ("units", "shown"), [(0, "0"), (-3, "-3"), (2.0, "2.0"), ("8", "'8'"), (True, "True"), (None, "None")]
)
def test_units_must_be_a_positive_integer(units: Any, shown: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        Dense(units)
    assert str(caught.value) == f"Dense cannot take units={shown}. Allowed: an integer of at least 1."


def test_an_activation_that_is_no_function_is_refused() -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        Dense(2, activation=3)
    assert str(caught.value) == (
        "Dense cannot take activation=3. Allowed: None, the name of an activation, or a function of an array."
    )


def test_an_input_of_one_axis_is_refused() -> None:
    with pytest.raises(LayerInputError) as caught:
        Dense(2, name="out")(np.ones(3, "float32"))
    assert str(caught.value) == (
        "Layer 'out' (Dense) expects an input with at least 2 axes (the batch axis is one of them), but its input "
        "has shape (batch=3,)."
    )


def test_another_last_axis_than_at_first_is_refused() -> None:
    layer = Dense(2, name="out")
    layer(np.ones((4, 3), "float32"))
    with pytest.raises(LayerInputError) as caught:
        layer(np.ones((4, 5), "float32"))
    assert str(caught.value) == (
        "Layer 'out' (Dense) expects an input of shape (batch, ..., 3), but its input has shape (batch=4, 5)."
    )


def test_an_unknown_last_axis_is_refused() -> None:
    with pytest.raises(LayerStateError, match=r"'kernel' of shape \(None, 2\), because a size is unknown"):
        Dense(2).ensure_built((None, None))


def test_examples_in_the_docstrings() -> None:
    found = doctest.testmod(core)
    assert found.attempted >= 10
    assert found.failed == 0
