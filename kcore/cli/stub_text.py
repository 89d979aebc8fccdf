"""Type stubs of the views, such as ``kcore.layers``: the installed names with the modules that they really come from.

Everything is read from metadata and from the views' own source text; no plugin is imported.
"""

from __future__ import annotations

import ast
import keyword
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from kcore.registry import Record

FUNCTIONS: Final = ("get", "serialize", "deserialize", "register")

_HEAD: Final = """\
# Written by `kcore stubs`: the {family} that are installed here. Write it anew after installing or removing plugins.
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeVar, overload
"""
_TAIL: Final = """\
_Component = TypeVar("_Component")

def get(identifier: {alias} | Any, **kwargs: Any) -> Any: ...
def serialize(obj: Any) -> Any: ...
def deserialize(config: {alias} | Any, custom_objects: Mapping[str, Any] | None = ...) -> Any: ...
@overload
def register(obj: _Component, *, name: str | None = ..., override: bool = ...) -> _Component: ...
@overload
def register(
    obj: None = ..., *, name: str | None = ..., override: bool = ...
) -> Callable[[_Component], _Component]: ...
"""


def view_families() -> list[str]:
    """The families that a module of kcore's shows."""
    from kcore.registry import FAMILIES

    return [family for family in FAMILIES if find_spec(f"kcore.{family}") is not None]


def alias_of(family: str) -> str:
    """What the type of the family's names is called: ``LayerName``."""
    from kcore.registry import FAMILIES

    return f"{FAMILIES[family].title()}Name"


def package_stub() -> str:
    """The stub of ``kcore`` itself, which is the one that it brings."""
    import kcore

    return Path(kcore.__file__).with_suffix(".pyi").read_text(encoding="utf-8")


def stub_of(family: str) -> str:
    """The stub of one view."""
    from kcore.registry import registry

    home = registry(family)
    usable = [record for record in home.records(check=True) if record.state in ("available", "shadowed")]
    contracts = _contracts(family)
    taken = {*FUNCTIONS, *(name for name, _ in contracts)}
    classes = [record for record in usable if record.state == "available" and _is_name(record.name, taken)]
    imports = [f"from {module} import {name} as {name}" for name, module in contracts]
    lines: list[str] = []
    for record in classes:
        imported, assigned = _import_of(record)
        imports.append(imported)
        lines += [assigned] if assigned else []
    public = sorted({*taken, *(record.name for record in classes), alias_of(family)})
    # The bare name means another one where it is shadowed.
    names = [record.name for record in usable if record.state == "available"]
    names += [record.qualified for record in usable]
    return "\n".join(
        [
            _HEAD.format(family=family),
            *dict.fromkeys(imports),
            "",
            *lines,
            _listed("__all__ = [", public, "]"),
            "",
            _alias(family, sorted(names)),
            _TAIL.format(alias=alias_of(family)),
        ]
    )


def _is_name(name: str, taken: set[str]) -> bool:
    """Whether a name can stand after ``kcore.layers.``, and means the registry's component there."""
    return name.isidentifier() and not keyword.iskeyword(name) and not name.startswith("__") and name not in taken


def _import_of(record: Record) -> tuple[str, str | None]:
    """The import of a component under its name, and the assignment that is needed for one inside a class."""
    from kcore.registry.records import split_entry_point

    module, attribute = split_entry_point(record.entry_point) or ("", "")
    first, dot, _ = attribute.partition(".")
    if not dot:
        return f"from {module} import {attribute} as {record.name}", None
    hidden = f"_{module.replace('.', '_')}_{first}"
    return f"from {module} import {first} as {hidden}", f"{record.name} = {hidden}{attribute[len(first) :]}"


def _contracts(family: str) -> list[tuple[str, str]]:
    """Name and module of what a view has beside the registry's names, as it tells type checkers itself."""
    spec = find_spec(f"kcore.{family}")
    assert spec is not None and spec.origin is not None
    tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
    contracts = [
        (alias.asname or alias.name, node.module or "")
        for block in tree.body
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    ]
    # A view inside a view, as kcore.optimizers.schedules: the same names as those of the view beside it.
    inside = [
        (alias.name, "kcore")
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module == f"kcore.{family}"
        for alias in node.names
    ]
    return contracts + inside


def _alias(family: str, names: list[str]) -> str:
    if not names:
        return f"{alias_of(family)} = str"
    return _listed(f"{alias_of(family)} = Literal[", names, "]")


def _listed(before: str, names: list[str], after: str) -> str:
    return "\n".join([before, *(f"    {name!r}," for name in names), after])
