"""Looking at all labels once, before training, for values that a loss has no meaning for."""

from __future__ import annotations

from typing import Any

import numpy as np

from kcore import Array
from kcore.errors import LabelValueError


def check_finite(component: str, labels: Array) -> None:
    """Refuse NaN and infinity: a single one makes every weight of the model NaN.

    Raises:
        LabelValueError: names the first such label and its position.
    """
    array = np.asarray(labels)
    if _range_within(array, -np.inf, np.inf):
        return
    _refuse(component, array, ~np.isfinite(array), "a label that is not a finite number", "finite numbers")


def check_unit_interval(component: str, labels: Array) -> None:
    """Refuse labels outside 0..1, NaN among them.

    Raises:
        LabelValueError: names the first such label and its position.
    """
    array = np.asarray(labels)
    if _range_within(array, 0, 1):
        return
    inside = (array >= 0) & (array <= 1)
    _refuse(component, array, ~inside, "a label outside 0..1", "probabilities, or 0 and 1 for no and yes")


def check_signs(component: str, labels: Array) -> None:
    """Refuse labels that are neither all among -1 and 1, nor all among 0 and 1.

    Raises:
        LabelValueError: names the first such label and its position.
    """
    array = np.asarray(labels)
    expected = "-1 and 1, or 0 and 1, for no and yes"
    signs = (array == -1) | (array == 0) | (array == 1)
    if not np.all(signs):
        _refuse(component, array, ~signs, "a label other than -1, 0 and 1", expected)
    if np.any(array == -1) and np.any(array == 0):
        _refuse(component, array, array == 0, "a label of 0 beside others of -1", expected)


def check_counts(component: str, labels: Array) -> None:
    """Refuse labels below 0, NaN and infinity.

    Raises:
        LabelValueError: names the first such label and its position.
    """
    array = np.asarray(labels)
    if _range_within(array, 0, np.inf):
        return
    fits = np.isfinite(array) & (array >= 0)
    _refuse(component, array, ~fits, "a label that is no count", "finite numbers of 0 or more")


def check_class_numbers(component: str, labels: Array, classes: int | None, ignored: int | None = None) -> None:
    """Refuse labels that are no whole numbers, or not in 0..classes-1.

    Args:
        component: for the error.
        labels: all class numbers.
        classes: number of classes; ``None`` if it is not known yet.
        ignored: one more label that is allowed.

    Raises:
        LabelValueError: names the first such label, its position, and the allowed range.
    """
    array = np.asarray(labels)
    if ignored is not None:
        # 0 is allowed, and so stands for what is not looked at.
        array = np.where(array == ignored, np.zeros((), array.dtype), array)
    last = np.inf if classes is None else classes - 1
    whole = array.dtype.kind in "biu" or bool(np.all(np.rint(array) == array))
    if whole and _range_within(array, 0, last):
        return
    expected = "class numbers from 0"
    if classes is not None:
        expected += f" to {classes - 1}, as there are {classes} classes"
    if classes == 1:
        expected = "the class number 0, as there is one class; one output for yes and no goes with binary_crossentropy"
    fits = (np.rint(array) == array) & (array >= 0) & (array <= last) & np.isfinite(array)
    _refuse(component, array, ~fits, "a label that is no class number", expected)


def _range_within(array: Array, low: float, high: float) -> bool:
    """Whether all is finite and in low..high; needs no temporary array. NaN passes through min, and fails here."""
    if not array.size:
        return True
    least, most = array.min(), array.max()
    return bool(np.isfinite(least) and np.isfinite(most) and least >= low and most <= high)


def _refuse(component: str, array: Array, bad: Array, problem: str, expected: str) -> None:
    """Raise for the first place where ``bad`` is true."""
    place = tuple(int(index) for index in np.unravel_index(int(np.argmax(bad)), bad.shape))
    example: Any = array[place].item()
    position = place[0] if len(place) == 1 else place
    raise LabelValueError(component=component, problem=problem, example=example, position=position, expected=expected)
