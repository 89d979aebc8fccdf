"""A component's defaults, and a config of it to begin with."""

from __future__ import annotations

import inspect
import json
from typing import Any, Final

# What stands for a required argument in an example, by its annotation.
_SAMPLES: Final[dict[str, Any]] = {"int": 8, "float": 0.5, "str": "name", "bool": True}


def defaults(found: Any) -> dict[str, Any]:
    """The default of each argument that has one; what JSON cannot say, as Python shows it."""
    empty = inspect.Parameter.empty
    return {one.name: _said(one.default) for one in _parameters(found) if one.default is not empty}


def example(family: str, name: str, found: Any) -> tuple[Any, list[str]]:
    """A config for `kcore.registry.deserialize`, and the arguments whose values in it are examples.

    Where the component can be made from the examples, the config is the one that it gives of itself, in full; a
    function's config is its name. What no config is made of has None.
    """
    if family in ("backends", "formats"):
        return None, []
    if not isinstance(found, type):
        return name, []
    required = [one for one in _parameters(found) if one.default is inspect.Parameter.empty]
    given = {one.name: _sample(one) for one in required}
    plain = {"class_name": name, "config": {**given, **defaults(found)}}
    return _own_config(family, name, found, given) or plain, list(given)


def _own_config(family: str, name: str, found: Any, given: dict[str, Any]) -> Any:
    """What a component made from the arguments says of itself; None where that goes wrong, or another class is made."""
    from kcore.registry import deserialize

    try:
        made = deserialize({"class_name": name, "config": given}, family)
        if type(made) is not found:
            return None
        config = {"class_name": name, "config": made.get_config()}
        return config if json.loads(json.dumps(config)) == config else None
    except Exception:
        return None


def _parameters(found: Any) -> list[inspect.Parameter]:
    try:
        signature = inspect.signature(found)
    except (TypeError, ValueError):
        return []
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return [one for one in signature.parameters.values() if one.kind in named]


def _sample(parameter: inspect.Parameter) -> Any:
    annotation = parameter.annotation
    spelled = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "")
    first = spelled.partition("|")[0].strip()
    return _SAMPLES.get(first, f"<{parameter.name}>")


def _said(value: Any) -> Any:
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError, RecursionError):
        return repr(value)
