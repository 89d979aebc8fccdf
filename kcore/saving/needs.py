"""Which components a file names, and who provided them: read from its texts alone, without building anything."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from kcore.errors.saving import FileContentError, FileReadError, MissingFileError
from kcore.models.architecture import json_object
from kcore.models.missing import Saved, json_or_none
from kcore.models.needs import Need, needs_in
from kcore.registry.provenance import KEY, Origins, origins_from

if TYPE_CHECKING:
    from kcore.saving.h5_layout import H5Source


class FileNeeds(NamedTuple):
    """The components that a file names, each once, and what the file says of who provided them."""

    needs: list[Need]
    origins: Origins


def needs_of(path: Path) -> FileNeeds:
    """What a ``.h5``, ``.hdf5`` or ``.json`` file needs; nothing for a file of weights alone.

    Raises:
        MissingFileError: there is no such file.
        FileReadError, FileContentError: it cannot be read, or holds no model.
    """
    if not path.is_file():
        raise MissingFileError(path=str(path))
    saved = _read_json(path) if path.suffix.lower() == ".json" else _read_h5(path)
    try:
        return FileNeeds(needs_in(*saved), saved.origins)
    except RecursionError as error:
        raise FileContentError(source=str(path), problem="is nested too deeply", expected="a model") from error


def saved_in(source: H5Source, *, training: bool) -> Saved:
    """What an HDF5 file says about components, as far as it can be understood.

    Args:
        training: also what ``compile`` was told.
    """

    def text(attribute: str) -> str | None:
        try:
            return source.text(source.file, attribute)
        except FileContentError:
            return None

    told = json_or_none(text("training_config")) if training else None
    return Saved(json_or_none(text("model_config")), told, origins_from(text(KEY)))


def _read_h5(path: Path) -> Saved:
    from kcore.saving.h5_layout import opened

    with opened(path) as source:
        texts = [source.text(source.file, name) for name in ("model_config", "training_config")]
        if texts[0] is None and source.names(source.file, "layer_names") is None:
            raise source.error("has no attribute 'model_config'", "a model, or weights, as kcore saves them")
        origins = saved_in(source, training=False).origins
    model, training = (None if text is None else json_object(text, str(path)) for text in texts)
    return Saved(model, training, origins)


def _read_json(path: Path) -> Saved:
    config: dict[str, Any]
    try:
        config = json_object(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise FileReadError(path=str(path), problem=error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise FileContentError(source=str(path), problem="is no text in UTF-8", expected="JSON") from error
    if "class_name" not in config:
        raise FileContentError(source=str(path), problem="names no model", expected="what to_json() returns")
    return Saved(config, None, origins_from(config.get(KEY)))
