"""Watching one logged quantity: which way is better, and is this value better than that."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from math import inf, isfinite
from typing import Any

from kcore.errors import InvalidArgumentError, KcoreWarning

MODES = ("auto", "min", "max")

# Keras 2 documents that "auto" reads the direction from the name of the quantity. Its endings come first; the
# second list holds the other usual scores of which more is better, which must end the name as whole words.
_LARGER_ENDINGS = ("acc", "accuracy", "auc")
_LARGER_WORDS = (
    "_precision",
    "_recall",
    "_f1",
    "_f1_score",
    "_fbeta_score",
    "_iou",
    "_r2",
    "_r2_score",
    "_precision_at_recall",
    "_recall_at_precision",
    "_sensitivity_at_specificity",
    "_specificity_at_sensitivity",
    "_cosine_similarity",
)
_NUMBERED = re.compile(r"_\d+$")


def direction_of(name: str) -> str:
    """The mode ("min" or "max") that "auto" stands for when `name` is watched.

    Names of several metrics of one kind are numbered ("auc_1"): the number is not looked at.
    """
    name = _NUMBERED.sub("", name)
    larger = name.endswith(_LARGER_ENDINGS) or f"_{name}".endswith(_LARGER_WORDS)
    return "max" if larger else "min"


class Monitor:
    """Reads one quantity from the logs and compares its values.

    Args:
        component: the name of the callback, for messages.
        monitor: the name of the quantity, as in the logs: "loss", "val_loss", "accuracy", ...
        mode: "min", "max", or "auto" (see `direction_of`).
        min_delta: a change smaller than this, or equal to it, is no improvement. Its sign is not looked at.

    Raises:
        InvalidArgumentError: an unknown mode, an empty name, or a min_delta that is not a finite number.
    """

    def __init__(self, component: str, monitor: str, mode: str, min_delta: float = 0.0) -> None:
        if not isinstance(monitor, str) or not monitor:
            raise InvalidArgumentError(
                component=component, argument="monitor", value=monitor, allowed="the name of a loss or metric"
            )
        if mode not in MODES:
            raise InvalidArgumentError(component=component, argument="mode", value=mode, allowed=MODES)
        self.component = component
        self.name = monitor
        self.direction = direction_of(monitor) if mode == "auto" else mode
        self.min_delta = abs(number(component, "min_delta", min_delta))
        self.worst = inf if self.direction == "min" else -inf
        self._warned = False

    def restart(self) -> None:
        """Training begins: a missing quantity is worth a new warning."""
        self._warned = False

    def read(self, logs: Mapping[str, Any]) -> float | None:
        """The quantity's value; None with a warning, once per training, where the logs do not have it."""
        value = logs.get(self.name)
        if value is not None:
            return float(value)
        if not self._warned:
            self._warned = True
            available = sorted(logs)
            hint = " Give fit validation data." if self.name.startswith("val_") else ""
            warnings.warn(
                KcoreWarning(
                    f"{self.component} watches {self.name!r}, which this training does not log; it has"
                    f" nothing to act on. Available: {', '.join(available) or 'nothing'}.{hint}",
                    component=self.component,
                    monitor=self.name,
                    available=available,
                ),
                stacklevel=3,
            )
        return None

    def improves(self, value: float, best: float) -> bool:
        """Whether `value` beats `best` by more than min_delta. NaN beats nothing."""
        if self.direction == "min":
            return value + self.min_delta < best
        return value - self.min_delta > best


def number(component: str, argument: str, value: Any) -> float:
    """`value` as a float, if it is a finite real number."""
    if isinstance(value, bool) or not hasattr(value, "__float__") or not isfinite(value):
        raise InvalidArgumentError(component=component, argument=argument, value=value, allowed="a finite number")
    return float(value)


def count(component: str, argument: str, value: Any, *, least: int) -> int:
    """`value` as an int, if it is a whole number of at least `least`."""
    if isinstance(value, bool) or not hasattr(value, "__index__") or value < least:
        raise InvalidArgumentError(
            component=component, argument=argument, value=value, allowed=f"a whole number of at least {least}"
        )
    return int(value)
