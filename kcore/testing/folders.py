"""Folders of their own for components that read or write files: ``{folder}`` in a case's config stands for one."""

from __future__ import annotations

import base64
import binascii
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

MARK = "{folder}"


@contextmanager
def new_folder() -> Iterator[Path]:
    """A new empty folder, with all links resolved; it is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="kcore-testing-") as name:
        yield Path(name).resolve()


def filled(value: Any, folder: Path) -> Any:
    """Data in which each ``{folder}``, also within a longer text, is the folder."""
    if isinstance(value, str):
        return value.replace(MARK, str(folder))
    if isinstance(value, list | tuple):
        return [filled(item, folder) for item in value]
    if isinstance(value, Mapping):
        return {key: filled(item, folder) for key, item in value.items()}
    return value


def marked(value: Any, folder: Path) -> Any:
    """Data as before ``filled``."""
    if isinstance(value, str):
        return value.replace(str(folder), MARK)
    if isinstance(value, list | tuple):
        return [marked(item, folder) for item in value]
    if isinstance(value, Mapping):
        return {key: marked(item, folder) for key, item in value.items()}
    return value


def content(data: bytes | str) -> bytes:
    """What a table says is in a file: bytes as they are (``!!binary`` in YAML), a text as base64.

    Raises:
        AssertionError: the text is no base64.
    """
    if isinstance(data, bytes):
        return data
    try:
        return base64.b64decode("".join(data.split()), validate=True)
    except binascii.Error as error:
        raise AssertionError(f"the content of a file is no base64: {error}") from error


def write_files(folder: Path, files: Mapping[str, bytes | str]) -> None:
    """Put a case's files into the folder; a name may have folders in front."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content(data))


def files_of(folder: Path) -> dict[str, bytes]:
    """Every file in and below a folder, by its path from there."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }
