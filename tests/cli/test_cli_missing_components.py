"""A model made of strangers' plugins: trained where they are installed, refused where not, and run after installing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

RECIPE = """
seed: 3
data: {digits: {flat: true}}
model:
  - Shifted: {units: 10, by: 0.5}
  - Dense: {units: 10, activation: softmax}
compile: {optimizer: {Adam: {learning_rate: 0.02}}, loss: sparse_categorical_crossentropy, metrics: [accuracy, hits]}
fit: {epochs: 1}
save: model.h5
"""
LAYERS = """
from kcore import layers
class Shifted(layers.Dense):
    def __init__(self, units, by=0.0, **arguments):
        super().__init__(units, **arguments)
        self.by = by
    def call(self, x):
        return super().call(x) + self.by
"""
METRICS = """
import numpy as np
def hits(y_true, y_pred):
    return (y_true == np.argmax(y_pred, axis=-1)).astype("float32")
"""
ERROR = """\
Error: model.h5 names 2 components that cannot be had here:
  layer 'Shifted' at model/sequential_1.layers: not installed; saved with shifted-layers 1.5.
  metric 'hits' at training.metrics: not installed; saved with hit-metrics 1.5.
Next: pip install shifted-layers==1.5 hit-metrics==1.5 (the file names them: install only what you trust)
"""


@pytest.fixture
def saved(process: Callable[..., Any], distribution: Callable[..., Path], tmp_path: Path) -> Path:
    """The folder on the import path that has what `model.h5` needs."""
    distribution("shifted-layers", "shifted_layers", LAYERS, {"kcore.layers": {"Shifted": "shifted_layers:Shifted"}})
    site = distribution("hit-metrics", "hit_metrics", METRICS, {"kcore.metrics": {"hits": "hit_metrics:hits"}})
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    done = process("train", "recipe.yaml", PYTHONPATH=str(site))
    assert done.returncode == 0, done.stderr
    return site


def test_one_error_names_all_and_installing_them_helps(process: Callable[..., Any], saved: Path) -> None:
    refused = process("evaluate", "model.h5", "--recipe", "recipe.yaml")
    assert (refused.returncode, refused.stdout, refused.stderr) == (1, "", ERROR)
    # Predictions do without what training had.
    refused = process("predict", "model.h5", "--recipe", "recipe.yaml")
    assert (
        refused.returncode == 1 and " names a component that cannot be had here:\n  layer 'Shifted' " in refused.stderr
    )
    whole = process("evaluate", "model.h5", "--recipe", "recipe.yaml", PYTHONPATH=str(saved))
    assert whole.returncode == 0, whole.stderr
    assert "hits " in whole.stdout


def test_the_doctor_says_the_same(process: Callable[..., Any], saved: Path) -> None:
    done = process("doctor", "model.h5")
    assert done.returncode == 1
    assert done.stdout.endswith(
        "Next: pip install hit-metrics==1.5 shifted-layers==1.5 (the file names them: install only what you trust)\n"
    )
    line = next(line for line in done.stdout.splitlines() if " layers/Shifted " in line)
    assert line.split() == [
        "layers/Shifted", "missing", "shifted-layers", "1.5", "model/sequential_1.layers", "not", "installed",
    ]  # fmt: skip
    components = json.loads(process("doctor", "model.h5", "--json").stdout)["file"]["components"]
    (hits,) = [one for one in components if one["name"] == "hits"]
    assert (hits["state"], hits["install"]) == ("missing", "hit-metrics==1.5")
    assert hits["saved_with"] == {"distribution": "hit-metrics", "version": "1.5"}
    (dense,) = [one for one in components if one["name"] == "Dense"]
    assert dense["saved_with"] == {"distribution": dense["distribution"], "version": dense["version"]}
    assert process("doctor", "model.h5", PYTHONPATH=str(saved)).returncode == 0


def test_a_disabled_plugin_is_no_missing_one(process: Callable[..., Any], saved: Path) -> None:
    switches = {"PYTHONPATH": str(saved), "KCORE_PLUGINS": "-hit-metrics"}
    assert process("predict", "model.h5", "--recipe", "recipe.yaml", **switches).returncode == 0
    refused = process("evaluate", "model.h5", "--recipe", "recipe.yaml", **switches)
    assert refused.returncode == 1
    assert refused.stderr == (
        "Error: model.h5 names a component that cannot be had here:\n"
        "  metric 'hits' at training.metrics: hit-metrics 1.5 is disabled: KCORE_PLUGINS='-hit-metrics' denies hit-metrics; "
        "saved with hit-metrics 1.5.\n"
        "Next: change the switch that disables 'hits'.\n"
        "Next: load_model(..., compile=False) does without.\n"
    )
