"""File formats of one's own: the contract, and files that are written whole or not at all.

A format is a class with the methods of ``Format``, registered in the family ``formats`` under its suffix without the
dot: ``model.save("net.npz")`` asks for the format ``npz``. What cannot be read is one of the errors
``FileReadError``, ``FileContentError`` and ``UnsupportedByFormatError`` of ``kcore.errors``, which name the file.
"""

from __future__ import annotations

from kcore.models.architecture import model_from_json as model_from_json
from kcore.models.model import Model as Model
from kcore.models.persistence import Format as Format
from kcore.saving.atomic import write_atomically as write_atomically

__all__ = ["Format", "Model", "model_from_json", "write_atomically"]
