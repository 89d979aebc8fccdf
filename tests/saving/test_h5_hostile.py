"""Files that are damaged, or made to mislead: an error that names the file, and nothing else happens."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from kcore import Sequential, load_model, set_random_seed
from kcore.errors import FileContentError, FileReadError, KcoreError, MissingComponentsError, MissingFileError
from kcore.layers import Dense

X = np.linspace(-1, 1, 12, dtype=np.float32).reshape(4, 3)
KERNEL = "model_weights/one/one/kernel:0"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A good file of a trained model; tests spoil it."""
    set_random_seed(1)
    model = Sequential([Dense(5, name="one", input_shape=(3,)), Dense(2, name="two")])
    model.compile("adam", "mse")
    model.fit(X, np.ones((4, 2)), verbose=0)
    model.save(tmp_path / "m.h5")
    return tmp_path / "m.h5"


def config_of(file: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.attrs["model_config"])
    return found


def with_dataset(**options: Any) -> Callable[[Any], None]:
    """Put another data set in the place of the first kernel."""

    def spoil(file: Any) -> None:
        del file[KERNEL]
        file.create_dataset(KERNEL, **options)

    return spoil


def without(name: str) -> Callable[[Any], None]:
    return lambda file: file.__delitem__(name)


def without_attribute(group: str, name: str) -> Callable[[Any], None]:
    return lambda file: file[group].attrs.__delitem__(name)


def with_attribute(group: str, name: str, value: Any) -> Callable[[Any], None]:
    return lambda file: file[group].attrs.__setitem__(name, value)


def with_link(name: str, link: Any) -> Callable[[Any], None]:
    def spoil(file: Any) -> None:
        del file[name]
        file[name] = link

    return spoil


def virtual(file: Any) -> None:
    layout = h5py.VirtualLayout(shape=(3, 5), dtype="f4")
    layout[:] = h5py.VirtualSource("/etc/hostname", "x", shape=(3, 5))
    del file[KERNEL]
    file.create_virtual_dataset(KERNEL, layout)


def huge_chunk(file: Any) -> None:
    del file[KERNEL]
    options = {"maxshape": (None, None), "chunks": (2**14, 2**14), "compression": "gzip"}
    file.create_dataset(KERNEL, shape=(3, 5), dtype="f4", **options)


def strange_filter(file: Any) -> None:
    settings = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    settings.set_chunk((3, 5))
    settings.set_filter(40_000, h5py.h5z.FLAG_OPTIONAL, ())
    space = h5py.h5s.create_simple((3, 5))
    del file[KERNEL]
    h5py.h5d.create(file["model_weights/one/one"].id, b"kernel:0", h5py.h5t.IEEE_F32LE, space, settings)


def many_layers(file: Any) -> None:
    file["model_weights"].attrs["layer_names"] = [b"one", b"two", b"three"]
    file.create_group("model_weights/three").attrs["weight_names"] = [b"x"]


def changed_config(change: Callable[[dict[str, Any]], Any]) -> Callable[[Any], None]:
    def spoil(file: Any) -> None:
        config = config_of(file)
        file.attrs["model_config"] = json.dumps(change(config) or config)

    return spoil


def set_units(value: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda config: config["config"]["layers"][-1]["config"].__setitem__("units", value)


SPOILT: dict[str, tuple[Callable[[Any], None], str]] = {
    "no model_config": (without_attribute("/", "model_config"), "has no attribute 'model_config'"),
    "model_config a number": (with_attribute("/", "model_config", 3), "'model_config' of '/' that holds no text"),
    "model_config a list": (with_attribute("/", "model_config", ["a", "b"]), "holds no text"),
    "model_config no JSON": (with_attribute("/", "model_config", "{"), "is no JSON"),
    "model_config no text": (
        with_attribute("/", "model_config", np.bytes_(b"\xff\xfe")),
        "is damaged at the attribute",
    ),
    "model_config no object": (with_attribute("/", "model_config", "[1]"), "holds a list; expected an object"),
    "model_config too deep": (with_attribute("/", "model_config", "[" * 200_000), "is no JSON"),
    "model_config deep objects": (
        with_attribute("/", "model_config", '{"config":' * 5_000 + "1" + "}" * 5_000),
        "is no JSON|cannot be built",
    ),
    "model_config empty": (with_attribute("/", "model_config", "{}"), "cannot be built .*no class_name"),
    "no model": (
        with_attribute("/", "model_config", '{"class_name": "Dense", "config": {"units": 3}}'),
        "describes a Dense, not a model",
    ),
    "a layer of wrong size": (changed_config(set_units(-2)), "cannot be built"),
    "a layer of no number": (changed_config(set_units({"a": 1})), "cannot be built"),
    "a layer of absurd size": (changed_config(set_units(2**60)), "cannot be built"),
    "a layer with unknown settings": (
        changed_config(lambda c: c["config"]["layers"][-1]["config"].__setitem__("evil", 1)),
        "cannot be built .*'evil'",
    ),
    "layers no list": (changed_config(lambda c: c["config"].__setitem__("layers", 5)), "cannot be built"),
    "no shape": (
        changed_config(
            lambda c: (
                (
                    c["config"]["layers"].pop(0),
                    c["config"]["layers"][0]["config"].pop("batch_input_shape"),
                )
                and None
            )
        ),
        "does not say the shape of its input",
    ),
    "no weights": (without("model_weights"), "has no group 'model_weights'"),
    "weights an array": (
        lambda file: (file.__delitem__("model_weights"), file.__setitem__("model_weights", 3)) and None,
        "has an array at '/model_weights'; expected a group",
    ),
    "no layer_names": (without_attribute("model_weights", "layer_names"), "has no attribute 'layer_names'"),
    "layer_names numbers": (with_attribute("model_weights", "layer_names", [1, 2]), "holds no names"),
    "layer_names above": (with_attribute("model_weights", "layer_names", [b"../x"]), "has the name '../x'"),
    "layer_names absolute": (with_attribute("model_weights", "layer_names", [b"/x"]), "has the name '/x'"),
    "a layer too few": (with_attribute("model_weights", "layer_names", [b"one"]), "has 1 layer with weights"),
    "a layer too many": (many_layers, "has 3 layers with weights"),
    "a layer missing": (without("model_weights/two"), "has no weights of its layer 'two'"),
    "no weight_names": (without_attribute("model_weights/two", "weight_names"), "no weights of its layer 'two'"),
    "a weight too few": (
        with_attribute("model_weights/two", "weight_names", [b"two/kernel:0"]),
        "has 1 weight of the layer 'two'",
    ),
    "a weight missing": (without(KERNEL), "has no array '/model_weights/one/one/kernel:0'"),
    "a weight a group": (
        lambda file: (file.__delitem__(KERNEL), file.create_group(KERNEL)) and None,
        "has no array",
    ),
    "another shape": (with_dataset(data=np.zeros((3, 4), "f4")), r"of shape \(3, 4\); expected shape \(3, 5\)"),
    "a huge shape": (with_dataset(shape=(2**40, 2**20), dtype="f4"), "expected shape"),
    "no shape at all": (with_dataset(dtype="f4", data=h5py.Empty("f4")), "of shape None"),
    "strings": (with_dataset(data=np.full((3, 5), b"abc")), r"of type \|S3"),
    "objects": (with_dataset(shape=(3, 5), dtype=h5py.string_dtype()), "of type object"),
    "arrays of any length": (with_dataset(shape=(3, 5), dtype=h5py.vlen_dtype("f4")), "of type object"),
    "complex numbers": (with_dataset(data=np.zeros((3, 5), "c8")), "of type complex64"),
    "records": (with_dataset(data=np.zeros((3, 5), [("a", "f4")])), "of type"),
    "references": (with_dataset(shape=(3, 5), dtype=h5py.ref_dtype), "of type object"),
    "an external link": (with_link(KERNEL, h5py.ExternalLink("/etc/hostname", "/x")), "has a link at"),
    "a soft link": (with_link(KERNEL, h5py.SoftLink("/model_weights/one/one/bias:0")), "has a link at"),
    "a linked layer": (with_link("model_weights/one", h5py.ExternalLink("x.h5", "/")), "has a link at"),
    "linked weights": (with_link("model_weights", h5py.SoftLink("/optimizer_weights")), "has a link at"),
    "external storage": (
        with_dataset(shape=(3, 5), dtype="f4", external=[("/etc/hostname", 0, 60)]),
        "whose numbers are in another file",
    ),
    "a virtual data set": (virtual, "whose numbers are in another file"),
    "a huge chunk": (huge_chunk, "in pieces of 1073741824 bytes"),
    "an unknown filter": (strange_filter, r"packed with the filters \[40000\]"),
    "training_config no JSON": (with_attribute("/", "training_config", "nope"), "is no JSON"),
    "training_config empty": (with_attribute("/", "training_config", "{}"), "training that cannot be set up"),
    "training_config absurd": (
        with_attribute("/", "training_config", '{"optimizer_config": 3, "loss": {"a": [{}]}}'),
        "training that cannot be set up",
    ),
    "too much state": (
        with_attribute("optimizer_weights", "weight_names", [b"a"] * 12),
        "has 12 arrays in the group 'optimizer_weights'; expected 9 for 'adam' and 4 weights",
    ),
    "no names of the state": (without_attribute("optimizer_weights", "weight_names"), "no attribute 'weight_names'"),
    "steps no number": (
        lambda file: (
            (
                file.__delitem__("optimizer_weights/adam/iter:0"),
                file.__setitem__("optimizer_weights/adam/iter:0", [1, 2]),
            )
            and None
        ),
        "adam/iter:0' of shape",
    ),
    "negative steps": (
        lambda file: file["optimizer_weights/adam/iter:0"].write_direct(np.array(-5)),
        "has an optimizer that made -5 steps",
    ),
}


@pytest.mark.parametrize("name", SPOILT)
def test_a_spoilt_file_is_refused_by_name(path: Path, name: str) -> None:
    spoil, message = SPOILT[name]
    with h5py.File(path, "r+") as file:
        spoil(file)
    with pytest.raises(FileContentError, match=message) as caught:
        load_model(path)
    assert str(caught.value).startswith(str(path))


def test_declared_sizes_are_not_allocated(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        with_dataset(shape=(2**28,), dtype="f4", fillvalue=1.0)(file)
    tracemalloc.start()
    try:
        with pytest.raises(FileContentError):
            load_model(path)
        assert tracemalloc.get_traced_memory()[1] < 50_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("class_name", ["os.system", "kcore.models:Sequential", "subprocess>Popen", "eval", "__main__"])
def test_a_name_is_looked_up_and_never_imported(path: Path, class_name: str) -> None:
    with h5py.File(path, "r+") as file:
        config = config_of(file)
        config["config"]["layers"][1] = {
            "module": "os",
            "class_name": class_name,
            "registered_name": class_name,
            "config": {"command": "echo"},
        }
        file.attrs["model_config"] = json.dumps(config)
    with pytest.raises(MissingComponentsError):
        load_model(path)


def test_a_lambda_in_a_config_is_no_component(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        config = config_of(file)
        function = {"class_name": "__lambda__", "config": {"code": "4wEAAAA=", "defaults": None, "closure": None}}
        config["config"]["layers"][1]["config"]["activation"] = function
        file.attrs["model_config"] = json.dumps(config)
    with pytest.raises(MissingComponentsError, match="__lambda__"):
        load_model(path)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 0.9999])
def test_a_file_that_was_cut_short_is_refused(path: Path, share: float) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(FileContentError, match="was cut short"):
        load_model(path)


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m.h5").write_text("{}")
    with pytest.raises(FileContentError, match="is no HDF5 file"):
        load_model(tmp_path / "m.h5")
    (tmp_path / "folder.h5").mkdir()
    with pytest.raises(FileReadError, match=r"could not be read: Is a directory"):
        load_model(tmp_path / "folder.h5")
    with pytest.raises(MissingFileError, match=r"There is no file .*none\.h5'"):
        load_model(tmp_path / "none.h5")


@pytest.mark.parametrize("size", [0, 8, 2**40, 2**64 - 8])
def test_texts_without_an_end_do_not_stop_the_process(path: Path, size: int) -> None:
    content = bytearray(path.read_bytes())
    heap = content.index(b"GCOL\x01\0\0\0")
    # The free space behind the last text; HDF5 itself would look for its end for ever where it says 0.
    place = heap + 16
    while (index := int.from_bytes(content[place : place + 2], "little")) != 0:
        assert index < 100
        length = int.from_bytes(content[place + 8 : place + 16], "little")
        place += 16 + (length + 7) // 8 * 8
    content[place + 8 : place + 16] = size.to_bytes(8, "little")
    path.write_bytes(content)
    with pytest.raises(FileContentError, match=f"is damaged at byte {heap}, where its texts are"):
        load_model(path)


def test_flipped_bytes_give_a_model_or_an_error_of_kcore(path: Path) -> None:
    content = path.read_bytes()
    rng = np.random.default_rng(0)
    refused = 0
    for place in rng.integers(0, len(content), 60):
        spoilt = bytearray(content)
        spoilt[place] ^= 0xFF
        path.write_bytes(spoilt)
        try:
            load_model(path)
        except KcoreError:
            refused += 1
    assert refused > 0


def test_weights_of_a_spoilt_file_are_refused_before_any_is_assigned(path: Path) -> None:
    model = Sequential([Dense(5, name="one", input_shape=(3,)), Dense(2, name="two")])
    before = model.get_weights()
    with h5py.File(path, "r+") as file:
        del file["model_weights/two/two/bias:0"]
        file["model_weights/two/two/bias:0"] = np.zeros(2, "c8")
    for by_name in (False, True):
        with pytest.raises(FileContentError, match="of type complex64"):
            model.load_weights(path, by_name=by_name)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
