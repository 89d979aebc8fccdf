"""Random numbers, new ones in each step of a program.

Without ``seed`` the numbers follow from ``kcore.set_random_seed``. With it, a call outside of programs gives the same
numbers each time, and a program begins with those and goes on from step to step. In the body of a loop (``K.rnn``,
``K.map_fn``) nothing can be drawn: draw before the loop, or use ``unroll=True``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from kcore.backend.tensors import shape_of
from kcore.engine.random import KeySequence, generator
from kcore.engine.settings import floatx
from kcore.engine.tracing import current_trace
from kcore.engine.types import Array
from kcore.errors.components import InvalidArgumentError
from kcore.ops import cast
from kcore.ops import random_normal as _normal
from kcore.ops import random_uniform as _uniform

Dtype = npt.DTypeLike | None

# What lies below -2 in the normal distribution.
_TAIL = 0.02275013194817921
# Coefficients of Wichura's rational functions, highest power first: of r = 0.425**2 - q**2 in the middle, of
# r = sqrt(-log(p)) - 1.6 in the tails.
_MIDDLE = (
    (2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
     13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.387132872796366608),
    (5226.495278852854561, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867,
     5394.1960214247511077, 687.1870074920579083, 42.313330701600911252, 1.0),
)  # fmt: skip
_OUTSIDE = (
    (7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177, 1.27045825245236838258,
     3.64784832476320460504, 5.7694972214606914055, 4.6303378461565452959, 1.42343711074968357734),
    (1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966, 0.14810397642748007459,
     0.68976733498510000455, 1.6763848301838038494, 2.05319162663775882187, 1.0),
)  # fmt: skip


def key(seed: int | None) -> Array:
    """A key for one draw, uint64[2]; in a program another one in each run."""
    if current_trace() is not None:
        return KeySequence(int(generator("backend").integers(2**63)) if seed is None else seed).next()
    if seed is not None:
        return KeySequence(seed).next()
    return generator("backend").integers(2**64, size=2, dtype=np.uint64)


def random_normal(
    shape: Sequence[int], mean: Any = 0.0, stddev: Any = 1.0, dtype: Dtype = None, seed: int | None = None
) -> Any:
    """Numbers from the normal distribution.

    Args:
        shape: of the result; ``K.shape(x)[0]`` may be among the sizes.
        mean, stddev: numbers, or arrays that broadcast to the shape.
        dtype: float32 or float64; ``kcore.floatx()`` by default.
        seed: see the module.

    Example:
        >>> random_normal((2, 3), seed=1).shape
        (2, 3)
    """
    numbers = _normal(key(seed), shape=shape_of("random_normal", shape), dtype=dtype or floatx())
    return cast(numbers * stddev + mean, numbers.dtype)


def random_uniform(
    shape: Sequence[int], minval: Any = 0.0, maxval: Any = 1.0, dtype: Dtype = None, seed: int | None = None
) -> Any:
    """Numbers uniform from ``minval`` to below ``maxval``; whole ones for an integer ``dtype``.

    Args:
        shape, seed: as for ``random_normal``.
        minval, maxval: numbers, or arrays that broadcast to the shape.
        dtype: floating or integer; ``kcore.floatx()`` by default.
    """
    wanted = np.dtype(dtype or floatx())
    drawn = wanted if wanted.kind == "f" else np.dtype("float64")
    numbers = _uniform(key(seed), shape=shape_of("random_uniform", shape), dtype=drawn)
    numbers = numbers * (maxval - minval) + minval
    return cast(numbers if wanted.kind == "f" else np.floor(numbers), wanted)


def random_binomial(shape: Sequence[int], p: float = 0.0, dtype: Dtype = None, seed: int | None = None) -> Any:
    """1 with probability ``p``, else 0; arguments as for ``random_normal``.

    Raises:
        InvalidArgumentError: ``p`` is not in 0..1.
    """
    if not 0 <= p <= 1:
        raise InvalidArgumentError(
            component="kcore.backend.random_binomial", argument="p", value=p, allowed="a number from 0 to 1"
        )
    numbers = _uniform(key(seed), shape=shape_of("random_binomial", shape), dtype="float32")
    return cast(numbers < p, dtype or floatx())


def truncated_normal(
    shape: Sequence[int], mean: Any = 0.0, stddev: Any = 1.0, dtype: Dtype = None, seed: int | None = None
) -> Any:
    """Numbers from the normal distribution, none more than two standard deviations from the mean.

    Keras draws again what lies further away. That gives the same distribution as the quantile function here, of numbers
    uniform in what is left (Wichura, "Algorithm AS 241", 1988), which always takes one draw.

    Args:
        shape, mean, stddev, dtype, seed: as for ``random_normal``.
    """
    uniform = _uniform(key(seed), shape=shape_of("truncated_normal", shape), dtype=dtype or floatx())
    offset = (uniform - 0.5) * (1 - 2 * _TAIL)
    # Rounding may carry the outermost numbers across.
    numbers = np.clip(_quantile(offset), -2.0, 2.0)
    return cast(numbers * stddev + mean, uniform.dtype)


def _quantile(offset: Any) -> Any:
    """The normal quantile of p = 1/2 + offset, for p from about 0.02 to 0.98."""
    middle = _ratio(_MIDDLE, 0.180625 - np.square(offset)) * offset
    tail = _ratio(_OUTSIDE, np.sqrt(-np.log(0.5 - np.abs(offset))) - 1.6) * np.sign(offset)
    return np.where(np.abs(offset) <= 0.425, middle, tail)


def _ratio(coefficients: tuple[tuple[float, ...], tuple[float, ...]], r: Any) -> Any:
    values = []
    for polynomial in coefficients:
        value: Any = polynomial[0]
        for coefficient in polynomial[1:]:
            value = value * r + coefficient
        values.append(value)
    return values[0] / values[1]
