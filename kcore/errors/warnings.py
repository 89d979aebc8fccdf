"""The root of kcore's warnings."""

from __future__ import annotations

from typing import Any


class KcoreWarning(UserWarning):
    """Something that goes on, but probably not as meant. Carries its data as attributes."""

    def __init__(self, message: str, **data: Any) -> None:
        super().__init__(message)
        self.message = message
        self.__dict__.update(data)
