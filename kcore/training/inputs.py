"""Checking what users hand to ``fit``, ``evaluate`` and ``predict`` before anything is computed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from kcore.engine.types import Array, Shape
from kcore.errors.training import (
    DataLengthError,
    DataShapeError,
    DataStructureError,
    DataTypeError,
    EmptyDataError,
)


class InputSlot(NamedTuple):
    """One input of a model, as its data has to look."""

    name: str
    layer: str
    shape: Shape
    dtype: str


def as_array(name: str, data: Any) -> Array:
    """``data`` as an array of numbers.

    Raises:
        DataTypeError: it holds something else, or rows of different lengths.
    """
    if hasattr(data, "to_numpy"):
        data = data.to_numpy()
    try:
        array = np.asarray(data)
    except ValueError as error:
        raise DataTypeError(name=name, found="rows of different lengths", advice=f"NumPy says: {error}.") from error
    if array.dtype.kind not in "biuf":
        kinds = {
            "O": "Python objects",
            "U": "strings",
            "S": "bytes",
            "M": "dates",
            "m": "durations",
            "c": "complex numbers",
        }
        raise DataTypeError(
            name=name,
            found=f"{kinds.get(array.dtype.kind, 'values')} (dtype {array.dtype})",
            advice="Convert it to an array of bool, integer or floating numbers first.",
        )
    if array.ndim == 0:
        raise DataTypeError(
            name=name, found="a single number", advice="The first axis of all data is the batch: one row per sample."
        )
    return array


def arrange(model: str, what: str, names: Sequence[str], data: Any) -> list[Any]:
    """``data`` (one array, a list, or a dictionary by name) as a list in the order of ``names``.

    Raises:
        DataStructureError: the number of arrays, or a name, is wrong.
    """
    if isinstance(data, dict):
        if set(data) != set(names):
            raise DataStructureError(
                model=model, what=what, expected=names, given=f"the names {sorted(map(str, data))}"
            )
        return [data[name] for name in names]
    if isinstance(data, list | tuple) and (len(names) > 1 or _is_list_of_arrays(data)):
        if len(data) != len(names):
            raise DataStructureError(model=model, what=what, expected=names, given=f"a list of {len(data)}")
        return list(data)
    if len(names) != 1:
        raise DataStructureError(model=model, what=what, expected=names, given=f"one {type(data).__name__}")
    return [data]


def _is_list_of_arrays(data: Sequence[Any]) -> bool:
    # A plain nested list of numbers is one array; a list of arrays is several.
    return len(data) == 1 and hasattr(data[0], "shape") and len(data[0].shape) > 0


def check_inputs(model: str, slots: Sequence[InputSlot], arrays: Sequence[Array]) -> list[Array]:
    """Arrays of the shape that the model's inputs state; (samples,) gets an axis for an input of (batch, 1).

    Raises:
        DataShapeError: an array's shape does not fit.
    """
    checked = []
    for slot, given in zip(slots, arrays, strict=True):
        array = given
        if array.ndim == 1 and len(slot.shape) == 2 and slot.shape[1] == 1:
            array = array[:, np.newaxis]
        fits = array.ndim == len(slot.shape) and all(
            size in (None, found) for size, found in zip(slot.shape[1:], array.shape[1:], strict=True)
        )
        if not fits:
            advice = ""
            if array.shape == tuple(slot.shape[1:]):
                advice = "This looks like a single sample: give it a batch axis with x[np.newaxis]."
            elif array.ndim == len(slot.shape) - 1 and slot.shape[-1] == 1 and slot.shape[1:-1] == array.shape[1:]:
                advice = "The channel axis is missing: add it with x[..., np.newaxis]."
            raise DataShapeError(
                model=model, name=slot.name, layer=slot.layer, expected=slot.shape, given=array.shape, advice=advice
            )
        checked.append(array)
    return checked


def check_lengths(purpose: str, named: dict[str, Array]) -> int:
    """The common number of samples.

    Raises:
        DataLengthError: the arrays differ in length.
        EmptyDataError: there is none.
    """
    lengths = {name: len(array) for name, array in named.items()}
    if len(set(lengths.values())) > 1:
        raise DataLengthError(lengths=lengths)
    count = next(iter(lengths.values()))
    if count == 0:
        raise EmptyDataError(purpose=purpose, reason=f"{next(iter(lengths))} has length 0")
    return count
