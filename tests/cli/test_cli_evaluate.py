"""``kcore evaluate``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kcore import recipes
from kcore.models import load_model


@pytest.fixture
def expected(trained: Path) -> dict[str, float]:
    recipe = recipes.load_recipe(trained / "recipe.yaml")
    return recipes.evaluate(recipe, load_model(trained / "model.h5"))


def test_a_saved_model_is_evaluated(kcore: Any, trained: Path, expected: dict[str, float]) -> None:
    result = kcore("evaluate", str(trained / "model.h5"), "--recipe", str(trained / "recipe.yaml"))
    assert result.exit_code == 0
    loss, accuracy = expected["loss"], expected["accuracy"]
    assert result.stdout == f"Test data (359 samples): loss {loss:.4f}, accuracy {accuracy:.4f}\n"


def test_json(kcore: Any, trained: Path, expected: dict[str, float]) -> None:
    model, recipe = str(trained / "model.h5"), str(trained / "recipe.yaml")
    result = kcore("evaluate", model, "--recipe", recipe, "--json")
    assert json.loads(result.stdout) == {"model": model, "recipe": recipe, "test": expected, "test_samples": 359}


def test_only_the_data_of_the_recipe_are_needed(kcore: Any, trained: Path, tmp_path: Path) -> None:
    path = tmp_path / "data.yaml"
    path.write_text("data: {digits: {flat: true}}")
    model = str(trained / "model.h5")
    result = kcore("evaluate", model, "--recipe", str(path), "--set", "data.digits.test_size=100")
    assert result.stdout.startswith("Test data (100 samples): loss ")
    path.write_text("seed: 1")
    result = kcore("evaluate", model, "--recipe", str(path))
    assert result.exit_code == 1
    assert "there is no section 'data', which evaluating needs." in result.stderr


def test_errors(kcore: Any, trained: Path) -> None:
    recipe = str(trained / "recipe.yaml")
    missing = kcore("evaluate", "none.h5", "--recipe", recipe)
    assert (missing.exit_code, missing.stderr) == (1, "Error: There is no file 'none.h5'.\n")
    without = kcore("evaluate", str(trained / "model.h5"))
    assert without.exit_code == 2
    assert "Missing option '--recipe'" in without.stderr
    Path("broken.h5").write_text("no HDF5")
    broken = kcore("evaluate", "broken.h5", "--recipe", recipe)
    assert broken.exit_code == 1
    assert broken.stderr.startswith("Error: ")
    assert "broken.h5" in broken.stderr
