"""Convolution and pooling against SciPy, and the corners: ties, padding, chunks, layouts, bad shapes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import signal

from kcore import ops
from kcore.engine import ArrayType, CompiledFunction, grad
from kcore.engine.primitives import average_pooling, convolution, unfolding, windows
from kcore.errors import InvalidArgumentError, OperandError
from kcore.testing import check_gradients

RNG = np.random.default_rng(5)


def correlate(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """SciPy's correlation, summed over input channels."""
    return np.stack(
        [
            np.stack(
                [
                    sum(signal.correlate(image[..., i], kernel[..., i, o], mode="valid") for i in range(x.shape[-1]))
                    for o in range(kernel.shape[-1])
                ],
                axis=-1,
            )
            for image in x
        ]
    )


@pytest.mark.parametrize("spatial", [(9,), (7, 6), (5, 4, 6)])
def test_valid_convolution_is_scipys_correlation(spatial: tuple[int, ...]) -> None:
    x = RNG.normal(size=(2, *spatial, 3))
    kernel = RNG.normal(size=((3,) * len(spatial)) + (3, 2))
    found = ops.conv(x, kernel, strides=(1,) * len(spatial))
    np.testing.assert_allclose(found, correlate(x, kernel), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(("size", "stride", "dilation"), [(3, 1, 1), (3, 2, 1), (2, 1, 1), (3, 1, 2), (4, 3, 1)])
@pytest.mark.parametrize("length", [6, 7])
def test_same_padding_gives_ceil_of_length_over_stride(size: int, stride: int, dilation: int, length: int) -> None:
    x, kernel = RNG.normal(size=(1, length, 1)), RNG.normal(size=(size, 1, 1))
    found = ops.conv(x, kernel, strides=(stride,), padding="same", dilation=(dilation,))
    assert found.shape == (1, -(-length // stride), 1)
    # The window is centred; of an odd amount of padding the larger half comes after.
    span = (size - 1) * dilation + 1
    total = max((found.shape[1] - 1) * stride + span - length, 0)
    spread = np.zeros(span)
    spread[::dilation] = kernel[:, 0, 0]
    full = signal.correlate(np.pad(x[0, :, 0], (total // 2, total - total // 2)), spread, mode="valid")
    np.testing.assert_allclose(found[0, :, 0], full[::stride], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_channels_first_is_the_transposed_computation(padding: str) -> None:
    x, kernel = RNG.normal(size=(2, 6, 5, 3)), RNG.normal(size=(3, 2, 3, 4))
    last = ops.conv(x, kernel, strides=(2, 1), padding=padding)
    first = ops.conv(np.moveaxis(x, -1, 1), kernel, strides=(2, 1), padding=padding, data_format="channels_first")
    np.testing.assert_allclose(np.moveaxis(first, 1, -1), last, rtol=1e-12)
    pooled = ops.max_pool(x, size=(2, 2), strides=(2, 1), padding=padding)
    pooled_first = ops.max_pool(
        np.moveaxis(x, -1, 1), size=(2, 2), strides=(2, 1), padding=padding, data_format="channels_first"
    )
    np.testing.assert_array_equal(np.moveaxis(pooled_first, 1, -1), pooled)


def test_a_batch_that_is_cut_into_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    x, kernel = RNG.normal(size=(7, 6, 2)), RNG.normal(size=(3, 2, 3))

    def loss(x: Any, kernel: Any) -> Any:
        return np.sum(np.sin(ops.conv(x, kernel, strides=(1,), padding="same")))

    whole = grad(loss, (0, 1))(x, kernel)
    # 6 positions of 3x2 float64 patches: two samples a chunk, so three whole chunks and a rest of one.
    monkeypatch.setattr(windows, "CHUNK_BYTES", 2 * 6 * 6 * 8)
    assert windows.chunk_length(7, 6 * 6 * 8) == 2
    for found, expected in zip(grad(loss, (0, 1))(x, kernel), whole, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("channels", [1, 3, 16])
@pytest.mark.parametrize("spatial", [(21,), (6, 17), (4, 3, 16)])
def test_few_and_many_channels_are_unfolded_differently_but_alike(channels: int, spatial: tuple[int, ...]) -> None:
    x, kernel = RNG.normal(size=(3, *spatial, channels)), RNG.normal(size=(2,) * len(spatial) + (channels, 4))
    found = ops.conv(x, kernel, strides=(1,) * len(spatial))
    np.testing.assert_allclose(found, correlate(x, kernel), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("planes", [0, 12])
def test_both_ways_to_unfold_give_the_same_gradients(planes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unfolding, "SHORT_RUN", planes)
    x, kernel = RNG.normal(size=(2, 5, 12, 2)), RNG.normal(size=(3, 2, 1, 4))
    check_gradients(lambda x, k: ops.conv(x, k[:, :, :, :2], strides=(2, 1), groups=2) * 1.0, [x, kernel])
    check_gradients(lambda x, k: ops.conv(x[..., :1], k, strides=(1, 1), padding="same"), [x, kernel])


@pytest.mark.parametrize(("groups", "inputs", "outputs"), [(2, 4, 6), (3, 3, 3), (3, 3, 6), (4, 8, 4)])
@pytest.mark.parametrize("spatial", [(9,), (7, 6), (5, 4, 6)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_groups_are_convolutions_side_by_side(
    groups: int, inputs: int, outputs: int, spatial: tuple[int, ...], dtype: str
) -> None:
    x = RNG.normal(size=(2, *spatial, inputs)).astype(dtype)
    kernel = RNG.normal(size=(2,) * len(spatial) + (inputs // groups, outputs)).astype(dtype)
    found = ops.conv(x, kernel, strides=(1,) * len(spatial), groups=groups)
    parts = zip(np.split(x, groups, axis=-1), np.split(kernel, groups, axis=-1), strict=True)
    expected = np.concatenate([correlate(*part) for part in parts], axis=-1)
    assert found.dtype == dtype
    tolerance = 1e-4 if dtype == "float32" else 1e-10
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


def test_a_depthwise_convolution_of_strided_images_in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    x, kernel = RNG.normal(size=(6, 5, 7, 10))[::2, :, :, ::2], RNG.normal(size=(3, 2, 10, 1)).swapaxes(2, 3)

    def convolve(x: Any, kernel: Any) -> Any:
        return ops.conv(x, kernel, strides=(1, 2), padding="same", groups=5)

    whole = convolve(x, kernel)
    monkeypatch.setattr(windows, "CHUNK_BYTES", 2 * whole[0].nbytes)
    np.testing.assert_allclose(convolve(x, kernel), whole, rtol=1e-12)
    check_gradients(convolve, [x, kernel])


def test_a_causal_convolution_sees_nothing_that_comes_later() -> None:
    x, kernel = RNG.normal(size=(1, 12, 1)), RNG.normal(size=(3, 1, 1))
    found = ops.conv(x, kernel, strides=(1,), padding="causal", dilation=(2,))
    spread = np.zeros(5)
    spread[::2] = kernel[:, 0, 0]
    expected = np.convolve(x[0, :, 0], spread[::-1])[:12]
    np.testing.assert_allclose(found[0, :, 0], expected, rtol=1e-10, atol=1e-12)
    strided = ops.conv(x, kernel, strides=(3,), padding="causal", dilation=(2,))
    np.testing.assert_allclose(strided, found[:, ::3], rtol=1e-10)


@pytest.mark.parametrize(
    ("size", "stride", "dilation", "padding", "extra", "length"),
    [
        # Lengths from Keras's documentation: n = 5.
        (3, 1, 1, "valid", None, 7), (3, 2, 1, "valid", None, 11), (2, 3, 1, "valid", None, 15), (3, 2, 2, "valid", None, 13),
        (3, 1, 1, "same", None, 5), (3, 2, 1, "same", None, 10), (2, 3, 1, "same", None, 15), (4, 2, 1, "same", None, 10),
        (3, 2, 1, "valid", 0, 11), (3, 2, 1, "valid", 1, 12), (3, 2, 1, "same", 0, 9), (3, 2, 1, "same", 1, 10),
        (2, 3, 1, "valid", 2, 16),
    ],
)  # fmt: skip
def test_a_transposed_convolution_scatters_the_kernel(
    size: int, stride: int, dilation: int, padding: str, extra: int | None, length: int
) -> None:
    x, kernel = RNG.normal(size=(2, 5, 3)), RNG.normal(size=(size, 2, 3))

    def transpose(x: Any, kernel: Any) -> Any:
        added = None if extra is None else (extra,)
        return ops.conv_transpose(
            x, kernel, strides=(stride,), padding=padding, output_padding=added, dilation=(dilation,)
        )

    span = (size - 1) * dilation + 1
    full = np.zeros((2, 4 * stride + span, 2))
    for n, k in np.ndindex(5, size):
        full[:, n * stride + k * dilation] += x[:, n] @ kernel[k].T
    cropped = max(full.shape[1] - length, 0) // 2
    expected = np.zeros((2, length, 2))
    kept = full[:, cropped : cropped + length]
    expected[:, : kept.shape[1]] = kept
    found = transpose(x, kernel)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)
    check_gradients(transpose, [x, kernel])


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("spatial", [(9,), (7, 6), (4, 6, 5)])
def test_a_transposed_convolution_is_the_transpose_in_both_layouts(padding: str, spatial: tuple[int, ...]) -> None:
    axes = len(spatial)
    strides, x = tuple(range(1, axes + 1)), RNG.normal(size=(2, *spatial, 3))
    kernel = RNG.normal(size=(3,) * axes + (4, 3))
    found = ops.conv_transpose(x, kernel, strides=strides, padding=padding)
    y = RNG.normal(size=found.shape)
    forward = ops.conv(y, kernel, strides=strides, padding=padding)
    assert forward.shape == x.shape
    np.testing.assert_allclose(np.sum(forward * x), np.sum(y * found), rtol=1e-10)
    first = ops.conv_transpose(
        np.moveaxis(x, -1, 1), kernel, strides=strides, padding=padding, data_format="channels_first"
    )
    np.testing.assert_allclose(np.moveaxis(first, 1, -1), found, rtol=1e-12)


@pytest.mark.parametrize("spatial", [(9,), (7, 6), (4, 6, 5)])
def test_average_pooling_is_a_convolution_with_equal_weights(spatial: tuple[int, ...]) -> None:
    x = RNG.normal(size=(2, *spatial, 3)).astype("float32")
    axes = len(spatial)
    size, strides = (3,) * axes, tuple(range(1, axes + 1))
    mean = np.full((*size, 1, 3), 3.0**-axes, "float32")
    found = ops.average_pool(x, size=size, strides=strides)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, ops.conv(x, mean, strides=strides, groups=3), rtol=1e-5, atol=1e-6)
    # Padding does not count: divide by how many ones each window has.
    sums, ones = (ops.conv(v, mean, strides=strides, padding="same", groups=3) for v in (x, np.ones_like(x)))
    padded = ops.average_pool(x, size=size, strides=strides, padding="same")
    np.testing.assert_allclose(padded, sums / ones, rtol=1e-4, atol=1e-6)
    first = ops.average_pool(
        np.moveaxis(x, -1, 1), size=size, strides=strides, padding="same", data_format="channels_first"
    )
    np.testing.assert_array_equal(np.moveaxis(first, 1, -1), padded)


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("strides", [(1, 1, 1), (2, 2, 2), (3, 1, 2)])
def test_gradients_of_pooling_over_three_axes_in_chunks(
    strides: tuple[int, ...], padding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = RNG.permutation(3 * 5 * 4 * 6).reshape(3, 5, 4, 6, 1) / 10.0
    monkeypatch.setattr(windows, "CHUNK_BYTES", 2 * x[0].nbytes)
    for pool in (ops.max_pool, ops.average_pool):
        check_gradients(lambda x, pool=pool: pool(x, size=(2, 2, 2), strides=strides, padding=padding), [x])


def test_gradients_of_a_pooling_window_with_nan_stay_in_it() -> None:
    x = np.array([1.0, np.nan, 2.0, 3.0]).reshape(1, 4, 1)
    found = grad(lambda x: np.sum(ops.max_pool(x, size=(2,), strides=(2,))))(x)
    np.testing.assert_array_equal(found.ravel()[2:], [0.0, 1.0])


def test_operands_of_two_dtypes_meet_in_the_wider_one() -> None:
    x, kernel = RNG.normal(size=(2, 6, 2)).astype("f4"), RNG.normal(size=(3, 2, 3))
    found = ops.conv(x, kernel, strides=(1,))
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, correlate(x.astype("f8"), kernel), rtol=1e-10, atol=1e-12)
    gx, gk = grad(lambda x, k: np.sum(ops.conv(x, k, strides=(1,)) ** 2), (0, 1))(x, kernel)
    assert (gx.dtype, gk.dtype) == (np.float32, np.float64)


def test_the_gradient_of_a_pooling_tie_goes_to_the_first_element() -> None:
    x = np.array([[3.0, 3.0, 1.0, 3.0]]).reshape(1, 2, 2, 1)
    found = grad(lambda x: np.sum(ops.max_pool(x, size=(2, 2), strides=(2, 2))))(x)
    np.testing.assert_array_equal(found.ravel(), [1, 0, 0, 0])


def test_overlapping_windows_add_their_gradients() -> None:
    x = np.array([1.0, 5.0, 2.0]).reshape(1, 3, 1)
    found = grad(lambda x: np.sum(ops.max_pool(x, size=(2,), strides=(1,))))(x)
    np.testing.assert_array_equal(found.ravel(), [0, 2, 0])


def test_padding_never_wins_a_pooling_window() -> None:
    x = np.full((1, 3, 1), -4.0)
    np.testing.assert_array_equal(ops.max_pool(x, size=(3,), strides=(1,), padding="same"), x)
    integers = np.full((1, 3, 1), np.iinfo(np.int32).min, np.int32)
    np.testing.assert_array_equal(
        ops.max_pool(integers, size=(2,), strides=(2,), padding="same").ravel(), integers[0, :2, 0]
    )


def test_pooling_keeps_nan() -> None:
    x = np.array([1.0, np.nan, 2.0, 3.0]).reshape(1, 4, 1)
    np.testing.assert_array_equal(ops.max_pool(x, size=(2,), strides=(2,)).ravel(), [np.nan, 3.0])


def test_a_pooling_window_of_more_than_256_elements() -> None:
    x = RNG.normal(size=(2, 20, 17, 2))
    check_gradients(lambda x: ops.max_pool(x, size=(20, 17), strides=(1, 1)), [x])
    found = grad(lambda x: np.sum(ops.max_pool(x, size=(20, 17), strides=(1, 1))))(x)
    np.testing.assert_array_equal(found, (x == x.max(axis=(1, 2), keepdims=True)).astype(float))


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_gradients_of_a_small_network_to_second_order(padding: str) -> None:
    def network(x: Any, kernel: Any) -> Any:
        hidden = np.tanh(ops.conv(x, kernel, strides=(1, 1), padding=padding))
        return ops.max_pool(hidden, size=(2, 2), strides=(1, 2), padding=padding)

    check_gradients(network, [RNG.normal(size=(2, 5, 4, 2)), RNG.normal(size=(2, 3, 2, 3))])


X, KERNEL = np.zeros((2, 5, 5, 3)), np.zeros((3, 3, 3, 4))


@pytest.mark.parametrize("traced", [False, True])
@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda x: ops.conv(x, np.zeros((3, 3, 2, 4)), strides=(1, 1)), OperandError,
         "conv cannot take operands of shape (2, 5, 5, 3), (3, 3, 2, 4): the input has 3 channels, the kernel takes 2."),
        (lambda x: ops.conv(x, np.zeros((7, 3, 3, 4)), strides=(1, 1)), OperandError,
         "a window that spans 7 elements does not fit spatial axis 0 of size 5 with padding (0, 0)"),
        (lambda x: ops.conv(x, KERNEL, strides=(1,)), OperandError, "strides=(1,) has 1 entries, for 2 spatial axes"),
        (lambda x: ops.conv(x, KERNEL[0], strides=(1, 1)), OperandError, "2 spatial axes need 4 axes in both"),
        (lambda x: ops.conv(x, KERNEL.astype(int), strides=(1, 1)), OperandError,
         "it is defined for floating dtypes, not float64 and int64"),
        (lambda x: ops.conv(x, KERNEL, strides=(0, 1)), InvalidArgumentError,
         "kcore.ops.conv cannot take strides=(0, 1). Allowed: integers from 1 up."),
        (lambda x: ops.conv(x, KERNEL, strides=(1, 1), dilation=(1, 0)), InvalidArgumentError, "dilation=(1, 0)"),
        (lambda x: ops.conv(x, KERNEL, strides=(1, 1), padding="full"), InvalidArgumentError,
         "kcore.ops cannot take padding='full'. Allowed: 'valid', 'same'."),
        (lambda x: ops.conv(x, KERNEL, strides=(1, 1), data_format="NHWC"), InvalidArgumentError, "data_format='NHWC'"),
        (lambda x: ops.conv(x, KERNEL, strides=(1, 1), padding="causal"), InvalidArgumentError,
         "kcore.ops cannot take padding='causal'. Allowed: 'valid', 'same'."),
        (lambda x: ops.conv(x, KERNEL, strides=(1, 1), groups=0), InvalidArgumentError,
         "kcore.ops.conv cannot take groups=0. Allowed: an integer from 1 up."),
        (lambda x: ops.conv(x, KERNEL, strides=(1, 1), groups=3), OperandError,
         "the input has 3 channels, the kernel takes 3 in each of 3 groups."),
        (lambda x: ops.conv(x, KERNEL[:, :, :1], strides=(1, 1), groups=3), OperandError,
         "4 output channels cannot be divided into 3 groups."),
        (lambda x: ops.conv_transpose(x, KERNEL, strides=(1, 1)), OperandError,
         "conv_transpose cannot take operands of shape (2, 5, 5, 3), (3, 3, 3, 4): the input has 3 channels, the kernel takes 4."),
        (lambda x: ops.conv_transpose(x, KERNEL[0], strides=(1, 1)), OperandError, "2 spatial axes need 4 axes in both"),
        (lambda x: ops.conv_transpose(x, KERNEL[..., :3].astype(int), strides=(1, 1)), OperandError,
         "it is defined for floating dtypes, not float64 and int64"),
        (lambda x: ops.conv_transpose(x, KERNEL[..., :3], strides=(1, 1), padding="causal"), InvalidArgumentError,
         "kcore.ops cannot take padding='causal'. Allowed: 'valid', 'same'."),
        (lambda x: ops.conv_transpose(x, KERNEL[..., :3], strides=(2, 2), output_padding=(1,)), OperandError,
         "output_padding=(1,) has 1 entries, for 2 spatial axes"),
        (lambda x: ops.conv_transpose(x, KERNEL[..., :3], strides=(2, 3), output_padding=(2, 0)), InvalidArgumentError,
         "output_padding=(2, 0). Allowed: integers from 0 up, each below its stride in (2, 3)."),
        (lambda x: ops.average_pool(x, size=(2,), strides=(1, 1)), OperandError, "size=(2,) has 1 entries"),
        (lambda x: ops.average_pool(x, size=(6, 2), strides=(1, 1)), OperandError, "spans 6 elements"),
        (lambda x: ops.average_pool(x, size=(2, 2), strides=(1, 1), padding="causal"), InvalidArgumentError,
         "kcore.ops cannot take padding='causal'."),
        (lambda x: ops.average_pool(x > 0, size=(2, 2), strides=(1, 1)), OperandError,
         "it is defined for floating dtypes, not bool"),
        (lambda x: ops.max_pool(x, size=(2,), strides=(1, 1)), OperandError, "size=(2,) has 1 entries"),
        (lambda x: ops.max_pool(x, size=(6, 2), strides=(1, 1)), OperandError, "spans 6 elements"),
        (lambda x: ops.max_pool(x > 0, size=(2, 2), strides=(1, 1)), OperandError, "bool has no order of size"),
    ],
)  # fmt: skip
def test_bad_arguments(call: Any, error: Any, text: str, traced: bool) -> None:
    with pytest.raises(error) as caught:
        CompiledFunction(call)(X) if traced else call(X)
    assert text in str(caught.value)


def test_the_primitives_refuse_what_ops_does_not_let_through() -> None:
    plain = {"strides": (1,), "padding": ((0, 0),), "dilation": (1,), "groups": 1}
    with pytest.raises(OperandError, match="1 spatial axes need 3 axes in both"):
        convolution.conv_p.infer(ArrayType((2, 5), "f4"), ArrayType((3, 1, 1), "f4"), **plain)
    from kcore.engine.primitives.pooling import max_pool_p

    with pytest.raises(OperandError, match="1 spatial axes need 3 axes"):
        max_pool_p.infer(ArrayType((2, 5), "f4"), size=(2,), strides=(1,), padding=((0, 0),))
    with pytest.raises(OperandError, match="leaves windows of size 2 without any element"):
        max_pool_p.infer(ArrayType((2, 5, 1), "f4"), size=(2,), strides=(1,), padding=((2, 0),))
    with pytest.raises(OperandError, match=r"the gradient of the output must have shape \(2, 3, 1\)"):
        convolution.conv_input_gradient_p.infer(
            ArrayType((2, 4, 1), "f4"), ArrayType((3, 1, 1), "f4"), input_shape=(2, 5, 1), **plain
        )
    with pytest.raises(OperandError, match=r"the gradient of the output must have shape \(2, 3, 1\)"):
        convolution.conv_kernel_gradient_p.infer(
            ArrayType((2, 5, 1), "f4"), ArrayType((2, 3, 2), "f4"), kernel_shape=(3, 1, 1), **plain
        )
    with pytest.raises(OperandError, match=r"the gradient of the output must be floating, of shape \(2, 2, 1\)"):
        average_pooling.average_unpool_p.infer(
            ArrayType((2, 3, 1), "f4"), input_shape=(2, 4, 1), size=(2,), strides=(2,), padding=((0, 0),)
        )
