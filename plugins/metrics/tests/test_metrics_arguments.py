"""Arguments that metrics refuse, each with an error that names metric and argument."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kcore.errors import ConfigError, InvalidArgumentError, LabelShapeError, UnknownComponentError
from kcore.registry import registry

REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("MeanSquaredError", {"dtype": "int32"}, "dtype='int32'. Allowed: a floating dtype, or None."),
    ("AUC", {"dtype": "wide"}, "dtype='wide'. Allowed: a floating dtype, or None."),
    ("BinaryAccuracy", {"threshold": float("nan")}, "threshold=nan. Allowed: a finite number."),
    ("TopKCategoricalAccuracy", {"k": 0}, "k=0. Allowed: an integer of 1 or more."),
    ("SparseTopKCategoricalAccuracy", {"k": 2.5}, "k=2.5. Allowed: an integer of 1 or more."),
    ("SparseTopKCategoricalAccuracy", {"k": True}, "k=True. Allowed: an integer of 1 or more."),
    ("Huber", {"delta": 0}, "delta=0. Allowed: a positive finite number."),
    ("CosineSimilarity", {"axis": "last"}, "axis='last'. Allowed: an integer."),
    ("BinaryCrossentropy", {"from_logits": "no"}, "from_logits='no'. Allowed: True, False."),
    ("CategoricalCrossentropy", {"label_smoothing": 1.5}, "label_smoothing=1.5. Allowed: a number from 0 to 1."),
    ("SparseCategoricalCrossentropy", {"ignore_class": 0.5}, "ignore_class=0.5. Allowed: None, or an integer."),
    (
        "R2Score",
        {"class_aggregation": "mean"},
        "class_aggregation='mean'. Allowed: None, 'uniform_average', 'variance_weighted_average'.",
    ),
    ("R2Score", {"num_regressors": -1}, "num_regressors=-1. Allowed: an integer of 0 or more."),
    ("TruePositives", {"thresholds": 1.5}, "thresholds=1.5. Allowed: a number from 0 to 1, several of them, or None."),
    ("Precision", {"thresholds": []}, "thresholds=[]. Allowed: a number from 0 to 1, several of them, or None."),
    (
        "Precision",
        {"thresholds": [0.5, None]},
        "thresholds=[0.5, None]. Allowed: a number from 0 to 1, several of them, or None.",
    ),
    (
        "Precision",
        {"thresholds": "half"},
        "thresholds='half'. Allowed: a number from 0 to 1, several of them, or None.",
    ),
    ("Precision", {"top_k": 0}, "top_k=0. Allowed: an integer of 1 or more."),
    ("Recall", {"class_id": -1}, "class_id=-1. Allowed: an integer of 0 or more."),
    ("AUC", {"curve": "roc curve"}, "curve='roc curve'. Allowed: 'PR', 'PR_GAIN', 'ROC'."),
    ("AUC", {"curve": ["ROC"]}, "curve=['ROC']. Allowed: 'PR', 'PR_GAIN', 'ROC'."),
    (
        "AUC",
        {"summation_method": "middle"},
        "summation_method='middle'. Allowed: 'interpolation', 'majoring', 'minoring'.",
    ),
    ("AUC", {"num_thresholds": 1}, "num_thresholds=1. Allowed: an integer of 2 or more."),
    ("AUC", {"thresholds": [0.5, 2.0]}, "thresholds=[0.5, 2.0]. Allowed: a list of numbers from 0 to 1."),
    ("AUC", {"label_weights": [1.0, -1.0]}, "label_weights=[1.0, -1.0]. Allowed: a list of weights, 0 or more."),
    ("AUC", {"label_weights": 2.0}, "label_weights=2.0. Allowed: a list of weights, 0 or more."),
    ("AUC", {"multi_label": "yes"}, "multi_label='yes'. Allowed: True, False."),
    ("AUC", {"from_logits": None}, "from_logits=None. Allowed: True, False."),
    ("AUC", {"num_labels": 3}, "num_labels=3. Allowed: None, unless multi_label=True."),
    ("AUC", {"num_labels": 0, "multi_label": True}, "num_labels=0. Allowed: an integer of 1 or more."),
    ("F1Score", {"average": "mean"}, "average='mean'. Allowed: None, 'micro', 'macro', 'weighted'."),
    ("FBetaScore", {"beta": 0.0}, "beta=0.0. Allowed: a positive finite number."),
    ("FBetaScore", {"threshold": 0.0}, "threshold=0.0. Allowed: None, or a number above 0, up to 1."),
    ("ConfusionMatrix", {"num_classes": 1}, "num_classes=1. Allowed: an integer of 2 or more."),
]


@pytest.mark.parametrize(("name", "arguments", "text"), REFUSED)
def test_arguments_that_are_refused(name: str, arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        registry("metrics").get(name, **arguments)
    assert str(caught.value) == f"{name} cannot take {text}"


@pytest.mark.parametrize(
    ("name", "arguments", "text"),
    [
        ("top_k_categorical_accuracy", {"k": 0}, "k=0"),
        ("sparse_top_k_categorical_accuracy", {"k": "all"}, "k='all'"),
        ("huber", {"delta": -1.0}, "delta=-1.0"),
        ("cosine_similarity", {"axis": 0.5}, "axis=0.5"),
        ("binary_crossentropy", {"label_smoothing": -1}, "label_smoothing=-1"),
        ("categorical_crossentropy", {"from_logits": 1}, "from_logits=1"),
        ("sparse_categorical_crossentropy", {"ignore_class": "void"}, "ignore_class='void'"),
    ],
)
def test_functions_refuse_them_too(name: str, arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        registry("metrics").load(name)(np.zeros((2, 2)), np.zeros((2, 2)), **arguments)
    assert str(caught.value).startswith(f"{name} cannot take {text}. Allowed: ")


@pytest.mark.parametrize(
    ("name", "arguments", "shape", "text"),
    [
        ("Precision", {"top_k": 4}, (2, 3), "top_k=4 (there are 3). Allowed: one for which there are enough outputs."),
        (
            "Recall",
            {"class_id": 3},
            (2, 3),
            "class_id=3 (there are 3). Allowed: one for which there are enough outputs.",
        ),
        (
            "AUC",
            {"label_weights": [1.0, 2.0]},
            (2, 3),
            "label_weights=[1.0, 2.0] (there are 3 outputs). Allowed: a weight per output.",
        ),
        (
            "AUC",
            {"multi_label": True, "num_labels": 2},
            (2, 3),
            "y_pred='(..., 3)'. Allowed: predictions of 2 outputs.",
        ),
        ("F1Score", {}, (2, 3, 4), "y_pred=(2, 3, 4) (its shape). Allowed: predictions of shape (batch, classes)."),
        ("R2Score", {}, (2, 3, 4), "y_pred=(2, 3, 4) (its shape). Allowed: predictions of shape (batch, outputs)."),
        (
            "ConfusionMatrix",
            {"num_classes": 2},
            (2, 3),
            "y_pred=(2, 3) (its shape). Allowed: predictions of 2 classes.",
        ),
    ],
)
def test_predictions_that_do_not_fit_the_arguments(
    name: str, arguments: dict[str, Any], shape: tuple[int, ...], text: str
) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        registry("metrics").get(name, **arguments)(np.zeros(shape), np.zeros(shape))
    assert str(caught.value) == f"{name} cannot take {text}"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        (
            "TopKCategoricalAccuracy",
            "class numbers in place of one-hot labels go with sparse_top_k_categorical_accuracy",
        ),
        ("CategoricalCrossentropy", "class numbers in place of one-hot labels go with sparse_categorical_crossentropy"),
        ("CategoricalHinge", "one-hot labels in place of class numbers"),
    ],
)
def test_class_numbers_in_place_of_one_hot_labels(name: str, hint: str) -> None:
    with pytest.raises(LabelShapeError) as caught:
        registry("metrics").get(name)(np.array([0, 1]), np.zeros((2, 3)))
    assert str(caught.value).endswith(f"It expects labels of the same shape as the predictions; {hint}.")


def test_one_hot_labels_in_place_of_class_numbers() -> None:
    for name in ("SparseTopKCategoricalAccuracy", "SparseCategoricalCrossentropy"):
        with pytest.raises(LabelShapeError, match="one-hot labels belong to the categorical form"):
            registry("metrics").get(name)(np.eye(3), np.eye(3))


def test_weights_of_the_wrong_length() -> None:
    for name in ("Precision", "AUC", "F1Score", "R2Score", "ConfusionMatrix", "RootMeanSquaredError"):
        with pytest.raises(LabelShapeError, match=r"sample_weight was given .* It expects one weight per sample\."):
            registry("metrics").get(name)(np.eye(3), np.eye(3), np.ones(2))


def test_names_and_arguments_that_nobody_knows() -> None:
    with pytest.raises(UnknownComponentError, match="top_k_categorical_accuracy"):
        registry("metrics").get("topk_categorical_accuracy")
    with pytest.raises(ConfigError, match="limit"):
        registry("metrics").get({"class_name": "Precision", "config": {"limit": 0.5}})


def test_predictions_that_are_not_a_number_are_never_right() -> None:
    y_pred = np.array([[np.nan, 0.1, 0.9], [0.5, np.nan, 0.1]])
    for name, labels in (
        ("sparse_top_k_categorical_accuracy", np.array([0, 0])),
        ("top_k_categorical_accuracy", np.eye(3)[[0, 0]]),
    ):
        assert registry("metrics").load(name)(labels, y_pred, k=3).tolist() == [0.0, 1.0]


def test_a_class_that_is_none_is_never_among_the_largest() -> None:
    values = registry("metrics").load("sparse_top_k_categorical_accuracy")(
        np.array([3, -1]), np.full((2, 3), -1.0), k=3
    )
    assert values.tolist() == [0.0, 0.0]
