"""Seeing what code does to the world: connections to other machines, and files that it writes.

Python reports such things to audit hooks (PEP 578), whoever does them, also deep inside a library. A hook cannot be
taken away again, so there is one for the process, which does nothing while nobody watches.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Watcher = Callable[[str, tuple[Any, ...]], None]

_watchers: list[Watcher] = []
_lock = threading.Lock()
_hooked = False

NETWORK = {
    "socket.bind", "socket.connect", "socket.getaddrinfo", "socket.gethostbyaddr", "socket.gethostbyname",
    "socket.getnameinfo", "socket.sendmsg", "socket.sendto",
}  # fmt: skip
# Events that change a folder, and which of their arguments are paths.
CHANGES = {
    "os.link": (1,), "os.mkdir": (0,), "os.remove": (0,), "os.rename": (0, 1), "os.rmdir": (0,), "os.symlink": (1,),
    "os.truncate": (0,),
}  # fmt: skip
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _watchers:
        for watcher in tuple(_watchers):
            watcher(event, arguments)


@contextmanager
def _watched(watcher: Watcher) -> Iterator[None]:
    global _hooked
    with _lock:
        if not _hooked:
            sys.addaudithook(_hook)
            _hooked = True
        _watchers.append(watcher)
    try:
        yield
    finally:
        with _lock:
            _watchers.remove(watcher)


@contextmanager
def network_refused() -> Iterator[list[str]]:
    """While the block runs, no connection to anywhere can be made: an OSError, as on a machine without a network.

    Yields:
        a list to which each attempt is added, also one whose error the code has caught.
    """
    attempts: list[str] = []

    def watcher(event: str, arguments: tuple[Any, ...]) -> None:
        if event in NETWORK:
            # The first argument is the socket, if there is one.
            wanted = [argument for argument in arguments if isinstance(argument, str | bytes | tuple | int)]
            attempts.append(f"{event}{tuple(wanted)}")
            raise OSError(f"there is no network here: {event}")

    with _watched(watcher):
        yield attempts


@contextmanager
def files_changed() -> Iterator[list[Path]]:
    """Files and folders that Python code writes, makes or removes while the block runs, in any thread.

    What is compiled when a module is imported does not count. What a library in C opens by itself is not seen.

    Yields:
        a list to which each path is added, absolute, as it was at that moment.
    """
    changed: list[Path] = []

    def watcher(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            paths = [path] if isinstance(flags, int) and flags & WRITING else []
        else:
            paths = [arguments[place] for place in CHANGES.get(event, ()) if place < len(arguments)]
        for path in paths:
            # A number is a file that is open already.
            if isinstance(path, str | bytes | os.PathLike):
                found = Path(os.path.abspath(os.fsdecode(path)))
                if "__pycache__" not in found.parts and found.parts[:2] != (os.sep, "dev"):
                    changed.append(found)

    with _watched(watcher):
        yield changed
