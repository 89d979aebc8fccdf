"""Normalization layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kcore import Array, Shape, Variable, constraints, initializers, ops, regularizers
from kcore.errors import InvalidArgumentError
from kcore.layers import InputSpec, Layer
from kcore_layers.arguments import bounded_number, is_integer


class BatchNormalization(Layer):
    """Gives each channel mean ``beta`` and standard deviation ``gamma``.

    y = (x - mean) / sqrt(variance + epsilon) * gamma + beta. In training, mean and variance are those of the
    batch, over all axes but ``axis``, and the moving ones follow them: moving = moving * momentum + batch's *
    (1 - momentum). At other times, and where the layer or a model around it is not trainable, they are the moving
    ones. Source: Ioffe and Szegedy, "Batch normalization" (2015).

    The variance is that of the population: the mean of the squared deviations, for the moving variance, too, as
    in Keras 3. Keras 2 on TensorFlow multiplies what the moving variance gets with n / (n - 1), n being the numbers
    in the mean, but only for inputs of four axes.

    Input and output (batch, ..., channels), or another ``axis`` of channels. A mask is passed on; masked steps count
    in the statistics, as in Keras 2. Weights of shape (channels,): ``gamma``, ``beta``, ``moving_mean``,
    ``moving_variance``; the last two are not trainable. The input is converted to the layer's dtype.

    Args:
        axis: of the channels; 1 for ``"channels_first"``. A list of one integer means that integer.
        momentum: how much of the moving mean and variance stays at every step of training, from 0 to 1.
        epsilon: added to the variance, above 0.
        center: whether ``beta`` is added.
        scale: whether the result is multiplied with ``gamma``.
        beta_initializer, gamma_initializer, moving_mean_initializer, moving_variance_initializer: of the weights'
            first values.
        beta_regularizer, gamma_regularizer: penalties on the weights, added to the loss.
        beta_constraint, gamma_constraint: projections after each update.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: an argument outside the values above.
        LayerInputError: the input has no such axis, or other channels than at the first call.

    Example:
        >>> import numpy as np
        >>> layer = BatchNormalization(momentum=0.5)
        >>> x = np.array([[1.0, 10.0], [3.0, 30.0]], "float32")
        >>> layer(x, training=True).round(2).tolist()
        [[-1.0, -1.0], [1.0, 1.0]]
        >>> layer.moving_mean.numpy().tolist()
        [1.0, 10.0]
    """

    supports_masking = True

    def __init__(
        self,
        axis: int | Sequence[int] = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        entries: Sequence[Any] = axis if isinstance(axis, list | tuple) else [axis]
        # 0 would be the batch axis.
        if len(entries) != 1 or not is_integer(entries[0]) or entries[0] == 0:
            raise InvalidArgumentError(
                component="BatchNormalization",
                argument="axis",
                value=axis,
                allowed="an integer other than 0, or a list of one",
            )
        self.axis = int(entries[0])
        self.momentum = bounded_number(
            "BatchNormalization", "momentum", momentum, "a number from 0 to 1", lambda number: 0 <= number <= 1
        )
        self.epsilon = bounded_number(
            "BatchNormalization", "epsilon", epsilon, "a number above 0", lambda number: number > 0
        )
        self.center = bool(center)
        self.scale = bool(scale)
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)
        self.input_spec = InputSpec(min_ndim=max(2, self.axis + 1, -self.axis + 1))

    def build(self, input_shape: Shape) -> None:
        channels: Any = input_shape[self.axis]
        self.gamma: Variable | None = None
        self.beta: Variable | None = None
        if self.scale:
            self.gamma = self.add_weight(
                "gamma",
                (channels,),
                self.gamma_initializer,
                regularizer=self.gamma_regularizer,
                constraint=self.gamma_constraint,
            )
        if self.center:
            self.beta = self.add_weight(
                "beta",
                (channels,),
                self.beta_initializer,
                regularizer=self.beta_regularizer,
                constraint=self.beta_constraint,
            )
        self.moving_mean: Variable = self.add_weight(
            "moving_mean", (channels,), self.moving_mean_initializer, trainable=False
        )
        self.moving_variance: Variable = self.add_weight(
            "moving_variance", (channels,), self.moving_variance_initializer, trainable=False
        )
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: channels})

    def call(self, inputs: Array, training: bool = False) -> Array:
        """Any shape with channels on ``axis`` -> the same shape."""
        x: Any = ops.cast(inputs, self.dtype)
        place = self.axis % x.ndim
        alone = tuple(size if axis == place else 1 for axis, size in enumerate(x.shape))
        # Small arrays first, so that as few operations as possible go over all of the data.
        if not training or self.frozen:
            factor = self._factor(self.moving_variance)
            shift = -(self.moving_mean * factor)
            shift = shift if self.beta is None else shift + self.beta
            return x * np.reshape(factor, alone) + np.reshape(shift, alone)  # type: ignore[no-any-return]
        axes = tuple(axis for axis in range(x.ndim) if axis != place)
        mean = np.mean(x, axis=axes)
        # Plus the negative, because the gradient of minus would negate all of the data.
        centred = x + np.reshape(-mean, alone)
        variance = np.mean(np.square(centred), axis=axes)
        for moving, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(moving * self.momentum + value * (1 - self.momentum))
        result = centred * np.reshape(self._factor(variance), alone)
        return result if self.beta is None else result + np.reshape(self.beta, alone)  # type: ignore[no-any-return]

    def _factor(self, variance: Any) -> Any:
        """What a deviation from the mean is multiplied with."""
        root = np.sqrt(variance + self.epsilon)
        return 1 / root if self.gamma is None else self.gamma / root

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return tuple(input_shape)
