"""The layout itself, as Keras 2 documents and reads it; and names and attributes beyond what HDF5 takes at once."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np
import pytest

import kcore
from kcore import Sequential, load_model
from kcore.errors import FileWriteError
from kcore.layers import Conv2D, Dense, Flatten
from kcore.saving.h5_layout import ATTRIBUTE_LIMIT, opened, write_arrays, write_names


@pytest.fixture
def path(tmp_path: Path) -> Path:
    model = Sequential([Conv2D(2, 3, name="conv", input_shape=(5, 5, 1)), Flatten(name="flat"), Dense(2, name="top")])
    model.compile("rmsprop", "mse", metrics=["mae"], loss_weights=[2.0])
    model.fit(np.ones((2, 5, 5, 1)), np.ones((2, 2)), verbose=0)
    model.save(tmp_path / "m.h5")
    return tmp_path / "m.h5"


def test_attributes_and_groups_are_those_of_keras(path: Path) -> None:
    with h5py.File(path) as file:
        of_keras = {"keras_version", "backend", "model_config", "training_config"}
        assert set(file.attrs) == {*of_keras, "kcore_version", "kcore_components"}
        assert file.attrs["keras_version"].startswith("2.") and file.attrs["kcore_version"] == kcore.__version__
        assert set(file) == {"model_weights", "optimizer_weights"}
        weights = file["model_weights"]
        assert list(weights.attrs["layer_names"]) == [b"conv", b"flat", b"top"]
        assert set(weights) == {"conv", "flat", "top", "top_level_model_weights"}
        assert list(weights["conv"].attrs["weight_names"]) == [b"conv/kernel:0", b"conv/bias:0"]
        assert list(weights["flat"].attrs["weight_names"]) == []
        assert weights["conv/conv/kernel:0"].shape == (3, 3, 1, 2)
        assert weights["top/top/kernel:0"].dtype == np.float32
        state = file["optimizer_weights"]
        names = [name.decode() for name in state.attrs["weight_names"]]
        assert names[0].endswith("/iter:0") and state[names[0]][()] == 1
        assert [name.split("/")[1:] for name in names[1:]] == [
            [layer, weight, "rms:0"] for layer in ("conv", "top") for weight in ("kernel", "bias")
        ]


def test_configs_are_json_of_keras_s_form(path: Path) -> None:
    with h5py.File(path) as file:
        model = json.loads(file.attrs["model_config"])
        training = json.loads(file.attrs["training_config"])
    assert model["class_name"] == "Sequential"
    classes = [layer["class_name"] for layer in model["config"]["layers"]]
    assert classes == ["InputLayer", "Conv2D", "Flatten", "Dense"]
    assert model["config"]["layers"][0]["config"]["batch_input_shape"] == [None, 5, 5, 1]
    assert model["config"]["layers"][3]["config"]["kernel_initializer"]["class_name"] == "GlorotUniform"
    assert training["optimizer_config"]["class_name"] == "RMSprop"
    assert training["optimizer_config"]["config"]["rho"] == 0.9
    assert (training["loss"], training["metrics"], training["loss_weights"]) == ("mean_squared_error", ["mae"], [2.0])


def test_a_file_of_weights_has_the_layers_at_the_top(tmp_path: Path, path: Path) -> None:
    load_model(path).save_weights(tmp_path / "w.h5")
    with h5py.File(tmp_path / "w.h5") as file:
        assert set(file) == {"conv", "flat", "top", "top_level_model_weights"}
        assert list(file.attrs["layer_names"]) == [b"conv", b"flat", b"top"]
        assert "keras_version" in file.attrs and "model_config" not in file.attrs


@pytest.mark.parametrize("count", [0, 1, 2000, 20_000])
def test_long_lists_of_names_are_spread_over_attributes(tmp_path: Path, count: int) -> None:
    names = [f"layer_{number:06d}_é" for number in range(count)]
    with h5py.File(tmp_path / "a.h5", "w") as file:
        write_names(file, "layer_names", names, tmp_path)
        written = set(file.attrs)
        assert all(file.attrs[name].nbytes <= ATTRIBUTE_LIMIT for name in written)
    # 15 bytes each: 4300 fit.
    pieces = -(-count // (ATTRIBUTE_LIMIT // 15))
    assert written == ({"layer_names"} if pieces < 2 else {f"layer_names{number}" for number in range(pieces)})
    with opened(tmp_path / "a.h5") as source:
        assert source.names(source.file, "layer_names") == names
        assert source.names(source.file, "others") is None


def test_a_model_with_very_many_layers_comes_back(tmp_path: Path) -> None:
    # Names of 200 letters: 400 of them are more than one attribute holds, and the config is far longer than 64 KB.
    layers = [Dense(1, name=f"{number:03d}" + "x" * 200, input_shape=(1,)) for number in range(400)]
    model = Sequential(layers)
    model.save(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5") as file:
        assert {"layer_names0", "layer_names1"} <= set(file["model_weights"].attrs)
        assert len(file.attrs["model_config"]) > 2**16
    again = load_model(tmp_path / "m.h5")
    assert [layer.name for layer in again.layers] == [layer.name for layer in layers]
    assert again.get_weights() == model.get_weights()


def test_a_name_that_hdf5_cannot_hold_is_refused(tmp_path: Path) -> None:
    model = Sequential([Dense(1, name="x" * 70_000, input_shape=(1,))])
    with pytest.raises(FileWriteError, match="a name of 70000 bytes is longer than HDF5 can hold"):
        model.save(tmp_path / "m.h5")
    assert list(tmp_path.iterdir()) == []


def test_names_used_twice_are_told_apart(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        arrays = [("a/k:0", np.zeros(1)), ("a/k:0", np.ones(2)), ("plain", np.ones(3)), ("plain", np.ones(4))]
        write_arrays(file, arrays, tmp_path)
        names = [name.decode() for name in file.attrs["weight_names"]]
        assert names[:2] == ["a/k:0", "a/k_1:0"] and len(set(names)) == 4
        assert [file[name].shape for name in names] == [(1,), (2,), (3,), (4,)]
