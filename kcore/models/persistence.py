"""Saving and loading: the file's suffix names the format, and the registry knows who reads it."""

from __future__ import annotations

from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from kcore.errors.saving import FileWriteError, MissingFileError, UnknownFormatError
from kcore.registry import hooks, registry

if TYPE_CHECKING:
    from kcore.models.model import Model

FilePath = str | PathLike[str]


class Format(Protocol):
    """A file format, a component of the family ``formats`` registered under its suffix without the dot."""

    def save(self, model: Model, path: Path, *, include_optimizer: bool) -> None:
        """Write the whole model, atomically."""

    def load(self, path: Path, *, custom_objects: dict[str, Any] | None, compile: bool) -> Model:
        """Read a whole model."""

    def save_weights(self, model: Model, path: Path) -> None:
        """Write the weights alone, atomically."""

    def load_weights(self, model: Model, path: Path, *, by_name: bool) -> None:
        """Read weights into a model that is there."""


def _format(path: FilePath) -> tuple[Path, Format]:
    """The file and its format.

    Raises:
        UnknownFormatError: no installed format has the suffix.
    """
    file = Path(fspath(path))
    suffix = file.suffix.lstrip(".").lower()
    formats = registry("formats")
    if suffix not in formats.names():
        raise UnknownFormatError(path=str(file), suffix=file.suffix, available=sorted(formats.names()))
    kind = formats.load(suffix)
    return file, kind()


def save_model(model: Model, filepath: FilePath, *, overwrite: bool = True, include_optimizer: bool = True) -> None:
    """Write architecture, weights, and (if compiled) training state; the suffix chooses the format.

    Raises:
        UnknownFormatError: no installed format has the suffix.
        FileWriteError: the file exists and ``overwrite`` is false, or it cannot be written.
    """
    path, format = _format(filepath)
    _refuse_existing(path, overwrite)
    format.save(model, path, include_optimizer=include_optimizer)
    hooks().kcore_model_saved(model=model, path=str(path))


def load_model(filepath: FilePath, custom_objects: dict[str, Any] | None = None, *, compile: bool = True) -> Model:
    """Read a model that ``save`` wrote.

    Args:
        filepath: the suffix chooses the format.
        custom_objects: classes and functions by name, for components that no plugin provides.
        compile: also restore optimizer, loss, and metrics.

    Raises:
        MissingFileError: there is no such file.
        UnknownFormatError: no installed format has the suffix.
        FileContentError: the file does not hold a model.
        MissingComponentsError: the file names components that cannot be had; the error names all of them, why, and
            who provided them when the file was saved.
    """
    path, format = _format(filepath)
    if not path.exists():
        raise MissingFileError(path=str(path))
    model = format.load(path, custom_objects=custom_objects, compile=compile)
    hooks().kcore_model_loaded(model=model, path=str(path))
    return model


def save_weights(model: Model, filepath: FilePath, *, overwrite: bool = True) -> None:
    """Write the weights alone."""
    path, format = _format(filepath)
    _refuse_existing(path, overwrite)
    format.save_weights(model, path)


def load_weights(model: Model, filepath: FilePath, *, by_name: bool = False) -> None:
    """Read weights into ``model``, by position, or by the names of its layers."""
    path, format = _format(filepath)
    if not path.exists():
        raise MissingFileError(path=str(path))
    format.load_weights(model, path, by_name=by_name)


def _refuse_existing(path: Path, overwrite: bool) -> None:
    if not overwrite and path.exists():
        raise FileWriteError(path=str(path), problem="it exists, and overwrite is False")
