"""Convolution and max pooling against SciPy, and the corners: ties, padding, chunks, layouts, bad shapes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import signal

from kcore import ops
from kcore.engine import ArrayType, CompiledFunction, grad
from kcore.engine.primitives import convolution, windows
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
    plain = {"strides": (1,), "padding": ((0, 0),), "dilation": (1,)}
    with pytest.raises(OperandError, match="1 spatial axes need 3 axes in both"):
        convolution.conv_p.infer(ArrayType((2, 5), "f4"), ArrayType((3, 1, 1), "f4"), **plain)
    from kcore.engine.primitives.pooling import max_pool_p

    with pytest.raises(OperandError, match="1 spatial axes need 3 axes"):
        max_pool_p.infer(ArrayType((2, 5), "f4"), size=(2,), strides=(1,), padding=((0, 0),))
    with pytest.raises(OperandError, match="leaves windows of size 2 without any element"):
        max_pool_p.infer(ArrayType((2, 5, 1), "f4"), size=(2,), strides=(1,), padding=((2, 0),))
