"""The losses of all installed distributions, by name: ``kcore.losses.MeanSquaredError``.

New ones derive from ``Loss``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kcore.registry.registry import registry
from kcore.registry.view import view

if TYPE_CHECKING:
    from kcore.components.loss import Loss as Loss
    from kcore.components.loss import align_class_numbers as align_class_numbers
    from kcore.components.loss import align_labels as align_labels
    from kcore.components.loss import as_predictions as as_predictions
    from kcore.components.loss import label_check as label_check

_CONTRACTS = {
    "Loss": "kcore.components.loss",
    "align_class_numbers": "kcore.components.loss",
    "align_labels": "kcore.components.loss",
    "as_predictions": "kcore.components.loss",
    "label_check": "kcore.components.loss",
}
__getattr__, __dir__ = view(__name__, "losses", _CONTRACTS)
get = registry("losses").get
serialize = registry("losses").serialize
deserialize = registry("losses").deserialize
register = registry("losses").register
