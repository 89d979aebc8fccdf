"""A best-fit allocator that lays out blocks in one piece of memory before that piece exists."""

from __future__ import annotations

from bisect import bisect_left, insort

from kcore.engine.types import Array, ArrayType

ALIGNMENT = 64
"""Bytes; a cache line, and the widest vector register."""


class Block:
    """A range of the arena."""

    __slots__ = ("offset", "size")

    def __init__(self, offset: int, size: int) -> None:
        self.offset = offset
        self.size = size


class Arena:
    """Hands out blocks and takes them back; ``size`` is what all of it needs."""

    def __init__(self) -> None:
        self.size = 0
        self._by_size: list[tuple[int, int]] = []
        self._starts: dict[int, int] = {}
        self._ends: dict[int, int] = {}

    def allocate(self, nbytes: int) -> Block:
        size = max(ALIGNMENT, -(-nbytes // ALIGNMENT) * ALIGNMENT)
        position = bisect_left(self._by_size, (size, 0))
        if position < len(self._by_size):
            found, offset = self._by_size[position]
            self._take(offset, found)
            if found > size:
                self._give(offset + size, found - size)
            return Block(offset, size)
        # Nothing fits: grow, beginning in the free block at the end if there is one.
        offset = self._ends.get(self.size, self.size)
        if offset != self.size:
            self._take(offset, self.size - offset)
        self.size = offset + size
        return Block(offset, size)

    def free(self, block: Block) -> None:
        offset, size = block.offset, block.size
        before = self._ends.get(offset)
        if before is not None:
            self._take(before, offset - before)
            offset, size = before, size + offset - before
        after = self._starts.get(offset + size)
        if after is not None:
            self._take(offset + size, after)
            size += after
        self._give(offset, size)

    def _take(self, offset: int, size: int) -> None:
        del self._by_size[bisect_left(self._by_size, (size, offset))]
        del self._starts[offset]
        del self._ends[offset + size]

    def _give(self, offset: int, size: int) -> None:
        insort(self._by_size, (size, offset))
        self._starts[offset] = size
        self._ends[offset + size] = offset


def part(memory: Array, block: Block, type: ArrayType) -> Array:
    """An array of ``type`` at the place of ``block`` in the bytes of ``memory``."""
    return memory[block.offset : block.offset + type.nbytes].view(type.dtype).reshape(type.shape)
