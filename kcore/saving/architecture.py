"""The format ``.json``: the architecture alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

from kcore.errors.saving import FileContentError, FileReadError, UnsupportedByFormatError
from kcore.models.architecture import model_from_json
from kcore.models.model import Model
from kcore.saving.atomic import write_atomically


class JsonFormat:
    """A model's layers and how they are wired, as text, without weights and training state."""

    def save(self, model: Model, path: Path, *, include_optimizer: bool = True) -> None:
        """Write ``model.to_json()``.

        Raises:
            FileWriteError: the file could not be written.
        """
        write_atomically(path, model.to_json(indent=2).encode())

    def load(self, path: Path, *, custom_objects: dict[str, Any] | None = None, compile: bool = True) -> Model:
        """A model with new weights; there is nothing to compile it with.

        Raises:
            FileReadError: the file could not be read.
            FileContentError: it describes no model.
            MissingComponentsError: it names components that cannot be had; the error names all.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise FileReadError(path=str(path), problem=error.strerror or str(error)) from error
        except UnicodeDecodeError as error:
            raise FileContentError(source=str(path), problem="is no text in UTF-8", expected="JSON") from error
        return model_from_json(text, custom_objects, source=str(path))

    def save_weights(self, model: Model, path: Path) -> NoReturn:
        """Refused: weights are no text.

        Raises:
            UnsupportedByFormatError: always.
        """
        raise UnsupportedByFormatError(
            format="json", operation="hold weights", advice="Save them to a file with the suffix .h5."
        )

    def load_weights(self, model: Model, path: Path, *, by_name: bool = False) -> NoReturn:
        """Refused: there are none in such a file.

        Raises:
            UnsupportedByFormatError: always.
        """
        raise UnsupportedByFormatError(
            format="json", operation="hold weights", advice="Load them from a file with the suffix .h5."
        )
