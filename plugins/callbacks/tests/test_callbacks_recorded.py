"""EarlyStopping and ModelCheckpoint decide as Keras 2 and Keras 3 did on the same values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kcore.callbacks import CallbackList
from kcore.testing.reference import Case, load_cases
from kcore_callbacks.early_stopping import EarlyStopping
from kcore_callbacks.model_checkpoint import ModelCheckpoint

CASES = load_cases(Path(__file__).parent / "reference" / "callbacks.npz")


class Weights:
    """The part of a model that these callbacks use; its one weight is the number of the epoch."""

    def __init__(self) -> None:
        self.stop_training = False
        self.weights = [np.array(-1.0)]

    def get_weights(self) -> list[Any]:
        return [weight.copy() for weight in self.weights]

    def set_weights(self, weights: list[Any]) -> None:
        self.weights = weights

    def save(self, path: str) -> None:
        Path(path).write_text("model")

    def save_weights(self, path: str) -> None:
        Path(path).write_text("weights")


@pytest.mark.parametrize("case", [case for case in CASES if case.component == "EarlyStopping"], ids=str)
def test_early_stopping_as_recorded(case: Case) -> None:
    callback = EarlyStopping(**{"monitor": "val_loss", "mode": "min", **case.config})
    model = Weights()
    callbacks = CallbackList([callback], model=model)
    callbacks.on_train_begin()
    last = 0
    for epoch, value in enumerate(case.arrays["values"][:, -1]):
        model.weights = [np.array(float(epoch))]
        callbacks.on_epoch_end(epoch, {"val_loss": float(value)})
        last = epoch
        if model.stop_training:
            break
    callbacks.on_train_end()
    found = (last, callback.stopped_epoch, callback.best_epoch, callback.best, model.weights[0])
    names = ("last", "stopped_epoch", "best_epoch", "best", "weights")
    assert [float(number) for number in found] == [float(case.arrays[name]) for name in names]


@pytest.mark.parametrize("case", [case for case in CASES if case.component == "ModelCheckpoint"], ids=str)
def test_model_checkpoint_as_recorded(case: Case, tmp_path: Path) -> None:
    fields = "{epoch}-{batch}" if "save_freq" in case.config else "{epoch}-0"
    callback = ModelCheckpoint(tmp_path / f"{fields}.h5", **{"monitor": "loss", "mode": "min", **case.config})
    callbacks = CallbackList([callback], model=Weights())
    callbacks.on_train_begin()
    for epoch, row in enumerate(case.arrays["values"]):
        callbacks.on_epoch_begin(epoch)
        for batch, value in enumerate(row):
            wanted = callbacks.wants_batch_logs
            callbacks.on_train_batch_end(batch, {"loss": float(value)} if wanted else {})
        callbacks.on_epoch_end(epoch, {"loss": float(row[-1])})
    found = sorted(tuple(map(int, path.stem.split("-"))) for path in tmp_path.iterdir())
    assert found == [tuple(pair) for pair in case.arrays["saved"].tolist()]
    content = {path.read_text() for path in tmp_path.iterdir()}
    assert content == {"weights" if case.config.get("save_weights_only") else "model"}
