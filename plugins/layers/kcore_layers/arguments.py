"""Constructor arguments of layers: checked, and brought into one form."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kcore import Array, activations, image_data_format
from kcore.errors import InvalidArgumentError

DATA_FORMATS = ("channels_last", "channels_first")
PADDINGS = ("valid", "same")


def is_integer(value: Any) -> bool:
    """Whether ``value`` is an integer of Python or NumPy, and no bool."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def positive_integer(layer: str, argument: str, value: Any) -> int:
    """``value`` as an int.

    Raises:
        InvalidArgumentError: it is no integer, or smaller than 1.
    """
    if not is_integer(value) or value < 1:
        raise InvalidArgumentError(component=layer, argument=argument, value=value, allowed="an integer of at least 1")
    return int(value)


def positive_integers(layer: str, argument: str, value: Any, length: int) -> tuple[int, ...]:
    """One integer per spatial axis; a single integer stands for all of them.

    Raises:
        InvalidArgumentError: the number of entries is not ``length``, or one is no integer or smaller than 1.
    """
    return integers_from(1, layer, argument, value, length)


def integers_from(lowest: int, layer: str, argument: str, value: Any, length: int) -> tuple[int, ...]:
    """One integer of at least ``lowest`` per spatial axis; a single integer stands for all of them.

    Raises:
        InvalidArgumentError: the number of entries is not ``length``, or one is no integer or smaller.
    """
    entries = (value,) * length if is_integer(value) else value
    if not _integers(entries, lowest, length):
        raise InvalidArgumentError(
            component=layer,
            argument=argument,
            value=value,
            allowed=f"an integer of at least {lowest}"
            + (f", or {length} of them, one for each spatial axis" if length > 1 else ", or a tuple of one"),
        )
    return tuple(int(entry) for entry in entries)


def _integers(entries: Any, lowest: int, length: int) -> bool:
    """Whether it is a sequence of so many integers of at least ``lowest``."""
    return (
        isinstance(entries, Sequence)
        and len(entries) == length
        and all(is_integer(entry) and entry >= lowest for entry in entries)
    )


def borders(layer: str, argument: str, value: Any, length: int) -> tuple[tuple[int, int], ...]:
    """Widths (before, after) per spatial axis; an integer stands for both, and for all axes.

    For one axis the pair itself is given; for more there is an integer or a pair for each axis.

    Raises:
        InvalidArgumentError: another form, or a width that is no integer or negative.
    """
    entries = (value,) * length if is_integer(value) or length == 1 else value
    if isinstance(entries, Sequence) and len(entries) == length:
        pairs = [(entry, entry) if is_integer(entry) else entry for entry in entries]
        if all(_integers(pair, 0, 2) for pair in pairs):
            return tuple((int(before), int(after)) for before, after in pairs)
    forms = "an integer of at least 0, or a pair of them for before and after"
    if length > 1:
        forms = f"an integer of at least 0, {length} of them, or {length} pairs of them for before and after"
    raise InvalidArgumentError(component=layer, argument=argument, value=value, allowed=forms)


def optional_seed(layer: str, value: Any) -> int | None:
    """``None``, or the seed as an int.

    Raises:
        InvalidArgumentError: it is no integer, or negative.
    """
    if value is not None and (not is_integer(value) or value < 0):
        raise InvalidArgumentError(
            component=layer, argument="seed", value=value, allowed="None, or an integer of at least 0"
        )
    return None if value is None else int(value)


def bounded_number(
    layer: str,
    argument: str,
    value: Any,
    allowed: str = "a finite number",
    within: Callable[[float], bool] = math.isfinite,
) -> float:
    """``value`` as a float.

    Args:
        layer, argument, value, allowed: for the error.
        within: whether a finite number is allowed.

    Raises:
        InvalidArgumentError: it is no finite number, or one that is not allowed.
    """
    number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or not within(float(value)):
        raise InvalidArgumentError(component=layer, argument=argument, value=value, allowed=allowed)
    return float(value)


def dropped_fraction(layer: str, argument: str, value: Any) -> float:
    """The probability of an entry to be dropped, as a float.

    Raises:
        InvalidArgumentError: it is no number, or not in 0 <= value < 1.
    """
    return bounded_number(layer, argument, value, "a number from 0 to below 1", lambda rate: 0 <= rate < 1)


def distinct_integers(
    layer: str, argument: str, value: Any, allowed: str, within: Callable[[int], bool] | None = None
) -> tuple[int, ...]:
    """An integer, or a sequence of different ones, as a tuple.

    Args:
        layer, argument, value, allowed: for the error.
        within: whether an integer is allowed; all are by default.

    Raises:
        InvalidArgumentError: an entry is no integer, not allowed, or there twice, or there is none.
    """
    entries: Any = (value,) if is_integer(value) else value
    if (
        not isinstance(entries, list | tuple)
        or not entries
        or not all(is_integer(entry) and (within is None or within(int(entry))) for entry in entries)
        or len(set(entries)) < len(entries)
    ):
        raise InvalidArgumentError(component=layer, argument=argument, value=value, allowed=allowed)
    return tuple(int(entry) for entry in entries)


def one_of(layer: str, argument: str, value: Any, allowed: Sequence[str]) -> str:
    """One of the names in ``allowed``, in lower case.

    Raises:
        InvalidArgumentError: anything else.
    """
    name = value.lower() if isinstance(value, str) else value
    if name not in allowed:
        raise InvalidArgumentError(component=layer, argument=argument, value=value, allowed=allowed)
    return str(name)


def padding_name(layer: str, value: Any, allowed: Sequence[str] = PADDINGS) -> str:
    """``"valid"`` or ``"same"``, in lower case, or what else is allowed.

    Raises:
        InvalidArgumentError: anything else.
    """
    return one_of(layer, "padding", value, allowed)


def data_format_name(layer: str, value: Any) -> str:
    """``"channels_last"`` or ``"channels_first"``; ``None`` gives ``kcore.image_data_format()``.

    Raises:
        InvalidArgumentError: anything else.
    """
    return one_of(layer, "data_format", image_data_format() if value is None else value, DATA_FORMATS)


def activation_function(layer: str, value: Any, argument: str = "activation") -> Callable[[Array], Array]:
    """The function for an activation's name, config, or the function itself; ``None`` is linear.

    Raises:
        InvalidArgumentError: nothing that can be called.
        UnknownComponentError: no activation has this name.
    """
    found = activations.get("linear" if value is None else value)
    if not callable(found):
        raise InvalidArgumentError(
            component=layer,
            argument=argument,
            value=value,
            allowed="None, the name of an activation, or a function of an array",
        )
    return found  # type: ignore[no-any-return]
