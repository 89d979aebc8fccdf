"""Files that real Keras wrote in the middle of a training by each optimizer: kcore's next step is Keras's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kcore import Sequential, load_model, optimizers
from kcore.layers import Dense
from kcore.testing.reference import Case, load_cases

RECORDED = Path(__file__).resolve().parents[1] / "reference" / "data" / "h5_optimizers.npz"
CASES = [case for case in load_cases(RECORDED) if case.source == "tf_keras"]
SCHEDULED = {"SGD/current-schedule": 0.1 * 0.5**1.5, "Adam/schedule": 0.01}


@pytest.fixture(params=CASES, ids=str)
def case(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Case, Path]:
    found: Case = request.param
    (tmp_path / "keras.h5").write_bytes(found.arrays["file"].tobytes())
    return found, tmp_path / "keras.h5"


def test_the_optimizer_is_read(case: tuple[Case, Path]) -> None:
    recorded, path = case
    model = load_model(path)
    optimizer = model.optimizer
    assert type(optimizer).__name__ == recorded.component
    assert optimizer is not None and int(optimizer.iterations) == 3
    np.testing.assert_allclose(
        model.predict(recorded.arrays["x_0"]), recorded.arrays["predictions_0"], rtol=1e-5, atol=1e-6
    )


def test_training_goes_on_as_in_keras(case: tuple[Case, Path]) -> None:
    recorded, path = case
    model = load_model(path)
    before = model.get_weights()
    model.train_on_batch(recorded.arrays["x_0"], recorded.arrays["y_0"])
    for number, (old, ours) in enumerate(zip(before, model.get_weights(), strict=True)):
        # The step itself is compared, not only the weight that it moves a little.
        theirs = recorded.arrays[f"next_{number}"]
        np.testing.assert_allclose(ours - old, theirs - old, rtol=2e-4, atol=1e-6)


def test_saved_again_it_is_the_same(case: tuple[Case, Path], tmp_path: Path) -> None:
    recorded, path = case
    first = load_model(path)
    first.save(tmp_path / "ours.h5")
    second = load_model(tmp_path / "ours.h5")
    assert first.optimizer is not None and second.optimizer is not None
    assert first.optimizer.get_config() == second.optimizer.get_config()
    for model in (first, second):
        model.train_on_batch(recorded.arrays["x_0"], recorded.arrays["y_0"])
    assert all(np.array_equal(a, b) for a, b in zip(first.get_weights(), second.get_weights(), strict=True))


@pytest.mark.parametrize("name", SCHEDULED)
def test_the_schedule_goes_on_at_its_step(name: str, tmp_path: Path) -> None:
    (recorded,) = [case for case in CASES if case.name == name]
    (tmp_path / "keras.h5").write_bytes(recorded.arrays["file"].tobytes())
    optimizer = load_model(tmp_path / "keras.h5").optimizer
    assert optimizer is not None
    assert float(optimizer.learning_rate) == pytest.approx(SCHEDULED[name], rel=1e-6)


def test_every_optimizer_with_a_rule_of_its_own_is_recorded() -> None:
    tested = {case.component for case in CASES}
    # RMSprop's state is in the files of whole models.
    assert tested == {"Adagrad", "Adadelta", "Adamax", "Nadam", "AdamW", "Lion", "Ftrl", "SGD", "Adam"}


def test_a_product_of_momenta_that_a_file_lacks_follows_from_the_steps() -> None:
    model = Sequential([Dense(1, input_shape=(2,))])
    model.compile(optimizers.Nadam(0.1, schedule_decay=1.0), "mse")
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(4, 2)), rng.normal(size=(4, 1))
    for count in range(1, 6):
        model.train_on_batch(x, y)
        optimizer: Any = model.optimizer
        expected = np.prod([0.9 * (1 - 0.96**t / 2) for t in range(1, count + 1)])
        assert float(optimizer.shared["m_schedule"]) == pytest.approx(expected, rel=1e-14)
        assert optimizer.shared_after(count)["m_schedule"] == pytest.approx(expected, rel=1e-14)
    # However many steps a file says, and at once.
    assert optimizer.shared_after(2**62)["m_schedule"] == 0.0
