"""The format .json: the architecture alone."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from kcore import Sequential, errors, load_model
from kcore.layers import Dense


def small() -> Sequential:
    model = Sequential([Dense(2, activation="relu", name="first", input_shape=(3,)), Dense(1)], name="small")
    model.compile("sgd", "mse")
    return model


def test_the_architecture_comes_back_with_new_weights(tmp_path: Path) -> None:
    model = small()
    model.save(tmp_path / "m.json")
    again = load_model(tmp_path / "m.json")
    assert again.get_config() == model.get_config()
    assert [w.shape for w in again.get_weights()] == [w.shape for w in model.get_weights()]
    assert not np.array_equal(again.get_weights()[0], model.get_weights()[0])
    assert again.optimizer is None
    assert json.loads((tmp_path / "m.json").read_text()) == json.loads(model.to_json())


def test_weights_are_refused(tmp_path: Path) -> None:
    model = small()
    with pytest.raises(
        errors.UnsupportedByFormatError, match=r"'json' cannot hold weights. Save them to .*\.h5"
    ) as caught:
        model.save_weights(tmp_path / "w.json")
    assert (caught.value.format, caught.value.operation) == ("json", "hold weights")
    (tmp_path / "w.json").write_text("{}")
    with pytest.raises(errors.UnsupportedByFormatError, match=r"cannot hold weights. Load them from .*\.h5"):
        model.load_weights(tmp_path / "w.json")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff\xfe", "is no text in UTF-8"),
        (b"[1, 2]", "holds a list"),
        (b"not json", "is no JSON"),
        (b"[" * 100_000, "is no JSON"),
        (b'{"class_name": "Dense", "config": {"units": 2}}', "describes a Dense, not a model"),
        (b'{"class_name": "Sequential", "config": {"layers": [{}]}}', "cannot be built .*no class_name"),
        (b'{"class_name": "Functional", "config": {}}', "cannot be built .*'layers'"),
    ],
)
def test_what_holds_no_model_is_refused_by_name(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "m.json").write_bytes(content)
    with pytest.raises(errors.FileContentError, match=message) as caught:
        load_model(tmp_path / "m.json")
    assert caught.value.source == str(tmp_path / "m.json")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "m.json").mkdir()
    with pytest.raises(errors.FileReadError, match=r"m\.json' could not be read: Is a directory\.") as caught:
        load_model(tmp_path / "m.json")
    assert caught.value.problem == "Is a directory"
    with pytest.raises(errors.FileWriteError, match="no regular file"):
        small().save(tmp_path / "m.json")


def test_an_unknown_suffix_names_those_that_are_known(tmp_path: Path) -> None:
    with pytest.raises(errors.UnknownFormatError, match=r"has the suffix '\.xyz'.*\.h5.*\.json") as caught:
        small().save(tmp_path / "m.xyz")
    assert {"h5", "hdf5", "json"} <= set(caught.value.available)
    with pytest.raises(errors.UnknownFormatError, match="has no suffix"):
        load_model(tmp_path / "m")
