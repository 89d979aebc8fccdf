"""Ending training when a watched quantity no longer gets better."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kcore.callbacks import Callback
from kcore_callbacks.monitor import Monitor, count, number


class EarlyStopping(Callback):
    """Stops training once `monitor` has not improved for `patience` epochs. Behaves as Keras documents.

    Args:
        monitor: the name of the quantity, as in the logs. Where it is not logged, a KcoreWarning says so,
            once per training, and training goes on.
        min_delta: an improvement must be larger than this.
        patience: how many epochs without improvement are borne; the epoch that reaches this count is the
            last. The very first epoch (epoch 0) is never the last.
        verbose: 1 prints a line when training is stopped and when weights are restored.
        mode: "min", "max", or "auto", which takes the direction from the name: more is better for accuracies,
            AUC, precision, recall and the like; less is better for all else.
        baseline: a value that must be beaten too for the count of patience to start again. An epoch that is
            the best so far is never the last, even where it does not beat the baseline.
        restore_best_weights: put the weights of the best epoch back when training ends, stopped early or not.
            The baseline plays no part in which is best.
        start_from_epoch: epochs before this one (from 0) are not looked at.

    NaN never counts as an improvement. An improvement starts from the best value of this training: nothing is
    carried over to the next `fit`.

    Attributes:
        best: the best value so far; inf (or -inf) before there is one.
        best_epoch: its epoch, counted from 0.
        stopped_epoch: the epoch in which training was stopped; 0 when it was not.
        wait: epochs since the last improvement.

    Raises:
        InvalidArgumentError: an argument outside the values above.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        self._monitor = Monitor("EarlyStopping", monitor, mode, min_delta)
        self.monitor = monitor
        self.min_delta = min_delta
        self.patience = count("EarlyStopping", "patience", patience, least=0)
        self.verbose = verbose
        self.mode = mode
        self.baseline = None if baseline is None else number("EarlyStopping", "baseline", baseline)
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = count("EarlyStopping", "start_from_epoch", start_from_epoch, least=0)
        self._restart()

    def _restart(self) -> None:
        self._monitor.restart()
        self.wait = 0
        self.stopped_epoch = 0
        self.best = self._monitor.worst
        self.best_epoch = 0
        self.best_weights: Any = None

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        self._restart()

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        if epoch < self.start_from_epoch:
            return
        value = self._monitor.read(logs or {})
        if value is None:
            return
        if self.restore_best_weights and self.best_weights is None:
            # Should no epoch ever improve (all NaN), the first one seen is the one to go back to.
            self._keep(epoch)
        self.wait += 1
        if self._monitor.improves(value, self.best):
            self.best = value
            self._keep(epoch)
            if self.baseline is None or self._monitor.improves(value, self.baseline):
                self.wait = 0
        elif self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def _keep(self, epoch: int) -> None:
        self.best_epoch = epoch
        if self.restore_best_weights:
            self.best_weights = self.model.get_weights()

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        if self.stopped_epoch > 0 and self.verbose:
            print(
                f"EarlyStopping: stopped after epoch {self.stopped_epoch + 1}; the best {self.monitor} was"
                f" {self.best:.5g}, in epoch {self.best_epoch + 1}."
            )
        if self.best_weights is not None:
            self.model.set_weights(self.best_weights)
            if self.verbose:
                print(f"EarlyStopping: took back the weights of epoch {self.best_epoch + 1}.")
