"""The handwritten digits that come with scikit-learn: 1797 pictures of 8 by 8."""

from __future__ import annotations

import importlib.metadata
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kcore.errors import DatasetFormatError, DatasetUnavailableError, InvalidArgumentError

Split = tuple[npt.NDArray[Any], npt.NDArray[Any]]

SAMPLES = 1797
CLASSES = 10
DARKEST = 16
_FILE = "sklearn/datasets/data/digits.csv.gz"


def load(test_size: float | int = 0.2, seed: int = 0, flat: bool = False) -> tuple[Split, Split]:
    """The digits as `(x_train, y_train), (x_test, y_test)`, split the same way on every machine.

    The data are read from the file inside the installed scikit-learn, which is not imported. They are the
    test part of "Optical Recognition of Handwritten Digits" (Alpaydin and Kaynak, 1998).

    Args:
        test_size: the part of the samples held back for testing: a fraction between 0 and 1 (rounded to whole
            samples), or their number. At least one sample is left on each side.
        seed: chooses the split and the order, from 0. The test part holds each class in its due proportion.
        flat: give x as (samples, 64) instead of (samples, 8, 8, 1).

    Returns:
        x: float32 from 0 to 1, of shape (samples, height 8, width 8, channels 1), or (samples, 64).
        y: int64 labels from 0 to 9, of shape (samples,).

    Raises:
        DatasetUnavailableError: scikit-learn is not installed, or came without the file.
        DatasetFormatError: the file does not hold these data.
        InvalidArgumentError: a test_size or seed outside the values above.
    """
    held_back = _held_back(test_size)
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**32:
        raise InvalidArgumentError(
            component="digits", argument="seed", value=seed, allowed="a whole number from 0 to 2**32 - 1"
        )
    table = _read(_locate())
    labels = table[:, -1].astype(np.int64)
    pictures = (table[:, :-1] / DARKEST).astype(np.float32)
    if not flat:
        pictures = pictures.reshape(SAMPLES, 8, 8, 1)
    train, test = _split(labels, held_back, seed)
    return (pictures[train], labels[train]), (pictures[test], labels[test])


def _held_back(test_size: float | int) -> int:
    fits = isinstance(test_size, int | float) and not isinstance(test_size, bool)
    held_back = round(SAMPLES * test_size) if isinstance(test_size, float) and 0 < test_size < 1 else test_size
    if not fits or not isinstance(held_back, int) or not 1 <= held_back < SAMPLES:
        raise InvalidArgumentError(
            component="digits",
            argument="test_size",
            value=test_size,
            allowed=f"a fraction between 0 and 1, or a number of samples from 1 to {SAMPLES - 1}",
        )
    return held_back


def _locate() -> Path:
    advice = 'It comes with scikit-learn: pip install "kcore-datasets[digits]"'
    try:
        distribution = importlib.metadata.distribution("scikit-learn")
    except importlib.metadata.PackageNotFoundError:
        looked = "the installed packages: scikit-learn is not among them"
        raise DatasetUnavailableError(dataset="digits", looked=[looked], advice=advice) from None
    path = Path(str(distribution.locate_file(_FILE)))
    if not path.is_file():
        looked = f"{path}: scikit-learn {distribution.version} is installed, but without this file"
        raise DatasetUnavailableError(dataset="digits", looked=[looked], advice=advice)
    return path


def _read(path: Path) -> npt.NDArray[np.float64]:
    """The file's table, of shape (samples, 64 pixels and a label)."""
    expected = f"{SAMPLES} lines of 64 pixels from 0 to {DARKEST} and a label from 0 to {CLASSES - 1}"
    try:
        table = np.loadtxt(path, delimiter=",", ndmin=2)
    except (EOFError, zlib.error, OSError, ValueError) as error:
        raise DatasetFormatError(path=path, expected=expected, found=f"{type(error).__name__}: {error}") from error
    if table.shape != (SAMPLES, 65):
        raise DatasetFormatError(path=path, expected=expected, found=f"a table of shape {table.shape}")
    whole = table == np.floor(table)
    inside = (table >= 0) & (table <= np.array([DARKEST] * 64 + [CLASSES - 1]))
    if not (whole & inside).all():
        raise DatasetFormatError(path=path, expected=expected, found="values that are not whole or not in range")
    return table


def _split(labels: npt.NDArray[np.int64], held_back: int, seed: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Indices of the training and the test samples, both in random order, every class in proportion.

    Each sample stands at (rank + 1/2) / size within its shuffled class; the `held_back` first of all are the
    test part. RandomState is used because its streams are frozen for good (NEP 19), which the newer
    generators' are not.
    """
    order = np.random.RandomState(seed).permutation(len(labels))
    place = np.empty(len(labels))
    for label in range(CLASSES):
        (positions,) = np.nonzero(labels[order] == label)
        place[positions] = (np.arange(len(positions)) + 0.5) / max(len(positions), 1)
    is_test = np.zeros(len(labels), dtype=bool)
    is_test[np.argsort(place, kind="stable")[:held_back]] = True
    return order[~is_test], order[is_test]
