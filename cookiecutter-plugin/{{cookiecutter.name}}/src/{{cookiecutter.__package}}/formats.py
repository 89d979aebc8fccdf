"""File formats, found by the suffix of a file."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from kcore import Array
from kcore.errors import FileContentError, FileReadError, UnsupportedByFormatError
from kcore.extend.formats import Model, model_from_json, write_atomically


class ArchiveFormat:
    """A zip archive of ``.npy`` files: architecture and weights, without optimizer, loss and metrics.

    ``model`` is the architecture, JSON in UTF-8, as an array of bytes; ``0``, ``1`` and so on are the weights in the
    order of ``model.get_weights()``. A file of weights lacks ``model``. NumPy alone can read it: ``numpy.load``.

    Example:
        >>> import tempfile
        >>> from kcore import Sequential
        >>> from kcore.layers import Layer
        >>> class Scale(Layer):
        ...     def build(self, input_shape):
        ...         self.factor = self.add_weight("factor", (), np.ones)
        ...     def call(self, inputs):
        ...         return self.factor * inputs
        >>> model = Sequential([Scale(input_shape=(2,))])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "scale.{{ cookiecutter.__prefix }}")
        ...     ArchiveFormat().save(model, path)
        ...     again = ArchiveFormat().load(path, custom_objects={"Scale": Scale})
        >>> again.predict(np.ones((1, 2), "float32")).tolist()
        [[1.0, 1.0]]
    """

    def save(self, model: Model, path: Path, *, include_optimizer: bool = True) -> None:
        """Write architecture and weights; a training state is not kept, whatever ``include_optimizer`` says.

        Raises:
            UnsupportedByFormatError: the model has no weights yet.
            FileWriteError: the file could not be written; what was there is unchanged.
        """
        _refuse_unbuilt(model)
        architecture = np.frombuffer(model.to_json().encode(), np.uint8)
        _write(path, {"model": architecture, **_numbered(model)})

    def load(self, path: Path, *, custom_objects: dict[str, Any] | None = None, compile: bool = True) -> Model:
        """Read a whole model; there is nothing to compile it with.

        Raises:
            FileReadError: the file could not be read.
            FileContentError: it holds no model.
            UnknownComponentError: a layer that no installed plugin provides.
        """
        arrays = _read(path)
        if "model" not in arrays:
            raise FileContentError(source=str(path), problem="has no entry 'model'", expected="a whole model")
        try:
            text = arrays.pop("model").tobytes().decode()
        except UnicodeDecodeError as error:
            raise FileContentError(
                source=str(path), problem="has an architecture that is no text in UTF-8", expected="JSON"
            ) from error
        model = model_from_json(text, custom_objects, source=str(path))
        if not model.built:
            raise FileContentError(
                source=str(path), problem="has a model that does not say the shape of its input", expected="its shape"
            )
        _assign(model, arrays, path)
        return model

    def save_weights(self, model: Model, path: Path) -> None:
        """Write the weights alone.

        Raises:
            UnsupportedByFormatError: the model has no weights yet.
            FileWriteError: the file could not be written; what was there is unchanged.
        """
        _refuse_unbuilt(model)
        _write(path, _numbered(model))

    def load_weights(self, model: Model, path: Path, *, by_name: bool = False) -> None:
        """Give a model the weights of a file, in their order.

        Raises:
            UnsupportedByFormatError: the model has no weights yet; or ``by_name``, for the file has no names.
            FileReadError: the file could not be read.
            FileContentError: its weights are not those of this model, which then keeps its own.
        """
        _refuse_unbuilt(model)
        if by_name:
            raise UnsupportedByFormatError(
                format=path.suffix.lstrip("."), operation="load by name", advice="Load by position, or from a .h5 file."
            )
        arrays = _read(path)
        arrays.pop("model", None)
        _assign(model, arrays, path)


def _refuse_unbuilt(model: Model) -> None:
    if not model.built:
        raise UnsupportedByFormatError(
            format="{{ cookiecutter.__prefix }}",
            operation=f"hold model {model.name!r}, which has no weights yet",
            advice="Give its first layer an input_shape, call build(input_shape), or train it first.",
        )


def _numbered(model: Model) -> dict[str, Array]:
    return {str(number): array for number, array in enumerate(model.get_weights())}


def _write(path: Path, arrays: dict[str, Array]) -> None:
    # In memory first: the file is there whole, or not at all.
    memory = io.BytesIO()
    np.savez(memory, allow_pickle=False, **arrays)
    write_atomically(path, memory.getbuffer())


def _read(path: Path) -> dict[str, Array]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FileReadError(path=str(path), problem=error.strerror or str(error)) from error
    try:
        # Without pickles: what a file says is data, and is never run.
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except Exception as error:
        # A damaged archive may end in any of a dozen errors of zipfile, zlib and NumPy.
        raise FileContentError(
            source=str(path), problem=f"cannot be read: {error}", expected="a zip archive of .npy files"
        ) from error


def _assign(model: Model, arrays: dict[str, Array], path: Path) -> None:
    """All weights, or none where one does not fit."""
    expected = [array.shape for array in model.get_weights()]
    found = [arrays[str(number)].shape for number in range(len(arrays)) if str(number) in arrays]
    if found != expected:
        raise FileContentError(
            source=str(path), problem=f"holds weights of the shapes {found}", expected=f"the shapes {expected}"
        )
    model.set_weights([arrays[str(number)] for number in range(len(expected))])
