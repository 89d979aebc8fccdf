"""Whole networks trained as real Keras and PyTorch trained them: same weights, same batches, same losses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kcore
from kcore import layers, optimizers
from kcore.testing.reference import Case, glorot_uniform_weights, load_cases

CASES = load_cases(Path(__file__).parents[1] / "reference" / "data" / "network.npz")


def build(case: Case) -> kcore.Model:
    config: Any = case.config
    model = kcore.Sequential()
    for number, (name, arguments) in enumerate(config["layers"]):
        extra = {"input_shape": config["input_shape"]} if number == 0 else {}
        model.add(layers.get({"class_name": name, "config": {**arguments, **extra}}))
    model.set_weights(glorot_uniform_weights(config["weights_shapes"], config["weights_key"]))
    name, arguments = config["optimizer"]
    model.compile(optimizers.get({"class_name": name, "config": arguments}), config["loss"], ["accuracy"])
    return model


def batches(case: Case) -> Any:
    images = case.arrays["images"] / 16.0
    labels = case.arrays["labels"]
    if case.config["loss"] == "mean_squared_error":
        images, labels = images.reshape(len(images), -1), np.eye(10)[labels]
    else:
        images = images[..., np.newaxis]
    size = case.config["batch_size"]
    for start in range(0, 20 * size, size):
        yield images[start : start + size], labels[start : start + size]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_losses_over_20_steps_are_those_recorded(case: Case) -> None:
    before = kcore.floatx()
    kcore.set_floatx(case.config["dtype"])
    try:
        model = build(case)
        found = [model.train_on_batch(x, y) for x, y in batches(case)]
    finally:
        kcore.set_floatx(before)
    losses, accuracies = np.array(found).T
    tolerance = 1e-4 if case.config["dtype"] == "float32" else 1e-9
    np.testing.assert_allclose(losses, case.arrays["losses"], rtol=tolerance)
    # A near tie between two classes may fall either way: one sample of the batch.
    np.testing.assert_allclose(accuracies, case.arrays["accuracies"], atol=1.01 / case.config["batch_size"])
