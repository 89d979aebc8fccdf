"""Convolution along the steps of a sequence, of each channel alone, which sees nothing that is still to come."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from kcore import Array, Shape, Variable, constraints, initializers, ops, regularizers
from kcore.layers import InputSpec, Layer

from kcore_glu.arguments import activation_function, positive_integer


class CausalDepthwiseConv1D(Layer):
    """Mixes each step with the steps before it, each channel alone: a depthwise convolution without a look ahead.

    The output at step t is activation(sum over k of kernel[k] * x[t - (taps - 1 - k) * dilation_rate] + bias), with
    zeros before the first step: the last tap is that of the step itself. Depthwise convolutions are those of Chollet,
    "Xception", 2017, arXiv:1610.02357; short causal ones stand before the gates of Mamba (Gu and Dao, 2023,
    arXiv:2312.00752) and behind the projections of attention in Primer (So et al., 2021, arXiv:2109.08668).

    Input and output (batch, steps, channels). Weights: ``kernel`` (taps, channels), then ``bias`` (channels,). The
    input is converted to the layer's dtype. Steps that a mask marks as padding count as zeros; the mask is passed on.

    Args:
        kernel_size: how many taps each channel has.
        dilation_rate: how many steps lie between the taps.
        activation: a function of an array, or its name; ``None`` is linear.
        use_bias: whether a bias is added.
        kernel_initializer, bias_initializer: of the weights' first values. The default draws with variance 1 / taps,
            which keeps the size of the signal.
        kernel_regularizer, bias_regularizer: penalties on the weights, added to the loss.
        activity_regularizer: a penalty on the output, added to the loss.
        kernel_constraint, bias_constraint: projections after each update.
        **kwargs: those of ``Layer``: ``name``, ``input_shape``, ``trainable``, ``dtype``, ...

    Raises:
        InvalidArgumentError: ``kernel_size`` or ``dilation_rate`` is not an integer of at least 1, or ``activation`` is
            no function.
        LayerInputError: when called on an input of other than three axes, or with another number of channels than at
            first.

    Example:
        >>> layer = CausalDepthwiseConv1D(2, kernel_initializer="ones")
        >>> layer(np.array([[[1.0], [2.0], [3.0]]], "float32")).ravel().tolist()
        [1.0, 3.0, 5.0]
    """

    supports_masking = True

    def __init__(
        self,
        kernel_size: int,
        dilation_rate: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "lecun_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.kernel_size = positive_integer("CausalDepthwiseConv1D", "kernel_size", kernel_size)
        self.dilation_rate = positive_integer("CausalDepthwiseConv1D", "dilation_rate", dilation_rate)
        self.activation: Callable[[Array], Array] = activation_function("CausalDepthwiseConv1D", activation)
        self.use_bias = bool(use_bias)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.input_spec = InputSpec(ndim=3)

    def build(self, input_shape: Shape) -> None:
        """Make the weights, now that the number of channels is known.

        Args:
            input_shape: (batch, steps, channels), ``None`` for what may vary.
        """
        channels: Any = input_shape[-1]
        self.kernel: Variable = self.add_weight(
            "kernel",
            (self.kernel_size, channels),
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.bias: Variable | None = None
        if self.use_bias:
            self.bias = self.add_weight(
                "bias",
                (channels,),
                self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        self.input_spec = InputSpec(ndim=3, axes={-1: channels})

    def call(self, inputs: Array, mask: Array | None = None) -> Array:
        """(batch, steps, channels), and a mask (batch, steps) -> (batch, steps, channels)."""
        x = ops.cast(inputs, self.dtype)
        if mask is not None:
            x = x * ops.cast(np.expand_dims(mask, -1), self.dtype)
        steps, before = x.shape[1], (self.kernel_size - 1) * self.dilation_rate
        padded = np.pad(x, ((0, 0), (before, 0), (0, 0)))
        # A sum of few products: for each tap, the sequence as it was so many steps ago.
        shifted = (padded[:, start : start + steps] for start in range(0, before + 1, self.dilation_rate))
        result: Any = sum(kernel * values for kernel, values in zip(self.kernel[:], shifted, strict=True))
        if self.bias is not None:
            result = result + self.bias
        return self.activation(result)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """The shape of the input."""
        return tuple(input_shape)
