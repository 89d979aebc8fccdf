"""Files that real Keras wrote: equal predictions, and the next training step is Keras's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kcore import load_model
from kcore.testing.reference import Case, load_cases

RECORDED = Path(__file__).resolve().parents[1] / "reference" / "data" / "h5_files.npz"
CASES = [case for case in load_cases(RECORDED) if case.source == "tf_keras"]


def arrays(case: Case, prefix: str) -> list[Any]:
    names = [name for name in case.arrays if name.startswith(f"{prefix}_")]
    return [case.arrays[f"{prefix}_{number}"] for number in range(len(names))]


def as_given(items: list[Any]) -> Any:
    return items if len(items) > 1 else items[0]


@pytest.fixture(params=CASES, ids=str)
def case(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Case, Path]:
    found: Case = request.param
    (tmp_path / "keras.h5").write_bytes(found.arrays["file"].tobytes())
    return found, tmp_path / "keras.h5"


def test_predictions_are_those_of_keras(case: tuple[Case, Path]) -> None:
    recorded, path = case
    model = load_model(path, compile=False)
    found = model.predict(as_given(arrays(recorded, "x")))
    for ours, theirs in zip(
        found if isinstance(found, list) else [found], arrays(recorded, "predictions"), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def test_training_goes_on_as_in_keras(case: tuple[Case, Path]) -> None:
    recorded, path = case
    model = load_model(path)
    assert model.optimizer is not None and int(model.optimizer.iterations) == 3
    before = model.get_weights()
    model.train_on_batch(as_given(arrays(recorded, "x")), as_given(arrays(recorded, "y")))
    for old, ours, theirs in zip(before, model.get_weights(), arrays(recorded, "next"), strict=True):
        # The step itself is compared, not only the weight that it moves a little.
        np.testing.assert_allclose(ours - old, theirs - old, rtol=2e-4, atol=1e-6)


def test_what_compile_was_told_is_read(case: tuple[Case, Path]) -> None:
    recorded, path = case
    model = load_model(path)
    expected = {
        "both_ways": ["loss", "accuracy"],
        "cnn": ["loss", "accuracy"],
        "images_in_time": ["loss"],
        "sequences": ["loss", "accuracy"],
        "two_inputs": ["loss", "low_loss", "high_loss", "low_mae"],
    }[recorded.component]
    assert model.metrics_names == expected
    assert model.optimizer is not None
    assert float(model.optimizer.learning_rate) == np.float32(0.01)


def test_a_file_of_keras_saved_again_is_the_same_model(case: tuple[Case, Path], tmp_path: Path) -> None:
    recorded, path = case
    first = load_model(path)
    first.save(tmp_path / "ours.h5")
    second = load_model(tmp_path / "ours.h5")
    for model in (first, second):
        model.train_on_batch(as_given(arrays(recorded, "x")), as_given(arrays(recorded, "y")))
    assert all(np.array_equal(a, b) for a, b in zip(first.get_weights(), second.get_weights(), strict=True))
    assert first.metrics_names == second.metrics_names
