"""What is known of one component: who brings it, and whether it can be had."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

State = Literal["available", "broken", "shadowed", "disabled", "incompatible", "local"]

# Their bare names are free for others.
UNUSABLE: Final = ("disabled", "incompatible")

_ENTRY_POINT: Final = re.compile(
    r"([^\W\d]\w*(?:\.[^\W\d]\w*)*)\s*(?::\s*([^\W\d]\w*(?:\.[^\W\d]\w*)*))?\s*(?:\[.*\])?"
)


@dataclass(frozen=True, slots=True)
class Record:
    """One name that one distribution claims in one family.

    Attributes:
        family: for example ``"layers"``; ``"plugins"`` for hook modules.
        name: the name alone, as the entry point spells it.
        distribution: who brings it; ``"local"`` for what was registered in this process.
        version: of the distribution; empty for local ones.
        entry_point: ``"module:attribute"``.
        state: ``"available"``; ``"local"``; ``"shadowed"`` (the bare name is another's, the qualified one works);
            ``"disabled"`` (by a switch); ``"incompatible"`` (made for another version of the plugin API);
            ``"broken"`` (seen failing in this process, or by a check without import).
        reason: why it is not available.
    """

    family: str
    name: str
    distribution: str
    version: str
    entry_point: str
    state: State = "available"
    reason: str | None = None

    @property
    def qualified(self) -> str:
        """The name that means this component and no other: ``distribution>Name``."""
        return f"{self.distribution}>{self.name}"


def split_entry_point(value: str) -> tuple[str, str] | None:
    """Module and attribute (empty where there is none) of an entry point's value; None if it is not one."""
    match = _ENTRY_POINT.fullmatch(value.strip())
    return (match[1], match[2] or "") if match else None


def split_name(name: str) -> tuple[str | None, str]:
    """Distribution (None for a bare name) and name of ``distribution>Name``."""
    distribution, separator, rest = name.partition(">")
    return (distribution, rest) if separator else (None, name)
