"""Looking inside the programs of a model."""

from __future__ import annotations

from typing import Any

import numpy as np

from kcore.engine.explanation import RUNS, Explanation, explain_replay
from kcore.engine.types import ArrayType
from kcore.errors.components import LayerStateError
from kcore.training.step import PredictStep
from kcore.training.trainer import Trainer


def explain(model: Trainer, x: Any = None, y: Any = None, *, batch_size: int = 32, runs: int = RUNS) -> Explanation:
    """What a step of the model computes, and where its time and memory go; ``print`` shows a table.

    Args:
        model: compiled if labels are given.
        x, y: data for one batch of a training step; without them the step of ``predict`` is explained.
        batch_size: of the step.
        runs: how often it is run to be timed; 0 only plans it, and tells the memory and the operations that a run
            would take. All variables are as before afterwards.

    Raises:
        LayerStateError: the shape of the input is not known.
        NotCompiledError: labels are given, but the model has no loss and optimizer.
    """
    if y is not None:
        source, counts = model.source("explain", x, y, None, batch_size)
        batch = next(source.epoch())
        steps = model.steps("explain")
        replay = steps.train.replay(batch.types, counts)
        batch.write_to(replay.executable.inputs)
        return explain_replay(replay, runs)
    slots = model.input_slots()
    if slots is None or any(None in slot.shape[1:] for slot in slots):
        raise LayerStateError(
            layer=model.name,
            problem="has an input of unknown shape, so that there is no step to explain",
            advice="Give the first layer an input_shape without None.",
        )
    types = [ArrayType([batch_size, *(size or 0 for size in slot.shape[1:])], slot.dtype) for slot in slots]
    replay = PredictStep(model).replay(tuple(types))
    for buffer, slot in zip(replay.executable.inputs, slots, strict=True):
        buffer[...] = np.ones((), slot.dtype)
    return explain_replay(replay, runs)
