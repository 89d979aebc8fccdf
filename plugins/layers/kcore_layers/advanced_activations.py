"""Activations with arguments or weights, as layers of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kcore import Array, Shape, Variable, activations, constraints, initializers, ops, regularizers
from kcore.layers import InputSpec, Layer
from kcore_layers.arguments import bounded_number, distinct_integers
from kcore_layers.floating import floating

NOT_NEGATIVE = "a finite number of at least 0"


def _not_negative(layer: str, argument: str, value: Any) -> float:
    return bounded_number(layer, argument, value, NOT_NEGATIVE, lambda number: number >= 0)


def _leaky(x: Array, slope: float) -> Array:
    return np.where(x > 0, x, x * slope)


class ElementwiseActivation(Layer):
    """A function of each entry: the shape stays, and a mask is passed on."""

    supports_masking = True

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return tuple(input_shape)


class LeakyReLU(ElementwiseActivation):
    """A rectifier that lets a little through below 0: x above 0, alpha * x below.

    The slope at 0 is ``alpha``. Source: Maas, Hannun and Ng, "Rectifier nonlinearities improve neural network acoustic
    models" (2013). Any shape -> the same shape. The dtype stays if it is floating. A mask is passed on.

    Args:
        alpha: slope below 0, at least 0.
        negative_slope: Keras 3's name of ``alpha``; a config has only ``alpha``.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: the slope is no finite number, or negative.

    Example:
        >>> LeakyReLU(0.25)(np.array([[-4.0, 3.0]])).tolist()
        [[-1.0, 3.0]]
    """

    def __init__(self, alpha: float = 0.3, *, negative_slope: float | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if negative_slope is None:
            self.alpha = _not_negative("LeakyReLU", "alpha", alpha)
        else:
            self.alpha = _not_negative("LeakyReLU", "negative_slope", negative_slope)

    def _not_config(self) -> set[str]:
        return super()._not_config() | {"negative_slope"}

    def call(self, inputs: Array) -> Array:
        """Any shape -> the same shape."""
        return _leaky(floating(self, inputs), self.alpha)


class PReLU(ElementwiseActivation):
    """A rectifier that learns its slopes below 0: x above 0, alpha * x below.

    The slope at exactly 0 is 0, as in Keras. Source: He et al., "Delving deep into rectifiers" (2015).

    Any shape -> the same shape, with at least one axis after the batch. Weight: ``alpha``, of the shape of one sample,
    with 1 for the shared axes. The input is converted to the layer's dtype. A mask is passed on.

    Args:
        alpha_initializer: of the slopes' first values.
        alpha_regularizer: a penalty on the slopes, added to the loss.
        alpha_constraint: a projection after each update.
        shared_axes: axes along which all entries have one slope, from 1 on: an integer or several. ``[1, 2]`` gives
            every channel of images (batch, rows, columns, channels) one slope. Their sizes may be unknown.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: ``shared_axes`` is none of these.
        LayerInputError: the input has no such axis, or other sizes than at the first call on axes that are not shared.

    Example:
        >>> layer = PReLU("ones", shared_axes=[1])
        >>> layer(np.array([[[-4.0, 3.0], [-1.0, 2.0]]], "float32")).tolist()
        [[[-4.0, 3.0], [-1.0, 2.0]]]
        >>> [weight.shape for weight in layer.weights]
        [(1, 2)]
    """

    def __init__(
        self,
        alpha_initializer: Any = "zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: int | Sequence[int] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.alpha_initializer = initializers.get(alpha_initializer)
        self.alpha_regularizer = regularizers.get(alpha_regularizer)
        self.alpha_constraint = constraints.get(alpha_constraint)
        self.shared_axes: tuple[int, ...] | None = None
        if shared_axes is not None and shared_axes not in ((), []):
            self.shared_axes = distinct_integers(
                "PReLU", "shared_axes", shared_axes, "None, or different integers of at least 1", lambda axis: axis >= 1
            )
        self.input_spec = InputSpec(min_ndim=max((1, *(self.shared_axes or ()))) + 1)

    def build(self, input_shape: Shape) -> None:
        shared = self.shared_axes or ()
        sizes: Any = [1 if axis in shared else size for axis, size in enumerate(input_shape)]
        self.alpha: Variable = self.add_weight(
            "alpha",
            sizes[1:],
            self.alpha_initializer,
            regularizer=self.alpha_regularizer,
            constraint=self.alpha_constraint,
        )
        own = {axis: size for axis, size in enumerate(sizes) if axis > 0 and axis not in shared}
        self.input_spec = InputSpec(ndim=len(input_shape), axes=own)

    def call(self, inputs: Array) -> Array:
        """(batch, ...) -> the same shape."""
        x: Any = ops.cast(inputs, self.dtype)
        return ops.relu(x) - self.alpha * ops.relu(-x)  # type: ignore[no-any-return]


class ELU(ElementwiseActivation):
    """The exponential linear unit: x above 0, alpha * (exp(x) - 1) below.

    Source: Clevert, Unterthiner and Hochreiter, "Fast and accurate deep network learning by exponential linear units"
    (2016). Any shape -> the same shape. The dtype stays if it is floating. A mask is passed on.

    Args:
        alpha: the limit for x -> -inf is -alpha; at least 0.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: ``alpha`` is no finite number, or negative.

    Example:
        >>> ELU(0.5)(np.array([[-1000.0, 3.0]])).tolist()
        [[-0.5, 3.0]]
    """

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alpha = _not_negative("ELU", "alpha", alpha)

    def call(self, inputs: Array) -> Array:
        """Any shape -> the same shape."""
        return activations.get("elu")(floating(self, inputs), alpha=self.alpha)  # type: ignore[no-any-return]


class ThresholdedReLU(ElementwiseActivation):
    """A rectifier with a step: x above ``theta``, 0 elsewhere.

    The slope at ``theta`` is 0. Source: Konda, Memisevic and Krueger, "Zero-bias autoencoders and the benefits of
    co-adapting features" (2015). Any shape -> the same shape. The dtype stays if it is floating. A mask is passed on.

    Args:
        theta: where the step is, at least 0.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: ``theta`` is no finite number, or negative.

    Example:
        >>> ThresholdedReLU(1.5)(np.array([[-2.0, 1.0, 3.0]])).tolist()
        [[0.0, 0.0, 3.0]]
    """

    def __init__(self, theta: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.theta = _not_negative("ThresholdedReLU", "theta", theta)

    def call(self, inputs: Array) -> Array:
        """Any shape -> the same shape."""
        x = floating(self, inputs)
        return np.where(x > self.theta, x, np.zeros((), x.dtype))


class ReLU(ElementwiseActivation):
    """The rectifier, or a variation of it, as a layer: max(x, 0) by default.

    f(x) is ``max_value`` where x >= max_value, x where threshold < x < max_value, and negative_slope * (x - threshold)
    elsewhere. Where it bends, its slope is Keras 2's: 0 at the threshold, but ``negative_slope`` where that is the only
    argument; 1 at ``max_value``, but 0 for ``max_value=6`` without a threshold. Any shape -> the same shape. The dtype
    stays if it is floating. A mask is passed on.

    Args:
        max_value: upper limit, at least 0; ``None`` for no limit.
        negative_slope: slope below the threshold, at least 0.
        threshold: where the unit begins to pass its input on, at least 0.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: an argument is no finite number, or negative.

    Example:
        >>> ReLU(max_value=6.0, negative_slope=0.5)(np.array([[-2.0, 3.0, 9.0]])).tolist()
        [[-1.0, 3.0, 6.0]]
    """

    def __init__(
        self, max_value: float | None = None, negative_slope: float = 0.0, threshold: float = 0.0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.max_value = None if max_value is None else _not_negative("ReLU", "max_value", max_value)
        self.negative_slope = _not_negative("ReLU", "negative_slope", negative_slope)
        self.threshold = _not_negative("ReLU", "threshold", threshold)

    def call(self, inputs: Array) -> Array:
        """Any shape -> the same shape."""
        x: Any = floating(self, inputs)
        slope, threshold, limit = self.negative_slope, self.threshold, self.max_value
        if slope and not threshold and limit is None:
            return _leaky(x, slope)
        result: Any = np.where(x > threshold, x, np.zeros((), x.dtype)) if threshold else ops.relu(x)
        if limit is not None:
            beyond = result >= limit if limit == 6 and not threshold else result > limit
            result = np.where(beyond, np.asarray(limit, x.dtype), result)
        return result - slope * ops.relu(threshold - x) if slope else result  # type: ignore[no-any-return]


class Softmax(Layer):
    """exp(x) / sum(exp(x)) along an axis, or over several together: positive numbers that sum to 1.

    Any shape -> the same shape. The dtype stays if it is floating.

    With a mask, masked entries get 0 and the others share the 1; where all are masked, all get 0, as in Keras 3
    (tf_keras gives them equal shares). The mask's axes are the input's first ones, as many as it has: of the shape of
    the input, or with sizes of 1, it masks single entries; a mask (batch, steps) of a sequence leaves out steps where
    the softmax goes over steps, and changes nothing where it goes over the features only, as in Keras 2 before masks
    of entries. It is passed on.

    Args:
        axis: along which the numbers sum to 1: an integer, or several.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: ``axis`` is none of these.
        LayerInputError: the input has no such axis, or the mask does not fit it.

    Example:
        >>> layer = Softmax()
        >>> layer(np.array([[1.0, 1.0, 1.0]]), mask=np.array([[True, False, True]])).tolist()
        [[0.5, 0.0, 0.5]]
    """

    supports_masking = True

    def __init__(self, axis: int | Sequence[int] = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._axes = distinct_integers("Softmax", "axis", axis, "an integer, or a list of different ones")
        self.axis: int | tuple[int, ...] = self._axes if isinstance(axis, list | tuple) else self._axes[0]
        self.input_spec = InputSpec(min_ndim=max(axis + 1 if axis >= 0 else -axis for axis in self._axes))

    def call(self, inputs: Array, mask: Any = None) -> Array:
        """Any shape -> the same shape."""
        x = floating(self, inputs)
        axes = tuple(axis % x.ndim for axis in self._axes)
        if len(set(axes)) < len(axes):
            self.refuse_input(f"an input on which axis={self.axis} names different axes", x.shape)
        # Where none of the axes is the mask's, it is whole groups that are padding.
        if mask is None or min(axes) >= mask.ndim:
            return ops.softmax(x, axis=axes)
        if mask.ndim > x.ndim or any(m not in (1, n) for m, n in zip(mask.shape, x.shape, strict=False)):
            self.refuse_input(f"an input that its mask of shape {mask.shape} fits", x.shape)
        kept = np.reshape(mask, (*mask.shape, *(1,) * (x.ndim - mask.ndim)))
        # Far below all others, but finite: also where all are masked, no infinities are subtracted.
        lowest = np.asarray(np.finfo(x.dtype).min / 2, x.dtype)
        return np.where(kept, ops.softmax(np.where(kept, x, lowest), axis=axes), np.zeros((), x.dtype))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return tuple(input_shape)
