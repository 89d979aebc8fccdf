"""HDF5 as Keras 2 uses it: lists of names in attributes, arrays in data sets; and the checks before anything is read.

A file may come from anyone. So links are looked at and never followed out of the file, no other file is opened on its
behalf, and an array is read only if its declared shape and type are those that the model expects: a small file that
declares a huge array costs nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from kcore.engine.types import Array
from kcore.errors.saving import FileContentError, FileReadError, FileWriteError
from kcore.saving.h5_heaps import damaged_heap

# HDF5 keeps an attribute in the object's header, which holds 64 KB; Keras leaves room for the header itself.
ATTRIBUTE_LIMIT = 64512
# Attributes larger than this are not read; a model's config of a hundred megabytes is no config.
TEXT_LIMIT = 100 * 2**20
# gzip, shuffle, fletcher32, szip, nbit, scaleoffset, lzf. Any other filter would make HDF5 look for a library to load.
KNOWN_FILTERS = (1, 2, 3, 4, 5, 6, 32000)
# A chunk is read whole, so a chunk much larger than its array is a way to make a reader allocate.
CHUNK_LIMIT = 2**20


# --- writing ---------------------------------------------------------------------------------------------------------


def write_text(group: h5py.Group, attribute: str, text: str) -> None:
    """Store a text of any length in an attribute."""
    group.attrs.create(attribute, text, dtype=h5py.string_dtype())


def write_names(group: h5py.Group, attribute: str, names: Sequence[str], path: Path) -> None:
    """Store a list of names, in several attributes ``attribute0``, ``attribute1``, ... if one cannot hold it.

    Raises:
        FileWriteError: a single name is too long.
    """
    encoded = [name.encode() for name in names]
    longest = max(map(len, encoded), default=0)
    if longest > ATTRIBUTE_LIMIT:
        raise FileWriteError(path=str(path), problem=f"a name of {longest} bytes is longer than HDF5 can hold")
    array = np.asarray(encoded, dtype=f"S{max(longest, 1)}")
    if array.nbytes <= ATTRIBUTE_LIMIT:
        group.attrs[attribute] = array
        return
    pieces = math.ceil(len(array) / (ATTRIBUTE_LIMIT // array.itemsize))
    for number, piece in enumerate(np.array_split(array, pieces)):
        group.attrs[f"{attribute}{number}"] = piece


def write_arrays(group: h5py.Group, arrays: Sequence[tuple[str, Array]], path: Path) -> None:
    """Store arrays under their names, and the list of names in ``weight_names``; a name used twice gets a number."""
    names: list[str] = []
    taken: set[str] = set()
    for wanted, array in arrays:
        name, number = wanted, 0
        while name in taken:
            number += 1
            stem, colon, output = wanted.rpartition(":")
            name = f"{stem}_{number}{colon}{output}"
        taken.add(name)
        names.append(name)
        group.create_dataset(name, data=array)
    write_names(group, "weight_names", names, path)


# --- reading ---------------------------------------------------------------------------------------------------------


@contextmanager
def opened(path: Path) -> Iterator[H5Source]:
    """An HDF5 file, open for checked reading.

    Raises:
        FileReadError: the system does not let the file be read.
        FileContentError: it is no HDF5 file, or was cut short.
    """
    try:
        heap = damaged_heap(path)
    except OSError as error:
        raise FileReadError(path=str(path), problem=error.strerror or str(error)) from error
    if heap is not None:
        raise FileContentError(
            source=str(path),
            problem=f"was cut short or is damaged at byte {heap}, where its texts are",
            expected="what save() wrote",
        )
    try:
        file = h5py.File(path, "r")
    except (OSError, RuntimeError) as error:
        problem = f"is no HDF5 file, or was cut short ({error})"
        raise FileContentError(source=str(path), problem=problem, expected="a file that save() wrote") from error
    with file:
        yield H5Source(path, file)


class H5Source:
    """Checked reading of one file.

    Args:
        path: for errors.
        file: open for reading.
    """

    def __init__(self, path: Path, file: h5py.File) -> None:
        self.path = path
        self.file = file

    def error(self, problem: str, expected: str) -> FileContentError:
        """An error that names the file."""
        return FileContentError(source=str(self.path), problem=problem, expected=expected)

    @contextmanager
    def _library_errors(self, what: str) -> Iterator[None]:
        """HDF5 finds out late that a file is damaged, by errors of many classes."""
        try:
            yield
        except FileContentError:
            raise
        except (OSError, RuntimeError, LookupError, ValueError, TypeError, AttributeError, MemoryError) as error:
            detail = f"{type(error).__name__}: {error}"
            raise self.error(f"is damaged at {what} ({detail})", "what save() wrote") from error

    def text(self, group: h5py.Group, attribute: str) -> str | None:
        """A text attribute; ``None`` if it is not there."""
        found = self._strings(group, attribute, ())
        return None if found is None else found[0]

    def names(self, group: h5py.Group, attribute: str) -> list[str] | None:
        """A list of names, from one attribute or several; ``None`` if it is not there."""
        names = self._strings(group, attribute, (None,))
        if names is not None:
            return names
        number = 0
        while (piece := self._strings(group, f"{attribute}{number}", (None,))) is not None:
            names = [*(names or ()), *piece]
            number += 1
        return names

    def _strings(self, group: h5py.Group, attribute: str, shape: tuple[int | None, ...]) -> list[str] | None:
        what = f"the attribute {attribute!r} of {group.name!r}"
        with self._library_errors(what):
            if not h5py.h5a.exists(group.id, attribute.encode()):
                return None
            stored = h5py.h5a.open(group.id, attribute.encode())
            # An empty list has no strings, so its type says nothing; Keras stores it as numbers.
            if shape and stored.get_space().get_simple_extent_npoints() == 0:
                return []
            is_text = h5py.check_string_dtype(stored.dtype) is not None
            if not is_text or len(stored.shape) != len(shape):
                raise self.error(f"has {what} that holds no {'names' if shape else 'text'}", "text")
            if stored.get_storage_size() > TEXT_LIMIT:
                raise self.error(f"has {what} of {stored.get_storage_size()} bytes", f"at most {TEXT_LIMIT}")
            value = group.attrs[attribute]
            items = list(value) if shape else [value]
            return [item.decode() if isinstance(item, bytes) else str(item) for item in items]

    def child(self, group: h5py.Group, name: str) -> h5py.Group | h5py.Dataset | None:
        """What a group has under a name, which may be a path down from it; ``None`` if there is nothing.

        Raises:
            FileContentError: the path leads through a link, or not down.
        """
        found: Any = group
        what = f"{group.name}/{name}"
        with self._library_errors(what):
            for part in name.split("/"):
                if part in ("", ".", ".."):
                    raise self.error(f"has the name {name!r} in {group.name!r}", "a name, or names joined by '/'")
                if not isinstance(found, h5py.Group) or not found.id.links.exists(part.encode()):
                    return None
                # Looking at the link does not open what it leads to.
                if found.id.links.get_info(part.encode()).type != h5py.h5l.TYPE_HARD:
                    raise self.error(f"has a link at {what!r}", "the data itself: links are not followed")
                found = found[part]
        return found if isinstance(found, h5py.Group | h5py.Dataset) else None

    def group(self, parent: h5py.Group, name: str) -> h5py.Group | None:
        """A group under a name; ``None`` if there is nothing.

        Raises:
            FileContentError: there is something else.
        """
        found = self.child(parent, name)
        if isinstance(found, h5py.Dataset):
            raise self.error(f"has an array at {found.name!r}", "a group")
        return found

    def array(self, group: h5py.Group, name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
        """The array under a name, if it is of this shape and can become this dtype.

        Raises:
            FileContentError: it is not there, is of another shape or kind, or its numbers are elsewhere.
        """
        what = f"{group.name.rstrip('/')}/{name}"
        dataset = self.child(group, name)
        if not isinstance(dataset, h5py.Dataset):
            raise self.error(f"has no array {what!r}", f"one of shape {shape}")
        with self._library_errors(what):
            if dataset.shape != shape:
                raise self.error(f"has {what!r} of shape {dataset.shape}", f"shape {shape}")
            if dataset.dtype.kind not in "fiub" or not np.can_cast(dataset.dtype, dtype, "same_kind"):
                raise self.error(f"has {what!r} of type {dataset.dtype}", f"{dtype} or what becomes it")
            self._refuse_elsewhere(dataset, what)
            # Numbers too large for float32 become infinite, as they would in any conversion.
            with np.errstate(over="ignore"):
                return np.asarray(dataset[()]).astype(dtype)

    def _refuse_elsewhere(self, dataset: h5py.Dataset, what: str) -> None:
        if dataset.is_virtual or dataset.external:
            raise self.error(f"has {what!r} whose numbers are in another file", "the numbers themselves")
        settings = dataset.id.get_create_plist()
        filters = [settings.get_filter(number)[0] for number in range(settings.get_nfilters())]
        if any(code not in KNOWN_FILTERS for code in filters):
            raise self.error(f"has {what!r} packed with the filters {filters}", f"some of {list(KNOWN_FILTERS)}")
        if dataset.chunks is not None:
            size = math.prod(dataset.chunks) * dataset.dtype.itemsize
            if size > max(CHUNK_LIMIT, 2 * dataset.nbytes):
                raise self.error(f"has {what!r} in pieces of {size} bytes", f"about its {dataset.nbytes} bytes")
