"""The conformance suite of each family: its kind of case, its checks, and how a case is used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

from kcore.registry import FAMILIES

# The fields of a case that hold names of the component under test.
_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "losses": ("function", "kind", "names"),
    "metrics": ("metric", "function", "names"),
}


@dataclass(frozen=True)
class Suite:
    """What the components of one family are put to.

    Attributes:
        family: for example ``"layers"``.
        case: the class of its cases; ``case.from_row`` makes one from a row of a table.
        checks: by name; each takes a case, and raises where it finds something wrong.
        use: what a case's component computes, as NumPy arrays, through planned programs where it is traced.
        traced: for components that compute with arrays: a function of arrays, and arrays for it; else None.
    """

    family: str
    case: Any
    checks: Mapping[str, Callable[[Any], None]]
    use: Callable[[Any], list[Any]] | None = None
    traced: Callable[[Any], tuple[Callable[..., Any], list[Any]]] | None = None

    def names_of(self, case: Any) -> list[str]:
        """The names that a case stands for."""
        found: list[str] = []
        for field in _NAMES.get(self.family, (FAMILIES[self.family],)):
            value = getattr(case, field)
            found += [value] if isinstance(value, str) else list(value)
        return [name for name in found if name]


def suite(family: str) -> Suite:
    """The suite of a family; imports that one.

    Raises:
        KeyError: there is no such family.
    """
    noun = FAMILIES[family]
    module = import_module(f"kcore.testing.{family}")
    return Suite(
        family,
        getattr(module, f"{noun.capitalize()}Case"),
        module.CHECKS,
        getattr(module, "use", None),
        getattr(module, "traced", None),
    )
