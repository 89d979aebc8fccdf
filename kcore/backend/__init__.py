"""Keras's backend functions, for code that was written with them: ``from kcore import backend as K``.

The names, arguments, defaults and numbers are those of Keras 2's ``keras.backend``. Each function takes arrays,
variables and traced arrays: it computes at once outside of programs, and is traced, differentiated and planned inside
of layers, losses and the like. New code needs none of this: NumPy and ``kcore.ops`` do the same.
"""

from __future__ import annotations

from kcore.backend.control import switch as switch
from kcore.backend.ctc import ctc_batch_cost as ctc_batch_cost
from kcore.backend.elementwise import abs as abs
from kcore.backend.elementwise import cast as cast
from kcore.backend.elementwise import cast_to_floatx as cast_to_floatx
from kcore.backend.elementwise import clip as clip
from kcore.backend.elementwise import cos as cos
from kcore.backend.elementwise import equal as equal
from kcore.backend.elementwise import exp as exp
from kcore.backend.elementwise import greater as greater
from kcore.backend.elementwise import greater_equal as greater_equal
from kcore.backend.elementwise import identity as identity
from kcore.backend.elementwise import less as less
from kcore.backend.elementwise import less_equal as less_equal
from kcore.backend.elementwise import log as log
from kcore.backend.elementwise import maximum as maximum
from kcore.backend.elementwise import minimum as minimum
from kcore.backend.elementwise import not_equal as not_equal
from kcore.backend.elementwise import pow as pow
from kcore.backend.elementwise import round as round
from kcore.backend.elementwise import sign as sign
from kcore.backend.elementwise import sin as sin
from kcore.backend.elementwise import sqrt as sqrt
from kcore.backend.elementwise import square as square
from kcore.backend.functions import function as function
from kcore.backend.functions import gradients as gradients
from kcore.backend.functions import stop_gradient as stop_gradient
from kcore.backend.inspection import dtype as dtype
from kcore.backend.inspection import eval as eval
from kcore.backend.inspection import int_shape as int_shape
from kcore.backend.inspection import is_keras_tensor as is_keras_tensor
from kcore.backend.inspection import is_placeholder as is_placeholder
from kcore.backend.inspection import is_sparse as is_sparse
from kcore.backend.inspection import is_tensor as is_tensor
from kcore.backend.inspection import is_variable as is_variable
from kcore.backend.inspection import ndim as ndim
from kcore.backend.inspection import placeholder as placeholder
from kcore.backend.inspection import print_tensor as print_tensor
from kcore.backend.inspection import shape as shape
from kcore.backend.inspection import size as size
from kcore.backend.inspection import to_dense as to_dense
from kcore.backend.local import local_conv1d as local_conv1d
from kcore.backend.local import local_conv2d as local_conv2d
from kcore.backend.loops import foldl as foldl
from kcore.backend.loops import foldr as foldr
from kcore.backend.loops import map_fn as map_fn
from kcore.backend.loops import rnn as rnn
from kcore.backend.nn import batch_normalization as batch_normalization
from kcore.backend.nn import bias_add as bias_add
from kcore.backend.nn import binary_crossentropy as binary_crossentropy
from kcore.backend.nn import categorical_crossentropy as categorical_crossentropy
from kcore.backend.nn import dropout as dropout
from kcore.backend.nn import elu as elu
from kcore.backend.nn import hard_sigmoid as hard_sigmoid
from kcore.backend.nn import l2_normalize as l2_normalize
from kcore.backend.nn import normalize_batch_in_training as normalize_batch_in_training
from kcore.backend.nn import relu as relu
from kcore.backend.nn import sigmoid as sigmoid
from kcore.backend.nn import softmax as softmax
from kcore.backend.nn import softplus as softplus
from kcore.backend.nn import softsign as softsign
from kcore.backend.nn import sparse_categorical_crossentropy as sparse_categorical_crossentropy
from kcore.backend.nn import tanh as tanh
from kcore.backend.products import batch_dot as batch_dot
from kcore.backend.products import dot as dot
from kcore.backend.products import transpose as transpose
from kcore.backend.random import random_binomial as random_binomial
from kcore.backend.random import random_normal as random_normal
from kcore.backend.random import random_uniform as random_uniform
from kcore.backend.random import truncated_normal as truncated_normal
from kcore.backend.reductions import all as all
from kcore.backend.reductions import any as any
from kcore.backend.reductions import argmax as argmax
from kcore.backend.reductions import argmin as argmin
from kcore.backend.reductions import cumprod as cumprod
from kcore.backend.reductions import cumsum as cumsum
from kcore.backend.reductions import logsumexp as logsumexp
from kcore.backend.reductions import max as max
from kcore.backend.reductions import mean as mean
from kcore.backend.reductions import min as min
from kcore.backend.reductions import prod as prod
from kcore.backend.reductions import std as std
from kcore.backend.reductions import sum as sum
from kcore.backend.reductions import var as var
from kcore.backend.settings import backend as backend
from kcore.backend.settings import clear_session as clear_session
from kcore.backend.settings import epsilon as epsilon
from kcore.backend.settings import floatx as floatx
from kcore.backend.settings import get_uid as get_uid
from kcore.backend.settings import image_data_format as image_data_format
from kcore.backend.settings import in_test_phase as in_test_phase
from kcore.backend.settings import in_train_phase as in_train_phase
from kcore.backend.settings import learning_phase as learning_phase
from kcore.backend.settings import name_scope as name_scope
from kcore.backend.settings import reset_uids as reset_uids
from kcore.backend.settings import set_epsilon as set_epsilon
from kcore.backend.settings import set_floatx as set_floatx
from kcore.backend.settings import set_image_data_format as set_image_data_format
from kcore.backend.settings import set_learning_phase as set_learning_phase
from kcore.backend.shapes import arange as arange
from kcore.backend.shapes import batch_flatten as batch_flatten
from kcore.backend.shapes import concatenate as concatenate
from kcore.backend.shapes import expand_dims as expand_dims
from kcore.backend.shapes import flatten as flatten
from kcore.backend.shapes import gather as gather
from kcore.backend.shapes import in_top_k as in_top_k
from kcore.backend.shapes import one_hot as one_hot
from kcore.backend.shapes import permute_dimensions as permute_dimensions
from kcore.backend.shapes import repeat as repeat
from kcore.backend.shapes import repeat_elements as repeat_elements
from kcore.backend.shapes import reshape as reshape
from kcore.backend.shapes import reverse as reverse
from kcore.backend.shapes import slice as slice
from kcore.backend.shapes import spatial_2d_padding as spatial_2d_padding
from kcore.backend.shapes import spatial_3d_padding as spatial_3d_padding
from kcore.backend.shapes import squeeze as squeeze
from kcore.backend.shapes import stack as stack
from kcore.backend.shapes import temporal_padding as temporal_padding
from kcore.backend.shapes import tile as tile
from kcore.backend.spatial import conv1d as conv1d
from kcore.backend.spatial import conv2d as conv2d
from kcore.backend.spatial import conv2d_transpose as conv2d_transpose
from kcore.backend.spatial import conv3d as conv3d
from kcore.backend.spatial import conv3d_transpose as conv3d_transpose
from kcore.backend.spatial import depthwise_conv2d as depthwise_conv2d
from kcore.backend.spatial import pool2d as pool2d
from kcore.backend.spatial import pool3d as pool3d
from kcore.backend.spatial import resize_images as resize_images
from kcore.backend.spatial import resize_volumes as resize_volumes
from kcore.backend.spatial import separable_conv1d as separable_conv1d
from kcore.backend.spatial import separable_conv2d as separable_conv2d
from kcore.backend.variables import batch_get_value as batch_get_value
from kcore.backend.variables import batch_set_value as batch_set_value
from kcore.backend.variables import constant as constant
from kcore.backend.variables import count_params as count_params
from kcore.backend.variables import eye as eye
from kcore.backend.variables import get_value as get_value
from kcore.backend.variables import get_variable_shape as get_variable_shape
from kcore.backend.variables import moving_average_update as moving_average_update
from kcore.backend.variables import ones as ones
from kcore.backend.variables import ones_like as ones_like
from kcore.backend.variables import random_normal_variable as random_normal_variable
from kcore.backend.variables import random_uniform_variable as random_uniform_variable
from kcore.backend.variables import set_value as set_value
from kcore.backend.variables import update as update
from kcore.backend.variables import update_add as update_add
from kcore.backend.variables import update_sub as update_sub
from kcore.backend.variables import variable as variable
from kcore.backend.variables import zeros as zeros
from kcore.backend.variables import zeros_like as zeros_like

__all__ = [
    "abs",
    "all",
    "any",
    "arange",
    "argmax",
    "argmin",
    "backend",
    "batch_dot",
    "batch_flatten",
    "batch_get_value",
    "batch_normalization",
    "batch_set_value",
    "bias_add",
    "binary_crossentropy",
    "cast",
    "cast_to_floatx",
    "categorical_crossentropy",
    "clear_session",
    "clip",
    "concatenate",
    "constant",
    "conv1d",
    "conv2d",
    "conv2d_transpose",
    "conv3d",
    "conv3d_transpose",
    "cos",
    "count_params",
    "ctc_batch_cost",
    "cumprod",
    "cumsum",
    "depthwise_conv2d",
    "dot",
    "dropout",
    "dtype",
    "elu",
    "epsilon",
    "equal",
    "eval",
    "exp",
    "expand_dims",
    "eye",
    "flatten",
    "floatx",
    "foldl",
    "foldr",
    "function",
    "gather",
    "get_uid",
    "get_value",
    "get_variable_shape",
    "gradients",
    "greater",
    "greater_equal",
    "hard_sigmoid",
    "identity",
    "image_data_format",
    "in_test_phase",
    "in_top_k",
    "in_train_phase",
    "int_shape",
    "is_keras_tensor",
    "is_placeholder",
    "is_sparse",
    "is_tensor",
    "is_variable",
    "l2_normalize",
    "learning_phase",
    "less",
    "less_equal",
    "local_conv1d",
    "local_conv2d",
    "log",
    "logsumexp",
    "map_fn",
    "max",
    "maximum",
    "mean",
    "min",
    "minimum",
    "moving_average_update",
    "name_scope",
    "ndim",
    "normalize_batch_in_training",
    "not_equal",
    "one_hot",
    "ones",
    "ones_like",
    "permute_dimensions",
    "placeholder",
    "pool2d",
    "pool3d",
    "pow",
    "print_tensor",
    "prod",
    "random_binomial",
    "random_normal",
    "random_normal_variable",
    "random_uniform",
    "random_uniform_variable",
    "relu",
    "repeat",
    "repeat_elements",
    "reset_uids",
    "reshape",
    "resize_images",
    "resize_volumes",
    "reverse",
    "rnn",
    "round",
    "separable_conv1d",
    "separable_conv2d",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
    "set_learning_phase",
    "set_value",
    "shape",
    "sigmoid",
    "sign",
    "sin",
    "size",
    "slice",
    "softmax",
    "softplus",
    "softsign",
    "sparse_categorical_crossentropy",
    "spatial_2d_padding",
    "spatial_3d_padding",
    "sqrt",
    "square",
    "squeeze",
    "stack",
    "std",
    "stop_gradient",
    "sum",
    "switch",
    "tanh",
    "temporal_padding",
    "tile",
    "to_dense",
    "transpose",
    "truncated_normal",
    "update",
    "update_add",
    "update_sub",
    "var",
    "variable",
    "zeros",
    "zeros_like",
]
