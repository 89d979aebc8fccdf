"""The steps: train, test and predict, each one program from the batch to the new weights and logs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kcore.components.call_context import call_context, current_context
from kcore.components.layer import Layer
from kcore.components.loss import masked_weights
from kcore.components.metric import Mean, Metric
from kcore.components.optimizer import Optimizer
from kcore.engine.autodiff import gradients
from kcore.engine.compiled import CompiledFunction, Replay
from kcore.engine.types import Array, ArrayType
from kcore.errors.training import NoLossError
from kcore.ops import cast
from kcore.training.objectives import Objectives, logged


class Steps:
    """The compiled steps of one model. Made by ``compile``; made anew when the model changes.

    Args:
        model: a layer that maps inputs to outputs.
        objectives: losses and metrics.
        optimizer: with its slots built, once ``train`` is used.
    """

    def __init__(self, model: Layer, objectives: Objectives, optimizer: Optimizer) -> None:
        self.model = model
        self.objectives = objectives
        self.optimizer = optimizer
        # Fixed now: later changes of ``trainable`` wait for the next compile, whatever is traced until then.
        self.parameters = model.trainable_weights
        self.frozen = frozenset(inside for layer in model.walk() if not layer.trainable for inside in layer.walk())
        self.total = Mean(name="loss")
        several = len(objectives.outputs) > 1
        self.parts = [Mean(name=name) if several else None for name in objectives.outputs]
        self.train = BatchedStep(self._train)
        self.test = BatchedStep(self._test)

    @property
    def metrics(self) -> list[Metric]:
        """Everything that accumulates, in the order of the logs."""
        parts = [
            part for part, loss in zip(self.parts, self.objectives.losses, strict=True) if part is not None and loss
        ]
        return [self.total, *parts, *(metric for metrics in self.objectives.all_metrics() for metric in metrics)]

    def reset_metrics(self) -> None:
        """Forget all batches so far."""
        for metric in self.metrics:
            metric.reset()

    def _train(self, inputs: Sequence[Any], labels: Sequence[Any], weights: Sequence[Any]) -> dict[str, Any]:
        losses: list[Any] = []
        with call_context(training=True, losses=losses, frozen=self.frozen):
            outputs, masks = call_with_masks(self.model, inputs, True)
        with call_context(training=True):
            total = self._loss(outputs, masks, labels, weights, losses)
        self.optimizer.apply(gradients(total, self.parameters), self.parameters)
        trained = set(self.parameters)
        for layer in self.model.walk():
            for variable, constraint in layer.constraints:
                if variable in trained:
                    variable.assign(constraint(variable))  # type: ignore[arg-type]
        with call_context(training=True):
            return self._logs(outputs, masks, labels, weights)

    def _test(self, inputs: Sequence[Any], labels: Sequence[Any], weights: Sequence[Any]) -> dict[str, Any]:
        losses: list[Any] = []
        with call_context(training=False, losses=losses):
            outputs, masks = call_with_masks(self.model, inputs, False)
        with call_context(training=False):
            self._loss(outputs, masks, labels, weights, losses)
            return self._logs(outputs, masks, labels, weights)

    def _loss(
        self,
        outputs: Sequence[Any],
        masks: Sequence[Any],
        labels: Sequence[Any],
        weights: Sequence[Any],
        penalties: Sequence[Any],
    ) -> Any:
        """The weighted sum of the outputs' losses and all penalties; also taken into the running means."""
        rows = outputs[0].shape[0]
        total: Any = None
        for number, (loss, output) in enumerate(zip(self.objectives.losses, outputs, strict=True)):
            if loss is None:
                continue
            label = labels[number]
            value = loss(label, output, weights[number] if weights else None, masks[number])
            part = self.parts[number]
            if part is not None:
                part.add(value, np.asarray(float(rows)))
            weight = self.objectives.loss_weights[number]
            value = value if weight == 1.0 else value * weight
            total = value if total is None else total + value
        for layer in self.model.walk():
            for variable, regularizer in layer.regularizers:
                penalties = [*penalties, regularizer(variable)]  # type: ignore[arg-type]
            penalties = [*penalties, *(function() for function in layer.loss_functions)]
        for penalty in penalties:
            total = penalty if total is None else total + cast(penalty, total.dtype)
        if total is None:
            raise NoLossError(model=self.model.name)
        self.total.add(total, np.asarray(float(rows)))
        return total

    def _logs(
        self, outputs: Sequence[Any], masks: Sequence[Any], labels: Sequence[Any], weights: Sequence[Any]
    ) -> dict[str, Any]:
        for number, (output, mask) in enumerate(zip(outputs, masks, strict=True)):
            for metric in self.objectives.metrics[number]:
                metric.update(labels[number], output, masked_weights(None, mask, output))
            for metric in self.objectives.weighted_metrics[number]:
                weight = masked_weights(weights[number] if weights else None, mask, output)
                metric.update(labels[number], output, weight)
        return {name: logged(metric) for name, metric in zip(self.objectives.names(), self.metrics, strict=True)}


class BatchedStep:
    """A step's replays by batch type, found again without building keys out of trees."""

    def __init__(self, function: Any) -> None:
        self._compiled = CompiledFunction(function)

    def replay(self, types: Sequence[ArrayType], counts: tuple[int, int, int]) -> Replay:
        """The replay for a batch of flat ``types``: so many inputs, labels, and sample weights."""
        inputs, labels, _ = counts
        return self._compiled.replay(
            list(types[:inputs]), list(types[inputs : inputs + labels]), list(types[inputs + labels :])
        )


class PredictStep:
    """The step that only computes outputs, as a list."""

    def __init__(self, model: Layer) -> None:
        self._compiled = CompiledFunction(lambda inputs: call_model(model, inputs, False))
        self._last: tuple[tuple[ArrayType, ...], Replay] | None = None
        self._seen: tuple[tuple[int, ...], np.dtype[Any], int | None, Replay] | None = None

    def again(self, x: Array, batch_size: int | None) -> Array | None:
        """The output for a batch exactly like the one before, which was checked; ``None`` if it is another kind.

        A service asks for one row after the other. Between two of them the weights have passed through the cache, so
        that every line of Python on the way costs several times as much as in a tight loop.
        """
        seen = self._seen
        if seen is None or x.shape != seen[0] or x.dtype != seen[1] or batch_size != seen[2]:
            return None
        return self._computed(seen[3], [x])[0]

    def remember(self, x: Any, batch_size: int | None) -> None:
        """That batches like ``x``, one array that was computed just now, need no checks."""
        replay = self._last[1] if self._last is not None else None
        single = replay is not None and len(replay.executable.inputs) == len(replay.outputs) == 1
        if replay is not None and single and type(x) is np.ndarray and x.shape == replay.executable.inputs[0].shape:
            self._seen = (x.shape, x.dtype, batch_size, replay)

    def replay(self, types: tuple[ArrayType, ...]) -> Replay:
        """The replay for a batch of these types; the one before is found again at once."""
        last = self._last
        if last is None or last[0] != types:
            last = self._last = (types, self._compiled.replay(list(types)))
        return last[1]

    def __call__(self, arrays: Sequence[Array], dtypes: Sequence[np.dtype[Any]]) -> list[Array]:
        """The outputs for one batch, which is converted to ``dtypes``."""
        types = tuple(ArrayType(array.shape, dtype) for array, dtype in zip(arrays, dtypes, strict=True))
        return self._computed(self.replay(types), arrays)

    @staticmethod
    def _computed(replay: Replay, arrays: Sequence[Array]) -> list[Array]:
        with replay.lock:
            for buffer, array in zip(replay.executable.inputs, arrays, strict=True):
                buffer[...] = array
            replay.executable.run()
            return [output.copy() for output in replay.outputs]


def call_with_masks(model: Layer, inputs: Sequence[Any], training: bool) -> tuple[list[Any], list[Any]]:
    """The model's outputs, and the mask of each, ``None`` for none; inside the context of a step."""
    outputs = call_model(model, inputs, training)
    return outputs, current_context().masks.of(outputs) or [None] * len(outputs)


def call_model(model: Layer, inputs: Sequence[Any], training: bool) -> list[Any]:
    """The model's outputs as a list, for a list of inputs."""
    outputs = model(list(inputs) if len(inputs) > 1 else inputs[0], training=training)
    return list(outputs) if isinstance(outputs, list | tuple) else [outputs]
