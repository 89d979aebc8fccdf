"""Nested lists, tuples and dictionaries of arrays: taking the leaves out and putting others in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any


def leaves(tree: Any) -> list[Any]:
    """The leaves from left to right; dictionaries in the order of their keys' insertion; ``None`` has no leaf."""
    if tree is None:
        return []
    if isinstance(tree, dict):
        return [leaf for part in tree.values() for leaf in leaves(part)]
    if isinstance(tree, list | tuple):
        return [leaf for part in tree for leaf in leaves(part)]
    return [tree]


def rebuild(tree: Any, new: Sequence[Any]) -> Any:
    """``tree`` with its leaves replaced by ``new``, in the same order."""
    return _rebuild(tree, iter(new))


def map_leaves(function: Callable[[Any], Any], tree: Any) -> Any:
    """``tree`` with ``function`` applied to every leaf."""
    return rebuild(tree, [function(leaf) for leaf in leaves(tree)])


def structure(tree: Any) -> Any:
    """Something hashable that is equal for trees of the same form."""
    if tree is None:
        return None
    if isinstance(tree, dict):
        return ("dict", *((key, structure(part)) for key, part in tree.items()))
    if isinstance(tree, list | tuple):
        return (type(tree).__name__, *map(structure, tree))
    return "leaf"


def _rebuild(tree: Any, new: Iterator[Any]) -> Any:
    if tree is None:
        return None
    if isinstance(tree, dict):
        return {key: _rebuild(part, new) for key, part in tree.items()}
    if isinstance(tree, list | tuple):
        parts = [_rebuild(part, new) for part in tree]
        # A named tuple takes its fields one by one.
        return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)
    return next(new)
