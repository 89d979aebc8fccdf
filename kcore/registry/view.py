"""What makes a module a view of one family: ``kcore.layers.Dense`` is whatever the registry has by that name."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from kcore.errors.registry import UnknownComponentError
from kcore.registry.registry import registry

_FUNCTIONS = ("get", "serialize", "deserialize", "register")


def view(
    module: str, family: str, contracts: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """The ``__getattr__`` and ``__dir__`` of a module that shows a family.

    A name in ``contracts`` is imported from the module it is mapped to, any other one comes from the registry, on each
    access: the switches hold for it, too. Completion knows all names, and imports nothing.

    A name that nobody provides is an AttributeError, as of any module. But one that kcore knows (not installed,
    switched off, broken, claimed twice) has its own error, which ``from kcore.layers import Dense`` then shows.
    """
    home = registry(family)

    def module_getattr(name: str) -> Any:
        if name in contracts:
            found = getattr(import_module(contracts[name]), name)
            setattr(sys.modules[module], name, found)
            return found
        if name == "__all__":
            # What `from kcore.layers import *` means: it loads every component that can be had.
            usable = (record.name for record in home.records() if record.state in ("available", "local"))
            return sorted({*contracts, *(one for one in usable if one.isidentifier())})
        if name.startswith("__"):
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        try:
            return home.load(name)
        except UnknownComponentError as error:
            if error.provider is not None:
                raise
            raise AttributeError(f"module {module!r} has no attribute {name!r}. {error}") from None

    def module_dir() -> list[str]:
        own = (name for name in vars(sys.modules[module]) if name.startswith("__") or name in _FUNCTIONS)
        return sorted({*own, *contracts, *(name for name in home.names() if name.isidentifier())})

    return module_getattr, module_dir
