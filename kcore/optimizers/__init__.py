"""The optimizers of all installed distributions, by name: ``kcore.optimizers.Adam``.

New ones derive from ``Optimizer``. The schedules of learning rates are at ``kcore.optimizers.schedules``, too, as in
Keras.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kcore.optimizers import schedules as schedules
from kcore.registry.registry import registry
from kcore.registry.view import view

if TYPE_CHECKING:
    from kcore.components.optimizer import Optimizer as Optimizer

_CONTRACTS = {"Optimizer": "kcore.components.optimizer", "schedules": "kcore.optimizers"}
__getattr__, __dir__ = view(__name__, "optimizers", _CONTRACTS)
get = registry("optimizers").get
serialize = registry("optimizers").serialize
deserialize = registry("optimizers").deserialize
register = registry("optimizers").register
