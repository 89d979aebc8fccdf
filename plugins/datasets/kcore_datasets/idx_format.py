"""The IDX file format of the MNIST family of data sets.

A file is, big-endian throughout: two zero bytes; one byte that names the element type; one byte with the
number of dimensions; each dimension as an unsigned 32-bit number; then the elements, the last dimension
varying fastest. It may be compressed with gzip. The MNIST database (LeCun, Cortes, Burges) describes it.

A file is not trusted: its header never makes us allocate, only bytes that were really read do.
"""

from __future__ import annotations

import gzip
import math
import os
import zlib
from pathlib import Path
from typing import Any, NoReturn, Protocol

import numpy as np
import numpy.typing as npt

from kcore.errors import DatasetFormatError

ELEMENT_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
MAX_DIMENSIONS = 32
_CHUNK = 1 << 20


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def read_idx(path: str | os.PathLike[str], *, max_bytes: int = 1 << 30) -> npt.NDArray[Any]:
    """The array in an IDX file, plain or gzip (told by its content), in the machine's byte order.

    Args:
        path: the file.
        max_bytes: the most its elements may take; a header that says more is not believed.

    Returns:
        An array of the file's dimensions and element type, which can be written to.

    Raises:
        DatasetFormatError: not an IDX file; an unknown element type; more or fewer bytes than the header
            says; damaged compression; dimensions that cannot be meant.
        OSError: the file cannot be read.
    """
    with open(path, "rb") as file:
        compressed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        if not compressed:
            return _read(Path(path), file, max_bytes)
        try:
            with gzip.GzipFile(fileobj=file) as content:
                return _read(Path(path), content, max_bytes)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise DatasetFormatError(
                path=path, expected="complete gzip data", found=f"damaged data ({error})"
            ) from error


def _read(path: Path, file: Readable, max_bytes: int) -> npt.NDArray[Any]:
    def refuse(expected: str, found: str) -> NoReturn:
        raise DatasetFormatError(path=path, expected=expected, found=found)

    magic = _take(file, 4)
    if len(magic) < 4 or magic[:2] != b"\0\0":
        refuse("an IDX file, which begins with two zero bytes", f"the bytes {magic.hex(' ') or '(none)'}")
    if magic[2] not in ELEMENT_TYPES:
        known = ", ".join(f"0x{code:02x}" for code in ELEMENT_TYPES)
        refuse(f"an element type out of {known}", f"0x{magic[2]:02x}")
    if not 1 <= magic[3] <= MAX_DIMENSIONS:
        refuse(f"1 to {MAX_DIMENSIONS} dimensions", str(magic[3]))
    header = _take(file, 4 * magic[3])
    if len(header) < 4 * magic[3]:
        refuse(f"{magic[3]} dimensions in the header", f"the end of the file after {4 + len(header)} bytes")
    shape = tuple(int(size) for size in np.frombuffer(header, dtype=">u4"))
    dtype = np.dtype(ELEMENT_TYPES[magic[2]])
    # Empty dimensions count as 1 here: NumPy refuses (0, 2**32 - 1, 2**32 - 1) as well.
    if math.prod(max(size, 1) for size in shape) * dtype.itemsize > max_bytes:
        refuse(f"elements of at most {max_bytes} bytes in all", f"the dimensions {shape} of {dtype.name}")
    size = math.prod(shape) * dtype.itemsize
    # One byte more than there should be: to notice what is left over, and to make gzip check its sum.
    content = _take(file, size + 1)
    if len(content) != size:
        amount = f"{len(content)} bytes" if len(content) < size else "more"
        refuse(f"{size} bytes of elements for the dimensions {shape} of {dtype.name}", amount)
    return np.frombuffer(content, dtype=dtype).reshape(shape).astype(dtype.newbyteorder("="), copy=False)


def _take(file: Readable, size: int) -> bytearray:
    """The next `size` bytes, or what there is of them, growing only as they arrive."""
    content = bytearray()
    while len(content) < size:
        chunk = file.read(min(size - len(content), _CHUNK))
        if not chunk:
            break
        content += chunk
    return content
