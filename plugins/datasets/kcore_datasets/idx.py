"""MNIST and Fashion-MNIST, from IDX files that are already on this machine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kcore.errors import DatasetFormatError, DatasetUnavailableError
from kcore_datasets.idx_format import read_idx

Split = tuple[npt.NDArray[Any], npt.NDArray[Any]]

SIDE = 28
CLASSES = 10
_PARTS = ("train-images", "train-labels", "t10k-images", "t10k-labels")


def fashion_mnist(
    path: str | os.PathLike[str] | None = None, normalize: bool = False, channel_axis: bool = False
) -> tuple[Split, Split]:
    """Fashion-MNIST (Xiao, Rasul, Vollgraf, 2017): 70000 pictures of clothes in 10 classes.

    The four IDX files (train-images-idx3-ubyte, train-labels-idx1-ubyte, and the same with t10k; each plain
    or with .gz) are looked for in one folder: `path`; without it, the folder that the environment variable
    KCORE_FASHION_MNIST names; without that, fashion_mnist in the folder KCORE_DATA names, then where
    Debian's package dataset-fashion-mnist puts them. A folder named by `path` or KCORE_FASHION_MNIST is the
    only one looked in: other data are never taken in its stead. Nothing is downloaded.

    Args:
        path: the folder.
        normalize: give x as float32 from 0 to 1 instead of uint8 from 0 to 255.
        channel_axis: give x as (samples, height, width, channels 1), as convolutions take it.

    Returns:
        `(x_train, y_train), (x_test, y_test)`, by default as Keras gives them: x uint8 of shape (samples,
        height 28, width 28), y uint8 labels from 0 to 9 of shape (samples,).

    Raises:
        DatasetUnavailableError: the files are in none of these places. It lists them.
        DatasetFormatError: a file is damaged, or holds other data.
    """
    return _load(
        "fashion_mnist",
        path,
        places=[Path("/usr/share/datasets/fashion-mnist")],
        advice="On Debian and Ubuntu: apt-get install dataset-fashion-mnist.",
        normalize=normalize,
        channel_axis=channel_axis,
    )


def mnist(
    path: str | os.PathLike[str] | None = None, normalize: bool = False, channel_axis: bool = False
) -> tuple[Split, Split]:
    """MNIST (LeCun, Cortes, Burges): 70000 pictures of handwritten digits in 10 classes.

    The files are those of `fashion_mnist`, and are looked for in one folder: `path`; without it, the folder that
    the environment variable KCORE_MNIST names; without that, mnist in the folder KCORE_DATA names. Debian has no
    package of these data. Nothing is downloaded.

    Args:
        path: the folder.
        normalize: give x as float32 from 0 to 1 instead of uint8 from 0 to 255.
        channel_axis: give x as (samples, height, width, channels 1), as convolutions take it.

    Returns:
        `(x_train, y_train), (x_test, y_test)`, by default as Keras gives them: x uint8 of shape (samples,
        height 28, width 28), y uint8 labels from 0 to 9 of shape (samples,).

    Raises:
        DatasetUnavailableError: the files are in none of these places. It lists them.
        DatasetFormatError: a file is damaged, or holds other data.
    """
    return _load(
        "mnist",
        path,
        places=[],
        advice="The files come from the MNIST database of Yann LeCun.",
        normalize=normalize,
        channel_axis=channel_axis,
    )


def _load(
    dataset: str,
    path: str | os.PathLike[str] | None,
    *,
    places: list[Path],
    advice: str,
    normalize: bool,
    channel_axis: bool,
) -> tuple[Split, Split]:
    files = _locate(dataset, path, places, advice)
    return (
        _part(files["train-images"], files["train-labels"], normalize, channel_axis),
        _part(files["t10k-images"], files["t10k-labels"], normalize, channel_axis),
    )


def _locate(dataset: str, path: str | os.PathLike[str] | None, places: list[Path], advice: str) -> dict[str, Path]:
    variable = f"KCORE_{dataset.upper()}"
    looked: list[str] = []
    if path is not None:
        folders = [("path", Path(path))]
    elif os.environ.get(variable):
        folders = [(variable, Path(os.environ[variable]))]
    else:
        looked.append(f"the environment variable {variable}: not set")
        folders = [("", place) for place in places]
        if os.environ.get("KCORE_DATA"):
            folders.insert(0, ("KCORE_DATA", Path(os.environ["KCORE_DATA"]) / dataset))
        else:
            looked.append("the environment variable KCORE_DATA: not set")
    for origin, folder in folders:
        found = {part: _file(folder, part) for part in _PARTS}
        complete = {part: file for part, file in found.items() if file is not None}
        if len(complete) == len(_PARTS):
            return complete
        missing = [_file_name(part) for part in _PARTS if part not in complete]
        why = f"without {', '.join(missing)}" if folder.is_dir() else "no such folder"
        looked.append(f"{folder}{f' ({origin})' if origin else ''}: {why}")
    raise DatasetUnavailableError(
        dataset=dataset,
        looked=looked,
        advice=f"Put the four files ({', '.join(map(_file_name, _PARTS))}; each plain or .gz) in a folder,"
        f" and name it with path=... or {variable}. {advice}",
    )


def _file_name(part: str) -> str:
    return f"{part}-idx{3 if part.endswith('images') else 1}-ubyte"


def _file(folder: Path, part: str) -> Path | None:
    """The file of a part, plain or compressed, also with the dot some unpacking programs put in."""
    name = _file_name(part)
    for candidate in (name, f"{name}.gz", name.replace("-idx", ".idx"), f"{name.replace('-idx', '.idx')}.gz"):
        if (folder / candidate).is_file():
            return folder / candidate
    return None


def _part(images: Path, labels: Path, normalize: bool, channel_axis: bool) -> Split:
    x = read_idx(images)
    if x.dtype != np.uint8 or x.ndim != 3 or x.shape[1:] != (SIDE, SIDE) or not len(x):
        raise DatasetFormatError(
            path=images,
            expected=f"uint8 pictures of shape (samples, {SIDE}, {SIDE})",
            found=f"{x.dtype.name} of shape {x.shape}",
        )
    y = read_idx(labels)
    if y.dtype != np.uint8 or y.shape != x.shape[:1]:
        raise DatasetFormatError(
            path=labels,
            expected=f"uint8 labels of shape {x.shape[:1]}, one for each picture of {images.name}",
            found=f"{y.dtype.name} of shape {y.shape}",
        )
    if y.max() >= CLASSES:
        raise DatasetFormatError(path=labels, expected=f"labels from 0 to {CLASSES - 1}", found=f"a label of {y.max()}")
    if normalize:
        x = x.astype(np.float32) / np.float32(255)
    return (x[..., np.newaxis] if channel_axis else x), y
