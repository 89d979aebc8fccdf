"""The regularizers of all installed distributions, by name: ``kcore.regularizers.L2``.

New ones derive from ``Regularizer``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kcore.registry.registry import registry
from kcore.registry.view import view

if TYPE_CHECKING:
    from kcore.components.regularizer import Regularizer as Regularizer

__getattr__, __dir__ = view(__name__, "regularizers", {"Regularizer": "kcore.components.regularizer"})
get = registry("regularizers").get
serialize = registry("regularizers").serialize
deserialize = registry("regularizers").deserialize
register = registry("regularizers").register
