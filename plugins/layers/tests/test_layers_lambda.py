"""Lambda: functions as layers, their shapes, masks, and what a file may say of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kcore import Model, Sequential, load_model, model_from_json, ops, value_and_grad
from kcore.errors import ConfigError, FileContentError, InvalidArgumentError, LayerCallError, LayerMaskError
from kcore.layers import Dense, Embedding, Input, Lambda
from kcore.registry import custom_object_scope

X = np.arange(6, dtype="float32").reshape(2, 3)


def antirectifier(x: Any) -> Any:
    """The example of Keras's documentation."""
    x = x - np.mean(x, axis=1, keepdims=True)
    x = x / np.sqrt(np.sum(np.square(x), axis=1, keepdims=True))
    return np.concatenate([ops.relu(x), ops.relu(-x)], axis=1)


def doubled_last(shape: Any) -> Any:
    return (*shape[:-1], 2 * shape[-1])


def test_a_function_is_traced_and_trained_through() -> None:
    model = Sequential([Dense(4, input_shape=(3,)), Lambda(antirectifier), Dense(1)])
    assert model.layers[1].output_shape == (None, 8)
    hidden = X @ model.get_weights()[0] + model.get_weights()[1]
    centred = hidden - hidden.mean(1, keepdims=True)
    unit = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    expected = np.concatenate([np.maximum(unit, 0), np.maximum(-unit, 0)], 1)
    part = Model(model.input, model.layers[1].output)
    np.testing.assert_allclose(part.predict(X), expected, rtol=1e-5, atol=1e-6)
    with np.errstate(all="raise"):
        slopes = value_and_grad(lambda x: np.sum(np.square(model(x))))(X)[1]
    assert slopes.shape == X.shape and np.abs(slopes).max() > 0


@pytest.mark.parametrize(
    ("layer", "shape", "expected"),
    [
        (Lambda(lambda x: x[:, 0]), (None, 3), (None,)),
        (Lambda(lambda x: np.expand_dims(x, 1)), (None, None, 3), (None, 1, None, 3)),
        (Lambda(antirectifier, output_shape=(6,)), (None, 3), (None, 6)),
        (Lambda(antirectifier, output_shape=doubled_last), (5, 3), (5, 6)),
        (Lambda(lambda xs: xs[0] + xs[1], output_shape=[3]), [(4, 3), (4, 3)], (4, 3)),
        (Lambda(lambda xs: xs[0] * xs[1]), [(None, 3), (None, 1)], (None, 3)),
        (Lambda(lambda x: [x, x[:, :1]]), (None, 3), [(None, 3), (None, 1)]),
        (Lambda(lambda x: x, output_shape=lambda shapes: [shapes, shapes]), (None, 3), [(None, 3), (None, 3)]),
    ],
)
def test_shapes(layer: Any, shape: Any, expected: Any) -> None:
    assert layer.compute_output_shape(shape) == expected


def test_arguments_mask_and_training_reach_the_function() -> None:
    def function(x: Any, power: int, mask: Any = None, training: bool = False) -> Any:
        result = x**power
        if mask is not None:
            result = np.where(mask, result, 0)
        return -result if training else result

    layer = Lambda(function, arguments={"power": 2})
    np.testing.assert_array_equal(layer(X), X**2)
    np.testing.assert_array_equal(layer(X, training=True), -(X**2))
    mask = X > 2
    np.testing.assert_array_equal(layer(X, mask=mask), np.where(mask, X**2, 0))


def test_the_mask_of_the_output() -> None:
    words = Input((3,))
    embedded = Embedding(5, 2, mask_zero=True)(words)
    keeping = Lambda(lambda x: x * 2, mask=lambda x, mask: mask)
    keeping(embedded)
    assert keeping.output_mask.shape == (None, 3)
    fixed = Lambda(lambda x: x, mask=np.array([[True, False, True]]))
    assert fixed.compute_mask(X).tolist() == [[True, False, True]]
    using = Lambda(lambda x, mask: np.where(np.expand_dims(mask, -1), x, 0))
    using(embedded)
    assert using.output_mask is None
    losing = Lambda(lambda x: x, name="losing")
    with pytest.raises(LayerMaskError, match="'losing'"):
        Model(words, losing(embedded)).predict(np.ones((1, 3)))


def test_a_named_function_is_written_and_read_by_name(tmp_path: Path) -> None:
    model = Sequential(
        [
            Dense(2, input_shape=(3,)),
            Lambda(antirectifier, output_shape=doubled_last, arguments={}),
            Lambda("tanh", name="named"),
            Lambda(np_scaled, arguments={"by": np.array([1.0, 2.0, 3.0, 4.0])}, mask=passed),
        ]
    )
    objects = {f.__name__: f for f in (antirectifier, doubled_last, np_scaled, passed)}
    again = model_from_json(model.to_json(), objects)
    assert again.get_config() == model.get_config()
    model.save(tmp_path / "model.h5")
    for one in (again, load_model(tmp_path / "model.h5", objects)):
        one.set_weights(model.get_weights())
        np.testing.assert_array_equal(one.predict(X), model.predict(X))
    with pytest.raises(FileContentError, match=r"output_shape='doubled_last'.*a function in custom_objects="):
        load_model(tmp_path / "model.h5")


def np_scaled(x: Any, by: Any) -> Any:
    return x * by.astype("float32")


def passed(x: Any, mask: Any = None) -> Any:
    return mask


def test_a_function_without_a_name_cannot_be_written() -> None:
    model = Sequential([Lambda(lambda x: x, input_shape=(3,))])
    with pytest.raises(ConfigError, match="has no name that it could be found by"):
        model.to_json()


KERAS_2 = {
    "name": "lambda_1",
    "trainable": True,
    "dtype": "float32",
    "function": ["4wEAAAAAAAAA\n", None, None],
    "function_type": "lambda",
    "module": "__main__",
    "output_shape": None,
    "output_shape_type": "raw",
    "output_shape_module": None,
    "arguments": {"by": {"type": "ndarray", "value": [1.0, 2.0, 4.0]}},
}
KERAS_3 = {
    "name": "lambda_1",
    "function": {"class_name": "__lambda__", "config": {"code": "4wEAAAAA", "defaults": None, "closure": None}},
    "arguments": {"by": {"type": "ndarray", "value": [1.0, 2.0, 4.0]}},
}


@pytest.mark.parametrize("config", [KERAS_2, KERAS_3], ids=["keras2", "keras3"])
def test_code_in_a_file_is_never_run_but_may_be_replaced(config: dict[str, Any]) -> None:
    head = {"class_name": "InputLayer", "config": {"batch_input_shape": [None, 3], "name": "x"}}
    given = {"class_name": "Sequential", "config": {"layers": [head, {"class_name": "Lambda", "config": config}]}}
    text = json.dumps(given)
    with pytest.raises(
        FileContentError, match=r"never runs code from a file.*custom_objects={name of the layer: function}"
    ):
        model_from_json(text)
    model = model_from_json(text, {"lambda_1": np_scaled})
    np.testing.assert_array_equal(model.predict(X), X * np.array([1, 2, 4]))


def test_code_for_shapes_and_masks_is_refused_too() -> None:
    for argument in (
        {"output_shape": ["4wEA", None, None], "output_shape_type": "lambda"},
        {"mask": {"class_name": "__lambda__", "config": {}}},
    ):
        with pytest.raises(InvalidArgumentError, match="never runs code from a file"):
            Lambda.from_config({**KERAS_2, "function": "relu", "function_type": "function", **argument})


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"function": 3}, "function"),
        ({"function": np.tanh, "output_shape": 3}, "output_shape"),
        ({"function": np.tanh, "arguments": [1]}, "arguments"),
    ],
)
def test_bad_arguments(arguments: dict[str, Any], name: str) -> None:
    with pytest.raises(InvalidArgumentError, match=f"Lambda cannot take {name}=") as caught:
        Lambda(**arguments)
    assert caught.value.argument == name


def test_a_function_that_fails_names_the_layer() -> None:
    with pytest.raises(LayerCallError, match=r"'broken' \(Lambda\) failed on an input of shape \(batch=2, 3\)"):
        Lambda(lambda x: np.reshape(x, (7, 7)), name="broken")(X)


def test_custom_objects_win_over_installed_functions() -> None:
    with custom_object_scope({"tanh": antirectifier}):
        layer = Lambda("tanh")
    assert layer(X).shape == (2, 6)
