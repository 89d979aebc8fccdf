"""Random masks that drop entries and scale up what stays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from kcore import Array, ops


def keep_mask(key: Array, shape: Sequence[int], rate: float, dtype: npt.DTypeLike) -> Any:
    """0 with probability ``rate``, else 1 / (1 - rate), for every entry on its own.

    Args:
        key: as ``kcore.KeySequence.next`` gives it.
        shape: of the mask.
        rate: 0 <= rate < 1.
        dtype: float32 or float64.
    """
    numbers = ops.random_uniform(key, shape=shape, dtype=dtype)
    # A scalar of the mask's dtype turns the comparison into the mask and scales it in the same pass.
    return (numbers >= rate) * np.asarray(1 / (1 - rate), dtype)
