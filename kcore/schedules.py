"""The learning-rate schedules of all installed distributions, by name: ``kcore.schedules.ExponentialDecay``.

New ones derive from ``LearningRateSchedule``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kcore.registry.registry import registry
from kcore.registry.view import view

if TYPE_CHECKING:
    from kcore.components.schedule import LearningRateSchedule as LearningRateSchedule

__getattr__, __dir__ = view(__name__, "schedules", {"LearningRateSchedule": "kcore.components.schedule"})
get = registry("schedules").get
serialize = registry("schedules").serialize
deserialize = registry("schedules").deserialize
register = registry("schedules").register
