"""What outputs are compared with: labels, and the weights of samples and classes, one entry per output of the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kcore.engine.types import Array, Shape
from kcore.errors.components import InvalidArgumentError, LabelShapeError
from kcore.errors.training import DataStructureError
from kcore.training.inputs import arrange, as_array


def label(what: str, name: str, count: int) -> str:
    """What an array is called in errors: by the name of its output if there are several."""
    return what if count == 1 else f"{what}[{name!r}]"


def labels_in_order(model: str, names: Sequence[str], y: Any) -> list[Array]:
    """``y`` as arrays in the order of the model's outputs; none for none."""
    items = [] if y is None else arrange(model, "output", names, y)
    return [as_array(label("y", name, len(names)), item) for name, item in zip(names, items, strict=False)]


def weights_in_order(
    model: str,
    purpose: str,
    names: Sequence[str],
    labels: Sequence[Array],
    shapes: Sequence[Shape],
    sample_weight: Any,
    class_weight: Any,
) -> list[Array]:
    """The weight of each sample, or of each sample and step, in the order of the outputs; none if none are given.

    Args:
        model: its name, for errors.
        purpose: what they are for, for errors.
        names: of the outputs.
        labels: as ``labels_in_order`` gives them.
        shapes: of the outputs.
        sample_weight: one array for all outputs, or a list or dictionary of arrays by output.
        class_weight: the weight of each class by its number, for all outputs; or a list or dictionary of such.

    Raises:
        InvalidArgumentError: there are no labels that weights could belong to, or class weights that are none.
        DataStructureError: entries for outputs that the model does not have.
        LabelShapeError: weights of another shape than (samples,) or (samples, steps).
    """
    if sample_weight is None and class_weight is None:
        return []
    if not labels:
        argument, value = ("class_weight", class_weight) if sample_weight is None else ("sample_weight", sample_weight)
        raise InvalidArgumentError(component=purpose, argument=argument, value=value, allowed="None without labels")
    alone = not isinstance(sample_weight, list | tuple | dict) or _is_plain_list(sample_weight)
    items = [sample_weight] * len(names) if alone else arrange(model, "output", names, sample_weight)
    weights = [
        np.ones(len(values)) if item is None else as_array(label("sample_weight", name, len(names)), item)
        for name, item, values in zip(names, items, labels, strict=True)
    ]
    for weight, values in zip(weights, labels, strict=True):
        # One weight too many or too few is an error of lengths, which is found with those of all arrays.
        if weight.ndim > max(values.ndim, 1) or weight.shape[1:] != values.shape[1 : weight.ndim]:
            raise LabelShapeError(
                component="sample_weight",
                labels=weight.shape,
                predictions=values.shape,
                expected="weights of shape (samples,), or (samples, steps) for labels of every step",
            )
    chosen = _class_weights_by_output(model, purpose, names, class_weight)
    return [
        weight if classes is None else _times(weight, class_weights_as_sample_weights(values, classes, shape))
        for weight, classes, values, shape in zip(weights, chosen, labels, shapes, strict=True)
    ]


def class_weights_as_sample_weights(labels: Array, class_weight: Mapping[Any, float], shape: Shape) -> Array:
    """The weight of each label's class, 1 for classes that have none.

    Args:
        labels: class numbers, (samples, ...) or (samples, ..., 1), or one-hot rows of the output's shape.
        class_weight: weights by class number.
        shape: of the output, (batch, ..., classes).
    """
    one_hot = labels.ndim == len(shape) and labels.ndim > 1 and labels.shape[-1] > 1
    numbers = labels.argmax(axis=-1) if one_hot else labels
    if not one_hot and labels.ndim > 1 and labels.shape[-1] == 1:
        numbers = numbers[..., 0]
    numbers = numbers.astype(np.int64)
    weights = np.ones(numbers.shape, np.float64)
    for number, weight in class_weight.items():
        weights[numbers == int(number)] = float(weight)
    return weights


def _class_weights_by_output(model: str, purpose: str, names: Sequence[str], given: Any) -> list[Any]:
    """A mapping of class numbers to weights for each output, ``None`` for none."""
    if given is None or (isinstance(given, dict) and all(_is_class_number(key) for key in given)):
        chosen: list[Any] = [given] * len(names)
    elif isinstance(given, dict):
        unknown = sorted(str(key) for key in given if key not in names)
        if unknown:
            raise DataStructureError(model=model, what="output", expected=names, given=f"class weights for {unknown}")
        chosen = [given.get(name) for name in names]
    else:
        chosen = list(given) if isinstance(given, list | tuple) and len(given) == len(names) else [given]
    for classes in chosen:
        valid = isinstance(classes, dict) and all(
            _is_class_number(key) and isinstance(weight, int | float | np.number) and weight >= 0
            for key, weight in classes.items()
        )
        if classes is not None and not valid:
            raise InvalidArgumentError(
                component=purpose,
                argument="class_weight",
                value=given,
                allowed="{class number: weight of at least 0}, or such a dictionary for each output by its name",
            )
    return chosen


def _is_class_number(key: Any) -> bool:
    return isinstance(key, int | np.integer) and not isinstance(key, bool)


def _is_plain_list(values: Any) -> bool:
    """Whether a list holds the weights themselves, not an array for each output."""
    return isinstance(values, list | tuple) and all(isinstance(value, int | float | np.number) for value in values)


def _times(weights: Array, factors: Array) -> Array:
    """The product; weights of samples count for all their steps, and the other way round."""
    axes = max(weights.ndim, factors.ndim)
    first, second = (x.reshape(*x.shape, *(1,) * (axes - x.ndim)) for x in (weights, factors))
    product: Array = first * second
    return product
