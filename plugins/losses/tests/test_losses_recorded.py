"""Losses and their gradients, traced, beside the numbers that Keras recorded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kcore.engine import CompiledFunction, gradients
from kcore.testing.reference import Case, load_cases
from kcore_losses import crossentropy, divergence, hinge, regression, robust, similarity

CASES = load_cases(Path(__file__).parent / "reference" / "losses.npz")
KINDS: list[tuple[Any, Any]] = [
    (regression.mean_squared_error, regression.MeanSquaredError),
    (regression.mean_absolute_error, regression.MeanAbsoluteError),
    (regression.mean_absolute_percentage_error, regression.MeanAbsolutePercentageError),
    (regression.mean_squared_logarithmic_error, regression.MeanSquaredLogarithmicError),
    (robust.huber, robust.Huber),
    (robust.log_cosh, robust.LogCosh),
    (similarity.cosine_similarity, similarity.CosineSimilarity),
    (hinge.hinge, hinge.Hinge),
    (hinge.squared_hinge, hinge.SquaredHinge),
    (hinge.categorical_hinge, hinge.CategoricalHinge),
    (divergence.kl_divergence, divergence.KLDivergence),
    (divergence.poisson, divergence.Poisson),
    (crossentropy.binary_crossentropy, crossentropy.BinaryCrossentropy),
    (crossentropy.categorical_crossentropy, crossentropy.CategoricalCrossentropy),
    (crossentropy.sparse_categorical_crossentropy, crossentropy.SparseCategoricalCrossentropy),
]
MEMBERS: dict[str, tuple[Any, Any]] = {function.__name__: (function, kind) for function, kind in KINDS}


def adds_epsilon_twice(case: Case) -> bool:
    """Keras 2's binary crossentropy of probabilities, whose numbers are Keras 3's only to some 1e-5."""
    return case.component == "binary_crossentropy" and case.source == "tf_keras" and not case.config.get("from_logits")


def test_every_loss_has_cases() -> None:
    assert {case.component for case in CASES} == set(MEMBERS)


@pytest.mark.parametrize("case", [case for case in CASES if not adds_epsilon_twice(case)], ids=str)
def test_values_and_gradients(case: Case) -> None:
    function, kind = MEMBERS[case.component]
    loss = kind(**case.config)
    recorded = case.arrays

    def step(y_true: Any, y_pred: Any, weight: Any) -> dict[str, Any]:
        plain, weighted = loss(y_true, y_pred), loss(y_true, y_pred, weight)
        return {
            "per_sample": function(y_true, y_pred, **case.config),
            "loss": plain,
            "loss_weighted": weighted,
            "dy_pred": gradients(plain, [y_pred])[0],
            "dy_pred_weighted": gradients(weighted, [y_pred])[0],
        }

    y_true, y_pred, weight = recorded["y_true"], recorded["y_pred"], recorded["sample_weight"]
    found = CompiledFunction(step)(y_true, y_pred, weight)
    tolerance = 1e-5 if y_pred.dtype == np.float32 else 1e-12
    for name, value in found.items():
        assert value.dtype == y_pred.dtype, name
        assert value.shape == recorded[name].shape, name
        np.testing.assert_allclose(value, recorded[name], rtol=0, atol=tolerance * np.abs(recorded[name]).max())
    np.testing.assert_allclose(loss(y_true, y_pred, weight), recorded["loss_weighted"], rtol=tolerance)


@pytest.mark.parametrize("case", [case for case in CASES if adds_epsilon_twice(case)], ids=str)
def test_keras_2_differs_by_the_documented_epsilon(case: Case) -> None:
    # log(p + epsilon) in place of log(p), with p already limited to epsilon..1-epsilon.
    y_true = case.arrays["y_true"].astype("float64")
    smoothing = case.config.get("label_smoothing", 0.0)
    y_true = y_true * (1 - smoothing) + smoothing / 2
    p = np.clip(case.arrays["y_pred"].astype("float64"), 1e-7, 1 - 1e-7)
    extra = y_true * np.log1p(1e-7 / p) + (1 - y_true) * np.log1p(1e-7 / (1 - p))
    values = crossentropy.binary_crossentropy(case.arrays["y_true"], case.arrays["y_pred"], **case.config)
    # Near the upper limit float32's own step is of epsilon's size.
    tolerance = 1e-9 if case.arrays["y_pred"].dtype == np.float64 else 5e-3 if "certain" in case.name else 1e-6
    np.testing.assert_allclose(values - extra.mean(-1), case.arrays["per_sample"], rtol=tolerance, atol=tolerance)
