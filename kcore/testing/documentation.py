"""Whether a component says what it is: a docstring of its own, and annotations."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

_EMPTY = inspect.Parameter.empty


def check_documented(target: Any) -> None:
    """The class or function has a docstring of its own that begins with a sentence, and names each of its arguments."""
    target = inspect.unwrap(target) if not isinstance(target, type) else target
    text = inspect.cleandoc(vars(target).get("__doc__") or "") if isinstance(target, type) else inspect.getdoc(target)
    assert text, f"{_name(target)} has no docstring"
    first = text.split("\n\n")[0].strip()
    assert first.endswith((".", ":", "::")), f"the docstring of {_name(target)} begins with no sentence: {first!r}"
    own = vars(target).get("__init__") if isinstance(target, type) else target
    if own is None:
        return
    documented = f"{text}\n{inspect.getdoc(own) or ''}"
    missing = [one.name for one in _parameters(own) if one.name not in documented]
    assert not missing, f"the docstring of {_name(target)} does not name its arguments {', '.join(missing)}"


def check_annotated(target: Any) -> None:
    """Each parameter and result is annotated: of the function, or of the class's own public methods and constructor."""
    problems = [problem for function in _functions(target) for problem in _missing(function)]
    assert not problems, f"{_name(target)} lacks annotations: {'; '.join(problems)}"


def _functions(target: Any) -> Iterator[Any]:
    if not isinstance(target, type):
        yield inspect.unwrap(target)
        return
    for name, value in vars(target).items():
        function = value.fget if isinstance(value, property) else getattr(value, "__func__", value)
        public = not name.startswith("_") or name in ("__init__", "__call__")
        if public and inspect.isfunction(function) and function.__module__ == target.__module__:
            yield function


def _missing(function: Any) -> Iterator[str]:
    signature = inspect.signature(function)
    for parameter in _parameters(function):
        if parameter.annotation is _EMPTY:
            yield f"{function.__name__}({parameter.name})"
    if signature.return_annotation is _EMPTY:
        yield f"{function.__name__}() -> ?"


def _parameters(function: Any) -> list[inspect.Parameter]:
    """Without the instance or the class."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return []
    method = "." in getattr(function, "__qualname__", "").rpartition("<locals>.")[2]
    named = parameters[1:] if method and parameters and parameters[0].name in ("self", "cls") else parameters
    return [one for one in named if one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)]


def _name(target: Any) -> str:
    return str(getattr(target, "__name__", type(target).__name__))
