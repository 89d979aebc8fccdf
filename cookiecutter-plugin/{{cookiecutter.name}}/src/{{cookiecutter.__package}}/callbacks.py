"""Callbacks: what is told about training as it happens, and may act on it."""

from __future__ import annotations

import math
import warnings
from typing import Any

from kcore.callbacks import Callback
from kcore.errors import InvalidArgumentError, KcoreWarning


class {{ cookiecutter.__Prefix }}StopAtTarget(Callback):
    """Ends training after the first epoch in which a logged number is good enough.

    Args:
        target: it is good enough when it is at most this, a finite number.
        monitor: its name in the logs, such as "loss" or "val_loss".

    Attributes:
        stopped_epoch: the epoch after which training was ended, counted from 0; ``None`` if it was not.

    A training that does not log the number goes on to its end, with one warning.

    Raises:
        InvalidArgumentError: an argument that is not as above.

    Example:
        >>> callback = {{ cookiecutter.__Prefix }}StopAtTarget(0.1, monitor="val_loss")
        >>> callback.get_config()
        {'target': 0.1, 'monitor': 'val_loss'}
    """

    def __init__(self, target: float, monitor: str = "loss") -> None:
        if not isinstance(target, int | float) or isinstance(target, bool) or not math.isfinite(target):
            raise InvalidArgumentError(
                component=type(self).__name__, argument="target", value=target, allowed="a finite number"
            )
        if not isinstance(monitor, str) or not monitor:
            raise InvalidArgumentError(
                component=type(self).__name__, argument="monitor", value=monitor, allowed="the name of a logged number"
            )
        self.target = target
        self.monitor = monitor
        self.stopped_epoch: int | None = None
        self._warned = False

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Forget the training before this one."""
        self.stopped_epoch = None
        self._warned = False

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Look at the logs, plain floats by name, of an epoch, counted from 0."""
        value = (logs or {}).get(self.monitor)
        if value is not None and value <= self.target:
            self.stopped_epoch = epoch
            self.model.stop_training = True
        elif value is None and not self._warned:
            self._warned = True
            known = ", ".join(sorted(logs or {})) or "nothing"
            message = f"{type(self).__name__} waits for {self.monitor!r}, which is not logged. Logged: {known}."
            warnings.warn(KcoreWarning(message, monitor=self.monitor), stacklevel=2)
