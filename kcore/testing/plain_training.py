"""The plainest layer, loss, metric and optimizers: a model can be made and trained where no plugin is installed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from kcore.components.layer import Layer
from kcore.components.optimizer import Optimizer
from kcore.engine.types import Array
from kcore.models import Sequential


class PlainLayer(Layer):
    """y = tanh(x @ kernel + bias), from (..., features) to (..., units). The first weights are always the same."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape: Any) -> None:
        self.kernel = self.add_weight("kernel", (input_shape[-1], self.units), wave)
        self.bias = self.add_weight("bias", (self.units,), wave)

    def call(self, inputs: Any) -> Any:
        return np.tanh(inputs @ self.kernel + self.bias)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (*input_shape[:-1], self.units)


def wave(shape: Any, dtype: Any = "float32") -> Array:
    """Numbers from -0.5 to 0.5, all different, the same ones for a shape: an initializer, or data."""
    size = int(np.prod(shape))
    return np.asarray(0.5 * np.cos(1.0 + 2.3 * np.arange(size)), dtype).reshape(shape)


class Descent(Optimizer):
    """Gradient descent: w = w - learning_rate * g."""

    def update(
        self, parameter: Any, gradient: Any, slots: dict[str, Any], step: Any, learning_rate: Any
    ) -> tuple[Any, dict[str, Any]]:
        return parameter - learning_rate * gradient, {}


class HeavyBall(Optimizer):
    """Descent with momentum, which has a state: v = 0.9 v + g; w = w - learning_rate * v."""

    slot_names = ("velocity",)

    def update(
        self, parameter: Any, gradient: Any, slots: dict[str, Any], step: Any, learning_rate: Any
    ) -> tuple[Any, dict[str, Any]]:
        velocity = 0.9 * slots["velocity"] + gradient
        return parameter - learning_rate * velocity, {"velocity": velocity}


def squared_error(y_true: Any, y_pred: Any) -> Any:
    """The mean of the squared differences along the last axis, for each sample."""
    return np.mean(np.square(y_pred - y_true), axis=-1)


def absolute_error(y_true: Any, y_pred: Any) -> Any:
    """The mean of the absolute differences along the last axis, for each sample."""
    return np.mean(np.abs(y_pred - y_true), axis=-1)


OBJECTS: dict[str, Callable[..., Any]] = {
    value.__name__: value for value in (PlainLayer, Descent, HeavyBall, squared_error, absolute_error)
}
"""The custom objects with which a file that has them is read, and in whose scope it is written."""


def plain_model(optimizer: Optimizer | None = None) -> Sequential:
    """A built model from (samples, 3) to (samples, 2); compiled if there is an optimizer."""
    model = Sequential([PlainLayer(4, name="first", input_shape=(3,)), PlainLayer(2, name="second")], name="plain")
    if optimizer is not None:
        model.compile(optimizer, squared_error, metrics=[absolute_error])
    return model


def plain_data(samples: int = 12) -> tuple[Array, Array]:
    """Inputs (samples, 3) and labels (samples, 2) that the model can come closer to."""
    x = wave((samples, 3)) * 2
    return x, x[:, :2] * 0.5 + 0.25
