"""Errors of data sets: files that are not there, and files that are not what they should be."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike, fspath

from kcore.errors.base import KcoreError


class DatasetUnavailableError(KcoreError, LookupError):
    """A data set whose files are nowhere to be found. Nothing is ever downloaded in silence.

    Attributes: `dataset` (its name), `looked` (every place searched, each with what was missing there),
    `advice` (how to get the files).
    """

    def __init__(self, *, dataset: str, looked: Sequence[str], advice: str) -> None:
        places = "".join(f"\n  - {place}" for place in looked)
        super().__init__(
            f"The files of dataset {dataset!r} were not found. Looked in:{places}\n{advice}",
            dataset=dataset,
            looked=tuple(looked),
            advice=advice,
        )


class DatasetFormatError(KcoreError, ValueError):
    """A data file whose content is not what its format, or its data set, says.

    Attributes: `path`, `expected`, `found`.
    """

    def __init__(self, *, path: str | PathLike[str], expected: str, found: str) -> None:
        super().__init__(
            f"{fspath(path)} is not a usable data file: expected {expected}, found {found}."
            " The file may be damaged or of another kind; get it again from its source.",
            path=fspath(path),
            expected=expected,
            found=found,
        )
