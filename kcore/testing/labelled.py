"""Labels and predictions of every kind that losses and metrics take, drawn at random; and what is refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kcore.engine.types import Array

LABELS = ("real", "positive", "unit", "binary", "signs", "counts", "one_hot", "class_numbers", "distribution")
PREDICTIONS = ("real", "positive", "unit", "distribution")


def drawn_labels(kind: str, shape: Sequence[int], rng: np.random.Generator, axis: int = -1) -> Array:
    """Labels for predictions of a shape.

    Args:
        kind: ``"real"`` numbers; ``"positive"``; ``"unit"``, 0..1; ``"binary"``, 0 and 1; ``"signs"``, -1 and 1;
            ``"counts"``; ``"one_hot"``; ``"class_numbers"``, which lack the axis; ``"distribution"``, of sum 1.
        shape: of the predictions.
        rng: where they are drawn from.
        axis: of the classes.

    Raises:
        KeyError: there is no such kind.
    """
    position = axis % len(shape)
    classes = shape[position]
    numbers = rng.integers(0, classes, (*shape[:position], *shape[position + 1 :]))
    uniform = rng.uniform(0.1, 1.0, tuple(shape))
    # Every kind draws the same, so that a case's predictions do not depend on the kind of its labels.
    kinds: dict[str, Callable[[], Any]] = {
        "real": lambda: (uniform - 0.5) * 4,
        "positive": lambda: uniform * 3,
        "unit": lambda: uniform,
        "binary": lambda: (uniform > 0.5).astype("int64"),
        "signs": lambda: np.where(uniform > 0.5, 1, -1),
        "counts": lambda: np.floor(uniform * 5).astype("int64"),
        "one_hot": lambda: np.moveaxis(np.eye(classes)[numbers], -1, position),
        "class_numbers": lambda: numbers,
        "distribution": lambda: uniform / uniform.sum(position, keepdims=True),
    }
    return np.asarray(kinds[kind]())


def drawn_predictions(kind: str, shape: Sequence[int], rng: np.random.Generator, axis: int = -1) -> Array:
    """Predictions in float64: ``"real"`` numbers, ``"positive"``, ``"unit"`` in 0..1, or a ``"distribution"``.

    Raises:
        KeyError: there is no such kind.
    """
    normal, uniform = rng.normal(size=tuple(shape)), rng.uniform(0.05, 0.95, tuple(shape))
    kinds: dict[str, Callable[[], Any]] = {
        "real": lambda: normal * 2,
        "positive": lambda: uniform * 3,
        "unit": lambda: uniform,
        "distribution": lambda: uniform / uniform.sum(axis, keepdims=True),
    }
    return np.asarray(kinds[kind]())


def refusal(kind: type[Exception], call: Callable[..., Any], *arguments: Any) -> str:
    """The text of the error of this kind that a call ends in; empty if it ends without one."""
    try:
        call(*arguments)
    except kind as error:
        return str(error)
    return ""
