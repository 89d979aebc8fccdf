"""Activations: functions of an array, element for element."""

from __future__ import annotations

from kcore import Array

from {{ cookiecutter.__package }}.symlog import symlog


def {{ cookiecutter.__prefix }}_symlog(x: Array) -> Array:
    """sign(x) * log(1 + abs(x)): about x near 0, and a logarithm far from it, so that nothing saturates.

    Args:
        x: any shape; integers count as float64.

    Returns:
        an array of the same shape, in x's floating dtype.

    Example:
        >>> import numpy as np
        >>> {{ cookiecutter.__prefix }}_symlog(np.array([-999.0, 0.0, 999.0])).round(4).tolist()
        [-6.9078, 0.0, 6.9078]
    """
    return symlog(x)
