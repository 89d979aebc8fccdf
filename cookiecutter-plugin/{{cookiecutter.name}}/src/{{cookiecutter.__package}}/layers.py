"""Layers."""

from __future__ import annotations

from typing import Any

import numpy as np
from kcore import Array, Shape, Variable, ops
from kcore.errors import InvalidArgumentError
from kcore.layers import InputSpec, Layer

from {{ cookiecutter.__package }}.symlog import symlog


class {{ cookiecutter.__Prefix }}LogScale(Layer):
    """Gives each feature a logarithmic scale, and learns where it bends: gain * symlog(slope * x).

    For features that range over orders of magnitude, such as counts or prices. Input (batch, ..., features), output of
    the same shape. Weights: ``gain`` (features,), which begins as 1, then ``slope`` (features,). A mask is passed on.

    Args:
        slope: the first value of the slopes, a number above 0.
        **kwargs: those of ``Layer``: ``name``, ``input_shape``, ``trainable``, ``dtype``, ...

    Raises:
        InvalidArgumentError: ``slope`` is not a finite number above 0.
        LayerInputError: when called on an input of one axis, or with another number of features than at first.

    Example:
        >>> {{ cookiecutter.__Prefix }}LogScale()(np.array([[0.0, 3.0]])).round(2)
        array([[0.  , 1.39]], dtype=float32)
    """

    supports_masking = True

    def __init__(self, slope: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(slope, int | float) or isinstance(slope, bool) or not 0 < slope < np.inf:
            raise InvalidArgumentError(
                component=type(self).__name__, argument="slope", value=slope, allowed="a finite number above 0"
            )
        # An attribute for each argument, of the same name: the config is made of them.
        self.slope = slope
        self.input_spec = InputSpec(min_ndim=2)

    def build(self, input_shape: Shape) -> None:
        """Make the weights, now that the number of features is known.

        Args:
            input_shape: (batch, ..., features), ``None`` for what may vary.
        """
        features: Any = input_shape[-1]
        self.gains: Variable = self.add_weight("gain", (features,), np.ones)
        self.slopes: Variable = self.add_weight(
            "slope", (features,), lambda shape, dtype: np.full(shape, self.slope, dtype)
        )
        self.input_spec = InputSpec(min_ndim=2, axes={-1: features})

    def call(self, inputs: Array) -> Array:
        """(batch, ..., features) -> (batch, ..., features)."""
        result: Array = self.gains * symlog(self.slopes * ops.cast(inputs, self.dtype))
        return result

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """The shape of the input."""
        return tuple(input_shape)
