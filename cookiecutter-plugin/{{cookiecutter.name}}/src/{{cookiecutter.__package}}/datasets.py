"""Datasets: functions that give training and test data. They need no network."""

from __future__ import annotations

import numpy as np
from kcore import Array
from kcore.errors import InvalidArgumentError

Split = tuple[Array, Array]


def {{ cookiecutter.__prefix }}_spirals(
    samples: int = 400, turns: float = 1.5, noise: float = 0.05, test_size: int = 100, seed: int = 0
) -> tuple[Split, Split]:
    """Points on two spirals that wind around each other, as ``(x_train, y_train), (x_test, y_test)``.

    The point of angle a, from 0 to ``turns`` full turns, has the radius r = a / a_max. Class 0 is at
    r * (cos a, sin a), class 1 opposite; normal noise is added to both coordinates. A network without a hidden layer
    cannot tell them apart.

    Args:
        samples: points in all, at least 4, half of them of each class (one more of class 0 if odd).
        turns: how often each spiral winds around the centre, above 0.
        noise: the standard deviation of the noise, at least 0.
        test_size: how many points are held back for testing, at least 1; at least 1 is left.
        seed: of the random numbers, from 0 to 2**32 - 1.

    Returns:
        x: float32, (samples, 2). y: int64, 0 or 1, (samples,).

    Raises:
        InvalidArgumentError: an argument out of its range.

    Example:
        >>> (x_train, y_train), (x_test, y_test) = {{ cookiecutter.__prefix }}_spirals()
        >>> x_train.shape, y_train.shape, x_test.shape, y_test.shape
        ((300, 2), (300,), (100, 2), (100,))
    """
    component = "{{ cookiecutter.__prefix }}_spirals"
    _check_whole(component, "samples", samples, 4, 2**32 - 1)
    _check_whole(component, "test_size", test_size, 1, samples - 1)
    _check_whole(component, "seed", seed, 0, 2**32 - 1)
    if not 0 < turns < np.inf:
        raise InvalidArgumentError(component=component, argument="turns", value=turns, allowed="a number above 0")
    if not 0 <= noise < np.inf:
        raise InvalidArgumentError(component=component, argument="noise", value=noise, allowed="a number from 0")
    # The streams of RandomState are the same in all versions of NumPy, those of the newer generators are not.
    random = np.random.RandomState(seed)
    labels = np.arange(samples) % 2
    radius = np.sqrt(random.uniform(0, 1, samples))
    angle = 2 * np.pi * turns * radius + np.pi * labels
    points = radius[:, np.newaxis] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    x = (points + random.normal(0, 1, points.shape) * noise).astype("float32")
    y = labels.astype("int64")
    order = random.permutation(samples)
    train, test = order[test_size:], order[:test_size]
    return (x[train], y[train]), (x[test], y[test])


def _check_whole(component: str, argument: str, value: int, least: int, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        allowed = f"a whole number from {least} to {most}"
        raise InvalidArgumentError(component=component, argument=argument, value=value, allowed=allowed)
