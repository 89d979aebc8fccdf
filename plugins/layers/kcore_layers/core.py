"""Dense, and layers that give on what they get: as a function of it, with a mask, or with a penalty."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from kcore import Array, Shape, Variable, constraints, initializers, ops, regularizers
from kcore.layers import InputSpec, Layer
from kcore_layers.arguments import activation_function, bounded_number, positive_integer


class Dense(Layer):
    """A fully connected layer: activation(x @ kernel + bias).

    Input (batch, ..., inputs), output (batch, ..., units): only the last axis is transformed. Weights:
    ``kernel`` (inputs, units), then ``bias`` (units,). The input is converted to the layer's dtype. A mask is
    passed on.

    Args:
        units: size of the output's last axis.
        activation: a function of an array, or its name; ``None`` is linear.
        use_bias: whether a bias is added.
        kernel_initializer, bias_initializer: of the weights' first values.
        kernel_regularizer, bias_regularizer: penalties on the weights, added to the loss.
        activity_regularizer: a penalty on the output, added to the loss.
        kernel_constraint, bias_constraint: projections after each update.
        **kwargs: those of ``Layer``: ``name``, ``input_shape``, ``trainable``, ``dtype``, ...

    Raises:
        InvalidArgumentError: ``units`` is not an integer of at least 1, or ``activation`` is no function.
        LayerInputError: when called on an input of one axis, or whose last axis is not that of the first
            call.

    Example:
        >>> layer = Dense(2, activation="relu", kernel_initializer="ones")
        >>> layer(np.array([[1.0, 2.0, 3.0]], "float32")).tolist()
        [[6.0, 6.0]]
        >>> [weight.shape for weight in layer.weights]
        [(3, 2), (2,)]
    """

    supports_masking = True

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.units = positive_integer("Dense", "units", units)
        self.activation: Callable[[Array], Array] = activation_function("Dense", activation)
        self.use_bias = bool(use_bias)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.input_spec = InputSpec(min_ndim=2)

    def build(self, input_shape: Shape) -> None:
        inputs: Any = input_shape[-1]
        self.kernel: Variable = self.add_weight(
            "kernel",
            (inputs, self.units),
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.bias: Variable | None = None
        if self.use_bias:
            self.bias = self.add_weight(
                "bias",
                (self.units,),
                self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        self.input_spec = InputSpec(min_ndim=2, axes={-1: inputs})

    def call(self, inputs: Array) -> Array:
        """(batch, ..., inputs) -> (batch, ..., units)."""
        result: Any = ops.cast(inputs, self.dtype) @ self.kernel
        if self.bias is not None:
            result = result + self.bias
        return self.activation(result)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape[:-1], self.units)


class Activation(Layer):
    """An activation function as a layer of its own. Output and input have the same shape.

    Args:
        activation: a function of an array, or its name.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: ``activation`` is no function.

    Example:
        >>> Activation("relu")(np.array([[-1.0, 2.0]])).tolist()
        [[0.0, 2.0]]
    """

    supports_masking = True

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation: Callable[[Array], Array] = activation_function("Activation", activation)

    def call(self, inputs: Array) -> Array:
        """Any shape -> the same shape."""
        return self.activation(inputs)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return tuple(input_shape)


class ActivityRegularization(Layer):
    """Gives on its input, and adds a penalty on it to the loss: l1 * sum(abs(x)) + l2 * sum(x ** 2).

    The layer is one with ``activity_regularizer=L1L2(l1, l2)``, so its penalty counts as that of any layer: divided by
    the number of samples in the batch, as in tf_keras and Keras 3. Keras 2 up to 2.3 did not divide: factors of such
    a model that are to mean the same are multiplied with the batch size. Output and input have the same shape. A mask
    is passed on; masked steps count.

    Args:
        l1: factor of the absolute values.
        l2: factor of the squares.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: a factor is no finite number.

    Example:
        >>> layer = ActivityRegularization(l1=0.5)
        >>> layer(np.array([[1.0, -3.0]])).tolist(), layer.get_config()["l1"]
        ([[1.0, -3.0]], 0.5)
    """

    supports_masking = True

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **kwargs: Any) -> None:
        factors = {
            "l1": bounded_number("ActivityRegularization", "l1", l1),
            "l2": bounded_number("ActivityRegularization", "l2", l2),
        }
        super().__init__(activity_regularizer={"class_name": "L1L2", "config": factors}, **kwargs)
        self.l1, self.l2 = factors["l1"], factors["l2"]

    def call(self, inputs: Array) -> Array:
        """Any shape -> the same array."""
        return inputs

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        """Those of ``Layer``, ``l1`` and ``l2``, which say what the penalty is."""
        config = super().get_config()
        del config["activity_regularizer"]
        return config


class Masking(Layer):
    """Marks steps as padding whose features all have one value, and sets them to 0.

    The mask is m = any(x != mask_value) over the last axis, False for padding; the output is x where m, else 0. Layers
    behind this one get the mask; one that the input came with ends here. Input and output (batch, steps, features),
    or any number of axes of at least two; the mask has all of them but the last. The dtype stays.

    Args:
        mask_value: what all features of a step of padding are.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: the value is no finite number.
        LayerInputError: the input has less than two axes.

    Example:
        >>> layer = Masking(mask_value=-1.0)
        >>> x = np.array([[[0.5, -1.0], [-1.0, -1.0]]])
        >>> layer(x).tolist()
        [[[0.5, -1.0], [0.0, 0.0]]]
        >>> layer.compute_mask(x).tolist()
        [[True, False]]
    """

    def __init__(self, mask_value: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mask_value = bounded_number("Masking", "mask_value", mask_value)
        self.input_spec = InputSpec(min_ndim=2)

    def call(self, inputs: Array) -> Array:
        """(batch, ..., features) -> the same shape."""
        mask = np.expand_dims(self.compute_mask(inputs), -1)
        return np.where(mask, inputs, np.zeros((), inputs.dtype))

    def compute_mask(self, inputs: Array, mask: Any = None) -> Any:
        """(batch, ...): where any feature is not ``mask_value``."""
        return np.any(np.not_equal(inputs, self.mask_value), axis=-1)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return tuple(input_shape)
