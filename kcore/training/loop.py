"""The loops: batches into steps, logs to callbacks."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from kcore.components.callback import Callback, CallbackList
from kcore.engine.compiled import Replay
from kcore.engine.random import generator
from kcore.engine.types import Array, ArrayType
from kcore.errors.training import NaNLossError
from kcore.registry import hooks, registry
from kcore.training.data import DataSource
from kcore.training.step import BatchedStep, PredictStep, Steps

if TYPE_CHECKING:
    from kcore.training.trainer import Trainer

Counts = tuple[int, int, int]


def fit(
    model: Trainer,
    source: DataSource,
    counts: Counts,
    *,
    epochs: int,
    initial_epoch: int,
    verbose: int,
    callbacks: list[Callback],
    validation: tuple[DataSource, Counts] | None,
    shuffle: bool,
) -> Any:
    """Run the epochs; returns the History callback."""
    steps = model.steps("fit")
    names = steps.objectives.names()
    history = registry("callbacks").get("History")
    more = [callback for found in hooks().kcore_default_callbacks(model=model) for callback in found]
    # The bar draws what the callbacks before it logged; the history records what all of them did.
    before = [registry("callbacks").get("ProgbarLogger")] if verbose else []
    listeners = CallbackList([*more, *callbacks, *before, history])
    listeners.set_params(
        {
            "epochs": epochs,
            "steps": source.steps,
            "samples": source.samples,
            "verbose": verbose,
            "do_validation": validation is not None,
            "metrics": [*names, *(f"val_{name}" for name in names)] if validation else names,
        }
    )
    listeners.set_model(model)
    model.history = history
    model.stop_training = False
    order = np.arange(source.samples) if shuffle and source.samples is not None else None
    logs: dict[str, float] = {}
    listeners.on_train_begin()
    for epoch in range(initial_epoch, epochs):
        listeners.on_epoch_begin(epoch)
        steps.reset_metrics()
        if order is not None:
            generator("shuffle").shuffle(order)
        logs = _train_epoch(model, steps, source, counts, listeners, order)
        if validation is not None:
            found = _evaluate(steps, *validation, listeners)
            logs |= {f"val_{name}": value for name, value in found.items()}
        listeners.on_epoch_end(epoch, logs)
        # After the callbacks: one of them may stop for this very reason, or have better weights to go back to.
        if model.stop_training or np.isnan(logs["loss"]):
            break
    listeners.on_train_end(logs)
    if not model.stop_training and np.isnan(logs.get("loss", 0.0)):
        raise _nan_error(model, steps, source, counts, epoch)
    return history


def _nan_error(model: Trainer, steps: Steps, source: DataSource, counts: Counts, epoch: int) -> NaNLossError:
    """Says where the NaN came from, as far as the data shows it."""
    losses = {
        output: loss.name or type(loss).__name__
        for output, loss in zip(steps.objectives.outputs, steps.objectives.losses, strict=True)
        if loss is not None
    }
    kinds = [kind for kind, count in zip(("x", "y", "sample_weight"), counts, strict=True) for _ in range(count)]
    bad = [not np.isfinite(array).all() for array in getattr(source, "arrays", ())]
    data = [kind for kind, found in zip(kinds, bad, strict=False) if found]
    return NaNLossError(model=model.name, epoch=epoch, losses=losses, data=list(dict.fromkeys(data)))


def _train_epoch(
    model: Trainer,
    steps: Steps,
    source: DataSource,
    counts: Counts,
    listeners: CallbackList,
    order: Array | None,
) -> dict[str, float]:
    replays = _Replays(steps.train, counts)
    replay: Replay | None = None
    batches = source.epoch(order)
    if not (listeners.listens_to("on_train_batch_begin") or listeners.listens_to("on_train_batch_end")):
        # Nobody looks between the batches: those of one type run in one go.
        for types, alike in groupby(batches, key=lambda batch: batch.types):
            replay = replays.of(types)
            inputs = replay.executable.inputs
            with replay.executable.prepared() as step:
                for batch in alike:
                    batch.write_to(inputs)
                    step()
        return _logs(replay) if replay is not None else {}
    for number, batch in enumerate(batches):
        listeners.on_train_batch_begin(number)
        replay = replays.of(batch.types)
        batch.write_to(replay.executable.inputs)
        replay.executable.run()
        listeners.on_train_batch_end(number, _logs(replay) if listeners.wants_batch_logs else None)
        if model.stop_training:
            break
    return _logs(replay) if replay is not None else {}


def evaluate(
    model: Trainer, source: DataSource, counts: Counts, callbacks: list[Callback], *, verbose: int
) -> dict[str, float]:
    """Loss and metrics over everything the source has."""
    if verbose:
        callbacks = [*callbacks, registry("callbacks").get("ProgbarLogger")]
    listeners = CallbackList(callbacks)
    steps = model.steps("evaluate")
    listeners.set_params(
        {"steps": source.steps, "samples": source.samples, "verbose": verbose, "metrics": steps.objectives.names()}
    )
    listeners.set_model(model)
    return _evaluate(steps, source, counts, listeners)


def _evaluate(steps: Steps, source: DataSource, counts: Counts, listeners: CallbackList) -> dict[str, float]:
    steps.reset_metrics()
    replays = _Replays(steps.test, counts)
    replay: Replay | None = None
    listeners.on_test_begin()
    listening = listeners.listens_to("on_test_batch_end")
    for number, batch in enumerate(source.epoch()):
        listeners.on_test_batch_begin(number)
        replay = replays.of(batch.types)
        batch.write_to(replay.executable.inputs)
        replay.executable.run()
        listeners.on_test_batch_end(number, _logs(replay) if listening else None)
    logs = _logs(replay) if replay is not None else {}
    listeners.on_test_end(logs)
    return logs


def predict(model: Trainer, source: DataSource, step: PredictStep, callbacks: Sequence[Callback]) -> list[Array]:
    """The outputs for everything the source has, one array per output."""
    params = {"steps": source.steps, "samples": source.samples, "verbose": 0}
    listeners = CallbackList(callbacks, model=model, params=params)
    results: list[Array] = []
    done = 0
    listeners.on_predict_begin()
    for number, batch in enumerate(source.epoch()):
        listeners.on_predict_batch_begin(number)
        replay = step.replay(batch.types)
        with replay.lock:
            batch.write_to(replay.executable.inputs)
            replay.executable.run()
            if not results:
                assert source.samples is not None
                results = [np.empty((source.samples, *part.shape[1:]), part.dtype) for part in replay.outputs]
            for result, part in zip(results, replay.outputs, strict=True):
                result[done : done + batch.size] = part
        done += batch.size
        listeners.on_predict_batch_end(number)
    listeners.on_predict_end()
    return results


def single(steps: Steps, step: BatchedStep, source: DataSource, counts: Counts) -> dict[str, float]:
    """One step on all that the source has, as one batch."""
    steps.reset_metrics()
    (batch,) = source.epoch()
    replay = step.replay(batch.types, counts)
    batch.write_to(replay.executable.inputs)
    replay.executable.run()
    return _logs(replay)


class _Replays:
    """The replays of one epoch by batch types; most epochs have two, the full batch and the last one."""

    def __init__(self, step: BatchedStep, counts: Counts) -> None:
        self._step = step
        self._counts = counts
        self._found: dict[tuple[ArrayType, ...], Replay] = {}

    def of(self, types: tuple[ArrayType, ...]) -> Replay:
        found = self._found.get(types)
        if found is None:
            found = self._found[types] = self._step.replay(types, self._counts)
        return found


def _logs(replay: Replay) -> dict[str, float]:
    return {name: float(value) for name, value in replay.outputs.items()}
