"""Callbacks: when training is stopped and when a model is saved, for given values of a quantity."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from recorders.archive import Archive, output_path
from recorders.sources import KERAS, VERSIONS, generator, tf

EPOCHS = 12
BATCHES = 5
STOPPING: dict[str, dict[str, Any]] = {
    "default": {},
    "patience": {"patience": 2},
    "min_delta": {"patience": 1, "min_delta": 0.1},
    "max": {"patience": 2, "mode": "max"},
    "max-min_delta": {"patience": 2, "mode": "max", "min_delta": 0.1},
    "baseline": {"patience": 2, "baseline": 0.3},
    "baseline-max": {"patience": 3, "mode": "max", "baseline": 0.8},
    "start": {"patience": 1, "start_from_epoch": 4},
    "restore": {"patience": 2, "restore_best_weights": True},
    "restore-delta": {"patience": 3, "min_delta": 0.2, "restore_best_weights": True},
}
SAVING: dict[str, dict[str, Any]] = {
    "default": {},
    "best": {"save_best_only": True},
    "best-max": {"save_best_only": True, "mode": "max"},
    "best-threshold": {"save_best_only": True, "initial_value_threshold": 0.4},
    "batches": {"save_freq": 7},
    "batches-best": {"save_freq": 3, "save_best_only": True},
    "weights": {"save_weights_only": True},
}


class Model:
    """The part of a model that these callbacks use: its weights are the number of the epoch."""

    distribute_strategy = tf.distribute.get_strategy()

    def __init__(self) -> None:
        self.stop_training = False
        self.weights = [np.array(-1.0)]
        self.saved: list[str] = []

    def get_weights(self) -> list[np.ndarray]:
        return [weight.copy() for weight in self.weights]

    def set_weights(self, weights: list[np.ndarray]) -> None:
        self.weights = weights

    def save(self, path: str, *_: Any, **_options: Any) -> None:
        self.saved.append(Path(path).name)

    save_weights = save


def values(name: str, trial: int) -> np.ndarray:
    """The quantity, one value a batch. Two decimals: some are equal, some stand just min_delta apart."""
    return np.round(generator(name, trial).uniform(0, 1, (EPOCHS, BATCHES)), 2)


def stop(library: Any, config: dict[str, Any], quantity: np.ndarray) -> dict[str, Any]:
    callback = library.callbacks.EarlyStopping(monitor="val_loss", **{"mode": "min", **config})
    model = Model()
    callback.set_model(model)
    callback.on_train_begin()
    last = 0
    for epoch in range(EPOCHS):
        model.weights = [np.array(float(epoch))]
        callback.on_epoch_end(epoch, {"val_loss": float(quantity[epoch, -1])})
        last = epoch
        if model.stop_training:
            break
    callback.on_train_end()
    best = callback.best if callback.best is not None else np.inf
    return {
        "last": np.int64(last),
        "stopped_epoch": np.int64(callback.stopped_epoch),
        "best": np.float64(best),
        "best_epoch": np.int64(callback.best_epoch),
        "weights": model.weights[0],
    }


def save(library: Any, config: dict[str, Any], quantity: np.ndarray, folder: str) -> dict[str, Any]:
    ending = "weights.h5" if config.get("save_weights_only") else "keras"
    fields = "{epoch}-{batch}" if "save_freq" in config else "{epoch}-0"
    callback = library.callbacks.ModelCheckpoint(
        f"{folder}/{fields}.{ending}", monitor="loss", **{"mode": "min", **config}
    )
    model = Model()
    callback.set_model(model)
    callback.on_train_begin()
    for epoch in range(EPOCHS):
        callback.on_epoch_begin(epoch)
        for batch in range(BATCHES):
            callback.on_train_batch_begin(batch)
            callback.on_train_batch_end(batch, {"loss": float(quantity[epoch, batch])})
        callback.on_epoch_end(epoch, {"loss": float(quantity[epoch, -1])})
    callback.on_train_end()
    saved = [[int(number) for number in name.split(".")[0].split("-")] for name in model.saved]
    return {"saved": np.array(saved, dtype=np.int64).reshape(-1, 2)}


def main() -> None:
    archive = Archive("callbacks", VERSIONS)
    with tempfile.TemporaryDirectory() as folder:
        for trial in range(4):
            for source, library in KERAS.items():
                for variant, config in STOPPING.items():
                    quantity = values(variant, trial)
                    arrays = {"values": quantity, **stop(library, config, quantity)}
                    archive.add(f"EarlyStopping/{variant}-{trial}", source, config, arrays)
                for variant, config in SAVING.items():
                    quantity = values(variant, trial)
                    arrays = {"values": quantity, **save(library, config, quantity, folder)}
                    archive.add(f"ModelCheckpoint/{variant}-{trial}", source, config, arrays)
    archive.write(output_path())


if __name__ == "__main__":
    main()
