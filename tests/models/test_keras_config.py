"""Configs of several versions of Keras become the one form that is read."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from kcore import Sequential, errors, model_from_json
from kcore.layers import Dense, Input
from kcore.models import model_from_config
from kcore.models.keras_config import plain_config

# Written down from the documented form of Keras 3's configs.
KERAS3_DENSE = {
    "module": "keras.layers",
    "class_name": "Dense",
    "registered_name": None,
    "build_config": {"input_shape": [None, 3]},
    "config": {
        "name": "top",
        "trainable": True,
        "dtype": {
            "module": "keras",
            "class_name": "DTypePolicy",
            "config": {"name": "float32"},
            "registered_name": None,
        },
        "units": 2,
        "activation": {"module": "builtins", "class_name": "function", "config": "relu", "registered_name": "function"},
        "use_bias": True,
        "kernel_initializer": {
            "module": "keras.initializers",
            "class_name": "GlorotUniform",
            "config": {"seed": None},
            "registered_name": None,
        },
        "quantization_config": None,
    },
}
KERAS3_INPUT = {
    "module": "keras.layers",
    "class_name": "InputLayer",
    "config": {"batch_shape": [None, 3], "dtype": "float32", "sparse": False, "ragged": False, "name": "x"},
    "registered_name": None,
}


def test_a_config_of_keras_3_is_read() -> None:
    config = {"class_name": "Sequential", "config": {"name": "s", "layers": [KERAS3_INPUT, KERAS3_DENSE]}}
    model = model_from_config(config)
    assert model.built and model.input_shape == (None, 3)
    (layer,) = model.layers
    assert (layer.name, layer.units, layer.dtype) == ("top", 2, "float32")  # type: ignore[attr-defined]
    assert layer.get_config()["activation"] == "relu"
    model_from_json(json.dumps(config))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (3, 3),
        ({"a": [{"class_name": "__tuple__", "items": [1, 2]}]}, {"a": [[1, 2]]}),
        ({"class_name": "TensorShape", "items": [None, 3]}, [None, 3]),
        ({"class_name": "Policy", "config": {"name": "float64"}}, "float64"),
        ({"class_name": "Custom>Mine", "config": {}}, {"class_name": "Mine", "config": {}}),
        (
            {"class_name": "Mine", "config": {}, "registered_name": "pack>Mine", "module": "os"},
            {"class_name": "pack>Mine", "config": {}},
        ),
        ({"class_name": "Zeros", "config": {}, "registered_name": "Zeros"}, {"class_name": "Zeros", "config": {}}),
        (
            {"class_name": "LayerNormalization", "config": {"axis": [-1], "rms_scaling": False}},
            {"class_name": "LayerNormalization", "config": {"axis": [-1]}},
        ),
        (
            {"class_name": "LayerNormalization", "config": {"rms_scaling": True}},
            {"class_name": "LayerNormalization", "config": {"rms_scaling": True}},
        ),
        (
            {"class_name": "Softmax", "config": {"axis": 1, "robust_masking": True}},
            {"class_name": "Softmax", "config": {"axis": 1}},
        ),
        (
            {"class_name": "SpatialDropout2D", "config": {"rate": 0.5, "noise_shape": None}},
            {"class_name": "SpatialDropout2D", "config": {"rate": 0.5}},
        ),
        (
            {"class_name": "LSTM", "config": {"time_major": False, "units": 2}},
            {"class_name": "LSTM", "config": {"units": 2}},
        ),
        (
            {"class_name": "LSTM", "config": {"time_major": True, "units": 2}},
            {"class_name": "LSTM", "config": {"time_major": True, "units": 2}},
        ),
        (
            {"class_name": "BatchNormalization", "config": {"renorm": False, "renorm_momentum": 0.9, "axis": 1}},
            {"class_name": "BatchNormalization", "config": {"axis": 1}},
        ),
        (
            {"class_name": "SeparableConv2D", "config": {"filters": 3, "groups": 1, "kernel_initializer": "zeros"}},
            {"class_name": "SeparableConv2D", "config": {"filters": 3}},
        ),
        (
            {"class_name": "Conv2DTranspose", "config": {"filters": 3, "groups": 1}},
            {"class_name": "Conv2DTranspose", "config": {"filters": 3}},
        ),
        (
            {"class_name": "DepthwiseConv2D", "config": {"kernel_size": 3, "groups": 2}},
            {"class_name": "DepthwiseConv2D", "config": {"kernel_size": 3, "groups": 2}},
        ),
    ],
)
def test_what_only_some_versions_write_is_left_out(given: Any, expected: Any) -> None:
    assert plain_config(given) == expected


def test_the_given_config_is_not_changed() -> None:
    before = json.dumps(KERAS3_INPUT)
    plain_config(KERAS3_INPUT)
    assert json.dumps(KERAS3_INPUT) == before


def test_a_setting_that_changes_something_is_refused() -> None:
    config = {**KERAS3_INPUT, "config": {**KERAS3_INPUT["config"], "optional": True}}  # type: ignore[dict-item]
    with pytest.raises(errors.FileContentError, match=r"cannot be built .*'optional'"):
        model_from_config({"class_name": "Sequential", "config": {"layers": [config, KERAS3_DENSE]}})


def test_stacks_have_an_input_layer_for_other_readers() -> None:
    inner = Sequential([Dense(2, name="a", input_shape=(3,))], name="inner")
    outer = Sequential([Input((3,), name="numbers", dtype="float64"), inner, Dense(1, name="b")], name="outer")
    config = {"class_name": "Sequential", "config": outer.get_config()}
    first, second, _ = config["config"]["layers"]  # type: ignore[index]
    assert first == {
        "class_name": "InputLayer",
        "config": {"name": "numbers", "dtype": "float64", "batch_input_shape": [None, 3]},
    }
    assert second["config"]["layers"][0] == {
        "class_name": "InputLayer",
        "config": {"name": "a_input", "dtype": "float32", "batch_input_shape": [None, 3]},
    }
    model = model_from_config(config)
    model.set_weights(outer.get_weights())
    assert model.get_config() == outer.get_config()
    np.testing.assert_array_equal(model.predict(np.ones((1, 3))), outer.predict(np.ones((1, 3))))
