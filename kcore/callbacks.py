"""The callbacks of all installed distributions, by name: ``kcore.callbacks.EarlyStopping``.

New ones derive from ``Callback``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kcore.registry.registry import registry
from kcore.registry.view import view

if TYPE_CHECKING:
    from kcore.components.callback import Callback as Callback
    from kcore.components.callback import CallbackList as CallbackList

_CONTRACTS = {
    "Callback": "kcore.components.callback",
    "CallbackList": "kcore.components.callback",
}
__getattr__, __dir__ = view(__name__, "callbacks", _CONTRACTS)
get = registry("callbacks").get
serialize = registry("callbacks").serialize
deserialize = registry("callbacks").deserialize
register = registry("callbacks").register
