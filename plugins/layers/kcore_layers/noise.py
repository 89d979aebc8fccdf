"""Layers that add noise in training, or multiply with it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from kcore import Array, ops
from kcore_layers.arguments import bounded_number, dropped_fraction
from kcore_layers.dropping import Dropout, TrainingNoise

# The limit of selu for large negative numbers, with its scale and alpha.
SELU_LIMIT = -1.0507009873554805 * 1.6732632423543772


class GaussianNoise(TrainingNoise):
    """In training, adds normal random numbers: y = x + n, n of mean 0 and standard deviation ``stddev``.

    At other times the output is the input. Every entry at every call has its own number. Output and input have the
    same shape, and the same dtype if it is floating. A mask is passed on.

    Args:
        stddev: the standard deviation, at least 0.
        seed: an integer of at least 0 that fixes the noise; by default it follows from ``kcore.set_random_seed``, in
            the order in which layers are made.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: an argument outside the values above.

    Example:
        >>> x = np.zeros((1, 10000))
        >>> layer = GaussianNoise(0.5, seed=1)
        >>> round(float(layer(x, training=True).std()), 1), layer(x) is x
        (0.5, True)
    """

    def __init__(self, stddev: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(seed, **kwargs)
        self.stddev = bounded_number(
            "GaussianNoise", "stddev", stddev, "a finite number of at least 0", lambda number: number >= 0
        )

    @property
    def silent(self) -> bool:
        return self.stddev == 0

    def noisy(self, x: Array, key: Array) -> Array:
        """The input plus noise."""
        return x + self.stddev * ops.random_normal(key, shape=x.shape, dtype=x.dtype)


class GaussianDropout(TrainingNoise):
    """In training, multiplies with normal random numbers of mean 1 and variance rate / (1 - rate).

    These are the mean and variance of what ``Dropout`` multiplies with. At other times the output is the input.
    Source: Srivastava et al., "Dropout" (2014), section 10. Output and input have the same shape, and the same dtype
    if it is floating. A mask is passed on.

    Args:
        rate: as for ``Dropout``; 0 <= rate < 1.
        seed: as for ``GaussianNoise``.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: an argument outside the values above.

    Example:
        >>> x = np.ones((1, 10000))
        >>> layer = GaussianDropout(0.5, seed=1)
        >>> round(float(layer(x, training=True).std()), 1), layer(x) is x
        (1.0, True)
    """

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(seed, **kwargs)
        self.rate = dropped_fraction("GaussianDropout", "rate", rate)

    @property
    def silent(self) -> bool:
        return self.rate == 0

    def noisy(self, x: Array, key: Array) -> Array:
        """The input times noise."""
        stddev = math.sqrt(self.rate / (1 - self.rate))
        return x * (1 + stddev * ops.random_normal(key, shape=x.shape, dtype=x.dtype))


class AlphaDropout(Dropout):
    """Dropout that keeps mean 0 and variance 1, as the activation ``selu`` makes them.

    In training, entries become l = -scale * alpha with probability ``rate``, the limit of ``selu`` for large negative
    numbers, and then all become a * x + b, with a = ((1 - rate) * (1 + rate * l ** 2)) ** -0.5 and b = -a * rate * l.
    At other times the output is the input. Source: Klambauer et al., "Self-normalizing neural networks" (2017).

    Output and input have the same shape, and the same dtype if it is floating. A mask is passed on.

    Args:
        rate: the probability of an entry to be dropped; 0 <= rate < 1.
        noise_shape, seed: as for ``Dropout``.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: an argument outside the values above.
        LayerInputError: ``noise_shape`` does not fit the input.

    Example:
        >>> x = np.zeros((1, 10000))
        >>> layer = AlphaDropout(0.5, seed=1)
        >>> np.unique(layer(x, training=True)).round(4).tolist()
        [-0.7792, 0.7792]
        >>> layer(x) is x
        True
    """

    def __init__(
        self,
        rate: float,
        noise_shape: Sequence[int | None] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(rate, noise_shape, seed, **kwargs)
        self._factor = ((1 - self.rate) * (1 + self.rate * SELU_LIMIT**2)) ** -0.5

    def noisy(self, x: Array, key: Array) -> Array:
        """Dropped entries at selu's limit, then the mean and variance put right."""
        numbers = ops.random_uniform(key, shape=self.mask_shape(x.shape), dtype=x.dtype)
        dropped: Array = np.where(numbers >= self.rate, x, np.asarray(SELU_LIMIT, x.dtype))
        return dropped * self._factor - self._factor * self.rate * SELU_LIMIT  # type: ignore[no-any-return]
