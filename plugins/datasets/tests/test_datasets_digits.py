"""The digits of scikit-learn: real data, split in proportion, and clear words where they are missing."""

from __future__ import annotations

import gzip
import importlib.metadata
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kcore.errors import DatasetFormatError, DatasetUnavailableError, InvalidArgumentError
from kcore_datasets.digits import SAMPLES, load

# How many of each digit the test part of the UCI data set has, as its description (optdigits.names) says.
UCI_COUNTS = [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_shapes_types_and_range() -> None:
    (x_train, y_train), (x_test, y_test) = load()
    assert x_train.shape == (1438, 8, 8, 1)
    assert x_test.shape == (359, 8, 8, 1)
    assert (y_train.shape, y_test.shape) == ((1438,), (359,))
    assert x_train.dtype == x_test.dtype == np.float32
    assert y_train.dtype == y_test.dtype == np.int64
    x = np.concatenate([x_train, x_test])
    assert (x.min(), x.max()) == (0.0, 1.0)
    # Sixteenths, every one of them used.
    assert np.array_equal(np.unique(x * 16), np.arange(17))


def test_all_samples_are_there_once_as_uci_counted_them() -> None:
    (x_train, y_train), (x_test, y_test) = load()
    assert np.bincount(np.concatenate([y_train, y_test])).tolist() == UCI_COUNTS
    whole = np.concatenate([x_train, x_test]).reshape(SAMPLES, 64)
    path = importlib.metadata.distribution("scikit-learn").locate_file("sklearn/datasets/data/digits.csv.gz")
    with gzip.open(str(path), "rt") as file:
        lines = sorted(tuple(map(int, line.split(",")[:-1])) for line in file)
    assert sorted(map(tuple, (whole * 16).astype(int).tolist())) == lines


def test_labels_stay_with_their_pictures() -> None:
    (x_train, y_train), _ = load(flat=True)
    (x_other, y_other), _ = load(flat=True, seed=1, test_size=1)
    labels = {picture.tobytes(): label for picture, label in zip(x_other, y_other, strict=True)}
    agreeing = [labels.get(picture.tobytes(), label) == label for picture, label in zip(x_train, y_train, strict=True)]
    assert all(agreeing)


def test_flat_is_the_same_in_rows() -> None:
    (square, _), _ = load()
    (flat, _), _ = load(flat=True)
    assert np.array_equal(square.reshape(-1, 64), flat)


def test_the_split_is_the_same_every_time_and_another_with_another_seed() -> None:
    (first, _), _ = load()
    (again, _), _ = load()
    (other, _), _ = load(seed=1)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_neither_part_is_in_the_order_of_the_labels() -> None:
    (_, y_train), (_, y_test) = load()
    for labels in (y_train, y_test):
        # Of random neighbours a tenth are equal: 0.1 +- 5 standard deviations of the smaller part.
        assert 0.02 < np.mean(labels[1:] == labels[:-1]) < 0.18


@settings(max_examples=15, deadline=None)
@given(test_size=st.integers(1, SAMPLES - 1) | st.floats(0.001, 0.999), seed=st.integers(0, 2**32 - 1))
def test_every_class_has_its_share(test_size: float | int, seed: int) -> None:
    (_, y_train), (_, y_test) = load(test_size=test_size, seed=seed)
    wanted = test_size if isinstance(test_size, int) else round(SAMPLES * test_size)
    assert (len(y_train), len(y_test)) == (SAMPLES - wanted, wanted)
    shares = np.array(UCI_COUNTS) * wanted / SAMPLES
    assert np.abs(np.bincount(y_test, minlength=10) - shares).max() <= 1


def test_scikit_learn_is_not_imported() -> None:
    code = "import sys; from kcore_datasets.digits import load; load(); print('sklearn' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize("test_size", [0, 1797, -5, 0.0, 1.0, 0.0001, float("nan"), True, "0.2", None])
def test_a_bad_test_size_is_named(test_size: Any) -> None:
    with pytest.raises(InvalidArgumentError, match=r"digits cannot take test_size=.*a fraction between 0 and 1"):
        load(test_size=test_size)


@pytest.mark.parametrize("seed", [-1, 2**32, 0.5, None, True])
def test_a_bad_seed_is_named(seed: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="digits cannot take seed="):
        load(seed=seed)


def install(folder: Path, content: bytes | None) -> Path:
    """A scikit-learn whose file of digits holds `content`; None: it has no such file."""
    information = folder / "scikit_learn-9.8.7.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: scikit-learn\nVersion: 9.8.7\n")
    path = folder / "sklearn" / "datasets" / "data" / "digits.csv.gz"
    path.parent.mkdir(parents=True)
    if content is not None:
        path.write_bytes(content)
    return path


def test_without_scikit_learn_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])
    with pytest.raises(DatasetUnavailableError) as caught:
        load()
    assert str(caught.value) == (
        "The files of dataset 'digits' were not found. Looked in:\n"
        "  - the installed packages: scikit-learn is not among them\n"
        'It comes with scikit-learn: pip install "kcore-datasets[digits]"'
    )
    assert vars(caught.value)["dataset"] == "digits"
    assert isinstance(caught.value, LookupError)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_a_scikit_learn_without_the_file_is_told_apart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = install(tmp_path, None)
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    with pytest.raises(
        DatasetUnavailableError, match=r"scikit-learn 9\.8\.7 is installed, but without this file"
    ) as caught:
        load()
    assert str(path) in str(caught.value)


LINE = ",".join(["16"] * 64 + ["9"])


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"not gzip at all", "BadGzipFile"),
        (gzip.compress(b"1,2\n" * 1000, mtime=0)[:20], "EOFError"),
        (gzip.compress(b"one,two\n", mtime=0), "ValueError"),
        (gzip.compress(b"1,2\n1\n", mtime=0), "ValueError"),
        (gzip.compress(f"{LINE}\n".encode() * 10, mtime=0), r"a table of shape \(10, 65\)"),
        (gzip.compress(f"{LINE}\n".encode() * 1796 + LINE.replace("16", "17", 1).encode(), mtime=0), "not in range"),
        (gzip.compress(f"{LINE}\n".encode() * 1796 + LINE.replace("9", "10").encode(), mtime=0), "not in range"),
        (gzip.compress(f"{LINE}\n".encode() * 1796 + LINE.replace("16", "nan", 1).encode(), mtime=0), "not whole"),
        (gzip.compress(f"{LINE}\n".encode() * 1796 + LINE.replace("16", "0.5", 1).encode(), mtime=0), "not whole"),
    ],
)
def test_a_damaged_file_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes, found: str) -> None:
    path = install(tmp_path, content)
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    with pytest.raises(DatasetFormatError, match=found) as caught:
        load()
    assert str(caught.value).startswith(f"{path} is not a usable data file: expected 1797 lines of 64 pixels")
