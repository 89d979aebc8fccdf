"""Saving the model, or its weights, while it trains."""

from __future__ import annotations

import os
import string
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from kcore.callbacks import Callback
from kcore.errors import InvalidArgumentError
from kcore_callbacks.monitor import Monitor, count, number

_BATCH_HOOKS = ("on_train_batch_begin", "on_train_batch_end")


class ModelCheckpoint(Callback):
    """Saves after every epoch, after every `period` epochs, or after every `save_freq` batches.

    Args:
        filepath: the file to write; its ending chooses the format. It may have fields, filled in as by
            `str.format`: {epoch} (counted from 1, as in Keras), {batch} (from 1; with a whole `save_freq`
            only), and every name in the logs: "best-{epoch:02d}-{val_loss:.3f}.h5". Its folder is made if
            need be.
        monitor: the quantity that says which model is better. Where it is not logged, a KcoreWarning says so,
            once per training, and with save_best_only nothing is saved.
        verbose: 1 prints a line whenever a file is written or a result was not good enough for that.
        save_best_only: save only when `monitor` beats the best value so far (NaN beats nothing).
        save_weights_only: call `model.save_weights` and not `model.save`.
        mode: "min", "max", or "auto" (see EarlyStopping).
        save_freq: "epoch", or how many train batches lie between two savings, counted across epochs.
        period: Keras 2's argument: how many epochs lie between two savings.
        initial_value_threshold: the value to beat at first, say that of a model saved earlier.

    Attributes:
        best: the best value so far. As in Keras it is kept when the same callback serves another `fit`.

    Raises:
        InvalidArgumentError: an argument outside the values above; when saving, a field that is not logged.
    """

    def __init__(
        self,
        filepath: str | os.PathLike[str],
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: int | str = "epoch",
        period: int = 1,
        initial_value_threshold: float | None = None,
    ) -> None:
        self.filepath = os.fspath(filepath)
        self._check_fields()
        self._monitor = Monitor("ModelCheckpoint", monitor, mode)
        self.monitor = monitor
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.mode = mode
        self.save_freq = save_freq
        if isinstance(save_freq, str) and save_freq != "epoch":
            self._refuse("save_freq", save_freq, '"epoch", or a whole number of batches of at least 1')
        self._every = 0 if isinstance(save_freq, str) else count("ModelCheckpoint", "save_freq", save_freq, least=1)
        self.period = count("ModelCheckpoint", "period", period, least=1)
        if self._every and self.period != 1:
            self._refuse("period", period, "1 where save_freq is a number of batches")
        self.initial_value_threshold = initial_value_threshold
        self.best = self._monitor.worst
        if initial_value_threshold is not None:
            self.best = number("ModelCheckpoint", "initial_value_threshold", initial_value_threshold)
        self._restart()

    def _restart(self) -> None:
        self._monitor.restart()
        self._epoch = 0
        self._batches = 0
        self._epochs = 0

    def listens_to(self, hook: str) -> bool:
        return (self._every > 0 or hook not in _BATCH_HOOKS) and super().listens_to(hook)

    @property
    def wants_batch_logs(self) -> bool:
        return self._every > 0 and self._batches + 1 >= self._every

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        self._restart()

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        self._batches += 1
        if self._batches >= self._every:
            self._batches = 0
            self._save({"epoch": self._epoch + 1, "batch": batch + 1}, logs or {})

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        if self._every:
            return
        self._epochs += 1
        if self._epochs >= self.period:
            self._epochs = 0
            self._save({"epoch": epoch + 1}, logs or {})

    def _save(self, place: Mapping[str, int], logs: Mapping[str, Any]) -> None:
        why, best = "", self.best
        if self.save_best_only:
            value = self._monitor.read(logs)
            if value is None:
                return
            if not self._monitor.improves(value, self.best):
                self._say(place, f"{self.monitor} {value:.5g} does not beat {self.best:.5g}; nothing saved")
                return
            why, best = f"{self.monitor} {value:.5g} beats {self.best:.5g}; ", value
        path = self._path({**logs, **place})
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        if self.save_weights_only:
            self.model.save_weights(path)
        else:
            self.model.save(path)
        # Only now: a value whose model could not be written is not the one to beat.
        self.best = best
        self._say(place, f"{why}saved to {path}")

    def _say(self, place: Mapping[str, int], text: str) -> None:
        if self.verbose:
            print(f"ModelCheckpoint, {', '.join(f'{name} {at}' for name, at in place.items())}: {text}")

    def _check_fields(self) -> None:
        try:
            fields = [field for _, field, _, _ in string.Formatter().parse(self.filepath) if field is not None]
        except ValueError as error:
            self._refuse("filepath", self.filepath, "a path whose braces are in pairs", str(error))
        for field in fields:
            if not field.isidentifier():
                self._refuse("filepath", self.filepath, "fields that are plain names: {epoch:02d}", f"{{{field}}}")

    def _path(self, fields: Mapping[str, Any]) -> str:
        try:
            return self.filepath.format_map(fields)
        except KeyError as error:
            found = f"there is no {error.args[0]!r} here"
        except (ValueError, TypeError) as error:
            found = f"its fields do not fit: {error}"
        available = ", ".join(f"{{{name}}}" for name in sorted(fields))
        self._refuse("filepath", self.filepath, f"the fields {available}", found)

    @staticmethod
    def _refuse(argument: str, value: Any, allowed: str, found: str = "") -> NoReturn:
        raise InvalidArgumentError(
            component="ModelCheckpoint", argument=argument, value=value, allowed=allowed, found=found
        )
