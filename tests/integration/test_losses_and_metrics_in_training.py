"""Every loss trains a model, and every metric with one result shows in logs what it is outside of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kcore import Sequential, losses, metrics
from kcore.layers import Dense

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 6)).astype("float32")
SCORES = X @ RNG.normal(size=(6, 3)).astype("float32")
CLASSES = SCORES.argmax(1)
ONE_HOT = np.eye(3, dtype="float32")[CLASSES]
DECISIONS = (SCORES > 0).astype("int64")

# Labels, the last activation, the losses that go with them, and metrics.
TASKS: dict[str, tuple[Any, str, list[str], list[Any]]] = {
    "numbers": (
        np.abs(SCORES) + 0.5,
        "softplus",
        ["mse", "mae", "mape", "msle", "huber", "log_cosh", "cosine_similarity", "poisson"],
        ["mse", "mae", "mape", "msle", "huber", "logcosh", "cosine_similarity", "poisson", "root_mean_squared_error", "r2_score"],
    ),
    "classes": (
        CLASSES,
        "softmax",
        ["sparse_categorical_crossentropy"],
        ["accuracy", "crossentropy", "sparse_categorical_accuracy", "sparse_categorical_crossentropy", metrics.SparseTopKCategoricalAccuracy(k=2)],
    ),
    "one-hot": (
        ONE_HOT,
        "softmax",
        ["categorical_crossentropy", "kld", "categorical_hinge"],
        ["acc", "ce", "categorical_hinge", "kld", metrics.TopKCategoricalAccuracy(k=2), metrics.F1Score(average="macro"),
         metrics.Precision(top_k=1, class_id=1)],
    ),
    "decisions": (
        DECISIONS,
        "sigmoid",
        ["binary_crossentropy", "hinge", "squared_hinge"],
        ["binary_accuracy", "bce", "hinge", "squared_hinge", "precision", "recall", "auc", "true_positives", "true_negatives",
         "false_positives", "false_negatives", metrics.AUC(curve="PR", multi_label=True, name="areas"),
         metrics.FBetaScore(average="weighted", beta=2.0, threshold=0.5)],
    ),
}  # fmt: skip


def model_of(task: str, loss: Any, chosen: Any = None, weighted: Any = None) -> Any:
    model = Sequential([Dense(3, activation=TASKS[task][1], input_shape=(6,))])
    model.compile("adam", loss, chosen, weighted_metrics=weighted)
    weights = np.random.default_rng(1)
    model.set_weights([weights.normal(size=weight.shape) * 0.3 for weight in model.get_weights()])
    return model


@pytest.mark.parametrize(("task", "loss"), [(task, loss) for task, (_, _, names, _) in TASKS.items() for loss in names])
def test_every_loss_trains(task: str, loss: str) -> None:
    model = model_of(task, loss)
    labels = TASKS[task][0]
    before = model.evaluate(X, labels)
    history = model.fit(X, labels, batch_size=16, epochs=20, verbose=0).history
    assert model.evaluate(X, labels) < before
    assert np.all(np.isfinite(history["loss"]))


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("task", TASKS)
def test_metrics_in_logs_are_those_of_all_predictions_at_once(task: str, weighted: bool) -> None:
    labels, _, names, chosen = TASKS[task]
    model = model_of(task, names[0], *(([], chosen) if weighted else (chosen, [])))
    weights = np.random.default_rng(2).uniform(0, 2, len(X)).astype("float32") if weighted else None
    found = model.evaluate(X, labels, batch_size=7, sample_weight=weights, return_dict=True)
    predictions = model.predict(X)
    assert len(found) == len(chosen) + 1
    for one, value in zip(chosen, list(found.values())[1:], strict=True):
        identifier = (
            {"class_name": type(one).__name__, "config": one.get_config()} if hasattr(one, "get_config") else one
        )
        target = metrics.get(identifier)
        if not isinstance(target, metrics.Metric):
            values = target(labels, predictions)
            assert value == pytest.approx(float(np.average(values, weights=weights)), rel=1e-9)
        else:
            assert value == pytest.approx(float(target(labels, predictions, weights)), rel=1e-9)


def test_an_ignored_label_is_not_learned() -> None:
    marked = np.where(np.arange(len(X)) % 2, CLASSES, 255)
    model = model_of("classes", losses.SparseCategoricalCrossentropy(ignore_class=255))
    same = model_of("classes", "sparse_categorical_crossentropy")
    model.fit(X, marked, batch_size=len(X), epochs=3, verbose=0)
    same.fit(X[1::2], CLASSES[1::2], batch_size=len(X), epochs=3, verbose=0)
    for one, other in zip(model.get_weights(), same.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
