"""Derivatives against finite differences, to second order, where no recording has them."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import kcore
from kcore import backend as K
from kcore.testing import check_gradients

RNG = np.random.default_rng(2)
A, B = RNG.normal(size=(3, 4)), RNG.normal(size=(3, 4)) + 0.2
STEPS, STATE = RNG.normal(size=(2, 4, 3)), RNG.normal(size=(2, 3))
IMAGES = RNG.normal(size=(2, 4, 5, 2))
MASK = np.array([[1, 0, 1, 1], [0, 1, 0, 1]], bool)

FUNCTIONS: dict[str, tuple[Callable[..., Any], list[Any]]] = {
    "std": (lambda x: K.std(x, axis=1), [A]),
    "logsumexp": (lambda x: K.logsumexp(x, axis=[0, 1]), [A]),
    "batch_dot": (lambda x, y: K.batch_dot(x, y, axes=1), [A, B]),
    "elu": (lambda x: K.elu(x, 0.5), [A]),
    "relu": (lambda x: K.relu(x, 0.1, 1.0, 0.2), [A]),
    "l2_normalize": (lambda x: K.l2_normalize(x, -1), [A]),
    "sqrt": (lambda x: K.sqrt(K.square(x) + 1), [A]),
    "softplus": (K.softplus, [A]),
    "switch": (lambda x, y: K.switch(K.greater(x, y), K.square(x), x * y), [A, B]),
    "crossentropy": (lambda x: K.categorical_crossentropy(K.softmax(B), K.softmax(x)), [A]),
    "sparse": (lambda x: K.sparse_categorical_crossentropy(np.array([0, 2, 3]), K.softmax(x)), [A]),
    "normalize": (lambda x: K.normalize_batch_in_training(x, None, None, [0]), [A]),
    "conv2d_transpose": (lambda x, k: K.conv2d_transpose(x, k, (2, 8, 10, 3), (2, 2), "same"), [IMAGES, RNG.normal(size=(3, 3, 3, 2))]),
    "local_conv2d": (lambda x, k: K.local_conv2d(x, k, (2, 2), (1, 1)), [IMAGES, RNG.normal(size=(12, 8, 2))]),
    "separable": (lambda x, d, p: K.separable_conv2d(x, d, p), [IMAGES, RNG.normal(size=(2, 2, 2, 2)), RNG.normal(size=(1, 1, 4, 3))]),
    "resize": (lambda x: K.resize_images(x, 2, 3, None, "bilinear"), [IMAGES]),
    "rnn": (lambda x, s: K.rnn(lambda x, s: (K.tanh(x + s[0]), [s[0] * x]), x, [s], mask=MASK, go_backwards=True)[:2], [STEPS, STATE]),
    "foldr": (lambda x: K.foldr(lambda a, item: a * item + K.sin(a), x), [A]),
    "ctc": (lambda x: K.ctc_batch_cost([[0, 1], [1, 1]], K.softmax(x), [[4], [3]], [[2], [1]]), [STEPS]),
    "map_fn": (lambda x: K.map_fn(lambda row: K.exp(row) * K.sum(row), x), [A]),
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_derivatives(name: str) -> None:
    function, arguments = FUNCTIONS[name]
    check_gradients(function, arguments, name=name)


def test_ctc_batch_cost__by_counting_all_paths() -> None:
    """Every path of classes through the steps, with its probability, by the label that it spells."""
    probabilities = RNG.dirichlet(np.ones(3), (1, 4))
    chances: dict[tuple[int, ...], float] = {}
    for path in itertools.product(range(3), repeat=4):
        runs = [one for one, _ in itertools.groupby(path)]
        label = tuple(one for one in runs if one != 2)
        chances[label] = chances.get(label, 0.0) + float(
            np.prod([probabilities[0, t, one] for t, one in enumerate(path)])
        )
    K.set_epsilon(0)
    try:
        for label, chance in chances.items():
            padded = np.array([[*label, *(0,) * (4 - len(label))]])
            found = K.ctc_batch_cost(padded, probabilities, [4], [len(label)])
            np.testing.assert_allclose(found, [[-np.log(chance)]], rtol=1e-12)
        assert K.ctc_batch_cost([[0, 0, 0]], probabilities, [4], [3]) == np.inf
        one_step = K.ctc_batch_cost([[1]], probabilities[:, :1], [[1]], [[1]])
        np.testing.assert_allclose(one_step, [[-np.log(probabilities[0, 0, 1])]], rtol=1e-12)
    finally:
        K.set_epsilon(1e-7)


def test_slopes_at_the_edges() -> None:
    def slope(function: Callable[[Any], Any], *places: float) -> list[float]:
        return kcore.grad(lambda x: K.sum(function(x)))(np.array(places, float)).tolist()  # type: ignore[no-any-return]

    assert slope(lambda x: K.clip(x, -1, 1), -2, -1, 0, 1, 2) == [0, 1, 1, 1, 0]
    assert slope(lambda x: K.maximum(x, 0), -1, 0, 1) == [0, 0.5, 1]
    assert slope(K.relu, -1, 0, 1) == [0, 0, 1]
    assert slope(K.abs, -1, 0, 1) == [-1, 0, 1]
    assert slope(K.sqrt, -4, 4, 0) == [0, 0.25, np.inf]
    assert slope(lambda x: K.max(x), 2, 1, 2) == [0.5, 0, 0.5]
    assert slope(K.round, 0.4, 0.5) == [0, 0]


def test_nan_stays_nan() -> None:
    x = np.array([np.nan, 1.0])
    for function in (K.sqrt, lambda x: K.clip(x, 0, 1), lambda x: K.maximum(x, 0), K.relu, K.elu, K.hard_sigmoid):
        assert np.isnan(function(x)).tolist() == [True, False]


def test_logsumexp_of_infinities() -> None:
    with np.errstate(divide="ignore"):
        assert K.logsumexp(np.array([-np.inf, -np.inf])) == -np.inf
    assert K.logsumexp(np.array([-np.inf, 1.0])) == 1
    with np.errstate(over="ignore"):
        assert K.logsumexp(np.array([np.inf, 1.0])) == np.inf
