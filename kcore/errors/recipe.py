"""Errors of recipes: files that are no recipe, keys that are not known, values that do not fit."""

from __future__ import annotations

from collections.abc import Sequence

from kcore.errors.base import KcoreError


def spelled_place(source: str, line: int | None, column: int | None, place: str) -> str:
    """``digits.yaml, line 12, fit.epochs``, as far as it is known."""
    parts = [source, "" if line is None else f"line {line}", "" if column is None else f"column {column}", place]
    return ", ".join(part for part in parts if part)


class RecipeError(KcoreError, ValueError):
    """A recipe that does not say what to do, or says what cannot be done.

    Attributes: `source` (the file), `line` and `column` (from 1; None where unknown), `place` (the path of keys,
    such as ``model[2].Dense.units``; empty for the whole file), `problem`, `allowed` (what may stand there: a
    sentence, or the keys), `near` (those of the allowed that are spelled alike).
    """

    def __init__(
        self,
        *,
        source: str,
        problem: str,
        place: str = "",
        line: int | None = None,
        column: int | None = None,
        allowed: str | Sequence[str] = (),
        near: Sequence[str] = (),
    ) -> None:
        hint = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
        listed = allowed if isinstance(allowed, str) else ", ".join(allowed)
        choices = f" Allowed: {listed}." if listed else ""
        super().__init__(
            f"{spelled_place(source, line, column, place)}: {problem}.{hint}{choices}",
            source=source,
            problem=problem,
            place=place,
            line=line,
            column=column,
            allowed=allowed if isinstance(allowed, str) else tuple(allowed),
            near=tuple(near),
        )
