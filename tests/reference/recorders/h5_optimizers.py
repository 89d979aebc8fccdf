"""Whole-model .h5 files that Keras 2 wrote in the middle of a training by one optimizer or another, and the next step.

As ``h5_files``, but of one small model: what differs is the optimizer's state, its order and its names.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from recorders.archive import Archive, output_path
from recorders.sources import KERAS, VERSIONS, normal

K = KERAS["tf_keras"]
NEW, OLD, SCHEDULES = K.optimizers, K.optimizers.legacy, K.optimizers.schedules
SAMPLES, STEPS = 12, 3

OPTIMIZERS: dict[str, Callable[[], Any]] = {
    "Adagrad/current": lambda: NEW.Adagrad(0.01),
    "Adagrad/older": lambda: OLD.Adagrad(0.01, initial_accumulator_value=0.05),
    "Adadelta/current": lambda: NEW.Adadelta(1.0),
    "Adadelta/older": lambda: OLD.Adadelta(1.0),
    "Adamax/current": lambda: NEW.Adamax(0.01),
    "Adamax/older": lambda: OLD.Adamax(0.01, beta_2=0.9),
    "Nadam/current": lambda: NEW.Nadam(0.01),
    "Nadam/older": lambda: OLD.Nadam(0.01),
    "AdamW/current": lambda: NEW.AdamW(0.01, weight_decay=0.1),
    "AdamW/no-decay": lambda: NEW.AdamW(0.01, weight_decay=0.0, amsgrad=True),
    "Lion/current": lambda: NEW.Lion(0.01),
    "Ftrl/current": lambda: NEW.Ftrl(0.1, l1_regularization_strength=0.01),
    "Ftrl/older": lambda: OLD.Ftrl(0.1, l2_regularization_strength=0.01),
    "SGD/current-schedule": lambda: NEW.SGD(SCHEDULES.ExponentialDecay(0.1, 2, 0.5), momentum=0.9),
    "SGD/older-schedule": lambda: OLD.SGD(SCHEDULES.CosineDecay(0.1, 8, alpha=0.1), momentum=0.9),
    "Adam/schedule": lambda: NEW.Adam(SCHEDULES.PiecewiseConstantDecay([1, 2], [0.1, 0.05, 0.01])),
}


def main() -> None:
    archive = Archive("h5_optimizers", VERSIONS)
    x, y = normal((SAMPLES, 4), tag="inputs"), normal((SAMPLES, 2), tag="labels")
    for name, make in OPTIMIZERS.items():
        K.utils.set_random_seed(7)
        K.backend.clear_session()
        layers = [K.layers.Dense(3, "tanh", input_shape=(4,), name="first"), K.layers.Dense(2, name="second")]
        model = K.Sequential(layers, name="small")
        # In a graph, Keras 2's current Nadam multiplies its product of momenta once for each weight.
        model.compile(make(), "mse", run_eagerly=name == "Nadam/current")
        for _ in range(STEPS):
            model.train_on_batch(x, y)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.h5"
            model.save(path, save_format="h5")
            read = KERAS["keras3"].models.load_model(path, compile=False)
            given = {"x_0": x}
            archive.add(name, "keras3", {}, given | {"predictions_0": np.array(read.predict(x, verbose=0))})
            arrays = {"file": np.frombuffer(path.read_bytes(), np.uint8), "y_0": y}
        arrays |= given | {"predictions_0": model.predict(x, verbose=0)}
        model.train_on_batch(x, y)
        arrays |= {f"next_{i}": array for i, array in enumerate(model.get_weights())}
        archive.add(name, "tf_keras", {}, arrays)
    archive.write(output_path())


if __name__ == "__main__":
    main()
