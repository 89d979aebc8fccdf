"""The plainest loss and optimizer: a model can be trained with them where no plugin is installed."""

from __future__ import annotations

from typing import Any

import numpy as np

from kcore.components.optimizer import Optimizer


class Descent(Optimizer):
    """Gradient descent: w = w - learning_rate * g."""

    def update(
        self, parameter: Any, gradient: Any, slots: dict[str, Any], step: Any, learning_rate: Any
    ) -> tuple[Any, dict[str, Any]]:
        return parameter - learning_rate * gradient, {}


def squared_error(y_true: Any, y_pred: Any) -> Any:
    """The mean of the squared differences along the last axis, for each sample."""
    return np.mean(np.square(y_pred - y_true), axis=-1)
