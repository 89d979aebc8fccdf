"""The registry room: names to components, found among the installed distributions.

``registry("layers")["Dense"]`` is the class; ``registry("layers").records()`` lists who offers what, importing nothing.
Importing this package costs next to nothing: metadata is read on first need, pluggy when the first hook is called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kcore.registry.api import API_VERSION as API_VERSION
from kcore.registry.config import deserialize as deserialize
from kcore.registry.config import serialize as serialize
from kcore.registry.custom_objects import active_custom_objects as active_custom_objects
from kcore.registry.custom_objects import custom_object_scope as custom_object_scope
from kcore.registry.families import FAMILIES as FAMILIES
from kcore.registry.hooks import forget_hook_failures as _forget_hook_failures
from kcore.registry.hooks import hook_records as hook_records
from kcore.registry.hooks import hooks as hooks
from kcore.registry.hooks import register_hooks as register_hooks
from kcore.registry.hooks import unregister_hooks as unregister_hooks
from kcore.registry.records import Record as Record
from kcore.registry.registry import Registry as Registry
from kcore.registry.registry import refresh as _refresh
from kcore.registry.registry import registry as registry
from kcore.registry.registry import unreadable as unreadable
from kcore.registry.switches import configure_plugins as configure_plugins
from kcore.registry.switches import prefer as prefer

if TYPE_CHECKING:
    from kcore.registry.hookspecs import hookimpl as hookimpl
    from kcore.registry.hookspecs import hookspec as hookspec

__all__ = [
    "API_VERSION",
    "FAMILIES",
    "Record",
    "Registry",
    "active_custom_objects",
    "configure_plugins",
    "custom_object_scope",
    "deserialize",
    "hook_records",
    "hookimpl",
    "hooks",
    "hookspec",
    "prefer",
    "refresh",
    "register_hooks",
    "registry",
    "serialize",
    "unreadable",
    "unregister_hooks",
]


def refresh() -> None:
    """Look again at what is installed, and try again what failed (after ``pip install`` in a running process)."""
    _refresh()
    _forget_hook_failures()


def __getattr__(name: str) -> Any:
    # pluggy is needed only where hooks are implemented.
    if name in ("hookimpl", "hookspec"):
        from kcore.registry import hookspecs

        return getattr(hookspecs, name)
    raise AttributeError(f"module 'kcore.registry' has no attribute {name!r}")
