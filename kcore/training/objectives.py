"""What ``compile`` was told: losses and metrics by output, resolved from names to components."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kcore.components.loss import FunctionLoss, Loss
from kcore.components.metric import FunctionMetric, Metric
from kcore.engine.types import Array
from kcore.errors.components import InvalidArgumentError
from kcore.errors.training import DataStructureError
from kcore.registry import registry


def as_loss(identifier: Any) -> Loss:
    """A loss from its name, config, class, function, or itself.

    Raises:
        InvalidArgumentError: none of these.
    """
    found = registry("losses").get(identifier)
    if isinstance(found, type) and issubclass(found, Loss):
        found = found()
    if isinstance(found, Loss):
        return found
    if callable(found):
        return FunctionLoss(found)
    raise InvalidArgumentError(
        component="compile", argument="loss", value=identifier, allowed="a name, a config, a Loss, or a function"
    )


def as_metric(identifier: Any) -> Metric:
    """A metric from its name, config, class, function, or itself; a name is also what logs call it.

    Raises:
        InvalidArgumentError: none of these.
    """
    found = registry("metrics").get(identifier)
    if isinstance(found, type) and issubclass(found, Metric):
        found = found()
    if callable(found) and not isinstance(found, Metric):
        found = FunctionMetric(found)
    if not isinstance(found, Metric):
        raise InvalidArgumentError(
            component="compile", argument="metrics", value=identifier, allowed="names, configs, Metrics, or functions"
        )
    if isinstance(identifier, str):
        found.name = identifier.rpartition(">")[2]
    return found


def logged(metric: Metric) -> Array:
    """The metric's result, for the logs.

    Raises:
        InvalidArgumentError: the result is not one number.
    """
    value = metric.result()
    if np.shape(value) != ():
        raise _not_one_number(metric, f"its result has the shape {np.shape(value)}")
    return value


def _not_one_number(metric: Metric, found: str) -> InvalidArgumentError:
    return InvalidArgumentError(
        component="compile",
        argument="metrics",
        value=metric.name,
        allowed="metrics whose result is one number, as logs hold numbers",
        found=found,
    )


def by_output(model: str, what: str, names: Sequence[str], given: Any) -> list[Any]:
    """A setting per output, from one for all, a list in order, or a dictionary by name.

    Raises:
        DataStructureError: a list of another length, or a name that is no output.
    """
    if isinstance(given, dict) and "class_name" not in given:
        unknown = set(given) - set(names)
        if unknown:
            raise DataStructureError(
                model=model, what="output", expected=names, given=f"{what} for {sorted(map(str, unknown))}"
            )
        return [given.get(name) for name in names]
    if isinstance(given, list | tuple):
        if len(given) != len(names):
            raise DataStructureError(model=model, what="output", expected=names, given=f"{len(given)} {what}")
        return list(given)
    return [given] * len(names)


def metrics_by_output(model: str, names: Sequence[str], given: Any) -> list[list[Any]]:
    """The metrics of each output: a flat list serves every output, a dictionary or a list of lists chooses."""
    if given is None:
        return [[] for _ in names]
    nested = isinstance(given, dict) or (
        isinstance(given, list | tuple) and len(names) > 1 and any(isinstance(item, list | tuple) for item in given)
    )
    chosen = by_output(model, "metrics", names, given) if nested else [given for _ in names]
    return [list(item) if isinstance(item, list | tuple) else [] if item is None else [item] for item in chosen]


class Objectives:
    """Losses, their weights, and metrics, one entry per output of the model.

    Attributes:
        losses: per output; ``None`` for an output that is not trained.
        loss_weights: per output.
        metrics: per output.
        weighted_metrics: per output; these count each sample with its weight.
        given: the arguments as they were, for the file.
    """

    def __init__(
        self,
        model: str,
        outputs: Sequence[str],
        loss: Any,
        metrics: Any,
        loss_weights: Any,
        weighted_metrics: Any = None,
    ) -> None:
        if isinstance(loss, list | tuple | dict) and not loss:
            raise InvalidArgumentError(
                component="compile", argument="loss", value=loss, allowed="a loss for at least one output"
            )
        self.given = {
            "loss": loss,
            "metrics": metrics,
            "loss_weights": loss_weights,
            "weighted_metrics": weighted_metrics,
        }
        self.outputs = list(outputs)
        self.losses: list[Loss | None] = [
            None if item is None else as_loss(item) for item in by_output(model, "losses", outputs, loss)
        ]
        weights = by_output(model, "loss weights", outputs, 1.0 if loss_weights is None else loss_weights)
        self.loss_weights = [1.0 if weight is None else float(weight) for weight in weights]
        self.metrics, self.weighted_metrics = (
            [[as_metric(item) for item in items] for items in metrics_by_output(model, outputs, given)]
            for given in (metrics, weighted_metrics)
        )
        for metric in (metric for metrics in self.all_metrics() for metric in metrics):
            if metric.several():
                raise _not_one_number(metric, f"{type(metric).__name__} has one result per {metric.several()}")

    @property
    def needs_labels(self) -> bool:
        """Whether any loss or metric compares with labels; else the model's own losses are all there is."""
        return any(loss is not None for loss in self.losses) or any(self.all_metrics())

    def all_metrics(self) -> list[list[Metric]]:
        """Per output, in the order of the logs."""
        return [[*plain, *weighted] for plain, weighted in zip(self.metrics, self.weighted_metrics, strict=True)]

    def names(self) -> list[str]:
        """What logs hold, in order: the loss, the loss of each output if there are several, then the metrics."""
        names = ["loss"]
        several = len(self.outputs) > 1
        if several:
            names += [f"{output}_loss" for output, loss in zip(self.outputs, self.losses, strict=True) if loss]
        for output, metrics in zip(self.outputs, self.all_metrics(), strict=True):
            names += [f"{output}_{metric.name}" if several else metric.name for metric in metrics]
        return _distinct(names)


def _distinct(names: Sequence[str]) -> list[str]:
    """The names, numbered where one comes twice."""
    seen: dict[str, int] = {}
    result = []
    for name in names:
        count = seen.get(name, 0)
        seen[name] = count + 1
        result.append(name if not count else f"{name}_{count}")
    return result
