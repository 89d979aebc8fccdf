"""States: sums that stay exact, sets of samples with awkward numbers, and sizes that are found out late."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kcore.engine import CompiledFunction
from kcore.errors import InvalidArgumentError
from kcore_metrics.accuracy import SparseCategoricalAccuracy
from kcore_metrics.auc import AUC
from kcore_metrics.confusion import ConfusionMatrix
from kcore_metrics.fscore import F1Score
from kcore_metrics.r2 import R2Score
from kcore_metrics.regression import MeanSquaredError


def test_a_million_batches_would_not_drift() -> None:
    # Counts in float32 stop growing at 2**24; these do not.
    metric = SparseCategoricalAccuracy()
    metric.update(np.array([0]), np.array([[1.0, 0.0]]))
    metric.total.assign(2.0**24)
    metric.count.assign(2.0**24)
    metric.update(np.array([1]), np.array([[1.0, 0.0]]))
    assert metric.result() == 2**24 / (2**24 + 1)


@given(st.integers(0, 2**32 - 1), st.lists(st.integers(1, 9), min_size=2, max_size=6))
def test_r2_of_labels_far_from_0_loses_no_digits(seed: int, sizes: list[int]) -> None:
    rng = np.random.default_rng(seed)
    offsets = rng.normal(size=(sum(sizes), 1))
    y_true, y_pred = 2.0**30 + np.round(offsets * 256) / 256, 2.0**30 + np.round(offsets * 64) / 64
    metric, near = R2Score(), R2Score()
    start = 0
    for size in sizes:
        part = slice(start, start + size)
        metric.update(y_true[part], y_pred[part])
        near.update(y_true[part] - 2.0**30, y_pred[part] - 2.0**30)
        start += size
    np.testing.assert_allclose(metric.result(), near.result(), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("aggregation", ["uniform_average", "variance_weighted_average", None])
def test_r2_of_labels_that_are_all_the_same(aggregation: Any) -> None:
    y_true = np.full((3, 2), 0.1)
    for error, expected in ((0.0, 1.0), (0.5, 0.0)):
        metric = R2Score(class_aggregation=aggregation)
        for row in range(3):
            metric.update(y_true[row : row + 1], y_true[row : row + 1] + error)
        np.testing.assert_array_equal(metric.result(), expected)


def test_r2_is_adjusted_only_where_there_are_samples_to_spare() -> None:
    y_true, y_pred = np.array([[1.0], [2.0], [3.0], [5.0]]), np.array([[1.0], [2.0], [4.0], [5.0]])
    plain = float(R2Score()(y_true, y_pred))
    assert R2Score(num_regressors=2)(y_true, y_pred) == pytest.approx(1 - (1 - plain) * 3 / 1, rel=1e-12)
    for regressors in (3, 4):
        assert R2Score(num_regressors=regressors)(y_true, y_pred) == pytest.approx(plain, rel=1e-12)


@pytest.mark.parametrize("traced", [False, True], ids=["eager", "traced"])
@pytest.mark.parametrize(
    ("metric", "name", "allowed"),
    [
        (F1Score(average="macro"), "F1Score", "predictions of 3 classes"),
        (R2Score(), "R2Score", "predictions of shape (batch, 3)"),
        (AUC(multi_label=True), "AUC", "predictions of 3 outputs"),
        (ConfusionMatrix(), "ConfusionMatrix", "predictions of 3 classes"),
    ],
    ids=["F1Score", "R2Score", "AUC", "ConfusionMatrix"],
)
def test_another_number_of_outputs_than_before(metric: Any, name: str, allowed: str, traced: bool) -> None:
    step: Any = CompiledFunction(metric) if traced else metric
    step(np.eye(3), np.eye(3))
    with pytest.raises(InvalidArgumentError) as caught:
        step(np.eye(4), np.eye(4))
    assert str(caught.value).startswith(f"{name} cannot take y_pred=")
    assert str(caught.value).endswith(f"Allowed: {allowed}.")


def test_thresholds_on_the_way_are_in_the_predictions_precision() -> None:
    y_pred = np.array([0.1, 0.2, 0.3], "float32")
    assert AUC(num_thresholds=11)(np.array([0, 0, 1]), y_pred) == 1.0
    # None of them is above the threshold that it stands for.
    assert AUC(thresholds=[0.1, 0.2, 0.3]).states[0].shape == (5,)
    metric = AUC(thresholds=[0.1, 0.2, 0.3])
    metric.update(np.ones(3), y_pred)
    assert metric.true_positives.value.tolist() == [3, 2, 1, 0, 0]


def test_predictions_beyond_0_and_1() -> None:
    # Even thresholds take them for 0 and 1, as in Keras.
    for metric in (AUC(), AUC(thresholds=[0.5])):
        assert metric(np.array([0, 1]), np.array([-3.0, 4.0])) == 1.0


@pytest.mark.parametrize("curve", ["ROC", "PR", "PR_GAIN"])
def test_area_of_perfect_and_of_no_decisions(curve: str) -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 200)
    right = np.where(labels == 1, rng.uniform(0.6, 0.9, 200), rng.uniform(0.1, 0.4, 200))
    assert AUC(curve=curve)(labels, right) == pytest.approx(1.0, abs=0.02)
    assert AUC(curve=curve)(np.zeros(0), np.zeros(0)) == 0.0


@given(st.integers(0, 2**32 - 1), st.integers(2, 60))
def test_area_comes_nearer_to_the_exact_one_with_more_thresholds(seed: int, rows: int) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(rows) % 2)
    # On a grid of its own, so that 2001 thresholds part all that differ.
    y_pred = (rng.integers(0, 1000, rows) + 0.5) / 1000
    pairs = y_pred[labels == 1][:, None] - y_pred[labels == 0]
    exact = np.mean((pairs > 0) + 0.5 * (pairs == 0))
    np.testing.assert_allclose(AUC(num_thresholds=2001)(labels, y_pred), exact, rtol=1e-12)


def test_mean_squared_error_with_a_dtype() -> None:
    metric = MeanSquaredError(dtype="float32")
    metric.update(np.array([0.0]), np.array([2.0**-13]))
    metric.update(np.array([0.0]), np.array([1.0]))
    assert metric.total.value == 1 + 2.0**-26
    assert metric.result().dtype == np.float32 and metric.result() == 0.5
