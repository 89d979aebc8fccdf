"""Errors of files: formats that are not known, content that is not what it should be."""

from __future__ import annotations

from collections.abc import Sequence

from kcore.errors.base import KcoreError


class UnknownFormatError(KcoreError, ValueError):
    """A file suffix that belongs to no installed format."""

    def __init__(self, *, path: str, suffix: str, available: Sequence[str]) -> None:
        found = f"the suffix {suffix!r}" if suffix else "no suffix"
        super().__init__(
            f"{path!r} has {found}, so its format is not known. Installed formats: "
            f"{', '.join('.' + name for name in available)}.",
            path=path,
            suffix=suffix,
            available=tuple(available),
        )


class FileContentError(KcoreError, ValueError):
    """A file, or a text, that does not hold what was to be read from it."""

    def __init__(self, *, source: str, problem: str, expected: str) -> None:
        super().__init__(f"{source} {problem}; expected {expected}.", source=source, problem=problem, expected=expected)


class FileWriteError(KcoreError, OSError):
    """A file that could not be written; what was there before is unchanged."""

    def __init__(self, *, path: str, problem: str) -> None:
        super().__init__(
            f"{path!r} was not written: {problem}. A file that was there before is unchanged.",
            path=path,
            problem=problem,
        )


class MissingFileError(KcoreError, FileNotFoundError):
    """A file that is not there."""

    def __init__(self, *, path: str) -> None:
        super().__init__(f"There is no file {path!r}.", path=path)


class FileReadError(KcoreError, OSError):
    """A file that is there but cannot be read."""

    def __init__(self, *, path: str, problem: str) -> None:
        super().__init__(f"{path!r} could not be read: {problem}.", path=path, problem=problem)


class UnsupportedByFormatError(KcoreError, ValueError):
    """A format that cannot do what was asked."""

    def __init__(self, *, format: str, operation: str, advice: str) -> None:
        super().__init__(
            f"The format {format!r} cannot {operation}. {advice}", format=format, operation=operation, advice=advice
        )
