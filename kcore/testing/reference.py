"""Read recorded reference numbers: results of other frameworks, stored with their inputs and versions.

A reference file is an ``.npz`` with one member ``meta`` (a JSON text) and one flat array per dtype.
Every array of every case is a slice of a flat array, and equal arrays are stored once:
a thousand small arrays stay a small file.
Needs NumPy only.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

FORMAT = 1

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Case:
    """One recorded case. Cases of the same ``name`` have the same config and inputs, from different sources.

    Attributes:
        name: ``component/variant``, for example ``"Dense/relu"``; unique in a file together with ``source``.
        source: who computed them: ``"tf_keras"``, ``"keras3"``, ``"torch"``, ``"sklearn"`` or ``"tf_keras.legacy"``.
        versions: versions of the packages behind ``source``.
        config: constructor or keyword arguments under Keras 2's names, as JSON values.
        arrays: inputs and results by name.
        note: what is particular about these numbers; often empty.
    """

    name: str
    source: str
    versions: Mapping[str, str]
    config: Mapping[str, Any]
    arrays: Mapping[str, Array]
    note: str = field(default="")

    @property
    def component(self) -> str:
        """The part of the name before the first slash."""
        return self.name.split("/", 1)[0]

    def __str__(self) -> str:
        return f"{self.name}@{self.source}"


def load_cases(path: str | os.PathLike[str]) -> list[Case]:
    """Read every case of a reference file, in recorded order.

    The arrays are read-only views.

    Args:
        path: the ``.npz`` file.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is not a reference file of a known format.
    """
    with np.load(path, allow_pickle=False) as archive:
        if "meta" not in archive.files:
            raise ValueError(f"{os.fspath(path)} is not a reference file: it has no member 'meta'.")
        meta = json.loads(archive["meta"].item())
        if meta.get("format") != FORMAT:
            raise ValueError(
                f"{os.fspath(path)} has reference format {meta.get('format')!r}; this version reads format {FORMAT}."
            )
        pools = {member: archive[member] for member in archive.files if member != "meta"}
    for pool in pools.values():
        pool.flags.writeable = False
    return [_case(entry, meta, pools) for entry in meta["cases"]]


def _case(entry: Mapping[str, Any], meta: Mapping[str, Any], pools: Mapping[str, Array]) -> Case:
    arrays: dict[str, Array] = {}
    for name, (pool, offset, shape) in entry["arrays"].items():
        arrays[name] = pools[pool][offset : offset + math.prod(shape)].reshape(shape)
    return Case(
        name=entry["name"],
        source=entry["source"],
        versions=dict(meta["versions"][entry["source"]]),
        config=entry["config"],
        arrays=arrays,
        note=entry.get("note", ""),
    )


def glorot_uniform_weights(shapes: Iterable[Sequence[int]], key: int) -> list[Array]:
    """Draw a reference network's initial weights: the same float32 arrays with every NumPy, on every machine.

    One Philox-4x64 bit stream with the given key serves all arrays in order. Each raw 64-bit word ``r`` gives
    ``u = (r >> 11) / 2**53`` in [0, 1) and the value ``(2 * u - 1) * limit`` with
    ``limit = sqrt(6 / (fan_in + fan_out))`` (Glorot and Bengio, 2010), computed in float64, then rounded.
    NumPy promises never to change a bit generator's raw stream (NEP 19), but makes no such promise for
    ``Generator``'s distributions; so raw words are used.

    Args:
        shapes: one shape per array. Length 1: a bias, zeros, which takes nothing from the stream.
            Longer: a kernel (..., inputs, outputs); the leading axes are the receptive field.
        key: the Philox key.
    """
    bits = np.random.Philox(key=key)
    weights: list[Array] = []
    for given in shapes:
        shape = tuple(int(size) for size in given)
        if len(shape) < 2:
            weights.append(np.zeros(shape, np.float32))
            continue
        receptive_field = math.prod(shape[:-2])
        limit = math.sqrt(6.0 / (receptive_field * (shape[-2] + shape[-1])))
        raw = np.asarray(bits.random_raw(math.prod(shape)), dtype=np.uint64)
        uniform = (raw >> np.uint64(11)).astype(np.float64) * 2.0**-53
        weights.append(((2.0 * uniform - 1.0) * limit).astype(np.float32).reshape(shape))
    return weights


def sha256_of(array: Array) -> str:
    """The SHA-256 checksum, in hexadecimal, of an array's little-endian C-ordered bytes."""
    little = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"))
    return hashlib.sha256(little.tobytes()).hexdigest()
