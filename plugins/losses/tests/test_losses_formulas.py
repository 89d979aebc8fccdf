"""Losses beyond the recorded cases: precision, subgradients at the kinks, labels and arguments that are refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kcore.engine import CompiledFunction, gradients
from kcore.errors import InvalidArgumentError, LabelShapeError, LabelValueError
from kcore_losses.crossentropy import SparseCategoricalCrossentropy, sparse_categorical_crossentropy
from kcore_losses.divergence import KLDivergence, Poisson, kl_divergence, poisson
from kcore_losses.hinge import CategoricalHinge, Hinge, SquaredHinge, categorical_hinge, hinge, squared_hinge
from kcore_losses.regression import (
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_logarithmic_error,
)
from kcore_losses.robust import Huber, huber, log_cosh
from kcore_losses.similarity import CosineSimilarity, cosine_similarity


def gradient(function: Any, y_pred: Any) -> Any:
    return CompiledFunction(lambda x: gradients(np.sum(function(x)), [x])[0])(y_pred)


# --- precision -------------------------------------------------------------------------------------------------------


@given(st.floats(-700, 700))
def test_log_cosh_is_the_logarithm_of_cosh(distance: float) -> None:
    (found,) = log_cosh(np.array([[0.0]]), np.array([[distance]]))
    expected = math.log1p(2 * math.sinh(distance / 2) ** 2) if abs(distance) > 1e-150 else 0.0
    assert found == pytest.approx(expected, rel=1e-14, abs=1e-300)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_log_cosh_keeps_its_digits_near_the_label_and_far_from_it(dtype: str) -> None:
    y_pred = np.array([[1e-4], [1e-3], [1.0], [1e30]], dtype)
    values = log_cosh(np.zeros((4, 1), dtype), y_pred)
    expected = [0.5e-8 - 1e-16 / 12, 0.5e-6 - 1e-12 / 12, math.log(math.cosh(1)), 1e30]
    np.testing.assert_allclose(values, expected, rtol=1e-6 if dtype == "float32" else 1e-12)
    slopes = gradient(lambda x: log_cosh(np.zeros((4, 1)), x), y_pred)
    np.testing.assert_allclose(slopes, np.tanh(y_pred), rtol=1e-6 if dtype == "float32" else 1e-12)


def test_huber_of_an_outlier_does_not_overflow() -> None:
    y_pred = np.array([[1e30], [-1e30]], "float32")
    np.testing.assert_allclose(huber(np.zeros((2, 1)), y_pred, 2.0), [2e30, 2e30], rtol=1e-6)
    assert gradient(lambda x: huber(np.zeros((2, 1)), x, 2.0), y_pred).tolist() == [[2.0], [-2.0]]


def test_logarithmic_error_of_small_quantities_keeps_its_digits() -> None:
    values = mean_squared_logarithmic_error(np.array([[2e-6]], "float32"), np.array([[1e-6]], "float32"))
    np.testing.assert_allclose(values, [1e-12], rtol=1e-4)


# --- at the kinks and limits -----------------------------------------------------------------------------------------


def test_subgradients_at_the_kinks_are_0() -> None:
    right = np.array([[2.0, -1.0]])
    assert gradient(lambda x: mean_absolute_error(right, x), right).tolist() == [[0.0, 0.0]]
    assert gradient(lambda x: hinge(np.array([[1, -1]]), x), np.array([[1.0, -1.0]])).tolist() == [[0.0, 0.0]]
    one_hot = np.array([[1, 0, 0]])
    assert gradient(lambda x: categorical_hinge(one_hot, x), np.array([[2.0, 1.0, 0.5]])).tolist() == [[0.0] * 3]


def test_slope_of_huber_at_delta() -> None:
    y_pred = np.array([[0.5], [-0.5]])
    assert gradient(lambda x: huber(np.zeros((2, 1)), x, 0.5), y_pred).tolist() == [[0.5], [-0.5]]


def test_divergence_is_limited_and_has_no_gradient_beyond() -> None:
    y_pred = np.array([[0.0, 1.0, 1.5]])
    labels = np.array([[0.5, 0.5, 0.0]])
    expected = 0.5 * math.log(0.5e7) + 0.5 * math.log(0.5) + 1e-7 * math.log(1e-7)
    np.testing.assert_allclose(kl_divergence(labels, y_pred), [expected], rtol=1e-12)
    np.testing.assert_allclose(gradient(lambda x: kl_divergence(labels, x), y_pred), [[0.0, -0.5, 0.0]])


def test_nan_predictions_stay_visible() -> None:
    y_pred = np.array([[np.nan, 1.0]])
    for function in (hinge, categorical_hinge, huber, log_cosh, kl_divergence, poisson, cosine_similarity):
        assert np.isnan(function(np.array([[1.0, 1.0]]), y_pred)).all(), function.__name__


def test_vectors_without_a_direction_are_at_a_right_angle_to_all() -> None:
    values = cosine_similarity(np.array([[0.0, 0.0], [1.0, 2.0]]), np.array([[3.0, 4.0], [0.0, 0.0]]))
    assert values.tolist() == [0.0, 0.0]


def test_a_label_of_0_in_percents() -> None:
    np.testing.assert_allclose(mean_absolute_percentage_error(np.array([[0.0]]), np.array([[2.0]])), [2e9], rtol=1e-12)


# --- signs -----------------------------------------------------------------------------------------------------------


@given(st.integers(0, 2**32 - 1), st.integers(1, 6))
def test_labels_0_and_1_are_labels_of_minus_1_and_1(seed: int, rows: int) -> None:
    rng = np.random.default_rng(seed)
    binary, y_pred = rng.integers(0, 2, (rows, 3)), rng.normal(size=(rows, 3))
    for function in (hinge, squared_hinge):
        np.testing.assert_array_equal(function(binary, y_pred), function(2 * binary - 1, y_pred))
        alone = [function(binary[row : row + 1], y_pred[row : row + 1])[0] for row in range(rows)]
        np.testing.assert_array_equal(function(binary, y_pred), alone)


@pytest.mark.parametrize("name", ["hinge", "squared_hinge"])
@pytest.mark.parametrize(
    ("labels", "text"),
    [
        ([[1.0], [0.5]], "a label other than -1, 0 and 1: 0.5 at position (1, 0)"),
        ([[1.0], [np.nan]], "a label other than -1, 0 and 1: nan at position (1, 0)"),
        ([[2], [1]], "a label other than -1, 0 and 1: 2 at position (0, 0)"),
        ([[1], [0], [-1]], "a label of 0 beside others of -1: 0 at position (1, 0)"),
    ],
)
def test_labels_that_are_no_signs(name: str, labels: Any, text: str) -> None:
    kind, function = {"hinge": (Hinge, hinge), "squared_hinge": (SquaredHinge, squared_hinge)}[name]
    for check in (kind().check_labels, function.check_labels):  # type: ignore[attr-defined]
        check(np.array([[1], [-1]]), (None, 1))
        check(np.array([[1], [0]], "uint8"), (None, 1))
        with pytest.raises(LabelValueError) as caught:
            check(np.array(labels), (None, 1))
        assert str(caught.value) == f"{name} was given {text}. It expects -1 and 1, or 0 and 1, for no and yes."


# --- other labels ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
def test_labels_that_are_no_counts(bad: float) -> None:
    Poisson().check_labels(np.array([[0], [7]]), (None, 1))
    with pytest.raises(LabelValueError) as caught:
        Poisson().check_labels(np.array([0.0, bad]), (None, 1))
    assert str(caught.value) == (
        f"poisson was given a label that is no count: {bad!r} at position 1. It expects finite numbers of 0 or more."
    )


@pytest.mark.parametrize(("kind", "name"), [(KLDivergence, "kl_divergence"), (CategoricalHinge, "categorical_hinge")])
def test_labels_that_are_no_shares(kind: Any, name: str) -> None:
    kind().check_labels(np.array([[0.25, 0.75]]), (None, 2))
    with pytest.raises(LabelValueError, match=rf"{name} was given a label outside 0\.\.1: 1\.5 at position \(0, 1\)\."):
        kind().check_labels(np.array([[0.25, 1.5]]), (None, 2))


def test_class_numbers_for_the_categorical_hinge() -> None:
    with pytest.raises(LabelShapeError, match="one-hot labels in place of class numbers"):
        categorical_hinge(np.array([0, 1]), np.zeros((2, 3)))


# --- a label that is ignored -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("traced", [False, True], ids=["eager", "traced"])
@pytest.mark.parametrize("ignored", [-1, 255, 1])
def test_an_ignored_label_counts_neither_in_the_sum_nor_in_the_number(ignored: int, traced: bool) -> None:
    labels = np.array([[0, 2, 0], [2, 0, 0]])
    marked = np.where(np.array([[False, False, True], [False, True, False]]), ignored, labels)
    y_pred = np.random.default_rng(0).dirichlet(np.ones(3), (2, 3))
    values = -np.log(np.take_along_axis(y_pred, labels[..., None], -1)[..., 0]) * (marked != ignored)
    for reduction, expected in (("none", values), ("sum", values.sum()), ("sum_over_batch_size", values.sum() / 4)):
        loss: Any = SparseCategoricalCrossentropy(ignore_class=ignored, reduction=reduction)
        loss.check_labels(marked, (None, 3, 3))
        step = CompiledFunction(loss) if traced else loss
        np.testing.assert_allclose(step(marked, y_pred), expected, rtol=1e-6)
        np.testing.assert_allclose(step(marked[..., None], y_pred), expected, rtol=1e-6)


def test_when_all_labels_are_ignored_there_is_no_loss() -> None:
    assert SparseCategoricalCrossentropy(ignore_class=-1)(np.array([-1, -1]), np.full((2, 3), 1 / 3)) == 0.0


def test_only_the_ignored_label_may_be_no_class() -> None:
    loss = SparseCategoricalCrossentropy(ignore_class=-1)
    loss.check_labels(np.array([-1, 2]), (None, 3))
    with pytest.raises(LabelValueError, match="no class number: -2 at position 1"):
        loss.check_labels(np.array([-1, -2]), (None, 3))


# --- arguments -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [0, -1.0, float("nan"), float("inf"), "wide", None, True])
def test_delta_that_is_no_distance(bad: Any) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        Huber(delta=bad)
    assert str(caught.value) == f"Huber cannot take delta={bad!r}. Allowed: a positive finite number."
    with pytest.raises(InvalidArgumentError, match="huber cannot take delta="):
        huber(np.zeros((1, 1)), np.zeros((1, 1)), delta=bad)


@pytest.mark.parametrize("bad", [1.0, "last", None, True])
def test_axis_that_is_no_integer(bad: Any) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        CosineSimilarity(axis=bad)
    assert str(caught.value) == f"CosineSimilarity cannot take axis={bad!r}. Allowed: an integer."
    with pytest.raises(InvalidArgumentError, match="cosine_similarity cannot take axis="):
        cosine_similarity(np.zeros((1, 1)), np.zeros((1, 1)), axis=bad)


@pytest.mark.parametrize("bad", [0.5, "void", True])
def test_ignore_class_that_is_no_integer(bad: Any) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        SparseCategoricalCrossentropy(ignore_class=bad)
    assert str(caught.value) == (
        f"SparseCategoricalCrossentropy cannot take ignore_class={bad!r}. Allowed: None, or an integer."
    )
    with pytest.raises(InvalidArgumentError, match="sparse_categorical_crossentropy cannot take ignore_class="):
        sparse_categorical_crossentropy(np.zeros(1), np.ones((1, 2)), ignore_class=bad)
