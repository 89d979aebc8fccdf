"""Errors of the conformance kit: no distribution to test, and tables of cases that cannot be read."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike, fspath

from kcore.errors.base import KcoreError


class NoComponentsError(KcoreError, LookupError):
    """A distribution that is to be tested has no components. Attributes: `distribution`, `installed`, `near`."""

    def __init__(self, *, distribution: str, installed: Sequence[str], near: Sequence[str] = ()) -> None:
        hint = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
        others = f" Installed are {', '.join(installed)}." if installed else " No plugin is installed."
        super().__init__(
            f"No installed distribution named {distribution!r} has components for kcore.{hint}{others}"
            " A package under development has to be installed, too (pip install -e .), and again after a change of its"
            " entry points.",
            distribution=distribution,
            installed=tuple(installed),
            near=tuple(near),
        )


class ConformanceTableError(KcoreError, ValueError):
    """A table of cases that does not say what the conformance suite needs.

    Attributes: `path` (of the file, or words for where the rows come from), `place` in it, `problem`, `expected`.
    """

    def __init__(self, *, path: str | PathLike[str], place: str, problem: str, expected: str) -> None:
        where = f"{fspath(path)}, {place}" if place else fspath(path)
        super().__init__(
            f"{where}: {problem}. Expected: {expected}.",
            path=fspath(path),
            place=place,
            problem=problem,
            expected=expected,
        )


class UnknownCheckError(KcoreError, LookupError):
    """Conformance checks were chosen by something that none of them has.

    Attributes: `what` (family, component or check), `asked`, `available`.
    """

    def __init__(self, *, what: str, asked: str, available: Sequence[str]) -> None:
        super().__init__(
            f"There is nothing to check for the {what} {asked!r}. There is: {', '.join(available) or 'nothing'}.",
            what=what,
            asked=asked,
            available=tuple(available),
        )
