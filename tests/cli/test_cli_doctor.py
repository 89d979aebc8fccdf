"""``kcore doctor``: the environment, switches that cannot be understood, and what a saved model needs."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import kcore as framework
from kcore.errors import FileContentError, MissingFileError
from kcore.models.needs import Need
from kcore.saving.needs import needs_of

FOREIGN = {
    "class_name": "Functional",
    "config": {
        "name": "net",
        "layers": [
            {"class_name": "InputLayer", "name": "in", "config": {"name": "in", "batch_shape": [None, 4]}},
            {
                "module": "keras.layers",
                "class_name": "Bidirectional",
                "config": {
                    "name": "both",
                    "dtype": {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}},
                    "layer": {
                        "class_name": "LSTM",
                        "config": {
                            "name": "lstm",
                            "activation": "tanh",
                            "recurrent_activation": "hard_sigmoid",
                            "kernel_initializer": {"class_name": "HeNormal", "config": {"seed": None}},
                            "bias_initializer": "zeros",
                            "kernel_constraint": {"class_name": "MaxNorm", "config": {}},
                            "recurrent_regularizer": None,
                        },
                    },
                },
                "inbound_nodes": [{"args": [{"class_name": "__keras_tensor__", "config": {}}], "kwargs": {}}],
            },
            {"class_name": "RNN", "config": {"name": "rnn", "cell": [{"class_name": "GRUCell", "config": {}}]}},
            {"class_name": "Quantum", "registered_name": "My>Quantum", "config": {"name": "q", "activation": "warp"}},
            {"class_name": "Scaled", "config": {"name": "s", "schedule": {"class_name": "Adam", "config": {}}}},
        ],
    },
}
TRAINING = {
    "optimizer_config": {"class_name": "Tiger", "config": {"learning_rate": 0.1}},
    "loss": {"out": {"class_name": "LossFunctionWrapper", "config": {"fn": "mse"}}, "other": "made_up"},
    "metrics": [["accuracy", {"class_name": "MeanMetricWrapper", "config": {"name": "a", "fn": "acc"}}], [None]],
    "weighted_metrics": None,
    "loss_weights": [1, 2],
    "sample_weight_mode": None,
}
EXPECTED = {
    "layers": {"Functional", "InputLayer", "Bidirectional", "LSTM", "RNN", "GRUCell", "My>Quantum", "Scaled"},
    "activations": {"tanh", "hard_sigmoid", "warp"},
    "initializers": {"HeNormal", "zeros"},
    "constraints": {"MaxNorm"},
    "optimizers": {"Adam"},
}


def grouped(needs: list[Need]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for need in needs:
        found.setdefault(need.family, set()).add(need.name)
    return found


@pytest.fixture
def h5(tmp_path: Path) -> Callable[..., Path]:
    def write(**texts: Any) -> Path:
        path = tmp_path / "file.h5"
        with h5py.File(path, "w") as file:
            for name, value in texts.items():
                file.attrs[name] = value if isinstance(value, str | list) else json.dumps(value)
        return path

    return write


def test_the_environment(kcore: Any) -> None:
    result = kcore("doctor", "--json")
    assert result.exit_code == 0, result.output
    facts = json.loads(result.stdout)["environment"]
    assert facts["kcore"].startswith(f"{framework.__version__}, plugin API 1, in ")
    assert facts["Python"] == f"{platform.python_version()} ({platform.python_implementation()}), {sys.executable}"
    assert facts["NumPy"] == np.__version__
    assert facts["h5py"] == f"{h5py.__version__} with HDF5 {h5py.version.hdf5_version}"
    assert "threads)" in facts["BLAS"] or facts["BLAS"] == "none that threadpoolctl knows"
    assert facts["switches"] == "no file"
    assert "KCORE_CONFIG=off" in facts["variables"]
    assert str(os.cpu_count()) in facts["processors"]
    assert all(facts.values()) and not any("cannot be told" in fact for fact in facts.values())


def test_the_state_of_the_index(process: Callable[..., Any], tmp_path: Path) -> None:
    def index(**variables: str) -> str:
        return str(json.loads(process("doctor", "--json", **variables).stdout)["environment"]["index"])

    assert index().startswith(f"not written yet: {tmp_path / 'cache'}")
    assert index().startswith("valid, ") and "entries: " in index()
    (file,) = (tmp_path / "cache" / "index").iterdir()
    file.write_text("{")
    assert index().startswith("outdated, to be written anew: ")
    assert index(KCORE_INDEX="off").startswith("none: switched off with KCORE_INDEX")


def test_a_fact_that_cannot_be_told_stops_nothing(process: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "h5py.py").write_text("raise ImportError('no such library')")
    done = process("doctor", PYTHONPATH=str(tmp_path), KCORE_THREADS="many")
    assert done.returncode == 0, done.stderr
    assert "h5py:        cannot be told (ImportError: no such library)\n" in done.stdout
    assert "threads:     cannot be told (InvalidArgumentError: " in done.stdout
    assert "Nothing is wrong with the plugins, as far as can be seen." in done.stdout


def test_switches_that_cannot_be_understood_are_findings(process: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "switches.toml"
    file.write_text("disabled = []")
    bad = {"KCORE_CONFIG": str(file), "KCORE_PLUGINS": "a,,b", "KCORE_PREFER": "nothing"}
    done = process("doctor", "--json", **bad)
    assert (done.returncode, done.stderr) == (1, "")
    found = {one["names"][0]: one for one in json.loads(done.stdout)["findings"]}
    assert set(found) == {str(file), "KCORE_PLUGINS", "KCORE_PREFER"}
    assert {one["kind"] for one in found.values()} == {"switches"}
    assert found[str(file)]["cause"] == "the key 'disabled' means nothing (there are 'disable' and 'prefer')"
    assert found["KCORE_PLUGINS"]["advice"] == "correct or unset KCORE_PLUGINS"
    # The rest is seen all the same.
    assert len(json.loads(done.stdout)["distributions"]) > 5


def test_metadata_that_cannot_be_read_is_a_finding(
    process: Callable[..., Any], distribution: Callable[..., Path]
) -> None:
    folder = distribution("dark", "dark", "", {"kcore.layers": {"Dark": "dark:Dark"}})
    file = folder / "dark-1.5.dist-info" / "entry_points.txt"
    file.write_bytes(b"[kcore.layers]\nDark = \xff:Dark\n")
    done = process("doctor", "--json", PYTHONPATH=str(folder))
    assert done.returncode == 1
    (found,) = json.loads(done.stdout)["findings"]
    assert (found["kind"], found["names"]) == ("unreadable", [str(file)])
    assert "UnicodeDecodeError" in found["cause"]


# --- files -----------------------------------------------------------------------------------------------------------


def test_every_component_that_a_model_names(tmp_path: Path, h5: Callable[..., Path]) -> None:
    path = tmp_path / "model.json"
    path.write_text(json.dumps(FOREIGN))
    needs = needs_of(path).needs
    assert grouped(needs) == EXPECTED
    places = {need.name: need.place for need in needs}
    assert places["LSTM"] == "model/net.layers/both.layer"
    assert places["hard_sigmoid"] == "model/net.layers/both.layer/lstm.recurrent_activation"
    assert places["Adam"] == "model/net.layers/s.schedule"
    trained = grouped(needs_of(h5(model_config=FOREIGN, training_config=TRAINING)).needs)
    assert trained == {
        **EXPECTED,
        "optimizers": {"Adam", "Tiger"},
        "losses": {"mse", "made_up"},
        "metrics": {"accuracy", "acc"},
    }


def test_an_old_sequential_has_a_list_as_its_config(tmp_path: Path) -> None:
    path = tmp_path / "old.json"
    path.write_text(
        json.dumps({"class_name": "Sequential", "config": [{"class_name": "Dense", "config": {"units": 1}}]})
    )
    assert grouped(needs_of(path).needs) == {"layers": {"Sequential", "Dense"}}


def test_what_is_missing_is_told_with_who_has_it(kcore: Any, h5: Callable[..., Path]) -> None:
    result = kcore("doctor", str(h5(model_config=FOREIGN, training_config=TRAINING)), "--json")
    assert result.exit_code == 1
    components = {one["name"]: one for one in json.loads(result.stdout)["file"]["components"]}
    assert components["LSTM"]["state"] == "available" and components["LSTM"]["distribution"] == "kcore-layers"
    assert components["LSTM"]["problem"] is None
    assert (components["My>Quantum"]["state"], components["My>Quantum"]["distribution"]) == ("missing", None)
    assert components["Tiger"]["problem"].startswith("No optimizer named 'Tiger' is installed.")
    text = kcore("doctor", str(h5(model_config=FOREIGN))).stdout
    assert "No activation named 'warp' is installed." in text


def test_a_model_of_ours_needs_nothing_more(process: Callable[..., Any], trained: Path) -> None:
    done = process("doctor", str(trained / "model.h5"))
    assert done.returncode == 0, done.stdout
    assert done.stdout.endswith("Everything that it needs is installed.\n")
    for name in ("layers/Dense", "optimizers/Adam", "losses/sparse_categorical_crossentropy", "metrics/accuracy"):
        assert f" {name} " in done.stdout
    traced = process("doctor", str(trained / "model.h5"), python=("-X", "importtime")).stderr
    assert " kcore_" not in traced and "h5py" in traced


def test_with_load_only_what_the_file_needs_is_loaded(process: Callable[..., Any], trained: Path) -> None:
    done = process("doctor", str(trained / "model.h5"), "--load", "--json")
    assert done.returncode == 0
    loaded = {one["name"]: one for one in json.loads(done.stdout)["loaded"]}
    assert "kcore-layers>Dense" in loaded and "kcore-layers>Conv2D" not in loaded
    assert all(one["problem"] is None and one["seconds"] >= 0 for one in loaded.values())
    text = process("doctor", str(trained / "model.h5"), "--load").stdout
    assert f"\nLoaded {len(loaded)} of {len(loaded)}\n" in text and " ms  " in text


def test_a_file_of_weights_needs_no_component(kcore: Any, h5: Callable[..., Path]) -> None:
    result = kcore("doctor", str(h5(layer_names=["a"])))
    assert result.exit_code == 0
    assert "No component: the file holds weights alone." in result.stdout


@pytest.mark.parametrize(
    ("name", "content", "code", "message"),
    [
        ("model.txt", "", 2, "does not end in .h5, .hdf5 or .json."),
        ("none.json", None, 1, "There is no file 'none.json'."),
        ("model.json", "[1]", 1, "holds a list"),
        ("model.json", "{}", 1, "names no model"),
        ("model.json", "{", 1, "is no JSON"),
        ("model.json", "\udcff", 1, "is no text in UTF-8"),
        ("model.h5", "no HDF5", 1, "is no HDF5 file"),
        ("model.json", '{"class_name": "a", "config": ' + '{"b": ' * 900 + "1" + "}" * 901, 1, "is nested too deeply"),
    ],
)
def test_a_file_that_cannot_be_looked_into(
    kcore: Any, tmp_path: Path, name: str, content: str | None, code: int, message: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content.encode("utf-8", "surrogateescape"))
    result = kcore("doctor", name)
    assert result.exit_code == code
    assert message in result.stderr


def test_errors_of_files_are_ours(tmp_path: Path, h5: Callable[..., Path]) -> None:
    with pytest.raises(MissingFileError):
        needs_of(tmp_path / "none.h5")
    with pytest.raises(FileContentError, match="has no attribute 'model_config'"):
        needs_of(h5(something="else"))
