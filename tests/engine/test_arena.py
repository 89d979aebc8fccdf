"""The arena's blocks: disjoint, aligned, reused, and no larger in total than needed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kcore.engine.numpy_backend.arena import ALIGNMENT, Arena, Block


def rounded(nbytes: int) -> int:
    return max(ALIGNMENT, -(-nbytes // ALIGNMENT) * ALIGNMENT)


@given(st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 10**6)), max_size=60))
def test_live_blocks_are_aligned_disjoint_and_inside(steps: list[tuple[int, int]]) -> None:
    arena, live, total = Arena(), list[Block](), 0
    for nbytes, choice in steps:
        if live and choice % 2:
            arena.free(live.pop(choice % len(live)))
            continue
        block = arena.allocate(nbytes)
        total += rounded(nbytes)
        assert block.offset % ALIGNMENT == 0
        assert block.size >= nbytes
        assert block.offset + block.size <= arena.size
        for other in live:
            assert block.offset + block.size <= other.offset or other.offset + other.size <= block.offset
        live.append(block)
    assert arena.size <= total
    # Freed blocks merge: with all of them back, one block of the whole size fits without growth.
    for block in live:
        arena.free(block)
    size = arena.size
    if size:
        assert arena.allocate(size).offset == 0
    assert arena.size == size


def test_the_best_fit_is_taken() -> None:
    arena = Arena()
    large, _, small, _ = (arena.allocate(size) for size in (640, 64, 128, 64))
    arena.free(large)
    arena.free(small)
    assert arena.allocate(100).offset == small.offset
    assert arena.allocate(100).offset == large.offset
    assert arena.allocate(500).offset == large.offset + 128
    assert arena.size == 640 + 64 + 128 + 64


def test_growth_begins_in_the_free_block_at_the_end() -> None:
    arena = Arena()
    arena.allocate(64)
    arena.free(arena.allocate(128))
    assert arena.allocate(256).offset == 64
    assert arena.size == 64 + 256


def test_an_empty_value_has_a_place_of_its_own() -> None:
    arena = Arena()
    assert arena.allocate(0).offset != arena.allocate(0).offset
