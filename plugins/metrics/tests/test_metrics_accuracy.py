"""Accuracies beyond the recorded cases: the choice by shape, thresholds, label dtypes, errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kcore.engine import CompiledFunction
from kcore.errors import InvalidArgumentError, LabelShapeError
from kcore_metrics.accuracy import (
    Accuracy,
    BinaryAccuracy,
    binary_accuracy,
    categorical_accuracy,
    sparse_categorical_accuracy,
)

CLASSES = np.array([[0.1, 0.7, 0.2], [0.5, 0.3, 0.2], [0.2, 0.3, 0.5]], "float32")


@pytest.mark.parametrize("traced", [False, True], ids=["eager", "traced"])
@pytest.mark.parametrize(
    ("y_true", "y_pred", "expected"),
    [
        (np.array([[1], [0], [0]]), np.array([[0.9], [0.6], [0.1]]), 2 / 3),
        (np.array([1, 0, 0]), np.array([[0.9], [0.6], [0.1]]), 2 / 3),
        (np.array([1, 0, 0]), np.array([0.9, 0.6, 0.1]), 2 / 3),
        (np.eye(3)[[1, 0, 0]], CLASSES, 2 / 3),
        (np.array([1, 0, 0]), CLASSES, 2 / 3),
        (np.array([[1], [0], [0]]), CLASSES, 2 / 3),
        (np.array([1.0, 0.0, 0.0], "float32"), CLASSES, 2 / 3),
        (np.array([1, 0, 0], "uint8"), CLASSES, 2 / 3),
        (np.array([[1, 0, 0]]), CLASSES[None], 2 / 3),
    ],
    ids=[
        "column",
        "flat-labels",
        "flat",
        "one-hot",
        "sparse",
        "sparse-column",
        "sparse-float",
        "sparse-uint8",
        "steps",
    ],
)
def test_accuracy_chooses_by_shape(y_true: Any, y_pred: Any, expected: float, traced: bool) -> None:
    metric = Accuracy()
    step: Any = CompiledFunction(metric) if traced else metric
    assert step(y_true, y_pred) == pytest.approx(expected, rel=1e-15)
    assert metric.count.value == 3


def test_flat_predictions_stream_exactly() -> None:
    metric = Accuracy()
    metric.update(np.array([1, 1, 1]), np.array([0.9, 0.9, 0.9]))
    metric.update(np.array([1]), np.array([0.1]))
    assert metric.result() == 0.75


def test_threshold() -> None:
    logits = np.array([[-1.0, 2.0, 0.0]])
    assert binary_accuracy(np.array([[0, 1, 0]]), logits, 0.0).tolist() == [1.0]
    assert BinaryAccuracy(threshold=0.0)(np.array([[0, 1, 1]]), logits) == pytest.approx(2 / 3, rel=1e-15)


@pytest.mark.parametrize("threshold", [float("nan"), "half", True])
def test_threshold_that_is_no_number(threshold: Any) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        BinaryAccuracy(threshold=threshold)
    assert str(caught.value) == f"BinaryAccuracy cannot take threshold={threshold!r}. Allowed: a finite number."


def test_functions_give_float64_per_sample() -> None:
    for function, labels in ((categorical_accuracy, np.eye(3)), (sparse_categorical_accuracy, np.array([0, 1, 2]))):
        values = function(labels, CLASSES)
        assert values.dtype == np.float64
        assert values.tolist() == [0.0, 0.0, 1.0]


@pytest.mark.parametrize(
    ("function", "labels", "sentence"),
    [
        (binary_accuracy, np.zeros((3, 1)), "It expects labels of the same shape as the predictions."),
        (
            categorical_accuracy,
            np.zeros(3),
            "It expects labels of the same shape as the predictions; class numbers in place of one-hot labels go with "
            "sparse_categorical_accuracy.",
        ),
        (
            sparse_categorical_accuracy,
            np.zeros((3, 3)),
            "It expects one class number per prediction, of shape (batch=3,); one-hot labels belong to the categorical "
            "form.",
        ),
    ],
)
def test_labels_of_another_shape(function: Any, labels: Any, sentence: str) -> None:
    with pytest.raises(LabelShapeError) as caught:
        function(labels, CLASSES)
    assert str(caught.value).startswith(f"{function.__name__} was given labels of shape (batch=3,")
    assert str(caught.value).endswith(sentence)


def test_weights_that_are_not_one_per_sample() -> None:
    with pytest.raises(LabelShapeError, match=r"sample_weight was given .* It expects one weight per sample\."):
        Accuracy()(np.array([0, 1, 2]), CLASSES, np.ones(2))
