"""Random initializers whose variance follows from the number of a weight's inputs and outputs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from kcore import Array
from kcore.errors import InvalidArgumentError
from kcore.initializers import Initializer, compute_fans
from kcore_initializers.arguments import is_finite_number, optional_seed
from kcore_initializers.normal import truncated_normal

MODES = ("fan_in", "fan_out", "fan_avg")
DISTRIBUTIONS = ("truncated_normal", "untruncated_normal", "uniform")

# The standard deviation of a normal distribution cut off at two standard deviations, in units of the uncut
# one: sqrt(1 - 2 * 2 * phi(2) / (Phi(2) - Phi(-2))).
TRUNCATED_DEVIATION = math.sqrt(1 - 4 * math.exp(-2) / math.sqrt(2 * math.pi) / math.erf(math.sqrt(2)))


class VarianceScaling(Initializer):
    """Random numbers with mean 0 and variance scale / fan.

    As in Keras from 2.2.3 on; before, the truncated normal distribution was not widened, and varied by 0.77 as much.
    Numbers are drawn in float64 and rounded, so that the same seed gives the same weights in every dtype.

    Args:
        scale: a positive factor of the variance.
        mode: what the fan is: ``"fan_in"`` (inputs of one output), ``"fan_out"`` (outputs of one input), or
            ``"fan_avg"`` (their mean); see ``kcore.initializers.compute_fans``.
        distribution: ``"truncated_normal"`` (short: ``"normal"``), normal numbers of which those beyond two
            standard deviations are drawn again, widened so that the variance is right after that;
            ``"untruncated_normal"``; or ``"uniform"`` in [-limit, limit) with limit = sqrt(3 * scale / fan).
        seed: an integer of at least 0: every call draws the same numbers. ``None``: numbers come from the
            stream of initial weights, which ``kcore.set_random_seed`` fixes.

    Raises:
        InvalidArgumentError: an argument outside the values above.

    Example:
        >>> kernel = VarianceScaling(scale=2.0, seed=1)((300, 100), "float64")
        >>> bool(abs(kernel.var() * 300 - 2.0) < 0.05)
        True
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | None = None,
    ) -> None:
        kind = type(self).__name__
        if not is_finite_number(scale) or scale <= 0:
            raise InvalidArgumentError(component=kind, argument="scale", value=scale, allowed="a finite number above 0")
        if mode not in MODES:
            raise InvalidArgumentError(component=kind, argument="mode", value=mode, allowed=MODES)
        chosen = "truncated_normal" if distribution == "normal" else distribution
        if chosen not in DISTRIBUTIONS:
            raise InvalidArgumentError(
                component=kind, argument="distribution", value=distribution, allowed=DISTRIBUTIONS
            )
        self.scale = scale
        self.mode = mode
        self.distribution = chosen
        self.seed = optional_seed(kind, seed)

    def sample(self, shape: tuple[int, ...], dtype: np.dtype[Any], rng: np.random.Generator) -> Array:
        """An array of ``shape``; the last two axes are (inputs, outputs), those before them a window."""
        fan_in, fan_out = compute_fans(shape)
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        deviation = math.sqrt(self.scale / max(fan, 1))
        if self.distribution == "uniform":
            limit = math.sqrt(3) * deviation
            values = rng.uniform(-limit, limit, shape)
        elif self.distribution == "untruncated_normal":
            values = rng.standard_normal(shape) * deviation
        else:
            values = truncated_normal(shape, rng) * (deviation / TRUNCATED_DEVIATION)
        return values.astype(dtype)


class GlorotUniform(VarianceScaling):
    """Uniform in [-limit, limit) with limit = sqrt(6 / (fan_in + fan_out)); the default for kernels.

    Source: Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks"
        (2010).

    Args:
        seed: as for ``VarianceScaling``.

    Example:
        >>> kernel = GlorotUniform(seed=1)((30, 24))
        >>> kernel.dtype.name, bool(abs(kernel).max() <= (6 / 54) ** 0.5)
        ('float32', True)
    """

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(scale=1.0, mode="fan_avg", distribution="uniform", seed=seed)


class HeNormal(VarianceScaling):
    """Normal with standard deviation sqrt(2 / fan_in), cut off at two standard deviations; suits relu.

    As in Keras, the distribution is widened before it is cut, so that the deviation holds after it.
    Source: He, Zhang, Ren and Sun, "Delving deep into rectifiers" (2015).

    Args:
        seed: as for ``VarianceScaling``.

    Example:
        >>> kernel = HeNormal(seed=1)((500, 40), "float64")
        >>> bool(abs(kernel.std() - (2 / 500) ** 0.5) < 0.001)
        True
    """

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(scale=2.0, mode="fan_in", distribution="truncated_normal", seed=seed)


class GlorotNormal(VarianceScaling):
    """Normal with standard deviation sqrt(2 / (fan_in + fan_out)), cut off at two standard deviations.

    As in Keras, the distribution is widened before it is cut, so that the deviation holds after it. PyTorch's
    ``xavier_normal_`` does not cut. Source: Glorot and Bengio, "Understanding the difficulty of training deep
    feedforward neural networks" (2010).

    Args:
        seed: as for ``VarianceScaling``.

    Example:
        >>> kernel = GlorotNormal(seed=1)((500, 300), "float64")
        >>> bool(abs(kernel.std() - (2 / 800) ** 0.5) < 0.001)
        True
    """

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(scale=1.0, mode="fan_avg", distribution="truncated_normal", seed=seed)


class HeUniform(VarianceScaling):
    """Uniform in [-limit, limit) with limit = sqrt(6 / fan_in); suits relu.

    The same in Keras 2 and 3, and as PyTorch's ``kaiming_uniform_``.
    Source: He, Zhang, Ren and Sun, "Delving deep into rectifiers" (2015).

    Args:
        seed: as for ``VarianceScaling``.

    Example:
        >>> kernel = HeUniform(seed=1)((24, 30))
        >>> bool(abs(kernel).max() <= (6 / 24) ** 0.5)
        True
    """

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(scale=2.0, mode="fan_in", distribution="uniform", seed=seed)


class LecunNormal(VarianceScaling):
    """Normal with standard deviation sqrt(1 / fan_in), cut off at two standard deviations; suits selu.

    As in Keras, the distribution is widened before it is cut, so that the deviation holds after it.
    Sources: LeCun, Bottou, Orr and Müller, "Efficient backprop" (1998); Klambauer, Unterthiner, Mayr and Hochreiter,
    "Self-normalizing neural networks" (2017).

    Args:
        seed: as for ``VarianceScaling``.

    Example:
        >>> kernel = LecunNormal(seed=1)((500, 40), "float64")
        >>> bool(abs(kernel.std() - (1 / 500) ** 0.5) < 0.001)
        True
    """

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(scale=1.0, mode="fan_in", distribution="truncated_normal", seed=seed)


class LecunUniform(VarianceScaling):
    """Uniform in [-limit, limit) with limit = sqrt(3 / fan_in).

    Source: LeCun, Bottou, Orr and Müller, "Efficient backprop" (1998).

    Args:
        seed: as for ``VarianceScaling``.

    Example:
        >>> kernel = LecunUniform(seed=1)((12, 30))
        >>> bool(abs(kernel).max() <= 0.5)
        True
    """

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(scale=1.0, mode="fan_in", distribution="uniform", seed=seed)
