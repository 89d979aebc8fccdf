"""The record of a training, which `fit` returns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kcore.callbacks import Callback


class History(Callback):
    """Keeps every epoch's logs.

    Attributes:
        epoch: the epochs that ended, counted from 0 (or from `initial_epoch`).
        history: for each logged name the list of its values, one an epoch in which it was logged: validation
            every second epoch gives "val_loss" half the length of "loss".

    Both are emptied when training begins. Keras documents the attributes; the record is of plain floats,
    so it can be written as JSON.
    """

    def __init__(self) -> None:
        self.epoch: list[int] = []
        self.history: dict[str, list[float]] = {}

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        self.epoch = []
        self.history = {}

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(float(value))
