"""The version of the plugin API, and for which versions an installed plugin says it was made.

A plugin says so in an entry point of the group ``kcore.api``, which is read and never imported: its *name* is the
range, ``1`` or ``1-3``, its value the plugin's import package::

    [project.entry-points."kcore.api"]
    1-2 = "kcore_some"

The range is the name because packaging tools accept nearly any name, but only an importable reference as a value.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from kcore.registry.catalogue import catalogue
from kcore.registry.families import API_GROUP, CORE_DISTRIBUTION
from kcore.registry.scan import Entry

API_VERSION: Final = 1
"""What plugins can rely on: contracts, `kcore.ops`, hooks. Raised when a plugin could break by a change."""
OLDEST_API: Final = 1
"""The oldest version whose plugins this core still runs."""
PLUGIN_API: Final = API_VERSION

_RANGE: Final = re.compile(r"(\d{1,9})(?:\s*-\s*(\d{1,9}))?", re.ASCII)


class Declared(NamedTuple):
    """What one distribution says about the plugin API.

    Attributes:
        text: the range as it is written; several with commas.
        problem: why the distribution cannot be used; None if it can.
    """

    text: str
    problem: str | None


def parse_range(text: str) -> tuple[int, int] | None:
    """The lowest and the highest version of ``"1"`` or ``"1-3"``; None if it is no range."""
    match = _RANGE.fullmatch(text.strip())
    if match is None:
        return None
    low, high = int(match[1]), int(match[2] or match[1])
    return (low, high) if low <= high else None


def supported() -> str:
    """The versions that this core runs, as a plugin would write them."""
    return str(API_VERSION) if OLDEST_API == API_VERSION else f"{OLDEST_API}-{API_VERSION}"


def judge(texts: Iterable[str]) -> Declared:
    """What the ranges that one distribution declares come to; one that fits is enough."""
    texts = list(dict.fromkeys(text.strip() for text in texts))
    ranges = [parse_range(text) for text in texts]
    text = ",".join(texts)
    if any(found is not None and found[0] <= API_VERSION and found[1] >= OLDEST_API for found in ranges):
        return Declared(text, None)
    wrong = [text for text, found in zip(texts, ranges, strict=True) if found is None]
    if wrong:
        return Declared(text, f"its plugin API {wrong[0]!r} is no version and no range such as '1' or '1-2'")
    return Declared(text, f"it was made for plugin API {text}, and this kcore has {supported()}")


class _Declarations:
    """The declarations of all installed distributions; each is judged when it is first asked for."""

    def __init__(self) -> None:
        self._known: tuple[tuple[Entry, ...], dict[str, list[str]], dict[str, Declared | None]] | None = None

    def of(self, distribution: str) -> Declared | None:
        entries = catalogue.entries(API_GROUP)
        known = self._known
        if known is None or known[0] is not entries:
            texts: dict[str, list[str]] = {}
            for entry in entries:
                texts.setdefault(entry.distribution, []).append(entry.name)
            texts.pop(CORE_DISTRIBUTION, None)
            known = self._known = entries, texts, {}
        _, texts, judged = known
        if distribution not in judged:
            judged[distribution] = judge(texts[distribution]) if distribution in texts else None
        return judged[distribution]


_DECLARATIONS: Final = _Declarations()


def declared_api(distribution: str) -> Declared | None:
    """What a distribution says about the plugin API; None if it says nothing, which counts as compatible.

    The name is spelled as its metadata, and therefore every record, spells it.
    """
    return _DECLARATIONS.of(distribution)


def incompatible(distribution: str) -> str | None:
    """Why a distribution, made for another plugin API, cannot be used; None if it can."""
    declared = _DECLARATIONS.of(distribution)
    return None if declared is None else declared.problem
