"""How a case is computed by Keras 2, and by Keras 3 where it has the same function."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tf_keras.src import backend as tf_keras_backend

K2 = tf_keras_backend
O3 = keras.ops

STEP_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "simple": lambda K, x, s: (K.tanh(x + s[0] * 0.5), [K.tanh(x + s[0] * 0.5)]),
    "two": lambda K, x, s: (x * s[0] + s[1], [K.sigmoid(s[1] + x), s[0] * 0.75 - x]),
    "none": lambda K, x, s: (K.square(x), []),
    "constants": lambda K, x, s: (x * s[1] + s[0], [x * s[1] + s[0]]),
}
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "square": lambda K, x: K.square(x),
    "sum": lambda K, x: K.sum(x, axis=0),
    "add": lambda K, a, x: a + x,
    "mix": lambda K, a, x: a * x + 0.5 * a,
}


def flat(K: Any, parts: Any) -> Any:
    """Several outputs, one after the other along one axis."""
    return K.concatenate([K.flatten(part) for part in parts], axis=0)


def rnn(K: Any, x: Any, *more: Any, step: str, constants: int = 0, mask: Any = None, **config: Any) -> Any:
    states = list(more[: len(more) - constants])
    last, outputs, ends = K.rnn(
        lambda x, s: STEP_FUNCTIONS[step](K, x, s), x, states, constants=list(more[len(more) - constants :]) or None,
        mask=None if mask is None else K.constant(np.array(mask, bool), dtype="bool"), **config,
    )  # fmt: skip
    return flat(K, [last, outputs, *ends])


ADAPTED: dict[str, Callable[..., Any]] = {
    "concatenate": lambda K, *x, **c: K.concatenate(list(x), **c),
    "stack": lambda K, *x, **c: K.stack(list(x), **c),
    "rnn": rnn,
    "switch": lambda K, c, a, b: K.switch(K.cast(c, "bool"), a, b),
    "mean": lambda K, x, **c: K.mean(K.cast(x, "bool") if "int" in K.dtype(x) else x, **c),
    "var": lambda K, x, **c: K.var(K.cast(x, "bool") if "int" in K.dtype(x) else x, **c),
    "any": lambda K, x, **c: K.any(K.cast(x, "bool"), **c),
    "all": lambda K, x, **c: K.all(K.cast(x, "bool"), **c),
    # TensorFlow wants the parameters in a shape that broadcasts.
    "batch_normalization": lambda K, x, *more, axis=-1, **c: K.batch_normalization(
        x,
        *(K.reshape(one, [-1 if place == axis % len(x.shape) else 1 for place in range(len(x.shape))]) for one in more),
        axis=axis,
        **c,
    ),
    "slice": lambda K, x, start, size: tf.slice(x, start, size),
    "map_fn": lambda K, x, fn: K.map_fn(lambda item: FUNCTIONS[fn](K, item), x),
    "foldl": lambda K, x, *start, fn: K.foldl(lambda a, item: FUNCTIONS[fn](K, a, item), x, *start),
    "foldr": lambda K, x, *start, fn: K.foldr(lambda a, item: FUNCTIONS[fn](K, a, item), x, *start),
    "normalize_batch_in_training": lambda K, *x, **c: flat(K, K.normalize_batch_in_training(*x, **c)),
}

# Where Keras 3 has the same function, it is recorded beside Keras 2: names and arguments that differ are mapped here.
KERAS3: dict[str, Callable[..., Any]] = {
    **{
        name: getattr(O3, name)
        for name in [
            "square",
            "abs",
            "exp",
            "log",
            "sign",
            "sin",
            "cos",
            "softsign",
            "sigmoid",
            "tanh",
            "softplus",
            "maximum",
            "minimum",
            "max",
            "min",
            "sum",
            "prod",
            "mean",
            "var",
            "std",
            "logsumexp",
            "equal",
            "not_equal",
            "greater",
            "greater_equal",
            "less",
            "less_equal",
            "transpose",
            "squeeze",
            "elu",
            "softmax",
        ]
    },
    "pow": lambda x, a: O3.power(x, a),
    "reshape": lambda x, shape: O3.reshape(x, shape),
    "concatenate": lambda *x, axis=-1: O3.concatenate(list(x), axis=axis),
    "stack": lambda *x, axis=0: O3.stack(list(x), axis=axis),
    "permute_dimensions": lambda x, pattern: O3.transpose(x, pattern),
    "repeat_elements": lambda x, rep, axis: O3.repeat(x, rep, axis=axis),
    "tile": lambda x, n: O3.tile(x, n),
    "expand_dims": lambda x, axis=-1: O3.expand_dims(x, axis),
    "reverse": lambda x, axes: O3.flip(x, axes),
    "gather": lambda x, i: O3.take(x, i, axis=0),
    "cumsum": lambda x, axis=0: O3.cumsum(x, axis=axis),
    "cumprod": lambda x, axis=0: O3.cumprod(x, axis=axis),
    "argmax": lambda x, axis=-1: O3.argmax(x, axis=axis),
    "argmin": lambda x, axis=-1: O3.argmin(x, axis=axis),
    "categorical_crossentropy": O3.categorical_crossentropy,
    "binary_crossentropy": O3.binary_crossentropy,
    "l2_normalize": lambda x, axis=None: O3.normalize(x, axis=axis, order=2, epsilon=1e-12),
    "conv1d": lambda x, k, **c: O3.conv(x, k, **c),
    "conv2d": lambda x, k, **c: O3.conv(x, k, **c),
    "conv3d": lambda x, k, **c: O3.conv(x, k, **c),
    "depthwise_conv2d": lambda x, k, **c: O3.depthwise_conv(x, k, **c),
    "separable_conv1d": lambda x, d, p, **c: O3.separable_conv(x, d, p, **c),
}
# Keras 2 adds epsilon once more inside the logarithms; it fails on this version of TensorFlow.
NOT_IN_KERAS2 = {
    "binary_crossentropy/probabilities",
    "separable_conv1d/plain",
    "separable_conv1d/strides",
    "separable_conv1d/dilation",
}
# Integers of another width, other ties, or a definition of its own.
NOT_IN_KERAS3 = {
    "sum/integers", "cumsum/integers", "cumprod/integers", "mean/bool", "var/bool", "sum/all-float64", "conv1d/causal-s1-d2",
    "l2_normalize/all", "l2_normalize/axes", "std/all",
}  # fmt: skip


def tuples(item: Any) -> Any:
    """Lists as tuples: some functions add shapes to their arguments."""
    return tuple(map(tuples, item)) if isinstance(item, list) else item


def calls(component: str, config: dict[str, Any]) -> tuple[Callable[..., Any], Callable[..., Any] | None]:
    """The function with these arguments in Keras 2, and in Keras 3 where it has it."""
    adapted, function = ADAPTED.get(component), KERAS3.get(component)
    keras2 = functools.partial(adapted, K2) if adapted else getattr(K2, component)
    return functools.partial(keras2, **config), None if function is None else functools.partial(function, **config)
