"""The initializers of all installed distributions, by name: ``kcore.initializers.GlorotUniform``.

New ones derive from ``Initializer``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kcore.registry.registry import registry
from kcore.registry.view import view

if TYPE_CHECKING:
    from kcore.components.initializer import Initializer as Initializer
    from kcore.components.initializer import compute_fans as compute_fans

_CONTRACTS = {
    "Initializer": "kcore.components.initializer",
    "compute_fans": "kcore.components.initializer",
}
__getattr__, __dir__ = view(__name__, "initializers", _CONTRACTS)
get = registry("initializers").get
serialize = registry("initializers").serialize
deserialize = registry("initializers").deserialize
register = registry("initializers").register
