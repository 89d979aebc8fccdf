"""The constraints of all installed distributions, by name: ``kcore.constraints.MaxNorm``.

New ones derive from ``Constraint``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kcore.registry.registry import registry
from kcore.registry.view import view

if TYPE_CHECKING:
    from kcore.components.constraint import Constraint as Constraint

__getattr__, __dir__ = view(__name__, "constraints", {"Constraint": "kcore.components.constraint"})
get = registry("constraints").get
serialize = registry("constraints").serialize
deserialize = registry("constraints").deserialize
register = registry("constraints").register
