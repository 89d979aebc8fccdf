"""The IDX parser: it gives back what was written, and refuses everything else without being hurt."""

from __future__ import annotations

import gzip
import struct
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from kcore.errors import DatasetFormatError
from kcore_datasets.idx_format import read_idx

CODES = {"u1": 0x08, "i1": 0x09, "i2": 0x0B, "i4": 0x0C, "f4": 0x0D, "f8": 0x0E}

in_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)


def header(code: int, *shape: int) -> bytes:
    return struct.pack(f">BBBB{len(shape)}I", 0, 0, code, len(shape), *shape)


def idx(array: np.ndarray[Any, Any]) -> bytes:
    """The array as an IDX file, element by element from the format's description."""
    kind = array.dtype.str[1:]
    letter = {"u1": "B", "i1": "b", "i2": "h", "i4": "i", "f4": "f", "f8": "d"}[kind]
    elements = b"".join(struct.pack(f">{letter}", element) for element in array.ravel().tolist())
    return header(CODES[kind], *array.shape) + elements


arrays = st.sampled_from(sorted(CODES)).flatmap(
    lambda kind: nps.arrays(np.dtype(kind), nps.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=4))
)


@in_folder
@given(array=arrays, compressed=st.booleans())
def test_what_was_written_is_read(tmp_path: Path, array: np.ndarray[Any, Any], compressed: bool) -> None:
    path = tmp_path / "data"
    path.write_bytes(gzip.compress(idx(array)) if compressed else idx(array))
    found = read_idx(path)
    assert found.dtype == array.dtype
    assert found.dtype.isnative
    assert found.flags.writeable
    np.testing.assert_array_equal(found, array, strict=True)


def test_a_known_file_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_bytes(bytes.fromhex("00000b02 00000002 00000001 0102 fffe"))
    assert read_idx(path).tolist() == [[258], [-2]]


def test_gzip_in_several_parts_is_read_as_one(tmp_path: Path) -> None:
    whole = idx(np.arange(100, dtype=np.uint8))
    path = tmp_path / "data"
    path.write_bytes(gzip.compress(whole[:40]) + gzip.compress(whole[40:]))
    assert read_idx(path).tolist() == list(range(100))


GOOD = idx(np.arange(12, dtype=np.uint8).reshape(3, 4))


@pytest.mark.parametrize(
    ("content", "expected", "found"),
    [
        (b"", "begins with two zero bytes", r"\(none\)"),
        (b"\0\0\x08", "begins with two zero bytes", "00 00 08"),
        (b"PK\x03\x04 a zip file", "begins with two zero bytes", "50 4b 03 04"),
        (b"\0\0\x0a\x01\0\0\0\0", "an element type out of 0x08, 0x09, 0x0b, 0x0c, 0x0d, 0x0e", "0x0a"),
        (b"\0\0\x08\x00", "1 to 32 dimensions", "0"),
        (b"\0\0\x08\xff" + bytes(1020), "1 to 32 dimensions", "255"),
        (GOOD[:9], "2 dimensions in the header", "the end of the file after 9 bytes"),
        (GOOD[:-1], r"12 bytes of elements for the dimensions \(3, 4\) of uint8", "found 11 bytes"),
        (GOOD[:12], "12 bytes of elements", "found 0 bytes"),
        (GOOD + b"\0", "12 bytes of elements", "found more"),
        (
            header(0x08, 2**32 - 1, 2**32 - 1),
            "elements of at most 1073741824 bytes",
            r"\(4294967295, 4294967295\)",
        ),
        (header(0x08, 0, 2**32 - 1, 2**32 - 1, 2**32 - 1), "elements of at most", r"\(0, 4294967295"),
        (header(0x0E, 2**28), "elements of at most", r"\(268435456,\) of float64"),
        (gzip.compress(GOOD, mtime=0)[:-9], "complete gzip data", "damaged"),
        (gzip.compress(GOOD, mtime=0)[:6], "complete gzip data", "damaged"),
        (gzip.compress(GOOD, mtime=0)[:-8] + bytes(8), "complete gzip data", "CRC check failed"),
        (gzip.compress(GOOD, mtime=0) + b"rubbish", "complete gzip data", "damaged"),
        (gzip.compress(GOOD + b"\0", mtime=0), "12 bytes of elements", "found more"),
        (b"\x1f\x8b", "complete gzip data", "damaged"),
    ],
)
@pytest.mark.parametrize("name", ["data", "data.gz"])
def test_what_is_wrong_is_said(tmp_path: Path, name: str, content: bytes, expected: str, found: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DatasetFormatError, match=f"(?s){expected}.*{found}") as caught:
        read_idx(path)
    assert str(caught.value).startswith(f"{path} is not a usable data file: expected ")
    assert vars(caught.value)["path"] == str(path)


@in_folder
@given(data=st.data())
def test_a_changed_file_is_read_or_refused_but_never_breaks_the_reader(tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray(GOOD if data.draw(st.booleans()) else gzip.compress(GOOD, mtime=0))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "data"
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    try:
        found = read_idx(path)
    except DatasetFormatError:
        return
    # What still reads must be a whole file: as many elements as its header says.
    assert found.nbytes <= 12


def test_a_header_alone_makes_nothing_grow(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_bytes(header(0x08, 2**30))
    tracemalloc.start()
    with pytest.raises(DatasetFormatError, match=r"1073741824 bytes of elements.*found 0 bytes"):
        read_idx(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 << 20


def test_a_gzip_bomb_is_read_no_further_than_its_header_says(tmp_path: Path) -> None:
    path = tmp_path / "data.gz"
    path.write_bytes(gzip.compress(header(0x08, 10) + bytes(64 << 20)))
    tracemalloc.start()
    with pytest.raises(DatasetFormatError, match=r"10 bytes of elements.*found more"):
        read_idx(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 << 20


def test_the_limit_is_the_callers_to_set(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_bytes(GOOD)
    assert read_idx(path, max_bytes=12).shape == (3, 4)
    with pytest.raises(DatasetFormatError, match="at most 11 bytes"):
        read_idx(path, max_bytes=11)


def test_a_file_that_is_not_there_is_the_systems_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_idx(tmp_path / "nothing")
