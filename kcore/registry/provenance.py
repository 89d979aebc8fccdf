"""Who provided the components that are being written: noted while configs are made, kept in the file as plain text.

A file may come from anyone, so that what it says of distributions is never more than text: what cannot be the name or
the version of a distribution is left out when it is read.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final, NamedTuple

from kcore.errors.base import KcoreError
from kcore.registry.families import FAMILIES, LOCAL, normalised
from kcore.registry.first_party import FIRST_PARTY
from kcore.registry.records import Record
from kcore.registry.registry import registry

# The key, or the attribute, that files keep it under.
KEY: Final = "kcore_components"
# A text longer than this, or more components than this, are no list of components.
LONGEST: Final = 2**20
MOST: Final = 10_000

# PEP 508 and PEP 440, of a length that a sentence can hold.
_NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?")
_VERSION: Final = re.compile(
    r"v?(?:[0-9]+!)?[0-9]+(?:\.[0-9]+)*[-_.]?(?:(?:a|b|c|rc|alpha|beta|pre|preview)[-_.]?[0-9]*)?"
    r"(?:-[0-9]+|[-_.]?(?:post|rev|r)[-_.]?[0-9]*)?(?:[-_.]?dev[-_.]?[0-9]*)?(?:\+[a-z0-9]+(?:[-_.][a-z0-9]+)*)?",
    re.IGNORECASE | re.ASCII,
)
# Pip would take such a name for a file of the folder it runs in.
_ARCHIVE: Final = re.compile(r".*\.(?:zip|whl|tar|gz|bz2|xz|lz|lzma|tgz|tbz|txz|tlz)", re.IGNORECASE | re.ASCII)


class Origin(NamedTuple):
    """A distribution, and its version where that is known (else empty)."""

    distribution: str
    version: str

    def __str__(self) -> str:
        return f"{self.distribution} {self.version}".rstrip()


# By family and name, as the config has it.
Origins = dict[tuple[str, str], Origin]

_ACTIVE: Final[ContextVar[Origins | None]] = ContextVar("kcore_noted_origins", default=None)


# --- writing ---------------------------------------------------------------------------------------------------------


@contextmanager
def noted_origins() -> Iterator[Origins]:
    """While the block runs, every name that `serialize` writes is noted with the distribution it comes from."""
    noted: Origins = {}
    token = _ACTIVE.set(noted)
    try:
        yield noted
    finally:
        _ACTIVE.reset(token)


def note(name: str, record: Record) -> None:
    """A config is given this name for this component. What running code registered has no distribution."""
    noted = _ACTIVE.get()
    if noted is not None and record.distribution != LOCAL:
        noted[record.family, name] = Origin(record.distribution, record.version)


def note_name(family: str, name: str) -> None:
    """A config is given this name as somebody wrote it; nothing is noted if it means nothing here."""
    if _ACTIVE.get() is None:
        return
    try:
        record = registry(family).resolve(name)
    except KcoreError:
        return
    note(name, record)


def origins_data(origins: Origins) -> dict[str, list[str]]:
    """The origins as JSON: ``{"layers/Dense": ["kcore-layers", "0.1.0"], ...}``."""
    return {f"{family}/{name}": list(origin) for (family, name), origin in sorted(origins.items())}


# --- reading ---------------------------------------------------------------------------------------------------------


def origins_from(data: Any) -> Origins:
    """What a file says about origins, as data or as their text: the entries that could be true; none from nonsense."""
    if isinstance(data, str):
        if len(data) > LONGEST:
            return {}
        try:
            data = json.loads(data)
        except (ValueError, RecursionError):
            return {}
    if not isinstance(data, Mapping) or len(data) > MOST:
        return {}
    origins: Origins = {}
    for key, value in data.items():
        family, _, name = key.partition("/") if isinstance(key, str) else ("", "", "")
        if family not in FAMILIES or not name or not isinstance(value, list) or len(value) != 2:
            continue
        distribution, version = value
        if not isinstance(distribution, str) or not _NAME.fullmatch(distribution) or _ARCHIVE.fullmatch(distribution):
            continue
        good = isinstance(version, str) and len(version) <= 100 and _VERSION.fullmatch(version) is not None
        origins[family, name] = Origin(distribution, version if good else "")
    return origins


def is_first_party(distribution: str) -> bool:
    """Whether the distribution is one of the core's table."""
    return any(normalised(distribution) in distributions for distributions in FIRST_PARTY.values())


def requirement(origin: Origin) -> str:
    """What to give pip, to have what a file was saved with.

    First-party distributions go by the core that is installed: their version is left to pip.
    """
    if not origin.version or is_first_party(origin.distribution):
        return origin.distribution
    return shlex.quote(f"{origin.distribution}=={origin.version}")
