"""Models that come back from .h5 files as they were: predictions, training state, names, and weights alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import kcore
from kcore import Input, Model, Sequential, errors, load_model, optimizers
from kcore.layers import Conv2D, Dense, Flatten, MaxPooling2D

RNG = np.random.default_rng(3)
X = RNG.normal(size=(20, 6)).astype(np.float32)
Y = np.arange(20) % 3


def classifier(**options: Any) -> Sequential:
    model = Sequential([Dense(5, activation="tanh", input_shape=(6,)), Dense(3, activation="softmax")], **options)
    model.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])
    return model


def equal(first: Any, second: Any) -> bool:
    pairs = zip(first.get_weights(), second.get_weights(), strict=True)
    return all(np.array_equal(a, b, equal_nan=True) and a.dtype == b.dtype for a, b in pairs)


@pytest.mark.parametrize("suffix", ["h5", "hdf5", "H5"])
def test_a_stack_comes_back(tmp_path: Path, suffix: str) -> None:
    model = Sequential([Conv2D(2, 3, input_shape=(8, 8, 1)), MaxPooling2D(2), Flatten(), Dense(3)], name="stack")
    model.save(tmp_path / f"m.{suffix}")
    again = load_model(tmp_path / f"m.{suffix}")
    images = RNG.random((4, 8, 8, 1)).astype(np.float32)
    np.testing.assert_array_equal(again.predict(images), model.predict(images))
    assert again.name == "stack" and [layer.name for layer in again.layers] == [layer.name for layer in model.layers]
    assert again.optimizer is None
    with pytest.raises(errors.NotCompiledError):
        again.fit(images, np.zeros((4, 3)))


def test_a_graph_with_a_shared_layer_and_two_ends_comes_back(tmp_path: Path) -> None:
    left, right = Input((6,), name="left"), Input((6,), name="right")
    shared = Dense(4, activation="relu", name="shared")
    model = Model([left, right], [Dense(2, name="low")(shared(left)), Dense(1, name="high")(shared(right))])
    losses = {"low": "mse", "high": kcore.losses.MeanSquaredError()}
    model.compile("sgd", losses, {"low": ["mae"]}, loss_weights={"low": 1.0, "high": 0.5})
    y = [X[:, :2], X[:, :1]]
    model.fit([X, X], y, verbose=0)
    model.save(tmp_path / "m.h5")
    again = load_model(tmp_path / "m.h5")
    assert again.evaluate([X, X], y, return_dict=True) == model.evaluate([X, X], y, return_dict=True)
    assert list(again.evaluate([X, X], y, return_dict=True)) == model.metrics_names


def test_models_inside_models_come_back(tmp_path: Path) -> None:
    inner = Sequential([Dense(4, input_shape=(6,)), Dense(4, trainable=False)], name="inner")
    outer = Sequential([inner, Dense(2, name="top")])
    outer.save(tmp_path / "m.h5")
    again = load_model(tmp_path / "m.h5")
    assert equal(outer, again)
    np.testing.assert_array_equal(again.predict(X), outer.predict(X))
    with h5py.File(tmp_path / "m.h5") as file:
        # What is trained comes first, as Keras has it.
        shapes = [file["model_weights/inner"][name].shape for name in file["model_weights/inner"].attrs["weight_names"]]
    assert shapes == [(6, 4), (4,), (4, 4), (4,)]


def test_integer_inputs_stay_integers(tmp_path: Path) -> None:
    model = Sequential([Input((2,), dtype="int64", name="numbers"), Dense(1, kernel_initializer="ones")])
    model.save(tmp_path / "m.h5")
    (slot,) = load_model(tmp_path / "m.h5").input_slots() or []
    assert slot.dtype == "int64"


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_numbers_come_back_to_the_bit(tmp_path: Path, dtype: str) -> None:
    model = Sequential([Dense(3, dtype=dtype, input_shape=(2,))])
    special = np.array([[np.nan, np.inf, -np.inf], [-0.0, np.finfo(dtype).smallest_subnormal, 1 / 3]], dtype)
    model.set_weights([special, np.zeros(3, dtype)])
    model.save(tmp_path / "m.h5")
    again = load_model(tmp_path / "m.h5")
    assert again.get_weights()[0].tobytes() == special.tobytes()


@pytest.mark.parametrize(
    "optimizer",
    [
        ("SGD", {"learning_rate": 0.05}),
        ("SGD", {"learning_rate": 0.05, "momentum": 0.9, "nesterov": True, "decay": 0.01}),
        ("RMSprop", {"momentum": 0.5, "centered": True, "clipnorm": 1.0}),
        ("Adam", {"amsgrad": True, "clipvalue": 0.5}),
    ],
    ids=str,
)
def test_training_goes_on_to_the_bit(tmp_path: Path, optimizer: tuple[str, dict[str, Any]]) -> None:
    name, options = optimizer
    model = classifier()
    model.compile(getattr(optimizers, name)(**options), "sparse_categorical_crossentropy", ["accuracy"])
    model.fit(X, Y, batch_size=8, shuffle=False, verbose=0)
    model.save(tmp_path / "m.h5")
    again = load_model(tmp_path / "m.h5")
    assert again.optimizer is not None and model.optimizer is not None
    assert again.optimizer.get_config() == model.optimizer.get_config()
    assert int(again.optimizer.iterations) == 3
    assert again.metrics_names == ["loss", "accuracy"]
    for one in (model, again):
        one.fit(X, Y, batch_size=8, epochs=2, shuffle=False, verbose=0)
    assert equal(model, again)
    for first, second in zip(model.optimizer.get_weights(), again.optimizer.get_weights(), strict=True):
        np.testing.assert_array_equal(first, second)


def test_a_changed_learning_rate_comes_back(tmp_path: Path) -> None:
    model = classifier()
    assert model.optimizer is not None
    model.optimizer.learning_rate = 0.0123
    model.save(tmp_path / "m.h5")
    again = load_model(tmp_path / "m.h5")
    assert again.optimizer is not None
    assert float(again.optimizer.learning_rate) == float(model.optimizer.learning_rate)


def test_before_the_first_step_there_is_no_state(tmp_path: Path) -> None:
    model = classifier()
    model.evaluate(X, Y)
    model.save(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5") as file:
        assert "optimizer_weights" not in file and "training_config" in file.attrs
    again = load_model(tmp_path / "m.h5")
    for one in (model, again):
        one.fit(X, Y, shuffle=False, verbose=0)
    assert equal(model, again)


def test_without_the_optimizer_or_without_compiling(tmp_path: Path) -> None:
    model = classifier()
    model.fit(X, Y, verbose=0)
    model.save(tmp_path / "a.h5", include_optimizer=False)
    with h5py.File(tmp_path / "a.h5") as file:
        assert "optimizer_weights" not in file and "training_config" not in file.attrs
    model.save(tmp_path / "b.h5")
    for again in (load_model(tmp_path / "a.h5"), load_model(tmp_path / "b.h5", compile=False)):
        assert again.optimizer is None and equal(model, again)


def test_layers_that_became_trainable_after_compile_start_without_state(tmp_path: Path) -> None:
    model = classifier()
    model.layers[0].trainable = False
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(X, Y, verbose=0)
    model.layers[0].trainable = True
    model.save(tmp_path / "m.h5")
    again = load_model(tmp_path / "m.h5")
    assert again.optimizer is not None and model.optimizer is not None
    first, *_, last = again.optimizer.slots["m"]
    assert not np.any(first.value)
    np.testing.assert_array_equal(last.value, model.optimizer.slots["m"][-1].value)


def test_weights_alone_by_position_and_from_a_whole_model(tmp_path: Path) -> None:
    model, one, two = classifier(), classifier(), classifier()
    model.save_weights(tmp_path / "w.h5")
    model.save(tmp_path / "m.h5")
    one.load_weights(tmp_path / "w.h5")
    two.load_weights(tmp_path / "m.h5")
    assert equal(model, one) and equal(model, two)
    with pytest.raises(errors.FileContentError, match="holds weights without a model; expected a whole model"):
        load_model(tmp_path / "w.h5")


def test_new_weights_reach_steps_that_are_compiled_already(tmp_path: Path) -> None:
    model, other = classifier(), classifier()
    before = other.predict(X)
    other.fit(X, Y, verbose=0)
    model.save_weights(tmp_path / "w.h5")
    other.load_weights(tmp_path / "w.h5")
    np.testing.assert_array_equal(other.predict(X), model.predict(X))
    assert not np.array_equal(before, model.predict(X))
    assert other.evaluate(X, Y) == model.evaluate(X, Y)


def test_weights_by_name_go_only_where_the_name_is(tmp_path: Path) -> None:
    saved = Sequential([Dense(4, name="one", input_shape=(6,)), Dense(3, name="two")])
    saved.save_weights(tmp_path / "w.h5")
    other = Sequential([Dense(4, name="new", input_shape=(6,)), Dense(4, name="middle"), Dense(3, name="two")])
    kept = other.layers[0].get_weights()
    other.load_weights(tmp_path / "w.h5", by_name=True)
    np.testing.assert_array_equal(other.layers[2].get_weights()[0], saved.layers[1].get_weights()[0])
    np.testing.assert_array_equal(other.layers[0].get_weights()[0], kept[0])
    stranger = Sequential([Dense(4, name="stranger", input_shape=(6,))])
    with pytest.warns(errors.KcoreWarning, match=r"none of its layers \('one', 'two'\) has the name of a layer of mod"):
        stranger.load_weights(tmp_path / "w.h5", by_name=True)


def test_weights_that_do_not_fit_change_nothing(tmp_path: Path) -> None:
    classifier().save_weights(tmp_path / "w.h5")
    other = Sequential([Dense(5, input_shape=(6,)), Dense(3)])
    # The first layer fits, the second does not.
    wide = Sequential([Dense(5, name="a", input_shape=(6,)), Dense(4, name="b")])
    before = [array.copy() for array in wide.get_weights()]
    with pytest.raises(errors.FileContentError, match=r"of shape \(5, 3\); expected shape \(5, 4\)"):
        wide.load_weights(tmp_path / "w.h5")
    assert all(np.array_equal(a, b) for a, b in zip(before, wide.get_weights(), strict=True))
    deeper = Sequential([Dense(5, input_shape=(6,)), Dense(3), Dense(3, name="third")])
    with pytest.raises(errors.FileContentError, match=r"has 2 layers with weights .*expected 3.*'third'"):
        deeper.load_weights(tmp_path / "w.h5")
    bare = Sequential([Dense(5, use_bias=False, input_shape=(6,)), Dense(3)])
    with pytest.raises(errors.FileContentError, match=r"has 2 weights of the layer .*; expected 1"):
        bare.load_weights(tmp_path / "w.h5")
    other.load_weights(tmp_path / "w.h5")


def test_a_model_without_shapes_is_refused(tmp_path: Path) -> None:
    model = Sequential([Dense(3)], name="shapeless")
    classifier().save_weights(tmp_path / "w.h5")
    for call in (
        lambda: model.save(tmp_path / "m.h5"),
        lambda: model.save_weights(tmp_path / "m.h5"),
        lambda: model.load_weights(tmp_path / "w.h5"),
    ):
        with pytest.raises(errors.UnsupportedByFormatError, match="'shapeless', which has no weights yet"):
            call()
    assert not (tmp_path / "m.h5").exists()


def test_overwriting_can_be_refused(tmp_path: Path) -> None:
    model = classifier()
    model.save(tmp_path / "m.h5")
    content = (tmp_path / "m.h5").read_bytes()
    with pytest.raises(errors.FileWriteError, match="it exists, and overwrite is False"):
        model.save(tmp_path / "m.h5", overwrite=False)
    assert (tmp_path / "m.h5").read_bytes() == content


def test_a_model_of_a_class_that_no_plugin_has_needs_it_as_custom_object(tmp_path: Path) -> None:
    class SavedDoubling(kcore.layers.Layer):  # type: ignore[misc, name-defined, unused-ignore]
        def __init__(self, factor: float = 2.0, **options: Any) -> None:
            super().__init__(**options)
            self.factor = factor

        def call(self, inputs: Any) -> Any:
            return inputs * self.factor

    model = Sequential([SavedDoubling(3.0, input_shape=(6,)), Dense(1)])
    model.save(tmp_path / "m.h5")
    with pytest.raises(errors.KcoreError, match="SavedDoubling"):
        load_model(tmp_path / "m.h5")
    again = load_model(tmp_path / "m.h5", custom_objects={"SavedDoubling": SavedDoubling})
    np.testing.assert_array_equal(again.predict(X), model.predict(X))


def test_a_whole_model_is_read_by_the_names_of_its_layers(tmp_path: Path) -> None:
    # Keras lists the layers of branches by depth, kcore by the way from the outputs: same shapes, another order.
    inputs = Input((3,), name="in")
    model = Model(inputs, [Dense(3, name="left")(inputs), Dense(3, name="right")(inputs)])
    path = tmp_path / "branches.h5"
    model.save(path)
    with h5py.File(path, "r+") as file:
        names = file["model_weights"].attrs["layer_names"]
        file["model_weights"].attrs["layer_names"] = names[::-1]
    x = np.eye(3)
    for expected, found in zip(model.predict(x), load_model(path).predict(x), strict=True):
        np.testing.assert_array_equal(found, expected)
