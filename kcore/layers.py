"""The layers of all installed distributions, by name: ``kcore.layers.Dense``.

New ones derive from ``Layer``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kcore.registry.registry import registry
from kcore.registry.view import view

if TYPE_CHECKING:
    from kcore.components.input_spec import InputSpec as InputSpec
    from kcore.components.layer import Layer as Layer
    from kcore.models.inputs import Input as Input

_CONTRACTS = {
    "Layer": "kcore.components.layer",
    "InputSpec": "kcore.components.input_spec",
    "Input": "kcore.models.inputs",
}
__getattr__, __dir__ = view(__name__, "layers", _CONTRACTS)
get = registry("layers").get
serialize = registry("layers").serialize
deserialize = registry("layers").deserialize
register = registry("layers").register
