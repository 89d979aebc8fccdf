"""The metrics of all installed distributions, by name: ``kcore.metrics.BinaryAccuracy``.

New ones derive from ``Metric``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kcore.registry.registry import registry
from kcore.registry.view import view

if TYPE_CHECKING:
    from kcore.components.loss import align_class_numbers as align_class_numbers
    from kcore.components.loss import align_labels as align_labels
    from kcore.components.loss import as_predictions as as_predictions
    from kcore.components.loss import label_check as label_check
    from kcore.components.loss import spread_weights as spread_weights
    from kcore.components.metric import Mean as Mean
    from kcore.components.metric import MeanMetric as MeanMetric
    from kcore.components.metric import Metric as Metric

_CONTRACTS = {
    "Metric": "kcore.components.metric",
    "Mean": "kcore.components.metric",
    "MeanMetric": "kcore.components.metric",
    "align_class_numbers": "kcore.components.loss",
    "align_labels": "kcore.components.loss",
    "as_predictions": "kcore.components.loss",
    "label_check": "kcore.components.loss",
    "spread_weights": "kcore.components.loss",
}
__getattr__, __dir__ = view(__name__, "metrics", _CONTRACTS)
get = registry("metrics").get
serialize = registry("metrics").serialize
deserialize = registry("metrics").deserialize
register = registry("metrics").register
