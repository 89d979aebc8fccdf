"""What component code computes with, beyond NumPy itself.

Every function takes concrete arrays, variables or traced arrays. Positional arguments are data, keyword arguments
are static.
"""

from __future__ import annotations

from kcore.ops.arrays import cast as cast
from kcore.ops.arrays import clip as clip
from kcore.ops.arrays import one_hot as one_hot
from kcore.ops.arrays import stop_gradient as stop_gradient
from kcore.ops.control import scan as scan
from kcore.ops.indexing import cumsum as cumsum
from kcore.ops.indexing import take as take
from kcore.ops.indexing import top_k as top_k
from kcore.ops.nonlinear import erfc as erfc
from kcore.ops.nonlinear import log_softmax as log_softmax
from kcore.ops.nonlinear import relu as relu
from kcore.ops.nonlinear import sigmoid as sigmoid
from kcore.ops.nonlinear import softmax as softmax
from kcore.ops.nonlinear import softplus as softplus
from kcore.ops.random import random_normal as random_normal
from kcore.ops.random import random_uniform as random_uniform
from kcore.ops.spatial import average_pool as average_pool
from kcore.ops.spatial import conv as conv
from kcore.ops.spatial import conv_transpose as conv_transpose
from kcore.ops.spatial import max_pool as max_pool

__all__ = [
    "average_pool",
    "cast",
    "clip",
    "conv",
    "conv_transpose",
    "cumsum",
    "erfc",
    "log_softmax",
    "max_pool",
    "one_hot",
    "random_normal",
    "random_uniform",
    "relu",
    "scan",
    "sigmoid",
    "softmax",
    "softplus",
    "stop_gradient",
    "take",
    "top_k",
]
