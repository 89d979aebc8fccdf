"""Layer normalization."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kcore import Array, Shape, Variable, constraints, initializers, ops, regularizers
from kcore.layers import InputSpec, Layer
from kcore_layers.arguments import bounded_number, distinct_integers


class LayerNormalization(Layer):
    """Gives the features of each sample, by themselves, mean ``beta`` and standard deviation ``gamma``.

    y = (x - mean) / sqrt(variance + epsilon) * gamma + beta, with the mean and the variance (of the population) over
    ``axis``, in training and at other times alike. Source: Ba, Kiros and Hinton, "Layer normalization" (2016).

    Any shape -> the same shape. Weights: ``gamma``, ``beta``, of the sizes of the axes, in the order of the axes of the
    input. The input is converted to the layer's dtype. A mask is passed on.

    Args:
        axis: of the features, or several, of which mean and variance are taken together; not the batch axis.
        epsilon: added to the variance, above 0.
        center: whether ``beta`` is added.
        scale: whether the result is multiplied with ``gamma``.
        beta_initializer, gamma_initializer: of the weights' first values.
        beta_regularizer, gamma_regularizer: penalties on the weights, added to the loss.
        beta_constraint, gamma_constraint: projections after each update.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: an argument outside the values above.
        LayerInputError: the input has no such axes, or other sizes on them than at the first call.

    Example:
        >>> import numpy as np
        >>> LayerNormalization()(np.array([[1.0, 3.0], [10.0, 30.0]], "float32")).round(2).tolist()
        [[-1.0, 1.0], [-1.0, 1.0]]
    """

    supports_masking = True

    def __init__(
        self,
        axis: int | Sequence[int] = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        axes = distinct_integers(
            "LayerNormalization",
            "axis",
            axis,
            "an integer other than 0, or a list of different ones",
            lambda number: number != 0,
        )
        self.axis: int | tuple[int, ...] = axes if isinstance(axis, list | tuple) else axes[0]
        self._axes = axes
        self.epsilon = bounded_number(
            "LayerNormalization", "epsilon", epsilon, "a number above 0", lambda number: number > 0
        )
        self.center = bool(center)
        self.scale = bool(scale)
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)
        # A negative axis counts from the end, and is not to reach the batch.
        self.input_spec = InputSpec(min_ndim=max(number + 1 if number > 0 else -number + 1 for number in axes))

    def build(self, input_shape: Shape) -> None:
        self._places = tuple(sorted({number % len(input_shape) for number in self._axes}))
        if len(self._places) < len(self._axes):
            self.refuse_input(f"an input on which axis={self.axis} names different axes", input_shape)
        sizes: Any = tuple(input_shape[place] for place in self._places)
        self.gamma: Variable | None = None
        self.beta: Variable | None = None
        if self.scale:
            self.gamma = self.add_weight(
                "gamma",
                sizes,
                self.gamma_initializer,
                regularizer=self.gamma_regularizer,
                constraint=self.gamma_constraint,
            )
        if self.center:
            self.beta = self.add_weight(
                "beta",
                sizes,
                self.beta_initializer,
                regularizer=self.beta_regularizer,
                constraint=self.beta_constraint,
            )
        if self.scale or self.center:
            axes = dict(zip(self._places, sizes, strict=True))
            self.input_spec = InputSpec(ndim=len(input_shape), axes=axes)
        else:
            self.input_spec = InputSpec(ndim=len(input_shape))

    def call(self, inputs: Array) -> Array:
        """Any shape with features on ``axis`` -> the same shape."""
        x: Any = ops.cast(inputs, self.dtype)
        # Plus the negative, because the gradient of minus would negate all of the data.
        centred = x + -np.mean(x, axis=self._places, keepdims=True)
        variance = np.mean(np.square(centred), axis=self._places, keepdims=True)
        result = centred * (1 / np.sqrt(variance + self.epsilon))
        alone = tuple(size if axis in self._places else 1 for axis, size in enumerate(x.shape))
        if self.gamma is not None:
            result = result * np.reshape(self.gamma, alone)
        return result if self.beta is None else result + np.reshape(self.beta, alone)  # type: ignore[no-any-return]

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return tuple(input_shape)
