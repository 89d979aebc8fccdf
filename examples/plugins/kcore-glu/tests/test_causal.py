"""Causal depthwise convolution: SciPy's filter, which is defined by the same sum; and no look ahead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from kcore.errors import InvalidArgumentError, LayerInputError
from scipy import signal

from kcore_glu.causal import CausalDepthwiseConv1D

X = np.random.default_rng(0).normal(size=(3, 9, 2))


def ready(layer: CausalDepthwiseConv1D) -> list[Any]:
    layer(X)
    rng = np.random.default_rng(1)
    weights = [rng.normal(size=weight.shape) for weight in layer.weights]
    layer.set_weights(weights)
    return weights


def filtered(x: Any, kernel: Any, dilation: int = 1) -> Any:
    """What an FIR filter gives whose impulse response is the kernel, its last tap first."""
    response = np.zeros(((len(kernel) - 1) * dilation + 1, kernel.shape[1]))
    response[::dilation] = kernel[::-1]
    return np.stack([signal.lfilter(response[:, c], [1.0], x[..., c], axis=1) for c in range(x.shape[-1])], axis=-1)


@pytest.mark.parametrize(("taps", "dilation"), [(1, 1), (3, 1), (2, 4), (4, 2), (12, 1)])
def test_it_is_a_filter_for_each_channel(taps: int, dilation: int) -> None:
    layer = CausalDepthwiseConv1D(taps, dilation, activation="tanh", dtype="float64")
    kernel, bias = ready(layer)
    assert kernel.shape == (taps, 2)
    np.testing.assert_allclose(layer(X), np.tanh(filtered(X, kernel, dilation) + bias), rtol=1e-12, atol=1e-13)


def test_nothing_that_is_to_come_is_seen() -> None:
    layer = CausalDepthwiseConv1D(4, dtype="float64")
    ready(layer)
    changed = X.copy()
    changed[:, 5] += 100.0
    difference = np.abs(layer(changed) - layer(X)).max(axis=(0, 2))
    assert (difference[:5] == 0).all() and (difference[5:] > 1).all()


def test_masked_steps_count_as_zeros() -> None:
    layer = CausalDepthwiseConv1D(3, use_bias=False, dtype="float64")
    (kernel,) = ready(layer)
    mask = np.arange(9) >= np.array([[0], [2], [4]])
    np.testing.assert_allclose(layer(X, mask=mask), filtered(X * mask[..., None], kernel), rtol=1e-12, atol=1e-13)


def test_first_weights_keep_the_size_of_the_signal() -> None:
    layer = CausalDepthwiseConv1D(4)
    layer(np.zeros((1, 3, 20000), "float32"))
    kernel, bias = layer.get_weights()
    # Lecun's rule with 4 inputs: variance 1/4, so that a sum of 4 has variance 1; drawn from 80000.
    assert abs(kernel.var() * 4 - 1) < 0.02 and (bias == 0).all()


@pytest.mark.parametrize(
    ("make", "argument"),
    [
        (lambda: CausalDepthwiseConv1D(0), "kernel_size"),
        (lambda: CausalDepthwiseConv1D("3"), "kernel_size"),  # type: ignore[arg-type]
        (lambda: CausalDepthwiseConv1D(3, dilation_rate=-1), "dilation_rate"),
        (lambda: CausalDepthwiseConv1D(3, activation=1.0), "activation"),
    ],
)
def test_wrong_arguments_are_refused(make: Callable[[], Any], argument: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        make()
    assert caught.value.argument == argument  # type: ignore[attr-defined]


def test_shapes_that_do_not_fit_are_refused() -> None:
    layer = CausalDepthwiseConv1D(2)
    with pytest.raises(LayerInputError):
        layer(np.zeros((3, 2)))
    layer(X)
    with pytest.raises(LayerInputError):
        layer(np.zeros((3, 9, 4)))
