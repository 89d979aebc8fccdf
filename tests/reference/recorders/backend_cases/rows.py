"""Functions, their arrays and their other arguments."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from recorders.sources import generator, normal

A = normal((3, 4))
A3 = normal((2, 3, 4), tag="three")
P = np.abs(normal((3, 4), tag="positive")) + np.float32(0.25)
B = generator("backend", "bool").integers(0, 2, (3, 4)).astype("uint8")
I = generator("backend", "int").integers(-4, 5, (3, 4)).astype("int32")  # noqa: E741
PROBABILITIES = np.exp(normal((5, 4), tag="logits"))
PROBABILITIES = (PROBABILITIES / PROBABILITIES.sum(-1, keepdims=True)).astype("float32")
ONE_HOT = np.eye(4, dtype="float32")[[0, 2, 1, 3, 3]]
YES_NO = generator("backend", "yes").integers(0, 2, (5, 4)).astype("float32")
IMAGES = normal((2, 5, 6, 3), tag="images")
VOLUMES = normal((2, 4, 5, 3, 2), tag="volumes")
STEPS = normal((2, 7, 3), tag="steps")


def n(*shape: int, tag: str = "") -> np.ndarray:
    return normal(shape, tag=tag)


Row = tuple[str, str, list[np.ndarray], dict[str, Any], bool]
ROWS: list[Row] = []


def row(component: str, variant: str, arrays: list[np.ndarray], *, wide: bool = False, **config: Any) -> None:
    """One case; ``wide`` records it in float64, too."""
    ROWS.append((component, variant, arrays, config, wide))


for name in ("square", "abs", "exp", "sign", "sin", "cos", "softsign", "sigmoid", "tanh", "softplus", "identity"):
    row(name, "plain", [A], wide=True)
    row(name, "rank3", [A3 * 3])
row("log", "plain", [P], wide=True)
row("sqrt", "plain", [P], wide=True)
row("round", "plain", [A * 4], wide=True)
row("round", "halves", [np.array([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5], "float32")])
row("pow", "number", [P], a=2.5)
row("pow", "square", [A], a=2, wide=True)
row("clip", "plain", [A], min_value=-0.5, max_value=0.75, wide=True)
row("clip", "limits", [np.array([-1.0, -0.5, 0.25, 0.5, 2.0], "float32")], min_value=-0.5, max_value=0.5)
row("clip", "lower", [A], min_value=-0.25, max_value=None)
row("clip", "upper", [A], min_value=None, max_value=0.25)
row("clip", "crossed", [A], min_value=0.5, max_value=-0.5)
for name in ("equal", "not_equal", "greater", "greater_equal", "less", "less_equal"):
    row(name, "integers", [I, I[:, ::-1].copy()])
    row(name, "broadcast", [A, A[:1] * 1])
    row(name, "float64", [A.astype("float64"), n(3, 4, tag="other").astype("float64")])
for name in ("maximum", "minimum"):
    row(name, "plain", [A, n(3, 4, tag="other")], wide=True)
    row(name, "broadcast", [A3, n(3, 1, tag="other")])
row("cast", "integer", [I], dtype="float32")
row("cast", "down", [A.astype("float64")], dtype="float32")
row("cast", "whole", [A * 5], dtype="int32")
row("cast_to_floatx", "integers", [I])

for name in ("max", "min", "sum", "prod", "mean", "var", "std", "logsumexp"):
    row(name, "all", [A], wide=True)
    row(name, "axis", [A3], axis=1, wide=True)
    row(name, "axes", [A3], axis=[0, -1], keepdims=True)
    row(name, "last", [A3], axis=-1, keepdims=True)
row("logsumexp", "large", [A * 200], axis=-1)
row("prod", "zero", [A * (I != 0)], axis=1)
row("sum", "integers", [I], axis=0)
row("mean", "bool", [B])
row("var", "bool", [B], axis=1)
for name in ("any", "all"):
    row(name, "all", [B])
    row(name, "axis", [B], axis=1)
    row(name, "keepdims", [B], axis=0, keepdims=True)
for name in ("cumsum", "cumprod"):
    row(name, "plain", [A], wide=True)
    row(name, "axis", [A3], axis=2)
    row(name, "integers", [I], axis=1)
for name in ("argmax", "argmin"):
    row(name, "plain", [A])
    row(name, "axis", [A3], axis=0)
    row(name, "ties", [I], axis=1)

row("dot", "2d-2d", [n(2, 3), n(3, 4)], wide=True)
row("dot", "3d-2d", [n(2, 4, 3), n(3, 5)])
row("dot", "2d-3d", [n(2, 3), n(4, 3, 5)], wide=True)
row("dot", "3d-3d", [n(2, 5, 3), n(4, 3, 2)])
row("batch_dot", "vectors", [n(4, 3), n(4, 3, tag="other")], axes=1, wide=True)
row("batch_dot", "vectors-default", [n(4, 3), n(4, 3, tag="other")])
row("batch_dot", "matrices", [n(4, 2, 3), n(4, 3, 5)], wide=True)
row("batch_dot", "matrices-2", [n(4, 2, 3), n(4, 5, 3)], axes=2)
row("batch_dot", "matrices-12", [n(4, 3, 2), n(4, 5, 3)], axes=[1, 2])
row("batch_dot", "vector-matrix", [n(4, 3), n(4, 3, 5)], axes=1)
row("batch_dot", "matrix-vector", [n(4, 2, 3), n(4, 3)], axes=[2, 1])
row("batch_dot", "rank4", [n(2, 3, 4, 5), n(2, 4, 6)], axes=[2, 1])
row("batch_dot", "rank4-rank4", [n(2, 3, 4, 5), n(2, 6, 5, 2)], axes=[-1, 2])
row("transpose", "plain", [A], wide=True)
row("transpose", "rank3", [A3])

row("concatenate", "last", [A, n(3, 2)], axis=-1, wide=True)
row("concatenate", "default", [A3, A3 * 2])
row("concatenate", "first", [A, n(2, 4)], axis=0)
row("stack", "plain", [A, A * 2], wide=True)
row("stack", "last", [A, A * 2, A * 3], axis=-1)
row("reshape", "plain", [A], shape=[2, 6], wide=True)
row("reshape", "unknown", [A3], shape=[-1, 4])
row("permute_dimensions", "plain", [A3], pattern=[2, 0, 1], wide=True)
row("permute_dimensions", "pair", [A], pattern=[1, 0])
row("repeat_elements", "first", [A], rep=2, axis=0, wide=True)
row("repeat_elements", "last", [A3], rep=3, axis=2)
row("repeat", "plain", [A], n=3, wide=True)
row("repeat", "once", [A], n=1)
row("tile", "plain", [A], n=[2, 3], wide=True)
row("tile", "rank3", [A3], n=[1, 2, 1])
row("flatten", "plain", [A3], wide=True)
row("batch_flatten", "plain", [A3], wide=True)
row("batch_flatten", "rank4", [IMAGES])
row("expand_dims", "last", [A], wide=True)
row("expand_dims", "first", [A], axis=0)
row("squeeze", "middle", [n(3, 1, 2)], axis=1, wide=True)
row("squeeze", "last", [n(3, 2, 1)], axis=-1)
row("reverse", "axis", [A], axes=1, wide=True)
row("reverse", "axes", [A3], axes=[0, 2])
row("slice", "plain", [A], start=[1, 0], size=[2, 3], wide=True)
row("slice", "rest", [A3], start=[0, 1, 2], size=[2, -1, 1])
row("gather", "rows", [A, np.array([2, 0, 2, 1], "int32")], wide=True)
row("gather", "matrix", [A3, np.array([[0, 1], [1, 1]], "int32")])
row("one_hot", "plain", [np.array([[0, 2], [3, 1]], "int32")], num_classes=4)
row("one_hot", "outside", [np.array([0, 5, -1], "int32")], num_classes=3)
row("in_top_k", "one", [PROBABILITIES, np.array([0, 1, 2, 3, 0], "int32")], k=1)
row("in_top_k", "two", [PROBABILITIES, np.array([0, 1, 2, 3, 0], "int32")], k=2)
row("in_top_k", "ties", [np.float32([[1, 2, 2, 0], [1, 1, 1, 1]]), np.array([1, 3], "int32")], k=1)
row("in_top_k", "outside", [PROBABILITIES[:2], np.array([7, -1], "int32")], k=3)
for name, config in (("plain", {"start": 5}), ("from", {"start": 1, "stop": 9, "step": 3}), ("below", {"start": -3})):
    row("arange", name, [], **config)
row("arange", "dtype", [], start=1, stop=4, dtype="float32")
row("temporal_padding", "plain", [STEPS], wide=True)
row("temporal_padding", "sides", [STEPS], padding=[0, 3])
row("spatial_2d_padding", "plain", [IMAGES], wide=True)
row("spatial_2d_padding", "first", [IMAGES], padding=[[0, 2], [1, 0]], data_format="channels_first")
row("spatial_3d_padding", "plain", [VOLUMES], wide=True)
row("spatial_3d_padding", "first", [VOLUMES], padding=[[0, 1], [2, 0], [1, 1]], data_format="channels_first")
for name in ("zeros", "ones"):
    row(name, "plain", [], shape=[2, 3])
    row(name, "integers", [], shape=[4], dtype="int32")
    row(f"{name}_like", "plain", [A])
    row(f"{name}_like", "dtype", [A], dtype="int32")
row("eye", "plain", [], size=3)
row("eye", "float64", [], size=2, dtype="float64")
row("constant", "list", [], value=[[1.0, 2.0], [3.0, 4.0]])
row("constant", "fill", [], value=0.5, shape=[2, 3])
row("constant", "dtype", [], value=[1, 2, 3], dtype="int32")

row("relu", "plain", [A], wide=True)
row("relu", "alpha", [A], alpha=0.25)
row("relu", "max", [A * 3], max_value=2.0)
row("relu", "threshold", [A], threshold=0.5)
row("relu", "everything", [A * 3], alpha=0.125, max_value=2.5, threshold=0.5)
row("elu", "plain", [A], wide=True)
row("elu", "alpha", [A * 4], alpha=0.5)
row("softmax", "plain", [A], wide=True)
row("softmax", "axis", [A3 * 5], axis=1)
row("hard_sigmoid", "plain", [A], wide=True)
row("hard_sigmoid", "wide", [A * 4])
row("categorical_crossentropy", "plain", [ONE_HOT, PROBABILITIES], wide=True)
row("categorical_crossentropy", "unnormalized", [ONE_HOT, PROBABILITIES * 3])
row("categorical_crossentropy", "logits", [ONE_HOT, n(5, 4, tag="logits")], from_logits=True, wide=True)
row("categorical_crossentropy", "soft", [PROBABILITIES[::-1].copy(), n(5, 4, tag="logits")], from_logits=True)
row("categorical_crossentropy", "axis", [ONE_HOT.T.copy(), PROBABILITIES.T.copy()], axis=0)
LABELS = np.array([0, 2, 1, 3, 3], "int64")
row("sparse_categorical_crossentropy", "plain", [LABELS, PROBABILITIES], wide=True)
row("sparse_categorical_crossentropy", "column", [LABELS[:, None], PROBABILITIES])
row("sparse_categorical_crossentropy", "logits", [LABELS, n(5, 4, tag="logits")], from_logits=True, wide=True)
row("sparse_categorical_crossentropy", "rank3", [np.array([[0, 1, 2], [3, 3, 0]], "int64"), A3], from_logits=True)
row(
    "sparse_categorical_crossentropy",
    "axis",
    [np.array([[0, 1, 2, 0], [1, 2, 2, 0]], "int64"), A3],
    from_logits=True,
    axis=1,
)
row("binary_crossentropy", "probabilities", [YES_NO, PROBABILITIES])
row("binary_crossentropy", "logits", [YES_NO, n(5, 4, tag="logits") * 4], from_logits=True, wide=True)
row("l2_normalize", "all", [A], wide=True)
row("l2_normalize", "axis", [A3], axis=-1, wide=True)
row("l2_normalize", "axes", [A3], axis=[0, 1])
row("batch_normalization", "plain", [A, n(4), P[0], n(4, tag="b"), n(4, tag="g")], wide=True)
row("batch_normalization", "axis", [A3, n(3), P[:, 0].copy(), n(3, tag="b"), n(3, tag="g")], axis=1, epsilon=0.1)
row("batch_normalization", "volumes", [VOLUMES, n(2), P[0, :2].copy(), n(2, tag="b"), n(2, tag="g")], wide=True)
row("normalize_batch_in_training", "plain", [A, n(4), n(4, tag="b")], reduction_axes=[0], wide=True)
row("normalize_batch_in_training", "steps", [STEPS, n(3), n(3, tag="b")], reduction_axes=[0, 1], epsilon=0.01)
row("normalize_batch_in_training", "middle", [A3, n(3), n(3, tag="b")], reduction_axes=[0, 2])
for layout, shape in (("channels_last", (3,)), ("channels_first", (5,))):
    row("bias_add", layout, [IMAGES, n(*shape)], data_format=layout, wide=True)
    row("bias_add", f"{layout}-steps", [STEPS, n(3) if layout == "channels_last" else n(7)], data_format=layout)
row("bias_add", "sample", [STEPS, n(7, 3)], data_format="channels_last")
row("bias_add", "sample-first", [IMAGES, n(6, 3, 5)], data_format="channels_first")
row("bias_add", "volumes", [VOLUMES, n(2)])

for padding, stride, dilation in (("valid", 1, 1), ("same", 1, 1), ("same", 2, 1), ("valid", 1, 2), ("causal", 1, 2)):
    kernel = n(3, 3, 4)
    row(
        "conv1d",
        f"{padding}-s{stride}-d{dilation}",
        [STEPS, kernel],
        padding=padding,
        strides=stride,
        dilation_rate=dilation,
        wide=stride == 2,
    )
row("conv1d", "first", [STEPS, n(2, 7, 4)], data_format="channels_first")
for padding, stride, dilation in (
    ("valid", (1, 1), (1, 1)),
    ("same", (1, 1), (1, 1)),
    ("same", (2, 2), (1, 1)),
    ("valid", (1, 1), (2, 1)),
):
    code = f"{padding}-s{stride[0]}-d{dilation[0]}"
    options = {"padding": padding, "strides": list(stride), "dilation_rate": list(dilation)}
    row("conv2d", code, [IMAGES, n(3, 2, 3, 4)], **options, wide=stride == (2, 2))
    row("depthwise_conv2d", code, [IMAGES, n(3, 2, 3, 2)], **options)
    row("separable_conv2d", code, [IMAGES, n(3, 2, 3, 2), n(1, 1, 6, 4)], **options)
row("conv2d", "first", [IMAGES, n(2, 2, 5, 4)], data_format="channels_first")
row("depthwise_conv2d", "first", [IMAGES, n(2, 2, 5, 2)], data_format="channels_first")
row("separable_conv2d", "first", [IMAGES, n(2, 2, 5, 1), n(1, 1, 5, 2)], data_format="channels_first")
row("separable_conv1d", "plain", [STEPS, n(3, 3, 2), n(1, 6, 4)])
row("separable_conv1d", "strides", [STEPS, n(3, 3, 1), n(1, 3, 4)], strides=[2], padding="same")
row("separable_conv1d", "dilation", [STEPS, n(2, 3, 1), n(1, 3, 4)], strides=[1], dilation_rate=[2])
row("conv3d", "plain", [VOLUMES, n(2, 2, 2, 2, 3)], wide=True)
row("conv3d", "same", [VOLUMES, n(3, 2, 1, 2, 3)], padding="same", strides=[2, 2, 1])
for padding, stride, size, shape in (
    ("valid", 1, 3, (2, 7, 8, 4)), ("valid", 2, 3, (2, 11, 13, 4)), ("valid", 2, 3, (2, 12, 14, 4)), ("same", 2, 3, (2, 10, 12, 4)),
    ("same", 2, 3, (2, 9, 11, 4)), ("same", 2, 4, (2, 10, 12, 4)), ("valid", 3, 2, (2, 15, 18, 4)), ("same", 3, 2, (2, 14, 17, 4)),
):  # fmt: skip
    kernel = n(size, size, 4, 3)
    row(
        "conv2d_transpose",
        f"{padding}-s{stride}-k{size}-{shape[1]}",
        [IMAGES, kernel],
        output_shape=list(shape),
        strides=[stride, stride],
        padding=padding,
    )
row(
    "conv2d_transpose",
    "first",
    [IMAGES, n(2, 2, 4, 5)],
    output_shape=[2, 4, 12, 6],
    strides=[2, 2],
    data_format="channels_first",
)
row(
    "conv2d_transpose",
    "float64",
    [IMAGES.astype("float64"), n(3, 3, 4, 3).astype("float64")],
    output_shape=[2, 10, 12, 4],
    strides=[2, 2],
    padding="same",
)
row("conv3d_transpose", "plain", [VOLUMES, n(2, 2, 2, 3, 2)], output_shape=[2, 5, 6, 4, 3])
row(
    "conv3d_transpose",
    "same",
    [VOLUMES, n(3, 3, 3, 3, 2)],
    output_shape=[2, 8, 10, 6, 3],
    strides=[2, 2, 2],
    padding="same",
)
for mode, padding in itertools.product(("max", "avg"), ("valid", "same")):
    row(
        "pool2d",
        f"{mode}-{padding}",
        [IMAGES],
        pool_size=[2, 3],
        pool_mode=mode,
        padding=padding,
        wide=padding == "same",
    )
    row("pool2d", f"{mode}-{padding}-s2", [IMAGES], pool_size=[2, 2], strides=[2, 2], pool_mode=mode, padding=padding)
    row(
        "pool3d",
        f"{mode}-{padding}",
        [VOLUMES],
        pool_size=[2, 2, 2],
        strides=[2, 1, 1],
        pool_mode=mode,
        padding=padding,
    )
row("pool2d", "first", [IMAGES], pool_size=[2, 2], data_format="channels_first")
for kind, layout in itertools.product(("nearest", "bilinear"), ("channels_last", "channels_first")):
    row(
        "resize_images",
        f"{kind}-{layout}",
        [IMAGES],
        height_factor=2,
        width_factor=3,
        data_format=layout,
        interpolation=kind,
    )
row("resize_volumes", "last", [VOLUMES], depth_factor=2, height_factor=1, width_factor=3, data_format="channels_last")
row("resize_volumes", "first", [VOLUMES], depth_factor=1, height_factor=2, width_factor=2, data_format="channels_first")
row("local_conv1d", "plain", [STEPS, n(5, 9, 4)], kernel_size=[3], strides=[1], wide=True)
row("local_conv1d", "strides", [STEPS, n(3, 6, 4)], kernel_size=[2], strides=[2])
row("local_conv1d", "first", [STEPS, n(2, 14, 4)], kernel_size=[2], strides=[1], data_format="channels_first")
row("local_conv2d", "plain", [IMAGES, n(20, 12, 4)], kernel_size=[2, 2], strides=[1, 1], output_shape=[4, 5], wide=True)
row("local_conv2d", "strides", [IMAGES, n(4, 18, 2)], kernel_size=[3, 2], strides=[2, 3], output_shape=[2, 2])
row(
    "local_conv2d",
    "first",
    [IMAGES, n(10, 20, 2)],
    kernel_size=[2, 2],
    strides=[1, 1],
    output_shape=[5, 2],
    data_format="channels_first",
)

MASK = np.array([[1, 1, 0, 1, 0, 1, 1], [0, 0, 1, 1, 1, 0, 0]], "uint8")
for step, states in (("simple", [n(2, 3)]), ("two", [n(2, 3), n(2, 3, tag="other")]), ("none", [])):
    row("rnn", step, [STEPS, *states], step=step, wide=True)
    row("rnn", f"{step}-backwards", [STEPS, *states], step=step, go_backwards=True)
    row("rnn", f"{step}-mask", [STEPS, *states], step=step, mask=MASK.tolist())
    row("rnn", f"{step}-mask-backwards", [STEPS, *states], step=step, mask=MASK.tolist(), go_backwards=True)
    row("rnn", f"{step}-unroll", [STEPS, *states], step=step, unroll=True)
    row("rnn", f"{step}-unroll-mask", [STEPS, *states], step=step, unroll=True, mask=MASK.tolist())
row("rnn", "constants", [STEPS, n(2, 3), n(2, 3, tag="constant")], step="constants", constants=1)
row("rnn", "images", [n(2, 4, 3, 2), n(2, 3, 2)], step="simple", mask=[[1, 0, 1, 1], [0, 1, 1, 0]])
row("map_fn", "square", [A], fn="square", wide=True)
row("map_fn", "sum", [A3], fn="sum")
for name in ("foldl", "foldr"):
    row(name, "plain", [A], fn="add", wide=True)
    row(name, "initializer", [A, n(4)], fn="mix")
CTC = np.exp(normal((3, 6, 5), tag="ctc"))
CTC = (CTC / CTC.sum(-1, keepdims=True)).astype("float32")
CTC_LABELS = np.array([[0, 1, 1], [2, 3, 0], [3, 0, 0]], "int32")
row("ctc_batch_cost", "plain", [CTC_LABELS, CTC, np.int32([[6], [6], [6]]), np.int32([[3], [2], [1]])])
row("ctc_batch_cost", "short", [CTC_LABELS, CTC, np.int32([[4], [5], [3]]), np.int32([[3], [3], [1]])])
row("switch", "number", [np.uint8(1).reshape(()), A, n(3, 4, tag="other")])
row("switch", "other", [np.uint8(0).reshape(()), A, n(3, 4, tag="other")])
row("switch", "elements", [B, A, n(3, 4, tag="other")], wide=True)
row("switch", "column", [B[:, :1].copy(), A, n(3, 4, tag="other")])
row("switch", "rank3", [B[:2, :3].copy(), A3, A3[::-1].copy()])
for name in ("in_train_phase", "in_test_phase"):
    row(name, "train", [A, n(3, 4, tag="other")], training=1)
    row(name, "test", [A, n(3, 4, tag="other")], training=0)
