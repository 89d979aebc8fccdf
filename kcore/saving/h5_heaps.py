"""A look at the places where an HDF5 file keeps its texts, before the library reads them.

HDF5 stores texts of any length in "global heaps": a header with the signature ``GCOL``, then one object after another,
each with its size. The library follows the sizes without an end where one is 0, so that a damaged file would stop the
process for ever. Source: HDF5 File Format Specification, section III.E, "Level 1E - Global Heap".
"""

from __future__ import annotations

import mmap
import struct
from pathlib import Path

# Signature, version 1, three reserved bytes; then the size of the whole heap, this header included.
HEADER = b"GCOL\x01\x00\x00\x00"
FIRST_OBJECT = 16
# Index, reference count, reserved bytes, size of the content; the content follows, filled up to a multiple of 8.
OBJECT = struct.Struct("<HHIQ")


def damaged_heap(path: Path) -> int | None:
    """The position of a heap whose objects do not add up, in a file with 8-byte sizes; ``None`` if all are sound."""
    with open(path, "rb") as file:
        if file.seek(0, 2) == 0:
            return None
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            start = content.find(HEADER)
            while start >= 0:
                if not _sound(content, start):
                    return start
                start = content.find(HEADER, start + 1)
    return None


def _sound(content: mmap.mmap, start: int) -> bool:
    if start + FIRST_OBJECT > len(content):
        return False
    (size,) = struct.unpack_from("<Q", content, start + 8)
    end = start + size
    if end > len(content):
        return False
    place = start + FIRST_OBJECT
    # What is too short for an object is unused.
    while place + OBJECT.size <= end:
        index, _, _, length = OBJECT.unpack_from(content, place)
        # Object 0 is the free space, whose size counts its own head.
        needed = length if index == 0 else OBJECT.size + (length + 7) // 8 * 8
        if needed < OBJECT.size or needed > end - place:
            return False
        place += needed
    return True
