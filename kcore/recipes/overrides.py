"""Changes to a recipe from the command line: ``fit.epochs=3``, ``model[3].Dense.units=64``."""

from __future__ import annotations

import re
from typing import Any, NoReturn

from kcore.errors.recipe import RecipeError
from kcore.recipes.document import Document, KeyPath, parse_value, spelled_path

SOURCE = "--set"
_STEP = re.compile(r"\.?([^.\[\]=\s]+)|\[(\d+)\]")


def parse_override(text: str) -> tuple[KeyPath, Any]:
    """``"fit.epochs=3"`` as ``("fit", "epochs"), 3``; the value is read as in a recipe.

    Raises:
        RecipeError: it is not of this form.
    """
    left, equals, right = text.partition("=")
    path: list[str | int] = []
    position = 0
    while position < len(left):
        step = _STEP.match(left, position)
        if step is None or (position == 0 and left[0] in ".["):
            break
        path.append(int(step[2]) if step[1] is None else step[1])
        position = step.end()
    if not equals or not path or position < len(left):
        raise RecipeError(
            source=SOURCE, problem=f"{text!r} is not of the form KEY=VALUE", allowed="such as fit.epochs=3"
        )
    return tuple(path), parse_value(right, f"{SOURCE} {left}")


def override(document: Document, path: KeyPath, value: Any) -> None:
    """Put ``value`` at ``path``; mappings that are missing on the way are made.

    Raises:
        RecipeError: the path leads through something that is neither mapping nor list, or past a list's end.
    """
    if document.data is None:
        document.data = {}
    inside: Any = document.data
    for depth, key in enumerate(path):
        last = depth == len(path) - 1
        here = path[:depth]
        if isinstance(inside, list):
            if not isinstance(key, int) or key >= len(inside):
                _refuse(path, f"{spelled_path(here)} is a list of {len(inside)}", f"[0] to [{len(inside) - 1}]")
        elif not isinstance(inside, dict):
            what = f"{spelled_path(here)} is {inside!r}" if here else "the recipe is no mapping"
            _refuse(path, f"{what}, and has no part {key!r}", "a path to a key that is there")
        elif isinstance(key, int) and key not in inside and not last:
            _refuse(path, f"there is no list {spelled_path(here)!r}", "a path to a key that is there")
        if last:
            inside[key] = value
            break
        below: Any = inside.get(key) if isinstance(inside, dict) else inside[key]
        if below is None:
            below = inside[key] = {}
        elif below == path[depth + 1] and depth + 2 < len(path):
            # `optimizer: Adam` becomes `optimizer: {Adam: {}}` where an option is added.
            below = inside[key] = {below: {}}
        inside = below
    document.given.add(path)


def _refuse(path: KeyPath, problem: str, allowed: str) -> NoReturn:
    raise RecipeError(source=SOURCE, place=spelled_path(path), problem=problem, allowed=allowed)
