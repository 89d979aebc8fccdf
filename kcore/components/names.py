"""Default names: ``Conv2D`` becomes ``conv2d_1``, ``conv2d_2``, ..."""

from __future__ import annotations

import re
from collections import Counter

_counters: Counter[str] = Counter()


def snake_case(name: str) -> str:
    """``MaxPooling2D`` -> ``max_pooling2d``, as Keras names layers."""
    words = re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", words).lower().lstrip("_")


def unique_name(prefix: str) -> str:
    """The prefix with the next number that this process has not used for it."""
    return f"{prefix}_{next_number(prefix)}"


def next_number(prefix: str) -> int:
    """The next number that this process has not used for a prefix, from 1 on."""
    _counters[prefix] += 1
    return _counters[prefix]


def forget_numbers() -> None:
    """Begin with 1 again for all prefixes."""
    _counters.clear()
