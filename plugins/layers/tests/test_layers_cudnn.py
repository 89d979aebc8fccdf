"""CuDNNLSTM and CuDNNGRU beside LSTM and GRU: the layout of their weights, and their configs."""

from __future__ import annotations

import doctest
from typing import Any

import numpy as np
import pytest

from kcore import Array
from kcore.errors import InvalidArgumentError
from kcore_layers import cudnn
from kcore_layers.cudnn import CuDNNGRU, CuDNNLSTM
from kcore_layers.recurrent import GRU, LSTM

RNG = np.random.default_rng(16)
X = RNG.standard_normal((4, 6, 3))
PAIRS: list[Any] = [
    (CuDNNLSTM, lambda **o: LSTM(5, recurrent_activation="sigmoid", **o)),
    (CuDNNGRU, lambda **o: GRU(5, recurrent_activation="sigmoid", reset_after=True, **o)),
]


def usual_layout(kind: Any, weights: list[Array]) -> list[Array]:
    """Each gate's numbers read row by row as (units, inputs), as cuDNN reads them, and turned to (inputs, units)."""
    kernel, recurrent_kernel, bias = weights

    def read(matrix: Array) -> Array:
        gates = np.split(matrix, 4 if kind is CuDNNLSTM else 3, axis=1)
        return np.concatenate([gate.ravel().reshape(5, -1).T for gate in gates], axis=1)

    first, second = np.split(bias, 2)
    return [read(kernel), read(recurrent_kernel), first + second if kind is CuDNNLSTM else np.stack([first, second])]


@pytest.mark.parametrize(("kind", "usual"), PAIRS)
@pytest.mark.parametrize("backwards", [False, True])
def test_it_is_the_usual_layer_with_other_weights(kind: Any, usual: Any, backwards: bool) -> None:
    options = {"return_sequences": True, "return_state": True, "go_backwards": backwards, "dtype": "float64"}
    layer = kind(5, **options)
    layer.ensure_built(X.shape)
    weights = [RNG.standard_normal(array.shape) for array in layer.get_weights()]
    layer.set_weights(weights)
    other = usual(**options)
    other.ensure_built(X.shape)
    other.set_weights(usual_layout(kind, weights))
    mask = RNG.random((4, 6)) < 0.7
    for found, wanted in zip(layer(X, mask=mask), other(X, mask=mask), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-10)


def test_first_values_of_the_bias() -> None:
    layer = CuDNNLSTM(2)
    layer.ensure_built((None, None, 3))
    assert layer.get_weights()[2].tolist() == [0] * 10 + [1, 1] + [0] * 4
    layer = CuDNNLSTM(2, unit_forget_bias=False, bias_initializer="ones")
    layer.ensure_built((None, None, 3))
    assert layer.get_weights()[2].tolist() == [1] * 16


def test_the_config_is_keras_2s() -> None:
    named = {
        "name", "trainable", "dtype", "units", "kernel_initializer", "recurrent_initializer", "bias_initializer",
        "kernel_regularizer", "recurrent_regularizer", "bias_regularizer", "activity_regularizer", "kernel_constraint",
        "recurrent_constraint", "bias_constraint", "return_sequences", "return_state", "stateful", "go_backwards",
    }  # fmt: skip
    assert set(CuDNNGRU(3).get_config()) == named
    assert set(CuDNNLSTM(3).get_config()) == named | {"unit_forget_bias"}
    for kind in (CuDNNGRU, CuDNNLSTM):
        config = kind(3, kernel_regularizer="l2", go_backwards=True, stateful=True).get_config()
        assert kind.from_config(config).get_config() == config


@pytest.mark.parametrize("kind", [CuDNNLSTM, CuDNNGRU])
def test_bad_arguments_are_named(kind: Any) -> None:
    with pytest.raises(InvalidArgumentError, match=f"^{kind.__name__} cannot take units=0"):
        kind(0)
    with pytest.raises(TypeError, match="activation"):
        kind(3, activation="relu")


def test_examples_in_the_docstrings() -> None:
    found = doctest.testmod(cudnn)
    assert found.attempted >= 8 and found.failed == 0
