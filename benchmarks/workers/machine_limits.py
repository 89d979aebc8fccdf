"""What NumPy gets out of this machine: ``machine_limits.py THREADS SIZE MEBIBYTES REPEATS``.

The rate of a large float32 matrix product, and the bandwidth of copying and of a triad (a = b + s c) over arrays that
fit into no cache. Bytes are counted as STREAM does: two arrays for the copy, three for the triad.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

CHUNK = 32768
"""Elements of the triad at a time: its intermediate result stays in a cache, as in a fused loop it would in a register."""

Array = np.ndarray[Any, Any]


def best(call: Callable[[], object], repeats: int) -> float:
    """Seconds of the fastest of some calls."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def triad(out: Array, b: Array, c: Array) -> None:
    product = np.empty(CHUNK, out.dtype)
    for start in range(0, len(out), CHUNK):
        part = slice(start, start + CHUNK)
        np.multiply(c[part], 3.0, out=product)
        np.add(b[part], product, out=out[part])


def main(threads: int, size: int, mebibytes: int, repeats: int) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.random((2, size, size), np.float32)
    out = np.empty_like(x)
    product = best(lambda: np.matmul(x, y, out=out), repeats * 2)
    count = mebibytes * 2**20 // 4 // (threads * CHUNK) * threads * CHUNK
    a, b, c = (np.ones(count, np.float32) for _ in range(3))
    share = count // threads
    parts = [slice(number * share, (number + 1) * share) for number in range(threads)]
    with ThreadPoolExecutor(threads) as pool:
        copying = best(lambda: list(pool.map(lambda part: np.copyto(a[part], b[part]), parts)), repeats)
        adding = best(lambda: list(pool.map(lambda part: triad(a[part], b[part], c[part]), parts)), repeats)
    result = {
        "threads": threads,
        "numpy": np.__version__,
        "gemm_gflops": 2 * size**3 / product / 1e9,
        "copy_gbs": 2 * a.nbytes / copying / 1e9,
        "triad_gbs": 3 * a.nbytes / adding / 1e9,
    }
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
