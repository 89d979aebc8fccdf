"""Classes and functions that configs may name while a scope is active."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar, Token
from types import MappingProxyType
from typing import Any, Final

from kcore.errors.registry import ConfigError

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
_ACTIVE: Final[ContextVar[Mapping[str, Any]]] = ContextVar("kcore_custom_objects", default=_NOTHING)


class custom_object_scope:  # noqa: N801 - Keras's name
    """While the block runs, configs may name these classes and functions; they win over everything installed.

    ::

        with custom_object_scope({"MyDense": MyDense}):
            model = load_model("model.h5")

    Scopes nest, the inner one first, and belong to the thread (or task) that entered them.

    Args:
        custom_objects: classes and functions by name; several such mappings are merged, the last one first.

    Raises:
        ConfigError: something that is not a mapping of names to classes or functions.
    """

    def __init__(self, *custom_objects: Mapping[str, Any] | None) -> None:
        merged: dict[str, Any] = {}
        for objects in custom_objects:
            if objects is not None and not isinstance(objects, Mapping):
                raise ConfigError(
                    problem=f"cannot be read with custom objects {objects!r}",
                    expected="a dictionary of classes and functions by name",
                )
            merged.update(objects or {})
        for name, value in merged.items():
            if not isinstance(name, str) or not callable(value):
                raise ConfigError(
                    problem=f"cannot be read with the custom object {name!r}: {value!r}",
                    expected="a name, and a class or function",
                )
        self._objects = merged
        self._tokens: list[Token[Mapping[str, Any]]] = []

    def __enter__(self) -> custom_object_scope:
        self._tokens.append(_ACTIVE.set({**_ACTIVE.get(), **self._objects}))
        return self

    def __exit__(self, *_: object) -> None:
        _ACTIVE.reset(self._tokens.pop())


def active_custom_objects() -> Mapping[str, Any]:
    """What the scopes around the caller allow."""
    return _ACTIVE.get()
