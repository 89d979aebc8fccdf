"""The first-party callbacks in a real training, by their names."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kcore import callbacks, layers, optimizers
from kcore.models import Sequential, load_model

SAMPLES = 48


@pytest.fixture
def data() -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    random = np.random.RandomState(0)
    x = random.standard_normal((SAMPLES, 4)).astype(np.float32)
    return x, (x[:, 0] + x[:, 1] > 0).astype(np.int64)


@pytest.fixture
def validation() -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    random = np.random.RandomState(1)
    x = random.standard_normal((20, 4)).astype(np.float32)
    return x, (x[:, 0] + x[:, 1] > 0).astype(np.int64)


def make_model(learning_rate: float = 0.1) -> Any:
    model = Sequential([layers.Dense(8, activation="tanh", input_shape=(4,)), layers.Dense(2, activation="softmax")])
    optimizer = optimizers.SGD(learning_rate=learning_rate)
    model.compile(optimizer=optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def test_the_history_that_fit_returns_ends_with_what_evaluate_gives(data: Any, validation: Any) -> None:
    model = make_model()
    history = model.fit(*data, batch_size=16, epochs=3, validation_data=validation, verbose=0)
    assert isinstance(history, callbacks.History)
    assert history.epoch == [0, 1, 2]
    assert sorted(history.history) == ["accuracy", "loss", "val_accuracy", "val_loss"]
    assert {len(values) for values in history.history.values()} == {3}
    loss, accuracy = model.evaluate(*validation, verbose=0)
    assert history.history["val_loss"][-1] == pytest.approx(loss, rel=1e-5)
    assert history.history["val_accuracy"][-1] == pytest.approx(accuracy, rel=1e-5)


def test_the_progress_of_fit_is_a_line_an_epoch(data: Any, capsys: pytest.CaptureFixture[str]) -> None:
    history = make_model().fit(*data, batch_size=16, epochs=2, verbose=2)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    for number, line in enumerate(lines):
        assert line.startswith(f"Epoch {number + 1}/2 - 3/3 - ")
        assert f" - loss: {history.history['loss'][number]:.4f}" in line


def test_the_csv_file_holds_the_history(data: Any, validation: Any, tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    logger = callbacks.CSVLogger(path)
    history = make_model().fit(*data, epochs=3, validation_data=validation, callbacks=[logger], verbose=0)
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row.pop("epoch") for row in rows] == ["0", "1", "2"]
    read = {name: [float(row[name]) for row in rows] for name in rows[0]}
    assert read == history.history


def test_an_interrupted_training_leaves_the_lines_of_the_epochs_that_ended(data: Any, tmp_path: Path) -> None:
    class Interrupting(callbacks.Callback):  # type: ignore[misc, name-defined, unused-ignore]
        def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
            if epoch == 2:
                raise KeyboardInterrupt

    path = tmp_path / "log.csv"
    with pytest.raises(KeyboardInterrupt):
        make_model().fit(*data, epochs=5, callbacks=[callbacks.CSVLogger(path), Interrupting()], verbose=0)
    assert [line.split(",")[0] for line in path.read_text().splitlines()] == ["epoch", "0", "1"]


def test_a_training_that_cannot_improve_is_stopped(data: Any, validation: Any) -> None:
    stopping = callbacks.EarlyStopping("val_loss", patience=2)
    model = make_model(learning_rate=0.0)
    history = model.fit(*data, epochs=50, validation_data=validation, callbacks=[stopping], verbose=0)
    assert history.epoch == [0, 1, 2]
    assert stopping.stopped_epoch == 2


def test_the_best_weights_come_back(data: Any, validation: Any) -> None:
    # A rate this high makes the loss jump: the last epoch is hardly ever the best.
    model = make_model(learning_rate=20.0)
    stopping = callbacks.EarlyStopping("val_loss", patience=3, restore_best_weights=True)
    history = model.fit(*data, batch_size=8, epochs=12, validation_data=validation, callbacks=[stopping], verbose=0)
    best = min(history.history["val_loss"])
    assert model.evaluate(*validation, verbose=0)[0] == pytest.approx(best, rel=1e-5)
    assert history.history["val_loss"][stopping.best_epoch] == best


def test_the_best_model_is_in_the_file(data: Any, validation: Any, tmp_path: Path) -> None:
    path = tmp_path / "models" / "best.h5"
    checkpoint = callbacks.ModelCheckpoint(path, "val_loss", save_best_only=True)
    history = make_model(learning_rate=20.0).fit(
        *data, batch_size=8, epochs=6, validation_data=validation, callbacks=[checkpoint], verbose=0
    )
    best = min(history.history["val_loss"])
    assert checkpoint.best == best
    assert load_model(path).evaluate(*validation, verbose=0)[0] == pytest.approx(best, rel=1e-5)


def test_models_are_saved_between_batches(data: Any, tmp_path: Path) -> None:
    checkpoint = callbacks.ModelCheckpoint(tmp_path / "{epoch}-{batch}.h5", save_freq=2)
    make_model().fit(*data, batch_size=16, epochs=2, callbacks=[checkpoint], verbose=0)
    # Three batches an epoch: the second, the fourth and the sixth are saved.
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1-2.h5", "2-1.h5", "2-3.h5"]
