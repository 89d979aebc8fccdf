"""Functions with some of their arguments fixed by a config, such as ``relu`` with ``max_value=6``."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any


class ConfiguredFunction:
    """A function of the registry whose further arguments are given once for all; equal ones compare equal.

    Attributes:
        function: takes one array, and the arguments by name.
        arguments: as a config holds them.
    """

    def __init__(self, function: Any, arguments: Mapping[str, Any]) -> None:
        self.function = function
        self.arguments = dict(arguments)

    def __call__(self, x: Any) -> Any:
        return self.function(x, **self.arguments)

    @property
    def __name__(self) -> str:
        """The function's name."""
        return str(self.function.__name__)

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return dict(self.arguments)

    def __eq__(self, other: object) -> bool:
        same = isinstance(other, ConfiguredFunction) and other.function is self.function
        return same and other.arguments == self.arguments  # type: ignore[attr-defined]

    def __hash__(self) -> int:
        return hash((self.function, *self.arguments))

    def __repr__(self) -> str:
        listed = ", ".join(f"{name}={value!r}" for name, value in self.arguments.items())
        return f"<{self.__name__} with {listed}>"


def named_arguments(function: Any) -> tuple[list[str], list[str]]:
    """The arguments that a function takes by name behind its first one, and those among them that it must be given."""
    parameters = list(inspect.signature(function).parameters.values())[1:]
    named = [p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    return [p.name for p in named], [p.name for p in named if p.default is p.empty]
