"""Atomic writing: permissions, links, failures, a full disk, and a process killed half-way."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kcore.errors import FileWriteError
from kcore.saving.atomic import write_atomically

# Saves over and over, alternately two contents that a reader can tell from a mixture.
WRITER = """
import sys
from pathlib import Path
from kcore.saving.atomic import write_atomically
path, number = Path(sys.argv[1]), 0
print("ready", flush=True)
while True:
    number += 1
    write_atomically(path, bytes([number % 2]) * 5_000_000)
"""
# The kernel refuses to let any file of this process grow beyond the limit: to the writer, a full disk.
LIMITED = """
import resource, sys
from pathlib import Path
from kcore.errors import FileWriteError
from kcore.saving.atomic import write_atomically
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    write_atomically(Path(sys.argv[1]), b"new" * 100_000)
except FileWriteError as error:
    print(error)
"""


def test_the_content_is_there_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    write_atomically(path, b"one")
    write_atomically(path, memoryview(b"two"))
    assert path.read_bytes() == b"two"
    assert [item.name for item in tmp_path.iterdir()] == ["a.bin"]


@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_a_new_file_has_the_permissions_of_any_new_file(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        write_atomically(tmp_path / "ours", b"")
        (tmp_path / "theirs").write_bytes(b"")
    finally:
        os.umask(before)
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "theirs").stat().st_mode


def test_an_existing_file_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    path.chmod(0o640)
    write_atomically(path, b"new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640 and path.read_bytes() == b"new"


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real" / "file")
    write_atomically(tmp_path / "link", b"content")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "file").read_bytes() == b"content"


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileWriteError, match=r"was not written: the folder .*nowhere' does not exist") as caught:
        write_atomically(tmp_path / "nowhere" / "a", b"")
    assert caught.value.path == str(tmp_path / "nowhere" / "a")


def test_what_is_no_file_is_not_replaced(tmp_path: Path) -> None:
    with pytest.raises(FileWriteError, match="what is there is no regular file"):
        write_atomically(tmp_path, b"")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FileWriteError, match="what is there is no regular file"):
        write_atomically(tmp_path / "pipe", b"")
    assert [item.name for item in tmp_path.iterdir()] == ["pipe"]


def test_a_name_that_is_too_long_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileWriteError, match="name too long"):
        write_atomically(tmp_path / ("a" * 300), b"")
    write_atomically(tmp_path / ("a" * 255), b"x")
    assert [len(item.name) for item in tmp_path.iterdir()] == [255]


@pytest.mark.parametrize("old", [None, b"old content"])
def test_a_full_disk_leaves_what_was_there(tmp_path: Path, old: bytes | None) -> None:
    path = tmp_path / "a"
    if old is not None:
        path.write_bytes(old)
    done = subprocess.run([sys.executable, "-c", LIMITED, str(path)], capture_output=True, text=True, check=True)
    assert "was not written: File too large" in done.stdout
    assert done.stderr == ""
    assert [item.read_bytes() for item in tmp_path.iterdir()] == ([] if old is None else [old])


@pytest.mark.parametrize("delay", [0.0, 0.003, 0.01, 0.02, 0.05])
def test_a_killed_writer_leaves_one_content_or_the_other(tmp_path: Path, delay: float) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"\x02" * 5_000_000)
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(delay)
        writer.kill()
    content = path.read_bytes()
    assert len(content) == 5_000_000 and len(set(content)) == 1
