"""What plugins take part in through hooks: data of their own kind, callbacks for every training, saved models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import kcore
from kcore.callbacks import Callback
from kcore.layers import Dense
from kcore.registry import hookimpl, register_hooks, unregister_hooks


class Columns:
    """A kind of data that kcore does not know: named columns, the last one being the labels."""

    def __init__(self, **columns: list[float]) -> None:
        self.columns = columns


class Seen(Callback):
    epochs = 0

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.epochs += 1
        logs["seen"] = float(self.epochs)


class Plugin:
    def __init__(self) -> None:
        self.seen = Seen()
        self.files: list[tuple[str, str]] = []

    @hookimpl
    def kcore_data_source(self, x: Any, y: Any) -> Any:
        if not isinstance(x, Columns):
            return None
        *inputs, labels = (np.asarray(column) for column in x.columns.values())
        return np.stack(inputs, axis=1), labels if y is None else y

    @hookimpl
    def kcore_default_callbacks(self) -> Any:
        return [self.seen]

    @hookimpl
    def kcore_model_saved(self, path: str) -> None:
        self.files.append(("saved", path))

    @hookimpl
    def kcore_model_loaded(self, model: Any, path: str) -> None:
        self.files.append((model.name, path))


def test_a_plugin_takes_part_in_data_training_and_files(tmp_path: Path) -> None:
    plugin = Plugin()
    register_hooks(plugin)
    try:
        model = kcore.Sequential([Dense(1, use_bias=False, input_shape=(2,))], name="net")
        model.compile(kcore.optimizers.SGD(learning_rate=0.0), "mse")
        model.set_weights([np.array([[1.0], [2.0]])])
        data = Columns(a=[1.0, 0.0], b=[0.0, 1.0], label=[1.0, 0.0])
        history = model.fit(data, epochs=2, verbose=0)
        # Predictions 1 and 2 for labels 1 and 0.
        assert history.history["loss"] == [2.0, 2.0]
        assert history.history["seen"] == [1.0, 2.0]
        assert model.evaluate(data) == 2.0
        np.testing.assert_array_equal(model.predict(data), [[1.0], [2.0]])
        path = str(tmp_path / "net.h5")
        model.save(path)
        kcore.load_model(path)
        assert plugin.files == [("saved", path), ("net", path)]
    finally:
        unregister_hooks(plugin)
    assert "seen" not in model.fit(np.eye(2), np.zeros(2), verbose=0).history
