"""``kcore train``."""

from __future__ import annotations

import json
import os
import platform
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kcore import __version__
from kcore.registry import hookimpl, register_hooks, unregister_hooks


def test_training_shows_summary_progress_results(kcore: Any, recipe: Path) -> None:
    result = kcore("train", str(recipe))
    assert result.exit_code == 0
    text = result.stdout
    assert "Model: " in text
    assert "(None, 10)" in text
    assert "Total params: 650" in text
    assert "Data digits: 1438 samples to train on, 359 to test with\n" in text
    assert "Epoch 2/2 - 45/45 - " in text
    assert "Trained 2 epochs in " in text
    assert "Saved runs/model.h5 (0.0 MiB)\n" in text
    assert text.splitlines()[-1].startswith("Test data (359 samples): loss 0.")
    assert ", accuracy 0." in text.splitlines()[-1]
    assert Path("runs/model.h5").is_file()


def test_the_report_begins_with_versions_and_what_plugins_add(kcore: Any, recipe: Path) -> None:
    class Plugin:
        @hookimpl
        def kcore_report_header(self) -> list[str]:
            return ["device: abacus", "beads: 13"]

    plugin = Plugin()
    register_hooks(plugin)
    try:
        lines = kcore("train", str(recipe), "--epochs", "0").stdout.splitlines()
    finally:
        unregister_hooks(plugin)
    assert lines[0] == f"kcore {__version__}, NumPy {np.__version__}, Python {platform.python_version()}"
    assert lines[1:3] == ["device: abacus", "beads: 13"]


def test_json_is_the_last_line(kcore: Any, recipe: Path) -> None:
    result = kcore("train", str(recipe), "--epochs", "1", "--verbose", "0", "--json")
    assert result.exit_code == 0
    results, found = result.stdout.splitlines()
    assert results.startswith("Test data")
    found = json.loads(found)
    assert list(found) == ["recipe", "epochs", "seconds", "history", "test", "test_samples", "saved"]
    assert (found["recipe"], found["epochs"], found["test_samples"]) == (str(recipe), 1, 359)
    assert len(found["history"]["loss"]) == 1
    assert found["test"]["accuracy"] > 0.5
    assert found["saved"] == "runs/model.h5"


def test_numbers_that_json_cannot_say_are_null(kcore: Any, recipe: Path) -> None:
    # After one step at this learning rate, the loss is too large for float32.
    change = "compile={optimizer: {SGD: {learning_rate: 1e30}}, loss: mse}"
    data = "data.digits={flat: true, test_size: 10}"
    result = kcore(
        "train",
        str(recipe),
        "--set",
        change,
        "--set",
        data,
        "--set",
        "model[0].Dense={units: 1}",
        "--set",
        "fit={epochs: 1, batch_size: 5000}",
        "--verbose",
        "0",
        "--json",
    )
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout.splitlines()[-1])["test"]["loss"] is None


def test_changes_from_the_command_line(kcore: Any, recipe: Path) -> None:
    result = kcore(
        "train", str(recipe), "--set", "fit.epochs=1", "--set", "model[0].Dense.use_bias=false", "--set", "save="
    )
    assert result.exit_code == 0
    assert "Total params: 640" in result.stdout
    assert "Epoch 1/1" in result.stdout
    assert "Saved" not in result.stdout
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        ("fit.epoch=1", 1, "Error: --set, fit.epoch: there is no key 'epoch' here. Did you mean 'epochs'?"),
        ("nonsense", 1, "Error: --set: 'nonsense' is not of the form KEY=VALUE."),
        ("compile.loss=mze", 1, "Error: No loss named 'mze' is installed."),
        ("save=model", 1, "Error: 'model' has no suffix, so its format is not known."),
        ("model[0].Dense.units=9", 1, "Error: sparse_categorical_crossentropy was given"),
    ],
)
def test_an_error_is_one_message(kcore: Any, recipe: Path, change: str, code: int, message: str) -> None:
    result = kcore("train", str(recipe), "--set", change)
    assert result.exit_code == code
    assert result.stderr.startswith(message)
    assert "Traceback" not in result.stderr


def test_the_place_in_the_recipe_is_told(kcore: Any, recipe: Path) -> None:
    recipe.write_text(recipe.read_text().replace("Adam", "Adem"))
    result = kcore("train", str(recipe))
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == f"Asked for by the recipe: {recipe}, line 6, compile.optimizer."


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("model: [1, 2", "line 1, column 13: this is not YAML"),
        ("\x00\x01", "line 1: this is not YAML"),
        ("hello", "line 1: 'hello' cannot stand here. Allowed: a mapping of keys to values."),
        ("", "the recipe is empty."),
    ],
)
def test_a_file_that_is_no_recipe(kcore: Any, recipe: Path, text: str, message: str) -> None:
    recipe.write_text(text)
    result = kcore("train", str(recipe))
    assert result.exit_code == 1
    assert message in result.stderr


def test_a_missing_recipe(kcore: Any) -> None:
    result = kcore("train", "none.yaml")
    assert (result.exit_code, result.stderr) == (1, "Error: There is no file 'none.yaml'.\n")


@pytest.mark.parametrize("option", [["--epochs", "-1"], ["--verbose", "3"], ["--epoch"], []])
def test_wrong_usage(kcore: Any, option: list[str]) -> None:
    result = kcore("train", *(["r.yaml", *option] if option else []))
    assert result.exit_code == 2
    assert "Usage: kcore train" in result.stderr


def test_ctrl_c_ends_with_130_and_a_word(tmp_path: Path, recipe: Path) -> None:
    recipe.write_text(recipe.read_text().replace("epochs: 2", "epochs: 100000, verbose: 2"))
    code = "from kcore.cli import main; main()"
    with subprocess.Popen(
        [sys.executable, "-u", "-c", code, "train", str(recipe)],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A job that a shell runs in the background ignores the signal, and so would its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        assert process.stdout is not None
        while "Epoch" not in process.stdout.readline():
            assert process.poll() is None
        os.kill(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors == "\nInterrupted.\n"
    assert not (tmp_path / "runs" / "model.h5").exists()
