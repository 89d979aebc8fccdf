"""The optimizers of all installed distributions, by name: ``kcore.optimizers.Adam``.

New ones derive from ``Optimizer``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kcore.registry.registry import registry
from kcore.registry.view import view

if TYPE_CHECKING:
    from kcore.components.optimizer import Optimizer as Optimizer

__getattr__, __dir__ = view(__name__, "optimizers", {"Optimizer": "kcore.components.optimizer"})
get = registry("optimizers").get
serialize = registry("optimizers").serialize
deserialize = registry("optimizers").deserialize
register = registry("optimizers").register
