"""Files that are written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from pathlib import Path

from kcore.errors.saving import FileWriteError

# Most file systems allow names of 255 bytes; the rest is for the dot, the random part and the suffix.
LONGEST_NAME = 200


def write_atomically(path: Path, data: bytes | memoryview) -> None:
    """Make ``data`` the content of a file.

    The bytes go to a new file beside it, are forced to the disk, and then take the old file's place in one step. So
    at any moment, also after a crash, the name stands for the old content or the new one. A link is followed, an
    existing file keeps its permissions, and a new one gets those of any new file. A process that is killed may leave
    the file beside it behind, named ``.NAME.RANDOM.tmp``.

    Args:
        path: of the file; its folder exists.
        data: the whole content.

    Raises:
        FileWriteError: it could not be written; what was there is unchanged.
    """
    target = Path(os.path.realpath(path))
    beside = target.with_name(f".{target.name[:LONGEST_NAME]}.{secrets.token_hex(8)}.tmp")
    try:
        mode = _mode_of(target)
        if mode is not None and not stat.S_ISREG(mode):
            raise FileWriteError(path=str(path), problem="what is there is no regular file")
        # The mode is that of open(..., "w"): the system takes the umask off.
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    except OSError as error:
        raise _failure(path, error) from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            if mode is not None:
                os.chmod(beside, stat.S_IMODE(mode))
            os.fsync(file.fileno())
        os.replace(beside, target)
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.unlink(beside)
        if isinstance(error, OSError):
            raise _failure(path, error) from error
        raise
    _sync_folder(target.parent)


def _mode_of(path: Path) -> int | None:
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return None


def _sync_folder(folder: Path) -> None:
    """Force the new name to the disk. Some systems cannot; the file itself is complete all the same."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _failure(path: Path, error: OSError) -> FileWriteError:
    if isinstance(error, FileWriteError):
        return error
    if isinstance(error, FileNotFoundError):
        return FileWriteError(path=str(path), problem=f"the folder {str(path.parent)!r} does not exist")
    return FileWriteError(path=str(path), problem=error.strerror or str(error))
