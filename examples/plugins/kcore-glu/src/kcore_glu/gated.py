"""Gated linear units: two linear maps of the input, of which one decides how much of the other passes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from kcore import Array, Shape, Variable, activations, constraints, initializers, ops, regularizers
from kcore.layers import InputSpec, Layer

from kcore_glu.arguments import activation_function, finite_number, positive_integer
from kcore_glu.sigmoid_gate import sigmoid_gate, swish


class Swish(Layer):
    """x * sigmoid(beta * x), a smooth ReLU whose bend can be learned.

    Ramachandran, Zoph and Le, "Searching for Activation Functions", 2017, arXiv:1710.05941. With beta = 1 it is SiLU.
    Input and output have the same shape. Weights: none, or with ``trainable_beta`` the scalar ``beta`` (). The input is
    converted to the layer's dtype. A mask is passed on.

    Args:
        beta: the slope, a finite number; its first value, if it is trained.
        trainable_beta: whether training changes it.
        **kwargs: those of ``Layer``: ``name``, ``input_shape``, ``trainable``, ``dtype``, ...

    Raises:
        InvalidArgumentError: ``beta`` is not a finite number.

    Example:
        >>> Swish(beta=0.0)(np.array([[-2.0, 4.0]])).tolist()
        [[-1.0, 2.0]]
    """

    supports_masking = True

    def __init__(self, beta: float = 1.0, trainable_beta: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.beta = finite_number("Swish", "beta", beta)
        self.trainable_beta = bool(trainable_beta)

    def build(self, input_shape: Shape) -> None:
        """Make the weight, if there is one."""
        self.slope = _slope(self, self.beta, self.trainable_beta)

    def call(self, inputs: Array) -> Array:
        """Any shape -> the same shape."""
        return swish(ops.cast(inputs, self.dtype), self.slope)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """The shape of the input."""
        return tuple(input_shape)


class GatedLinear(Layer):
    """The part that gated linear units share: two linear maps of the last axis. Subclasses write ``gated``.

    Input (batch, ..., inputs), output (batch, ..., units). Weights: ``kernel`` (inputs, units), ``gate_kernel``
    (inputs, units), then ``bias`` (units,) and ``gate_bias`` (units,). The input is converted to the layer's dtype. A
    mask is passed on.

    Args:
        units: size of the output's last axis.
        use_bias: whether biases are added to the value and to the gate.
        kernel_initializer, gate_initializer, bias_initializer: of the weights' first values; the last of both biases.
        kernel_regularizer, gate_regularizer, bias_regularizer: penalties on the weights, added to the loss.
        activity_regularizer: a penalty on the output, added to the loss.
        kernel_constraint, gate_constraint, bias_constraint: projections after each update.
        **kwargs: those of ``Layer``: ``name``, ``input_shape``, ``trainable``, ``dtype``, ...

    Raises:
        InvalidArgumentError: ``units`` is not an integer of at least 1.
        LayerInputError: when called on an input of one axis, or whose last axis is not that of the first call.
    """

    supports_masking = True

    def __init__(
        self,
        units: int,
        use_bias: bool,
        kernel_initializer: Any,
        gate_initializer: Any,
        bias_initializer: Any,
        kernel_regularizer: Any,
        gate_regularizer: Any,
        bias_regularizer: Any,
        activity_regularizer: Any,
        kernel_constraint: Any,
        gate_constraint: Any,
        bias_constraint: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.units = positive_integer(type(self).__name__, "units", units)
        self.use_bias = bool(use_bias)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.gate_initializer = initializers.get(gate_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.gate_regularizer = regularizers.get(gate_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.gate_constraint = constraints.get(gate_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.input_spec = InputSpec(min_ndim=2)

    def gated(self, value: Array, gate: Array) -> Array:
        """Both of shape (batch, ..., units) -> (batch, ..., units)."""
        raise NotImplementedError(f"{type(self).__name__} has to define gated(value, gate)")

    def build(self, input_shape: Shape) -> None:
        """Make the weights, now that the size of the input's last axis is known.

        Args:
            input_shape: (batch, ..., inputs), ``None`` for what may vary.
        """
        inputs: Any = input_shape[-1]
        shape = (inputs, self.units)
        self.kernel: Variable = self.add_weight(
            "kernel",
            shape,
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.gate_kernel: Variable = self.add_weight(
            "gate_kernel",
            shape,
            self.gate_initializer,
            regularizer=self.gate_regularizer,
            constraint=self.gate_constraint,
        )
        self.bias = self._bias("bias") if self.use_bias else None
        self.gate_bias = self._bias("gate_bias") if self.use_bias else None
        self.input_spec = InputSpec(min_ndim=2, axes={-1: inputs})

    def _bias(self, name: str) -> Variable:
        bias: Variable = self.add_weight(
            name,
            (self.units,),
            self.bias_initializer,
            regularizer=self.bias_regularizer,
            constraint=self.bias_constraint,
        )
        return bias

    def call(self, inputs: Array) -> Array:
        """(batch, ..., inputs) -> (batch, ..., units)."""
        x = ops.cast(inputs, self.dtype)
        value: Array = x @ self.kernel
        gate: Array = x @ self.gate_kernel
        if self.bias is not None:
            value, gate = value + self.bias, gate + self.gate_bias
        return self.gated(value, gate)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """The shape of the input, with ``units`` as its last axis."""
        return (*input_shape[:-1], self.units)


class GLU(GatedLinear):
    """A gated linear unit: (x @ kernel + bias) * activation(x @ gate_kernel + gate_bias).

    With the sigmoid it is that of Dauphin, Fan, Auli and Grangier, "Language Modeling with Gated Convolutional
    Networks", 2017, arXiv:1612.08083. With other functions it is one of Shazeer's variants ("GLU Variants Improve
    Transformer", 2020, arXiv:2002.05202): ``None`` gives Bilinear, ``"relu"`` ReGLU, ``"gelu"`` GEGLU; for SwiGLU there
    is a layer of that name.

    Input (batch, ..., inputs), output (batch, ..., units). Weights: ``kernel`` (inputs, units), ``gate_kernel``
    (inputs, units), then ``bias`` (units,) and ``gate_bias`` (units,). The input is converted to the layer's dtype. A
    mask is passed on.

    Args:
        units: size of the output's last axis.
        activation: of the gate; a function of an array, or its name; ``None`` is linear.
        use_bias: whether biases are added to the value and to the gate.
        kernel_initializer, gate_initializer, bias_initializer: of the weights' first values; the last of both biases.
        kernel_regularizer, gate_regularizer, bias_regularizer: penalties on the weights, added to the loss.
        activity_regularizer: a penalty on the output, added to the loss.
        kernel_constraint, gate_constraint, bias_constraint: projections after each update.
        **kwargs: those of ``Layer``: ``name``, ``input_shape``, ``trainable``, ``dtype``, ...

    Raises:
        InvalidArgumentError: ``units`` is not an integer of at least 1, or ``activation`` is no function.
        LayerInputError: when called on an input of one axis, or whose last axis is not that of the first call.

    Example:
        >>> layer = GLU(1, kernel_initializer="ones", gate_initializer="zeros")
        >>> layer(np.array([[1.0, 2.0, 3.0]], "float32")).tolist()
        [[3.0]]
    """

    def __init__(
        self,
        units: int,
        activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        gate_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        gate_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        gate_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            units,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            gate_initializer=gate_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            gate_regularizer=gate_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            kernel_constraint=kernel_constraint,
            gate_constraint=gate_constraint,
            bias_constraint=bias_constraint,
            **kwargs,
        )
        self.activation: Callable[[Array], Array] = activation_function("GLU", activation)

    def gated(self, value: Array, gate: Array) -> Array:
        """Both of shape (batch, ..., units) -> (batch, ..., units)."""
        if self.activation is activations.get("sigmoid"):
            return sigmoid_gate(value, gate)
        result: Array = value * self.activation(gate)
        return result


class SwiGLU(GatedLinear):
    """A linear unit that is gated by Swish: (x @ kernel + bias) * swish(x @ gate_kernel + gate_bias).

    Shazeer, "GLU Variants Improve Transformer", 2020, arXiv:2002.05202, where swish(g) = g * sigmoid(beta * g). His
    feed-forward layer is this one without biases, and a ``Dense`` behind it.

    Input (batch, ..., inputs), output (batch, ..., units). Weights: ``kernel`` (inputs, units), ``gate_kernel``
    (inputs, units), then ``bias`` (units,) and ``gate_bias`` (units,), and with ``trainable_beta`` the scalar ``beta``
    (). The input is converted to the layer's dtype. A mask is passed on.

    Args:
        units: size of the output's last axis.
        beta: the slope of the gate, a finite number; its first value, if it is trained.
        trainable_beta: whether training changes it.
        use_bias: whether biases are added to the value and to the gate.
        kernel_initializer, gate_initializer, bias_initializer: of the weights' first values; the last of both biases.
        kernel_regularizer, gate_regularizer, bias_regularizer: penalties on the weights, added to the loss.
        activity_regularizer: a penalty on the output, added to the loss.
        kernel_constraint, gate_constraint, bias_constraint: projections after each update.
        **kwargs: those of ``Layer``: ``name``, ``input_shape``, ``trainable``, ``dtype``, ...

    Raises:
        InvalidArgumentError: ``units`` is not an integer of at least 1, or ``beta`` not a finite number.
        LayerInputError: when called on an input of one axis, or whose last axis is not that of the first call.

    Example:
        >>> layer = SwiGLU(1, beta=0.0, kernel_initializer="ones", gate_initializer="ones")
        >>> layer(np.array([[1.0, 2.0, 3.0]], "float32")).tolist()
        [[18.0]]
    """

    def __init__(
        self,
        units: int,
        beta: float = 1.0,
        trainable_beta: bool = False,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        gate_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        gate_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        gate_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            units,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            gate_initializer=gate_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            gate_regularizer=gate_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            kernel_constraint=kernel_constraint,
            gate_constraint=gate_constraint,
            bias_constraint=bias_constraint,
            **kwargs,
        )
        self.beta = finite_number("SwiGLU", "beta", beta)
        self.trainable_beta = bool(trainable_beta)

    def build(self, input_shape: Shape) -> None:
        """Make the weights.

        Args:
            input_shape: (batch, ..., inputs), ``None`` for what may vary.
        """
        super().build(input_shape)
        self.slope = _slope(self, self.beta, self.trainable_beta)

    def gated(self, value: Array, gate: Array) -> Array:
        """Both of shape (batch, ..., units) -> (batch, ..., units)."""
        result: Array = value * swish(gate, self.slope)
        return result


def _slope(layer: Layer, beta: float, trained: bool) -> float | Variable:
    """The slope of a layer's Swish: a number, or a weight that begins with it."""
    if not trained:
        return beta
    weight: Variable = layer.add_weight("beta", (), lambda shape, dtype: np.full(shape, beta, dtype))
    return weight
