"""MNIST and Fashion-MNIST from files made here: where they are looked for, and what they must hold."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kcore.errors import DatasetFormatError, DatasetUnavailableError
from kcore_datasets.idx import fashion_mnist, mnist

LOADERS = {"fashion_mnist": fashion_mnist, "mnist": mnist}
NAMES = [f"{part}-{kind}" for part in ("train", "t10k") for kind in ("images-idx3-ubyte", "labels-idx1-ubyte")]

Loader = Callable[..., Any]


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KCORE_DATA", "KCORE_FASHION_MNIST", "KCORE_MNIST"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(params=sorted(LOADERS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def load(name: str) -> Loader:
    return LOADERS[name]


def pixels(count: int, shade: int = 0) -> bytes:
    """Pictures whose bytes count up from `shade`, so that each tells where it came from."""
    return bytes((shade + place) % 256 for place in range(count * 784))


def write(folder: Path, *, compressed: bool = False, dotted: bool = False, shade: int = 0) -> Path:
    """The four files with 5 and 3 samples."""
    folder.mkdir(parents=True, exist_ok=True)
    contents = []
    for count in (5, 3):
        contents.append(struct.pack(">4B3I", 0, 0, 8, 3, count, 28, 28) + pixels(count, shade))
        contents.append(struct.pack(">4BI", 0, 0, 8, 1, count) + bytes(range(count)))
    for name, content in zip(NAMES, contents, strict=True):
        name = name.replace("-idx", ".idx") if dotted else name
        path = folder / (f"{name}.gz" if compressed else name)
        path.write_bytes(gzip.compress(content) if compressed else content)
    return folder


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("dotted", [False, True])
def test_by_default_the_arrays_are_as_keras_gives_them(
    load: Loader, tmp_path: Path, compressed: bool, dotted: bool
) -> None:
    (x_train, y_train), (x_test, y_test) = load(write(tmp_path, compressed=compressed, dotted=dotted))
    assert (x_train.shape, x_test.shape) == ((5, 28, 28), (3, 28, 28))
    assert x_train.dtype == x_test.dtype == y_train.dtype == y_test.dtype == np.uint8
    assert x_train.tobytes() == pixels(5)
    assert x_test.tobytes() == pixels(3)
    assert (y_train.tolist(), y_test.tolist()) == ([0, 1, 2, 3, 4], [0, 1, 2])


def test_options_scale_to_1_and_add_the_channel_axis(load: Loader, tmp_path: Path) -> None:
    (x_train, _), (x_test, _) = load(write(tmp_path), normalize=True, channel_axis=True)
    assert (x_train.shape, x_test.shape) == ((5, 28, 28, 1), (3, 28, 28, 1))
    assert x_train.dtype == np.float32
    values = np.frombuffer(pixels(5), dtype=np.uint8)
    np.testing.assert_allclose(x_train.ravel(), values / 255, rtol=1e-7)
    assert (x_train.min(), x_train.max()) == (0.0, 1.0)
    (whole, _), _ = load(tmp_path, channel_axis=True)
    assert (whole.shape, whole.dtype) == ((5, 28, 28, 1), np.uint8)


def first_pixel(load: Loader, **options: Any) -> int:
    (x_train, _), _ = load(**options)
    return int(x_train[0, 0, 0])


def test_the_places_come_in_the_order_said(
    name: str, load: Loader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_path = write(tmp_path / "path", shade=10)
    by_variable = write(tmp_path / "variable", shade=20)
    write(tmp_path / "all" / name, shade=30)
    monkeypatch.setenv("KCORE_DATA", str(tmp_path / "all"))
    assert first_pixel(load) == 30
    monkeypatch.setenv(f"KCORE_{name.upper()}", str(by_variable))
    assert first_pixel(load) == 20
    assert first_pixel(load, path=by_path) == 10


def test_a_folder_that_was_named_is_the_only_one(
    name: str, load: Loader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "all" / name)
    monkeypatch.setenv("KCORE_DATA", str(tmp_path / "all"))
    with pytest.raises(DatasetUnavailableError, match=r"wrong \(path\): no such folder"):
        load(tmp_path / "wrong")
    monkeypatch.setenv(f"KCORE_{name.upper()}", str(tmp_path / "wrong"))
    with pytest.raises(DatasetUnavailableError, match=rf"wrong \(KCORE_{name.upper()}\): no such folder"):
        load()


def test_the_error_names_the_files_that_are_missing(load: Loader, tmp_path: Path) -> None:
    write(tmp_path)
    for missing in ("train-labels-idx1-ubyte", "t10k-images-idx3-ubyte"):
        (tmp_path / missing).unlink()
    with pytest.raises(DatasetUnavailableError) as caught:
        load(tmp_path)
    assert f"{tmp_path} (path): without train-labels-idx1-ubyte, t10k-images-idx3-ubyte\n" in str(caught.value)


def test_the_error_lists_every_place_and_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KCORE_DATA", str(tmp_path))
    with pytest.raises(DatasetUnavailableError) as caught:
        mnist()
    assert str(caught.value) == (
        "The files of dataset 'mnist' were not found. Looked in:\n"
        "  - the environment variable KCORE_MNIST: not set\n"
        f"  - {tmp_path / 'mnist'} (KCORE_DATA): no such folder\n"
        "Put the four files (train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte,"
        " t10k-labels-idx1-ubyte; each plain or .gz) in a folder, and name it with path=... or KCORE_MNIST."
        " The files come from the MNIST database of Yann LeCun."
    )
    monkeypatch.delenv("KCORE_DATA")
    with pytest.raises(DatasetUnavailableError, match="the environment variable KCORE_DATA: not set"):
        mnist()


def test_for_fashion_mnist_debian_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetUnavailableError, match="apt-get install dataset-fashion-mnist"):
        fashion_mnist(tmp_path)


@pytest.mark.parametrize(
    ("file", "content", "text"),
    [
        (
            0,
            struct.pack(">4B3I", 0, 0, 8, 3, 1, 32, 32) + bytes(1024),
            r"shape \(samples, 28, 28\).*\(1, 32, 32\)",
        ),
        (0, struct.pack(">4B3I", 0, 0, 8, 3, 0, 28, 28), r"shape \(samples, 28, 28\).*\(0, 28, 28\)"),
        (0, struct.pack(">4B3I", 0, 0, 9, 3, 1, 28, 28) + bytes(784), "uint8 pictures.*int8"),
        (0, struct.pack(">4BI", 0, 0, 8, 1, 5) + bytes(5), r"uint8 pictures.*shape \(5,\)"),
        (
            1,
            struct.pack(">4BI", 0, 0, 8, 1, 4) + bytes(4),
            r"labels of shape \(5,\), one for each picture.*\(4,\)",
        ),
        (1, struct.pack(">4B2I", 0, 0, 8, 2, 5, 1) + bytes(5), r"labels of shape \(5,\).*\(5, 1\)"),
        (
            1,
            struct.pack(">4BI", 0, 0, 8, 1, 5) + bytes([0, 1, 2, 10, 3]),
            "labels from 0 to 9.*a label of 10",
        ),
        (3, b"nonsense", "two zero bytes"),
    ],
)
def test_files_of_other_data_are_refused_by_name(
    load: Loader, tmp_path: Path, file: int, content: bytes, text: str
) -> None:
    write(tmp_path)
    (tmp_path / NAMES[file]).write_bytes(content)
    with pytest.raises(DatasetFormatError, match=f"(?s){text}") as caught:
        load(tmp_path)
    assert vars(caught.value)["path"] == str(tmp_path / NAMES[file])
