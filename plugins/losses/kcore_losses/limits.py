"""Values kept within limits, with the gradient that belongs to it."""

from __future__ import annotations

from typing import Any

import numpy as np

from kcore import epsilon


def limited(x: Any, low: float, high: float) -> Any:
    """``x`` in low..high. The gradient is 1 at the limits, where np.clip's would be 1/2, 0 beyond. NaN stays NaN."""
    least, most = np.asarray(low, x.dtype), np.asarray(high, x.dtype)
    return np.where(x < least, least, np.where(x > most, most, x))


def limited_probability(p: Any) -> Any:
    """``p`` in epsilon..1-epsilon, so that neither its logarithm nor that of 1 - p is infinite."""
    return limited(p, epsilon(), 1 - epsilon())
