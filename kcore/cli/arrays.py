"""Arrays from and to the files that ``kcore predict`` works with."""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from kcore.errors.saving import FileContentError, FileWriteError, MissingFileError

Array = npt.NDArray[Any]


def read_array(path: Path) -> Array:
    """The array in a .npy, .npz (its only array, or the one named x) or .csv file (a sample a line).

    Raises:
        MissingFileError: there is no such file.
        FileContentError: it does not hold an array of numbers.
    """
    if not path.is_file():
        raise MissingFileError(path=str(path))
    try:
        return _read_csv(path) if path.suffix.lower() == ".csv" else _read_numpy(path)
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        if isinstance(error, FileContentError):
            raise
        raise FileContentError(
            source=repr(str(path)), problem=f"cannot be read ({error})", expected="an array of numbers"
        ) from error


def _read_numpy(path: Path) -> Array:
    # Without allow_pickle no file can run code.
    loaded = np.load(path, allow_pickle=False)
    if isinstance(loaded, np.ndarray):
        return loaded
    with loaded:
        names = list(loaded.files)
        name = names[0] if len(names) == 1 else "x"
        if name not in names:
            raise FileContentError(
                source=repr(str(path)),
                problem=f"holds the arrays {', '.join(names) or '(none)'}",
                expected="a single array, or one named x",
            )
        found: Array = loaded[name]
        return found


def _read_csv(path: Path) -> Array:
    """A line of headings, if there is one, is skipped."""
    with open(path, encoding="utf-8-sig") as file:
        lines = [line for line in file if line.strip()]
    if lines and not _numeric(lines[0]):
        lines = lines[1:]
    if not lines:
        raise FileContentError(source=repr(str(path)), problem="holds no line of numbers", expected="a sample a line")
    return np.loadtxt(lines, delimiter=",", ndmin=2)


def _numeric(line: str) -> bool:
    try:
        [float(cell) for cell in line.split(",")]
    except ValueError:
        return False
    return True


def fitted(x: Array, shape: Sequence[int | None] | None) -> Array:
    """``x``, its flat samples (as a .csv has them) in the shape the model takes, where the sizes agree."""
    wanted = None if shape is None else tuple(shape[1:])
    if x.ndim != 2 or wanted is None or len(wanted) < 2 or None in wanted:
        return x
    sizes = [size for size in wanted if size is not None]
    return x.reshape(len(x), *sizes) if int(np.prod(sizes)) == x.shape[1] else x


def classes(predictions: Array) -> Array:
    """The number of the likeliest class of each sample: the largest of several values, or whether one is over 1/2."""
    if predictions.ndim > 1 and predictions.shape[-1] > 1:
        found: Array = predictions.argmax(axis=-1)
        return found
    return (predictions.reshape(predictions.shape[:1] + predictions.shape[1:-1]) > 0.5).astype(np.int64)


def write_array(array: Array, path: Path | None) -> None:
    """Write an array to a .npy or .csv file, or as CSV to standard output.

    Raises:
        FileWriteError: the file cannot be written.
    """
    if path is None:
        _write_csv(array, sys.stdout)
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix.lower() == ".npy":
            np.save(path, array)
        else:
            with open(path, "w", encoding="utf-8") as file:
                _write_csv(array, file)
    except OSError as error:
        raise FileWriteError(path=str(path), problem=error.strerror or str(error)) from error


def _write_csv(array: Array, file: IO[str]) -> None:
    """A line a sample; further axes are flattened. Numbers are written so that reading gives the same bits."""
    flat = array.reshape(len(array), -1)
    for row in flat.tolist() if flat.dtype.kind != "f" else flat:
        file.write(",".join(str(value) for value in row) + "\n")
