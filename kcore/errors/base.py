"""The root of kcore's errors."""

from __future__ import annotations

from typing import Any


class KcoreError(Exception):
    """Base class of every error that kcore raises on purpose.

    A subclass takes its data as keyword arguments, keeps them as attributes, and builds the text from them,
    so that callers can act on the data and readers get a sentence.
    """

    def __init__(self, message: str, **data: Any) -> None:
        super().__init__(message)
        self.message = message
        self.__dict__.update(data)

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        # The default would call the subclass with the message alone, and lose the data.
        return _rebuild, (type(self), self.message, dict(self.__dict__))


def _rebuild(cls: type[KcoreError], message: str, data: dict[str, Any]) -> KcoreError:
    error = cls.__new__(cls)
    Exception.__init__(error, message)
    error.__dict__.update(data)
    return error
