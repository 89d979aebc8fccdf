"""Masks: which arrays of a call have one, and how it gets from layer to layer.

A mask is a bool array of the first axes of what it belongs to, (batch, steps) for a sequence; ``False`` marks steps
that are only padding. Nothing is attached to the arrays themselves: the outermost call keeps a table.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class MaskTable:
    """The masks of the arrays that layers pass to each other, by the arrays' identity.

    An entry holds on to its array, so that no other array can take over its identity while the table lives.
    """

    __slots__ = ("_entries",)

    def __init__(self) -> None:
        self._entries: dict[int, tuple[Any, Any]] = {}

    def of(self, tensors: Any) -> Any:
        """The mask of an array, ``None`` if it has none; for a list of arrays a list, or ``None`` if none has one."""
        if isinstance(tensors, list | tuple):
            masks = [self._get(tensor) for tensor in tensors]
            return masks if any(mask is not None for mask in masks) else None
        return self._get(tensors)

    def put(self, tensors: Any, masks: Any) -> None:
        """Note the mask of an array, or those of a list of arrays; ``None`` for one, or for all, that have none."""
        if not isinstance(tensors, list | tuple):
            tensors, masks = [tensors], [masks]
        for tensor, mask in zip(tensors, [None] * len(tensors) if masks is None else masks, strict=True):
            if mask is None:
                self._entries.pop(id(tensor), None)
            else:
                self._entries[id(tensor)] = (tensor, mask)

    def _get(self, tensor: Any) -> Any:
        entry = self._entries.get(id(tensor))
        return None if entry is None else entry[1]

    @contextmanager
    def replaced(self, tensors: Any, masks: Any) -> Iterator[None]:
        """With these masks for a while, whatever the arrays had and will have again."""
        before = dict(self._entries)
        self.put(tensors, masks)
        try:
            yield
        finally:
            self._entries = before
