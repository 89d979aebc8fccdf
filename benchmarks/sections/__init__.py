"""The parts of the report: each measures, and renders what was measured.

A section is a module with ``NAME`` (of its file of results), ``TITLE``, ``DEPTH`` (how many levels of its data are
merged with those of an earlier run), ``measure``, which yields data as soon as there are some, and ``render``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from benchmarks.sections import cold_start, growth, imports, machine, memory, plugins, predict, training
from benchmarks.session import Session


class Section(Protocol):
    """What the modules of this package have."""

    NAME: str
    TITLE: str
    DEPTH: int

    def measure(self, session: Session) -> Iterator[dict[str, Any]]: ...

    def render(self, about: dict[str, Any], data: dict[str, Any]) -> list[str]: ...


_IN_ORDER: tuple[Section, ...] = (machine, training, memory, imports, cold_start, plugins, predict, growth)
SECTIONS: dict[str, Section] = {section.NAME: section for section in _IN_ORDER}
