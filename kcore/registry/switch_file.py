"""The user's switches in a file: distributions that are disabled, and what bare names are to mean.

``config.toml`` in kcore's folder among the user's settings (``~/.config/kcore`` on Linux); ``KCORE_CONFIG`` names
another file, or is ``off`` for none::

    disable = ["some-layers"]

    [prefer.layers]
    Special = "other-layers"

It is read on first need, and again when its time or size changes. The commands ``kcore enable``, ``disable`` and
``prefer`` write it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from kcore.errors.registry import SwitchFileError
from kcore.registry.families import CORE_DISTRIBUTION, FAMILIES, normalised

VARIABLE: Final = "KCORE_CONFIG"
_LIMIT: Final = 2**20
_HEADER: Final = (
    "# Written by kcore enable, disable and prefer. The variables KCORE_PLUGINS and KCORE_PREFER win over it.\n"
)


class SwitchFile(NamedTuple):
    """What the file says.

    Attributes:
        disabled: distributions, as the file spells them.
        preferred: the distribution for a family and a bare name.
    """

    disabled: tuple[str, ...] = ()
    preferred: Mapping[tuple[str, str], str] = {}


def switch_file() -> str | None:
    """The path of the file, which need not exist; None if there is to be none."""
    own = os.environ.get(VARIABLE)
    if own:
        return None if own.strip().lower() == "off" else os.path.abspath(os.path.expanduser(own))
    base = os.environ.get("XDG_CONFIG_HOME", "")
    if not os.path.isabs(base):  # The XDG specification: a relative path is to be ignored.
        if sys.platform == "win32":
            base = os.environ.get("APPDATA", "")
        elif sys.platform == "darwin":
            base = os.path.expanduser("~/Library/Application Support")
        else:
            base = os.path.expanduser("~/.config")
    return os.path.join(base, "kcore", "config.toml") if os.path.isabs(base) else None


def shown(path: str) -> str:
    """The path with the home folder as a tilde, as listings show it."""
    home = os.path.expanduser("~")
    return "~" + path[len(home) :] if os.path.isabs(home) and path.startswith(home.rstrip(os.sep) + os.sep) else path


def stamp() -> tuple[str, int, int, int] | None:
    """Equal as long as the file is the same; None if there is none."""
    path = _PATH.now()
    if path is None:
        return None
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return path, found.st_mtime_ns, found.st_size, found.st_ino


def read(path: str) -> SwitchFile:
    """What the file says; nothing if it is not there.

    Raises:
        SwitchFileError: it cannot be read, or says something that cannot be understood.
    """
    import tomllib

    try:
        with open(path, "rb") as file:
            content = tomllib.loads(file.read(_LIMIT).decode("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return SwitchFile()
    except OSError as error:
        raise SwitchFileError(path=path, problem=error.strerror or str(error)) from error
    except (ValueError, RecursionError) as error:
        raise SwitchFileError(path=path, problem=f"it is no TOML ({error})") from error
    problem = _problem(content)
    if problem is not None:
        raise SwitchFileError(path=path, problem=problem)
    preferred = {
        (family, name): distribution
        for family, names in content.get("prefer", {}).items()
        for name, distribution in names.items()
    }
    return SwitchFile(tuple(content.get("disable", ())), preferred)


def text_of(content: SwitchFile) -> str:
    """The file that says this, in an order that does not depend on how it came about."""
    lines = [_HEADER]
    if content.disabled:
        lines.append(f"disable = [{', '.join(map(_quoted, sorted(content.disabled)))}]\n")
    families = sorted({family for family, _ in content.preferred})
    for family in families:
        lines.append(f"\n[prefer.{family}]\n")
        names = sorted(name for place, name in content.preferred if place == family)
        lines += [f"{_quoted(name)} = {_quoted(content.preferred[family, name])}\n" for name in names]
    return "".join(lines)


def _quoted(text: str) -> str:
    """A basic string of TOML, whose escapes are JSON's, and one more."""
    import json

    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _problem(content: dict[str, Any]) -> str | None:
    for key in content:
        if key not in ("disable", "prefer"):
            return f"the key {key!r} means nothing (there are 'disable' and 'prefer')"
    disabled = content.get("disable", [])
    if not isinstance(disabled, list) or not all(isinstance(one, str) and normalised(one) for one in disabled):
        return "'disable' is no list of names of distributions"
    if CORE_DISTRIBUTION in map(normalised, disabled):
        return "kcore itself cannot be disabled"
    preferred = content.get("prefer", {})
    if not isinstance(preferred, dict):
        return "'prefer' is no table"
    for family, names in preferred.items():
        if family not in FAMILIES:
            return f"{family!r} in 'prefer' is no family (there are {', '.join(FAMILIES)})"
        if not isinstance(names, dict) or not all(isinstance(one, str) and one for one in names.values()):
            return f"'prefer.{family}' is no table of names and distributions"
    return None


class _Path:
    """The path, worked out anew only when a variable that decides it changes: a lookup asks for it each time."""

    def __init__(self) -> None:
        self._known: tuple[object, str | None] | None = None

    def now(self) -> str | None:
        environment = os.environ
        key = environment.get(VARIABLE), environment.get("XDG_CONFIG_HOME"), environment.get("HOME")
        known = self._known
        # A relative path in the variable depends on the current folder, so it is not kept.
        if known is None or known[0] != key or (key[0] and not os.path.isabs(key[0])):
            known = self._known = key, switch_file()
        return known[1]


_PATH: Final = _Path()
