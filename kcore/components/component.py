"""The root of all components: constructor arguments are the config."""

from __future__ import annotations

import inspect
from typing import Any, Self

import numpy as np

from kcore.engine.tracing import Variable
from kcore.errors.components import ConfigAttributeError
from kcore.registry import serialize


class Component:
    """Something a plugin offers by name, rebuilt from its constructor arguments.

    A subclass keeps every constructor argument in an attribute of the same name; then ``get_config`` needs no code.
    """

    def get_config(self) -> dict[str, Any]:
        """The constructor arguments as plain data: names, numbers, lists, and configs of nested components.

        Raises:
            ConfigAttributeError: an argument is kept under no attribute of its name.
        """
        overridden = _writes_its_own(type(self))
        config: dict[str, Any] = {}
        for name, parameter in inspect.signature(type(self).__init__).parameters.items():
            if parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL) or name in self._not_config():
                continue
            if hasattr(self, name):
                config[name] = plain(getattr(self, name))
            elif not overridden:
                raise ConfigAttributeError(component=type(self).__name__, argument=name)
        return config

    def _not_config(self) -> set[str]:
        """Arguments of the constructor that ``get_config`` leaves out, or writes in another way."""
        return {"self"}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """A component with this config."""
        return cls(**config)


def _writes_its_own(kind: type) -> bool:
    """Whether the class of the constructor, or one derived from it, has a ``get_config`` of its own.

    Such a class may keep an argument under another name, and add it itself. What a base adds of its own arguments says
    nothing about those of the constructor.
    """
    order = kind.__mro__
    constructor = next(place for place, base in enumerate(order) if "__init__" in vars(base))
    return any(
        "get_config" in vars(base) and not base.__module__.startswith("kcore.components.")
        for base in order[: constructor + 1]
    )


def plain(value: Any) -> Any:
    """A constructor argument as data that JSON can hold."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Variable):
        return value.value.tolist()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.dtype):
        return value.name
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return serialize(value)
