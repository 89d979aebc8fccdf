"""Samples beside the distribution that they should have: the Kolmogorov-Smirnov statistic, and exact functions.

Needs NumPy only.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from kcore.engine.types import Array

CHANCE = 0.01
"""How often a right sample may be taken for a wrong one; with a fixed seed it is never, or always."""


@dataclass(frozen=True)
class Distribution:
    """A distribution by its exact function.

    Attributes:
        cdf: the probability of at most x.
        mean, deviation: its moments.
        kurtosis: the fourth central moment over the squared variance: how much a sample's variance varies.
        low, high: between which all numbers are.
    """

    cdf: Callable[[float], float]
    mean: float
    deviation: float
    kurtosis: float
    low: float = -math.inf
    high: float = math.inf


def uniform(low: float, high: float) -> Distribution:
    """All numbers between the two, equally likely."""

    def cdf(x: float) -> float:
        return min(max((x - low) / (high - low), 0.0), 1.0)

    return Distribution(cdf, (low + high) / 2, (high - low) / math.sqrt(12), 1.8, low, high)


def normal(mean: float, deviation: float) -> Distribution:
    """The normal distribution."""
    return Distribution(lambda x: _normal_cdf((x - mean) / deviation), mean, deviation, 3.0)


def truncated_normal(mean: float, scale: float) -> Distribution:
    """The normal distribution of deviation ``scale`` without what is further than twice that from the mean."""
    inside = math.erf(math.sqrt(2))
    edge = 2 * math.exp(-2) / math.sqrt(2 * math.pi)
    # By parts: of x**2 over -2..2 what is inside less 2 * 2 * phi(2), of x**4 three times that less 2 * 8 * phi(2).
    variance = 1 - 2 * edge / inside
    fourth = 3 * variance - 8 * edge / inside

    def cdf(x: float) -> float:
        z = min(max((x - mean) / scale, -2.0), 2.0)
        return (_normal_cdf(z) - _normal_cdf(-2.0)) / inside

    bounds = (mean - 2 * scale, mean + 2 * scale)
    return Distribution(cdf, mean, scale * math.sqrt(variance), fourth / variance**2, *bounds)


def _normal_cdf(z: float) -> float:
    return math.erfc(-z / math.sqrt(2)) / 2


def kolmogorov_smirnov(values: Array, cdf: Callable[[float], float]) -> float:
    """The largest distance between the distribution function of a sample and ``cdf``."""
    ordered = np.sort(np.ravel(values).astype("float64"))
    expected = np.array([cdf(float(value)) for value in ordered])
    steps = np.arange(ordered.size + 1) / ordered.size
    return float(max(np.max(expected - steps[:-1]), np.max(steps[1:] - expected)))


def assert_drawn_from(values: Array, distribution: Distribution) -> None:
    """That a sample may well be from this distribution: its function, mean, variance and bounds.

    Raises:
        AssertionError: it is so far away as of a hundred samples from the distribution one is.
    """
    count = values.size
    found = kolmogorov_smirnov(values, distribution.cdf)
    # Kolmogorov's distribution, whose first term is enough for large samples.
    allowed = math.sqrt(-math.log(CHANCE / 2) / 2 / count)
    assert found <= allowed, f"the distribution function is off by {found:.4f}; {allowed:.4f} is likely"
    mean, variance = float(np.mean(values)), float(np.var(values))
    error = 3 * distribution.deviation / math.sqrt(count)
    assert abs(mean - distribution.mean) <= error, f"the mean is {mean:.5g}, not {distribution.mean:.5g} +- {error:.2g}"
    ratio, error = variance / distribution.deviation**2, 3 * math.sqrt((distribution.kurtosis - 1) / count)
    assert abs(ratio - 1) <= error, f"the variance is {ratio:.4f} times as large as it should be, +- {error:.2g}"
    slack = 1e-12 * max(abs(distribution.low), abs(distribution.high)) if math.isfinite(distribution.low) else 0.0
    inside = distribution.low - slack <= values.min() and values.max() <= distribution.high + slack
    assert inside, f"the numbers are between {values.min()} and {values.max()}, beyond the bounds"
