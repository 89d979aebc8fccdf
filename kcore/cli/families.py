"""Arguments that name a family, or a component in one."""

from __future__ import annotations

import difflib
from typing import Any

import click
from click.shell_completion import CompletionItem

# Not a family of components, but listed like one: the modules with hooks.
HOOKS = "plugins"


def known_families() -> list[str]:
    """What ``kcore list`` can list."""
    from kcore.registry import FAMILIES

    return [*FAMILIES, HOOKS]


class Family(click.ParamType):  # type: ignore[type-arg, unused-ignore]
    """The name of a family of components."""

    name = "family"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        families = known_families()
        if value not in families:
            near = difflib.get_close_matches(value, families, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            self.fail(f"there is no family {value!r}.{hint} Families: {', '.join(families)}.", param, ctx)
        return str(value)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return [CompletionItem(name) for name in known_families() if name.startswith(incomplete)]


class ComponentName(click.ParamType):  # type: ignore[type-arg, unused-ignore]
    """``family/Name``, or ``family/distribution>Name``, as a pair."""

    name = "component"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value
        family, slash, name = str(value).partition("/")
        if not slash or not family or not name or family == HOOKS:
            self.fail(f"{value!r} is not of the form FAMILY/NAME.{_in_families(value)}", param, ctx)
        return FAMILY.convert(family, param, ctx), name

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from kcore.registry import FAMILIES, registry

        family, slash, name = incomplete.partition("/")
        if slash and family in FAMILIES:
            return [CompletionItem(f"{family}/{one}") for one in registry(family).names() if one.startswith(name)]
        return [CompletionItem(f"{one}/") for one in FAMILIES if one.startswith(family)]


def _in_families(name: str) -> str:
    """A hint for a bare name: the families that have it."""
    from kcore.registry import FAMILIES, registry

    found = [f"{family}/{name}" for family in FAMILIES if name in registry(family)]
    return f" Did you mean {' or '.join(found)}?" if found else " Such as layers/Dense."


FAMILY = Family()
COMPONENT = ComponentName()
