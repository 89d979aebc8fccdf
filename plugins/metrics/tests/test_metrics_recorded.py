"""Metrics beside the numbers that Keras and scikit-learn recorded, after each of several batches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kcore.engine import CompiledFunction
from kcore.metrics import Metric
from kcore.registry import registry
from kcore.testing.reference import Case, load_cases

CASES = load_cases(Path(__file__).parent / "reference" / "metrics.npz")
# Metrics that stand for others, and what Keras has as a function only.
NOT_RECORDED = {"Accuracy", "Crossentropy", "Huber"}


def kind_of(component: str) -> Any:
    """The class of a recorded component, which is named after the class or after its function."""
    home = registry("metrics")
    target = home.load(component)
    if isinstance(target, type):
        return target
    (found,) = {kind for kind in map(home.load, home.names()) if getattr(kind, "formula", None) is target} or {
        home.load("".join(word.capitalize() for word in component.split("_")))
    }
    return found


def test_every_metric_is_recorded() -> None:
    home = registry("metrics")
    offered = {home.load(record.name) for record in home.records() if record.distribution == "kcore-metrics"}
    classes = {kind.__name__ for kind in offered if isinstance(kind, type)}
    assert {kind_of(case.component).__name__ for case in CASES} == classes - NOT_RECORDED


def counts_the_ignored(case: Case) -> bool:
    """Keras 3's mean with ``ignore_class``, which without weights divides by all samples."""
    return case.source == "keras3" and case.name == "sparse_categorical_crossentropy/ignored"


@pytest.mark.parametrize("traced", [False, True], ids=["eager", "traced"])
@pytest.mark.parametrize("case", [case for case in CASES if not counts_the_ignored(case)], ids=str)
def test_values_after_each_batch(case: Case, traced: bool) -> None:
    metric: Metric = kind_of(case.component)(**case.config)
    step: Any = CompiledFunction(metric) if traced else metric
    # Keras computes crossentropies, accuracies and sums in float32; its binary crossentropy adds epsilon twice.
    tolerance = 3e-6 if case.source == "tf_keras" and case.component == "binary_crossentropy" else 1e-6
    for _ in range(2):
        for index, expected in enumerate(case.arrays["values"]):
            arrays = [case.arrays[f"{name}_{index}"] for name in ("y_true", "y_pred")]
            if f"sample_weight_{index}" in case.arrays:
                arrays.append(case.arrays[f"sample_weight_{index}"])
            np.testing.assert_allclose(step(*arrays), expected, rtol=tolerance, atol=tolerance)
        # A second pass gives the same, because reset forgets the first.
        metric.reset()
    assert not np.any(metric.result())


def test_keras_3_divides_by_ignored_samples_too() -> None:
    (case,) = [case for case in CASES if counts_the_ignored(case)]
    metric = kind_of(case.component)(**case.config)
    for index, expected in enumerate(case.arrays["values"]):
        value = metric(case.arrays[f"y_true_{index}"], case.arrays[f"y_pred_{index}"])
        labels = np.concatenate([case.arrays[f"y_true_{place}"] for place in range(index + 1)])
        np.testing.assert_allclose(value * np.mean(labels != case.config["ignore_class"]), expected, rtol=1e-6)


def test_huber_is_the_recorded_loss_in_small() -> None:
    y_true, y_pred = np.zeros((2, 2)), np.array([[0.5, -0.5], [2.0, -4.0]])
    metric = registry("metrics").get("Huber", delta=1.0)
    assert metric(y_true, y_pred) == (0.125 + 0.125 + 1.5 + 3.5) / 4
