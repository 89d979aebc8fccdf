"""The command line in this process (fast) and in one of its own (real exit codes), and plugins that are made up."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from kcore.cli.app import app

RECIPE = """
seed: 3
data: {digits: {flat: true}}
model:
  - Dense: {units: 10, activation: softmax}
compile: {optimizer: {Adam: {learning_rate: 0.02}}, loss: sparse_categorical_crossentropy, metrics: [accuracy]}
fit: {epochs: 2}
save: runs/model.h5
"""

Process = subprocess.CompletedProcess[str]


@pytest.fixture
def kcore(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs a command in an empty folder, within this process."""
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, list(arguments), prog_name="kcore")


@pytest.fixture
def process(tmp_path: Path) -> Callable[..., Process]:
    """Runs a command in an empty folder, in a process of its own; keyword arguments are environment variables."""

    def run(*arguments: str, python: tuple[str, ...] = (), **variables: str) -> Process:
        return subprocess.run(
            [sys.executable, *python, "-c", "from kcore.cli import main; main()", *arguments],
            cwd=tmp_path,
            env={**clean_environment(), "KCORE_CACHE_DIR": str(tmp_path / "cache"), "KCORE_CONFIG": "off", **variables},
            capture_output=True,
            text=True,
            timeout=120,
        )

    return run


def clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("KCORE_", "PYTHON"))}


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "recipe.yaml"
    path.write_text(RECIPE)
    return path


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a recipe and the model that it makes."""
    from kcore import recipes

    folder = tmp_path_factory.mktemp("trained")
    path = folder / "recipe.yaml"
    path.write_text(RECIPE.replace("runs/model.h5", str(folder / "model.h5")))
    recipes.train(recipes.load_recipe(path), verbose=0)
    return folder


@pytest.fixture
def distribution(tmp_path: Path) -> Callable[..., Path]:
    """Puts a distribution with one module into a folder for the import path."""
    folder = tmp_path / "site"

    def make(name: str, module: str, code: str, entry_points: Mapping[str, Mapping[str, str]]) -> Path:
        metadata = folder / f"{name.replace('-', '_')}-1.5.dist-info"
        metadata.mkdir(parents=True)
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.5\n")
        sections = [
            [f"[{group}]", *(f"{k} = {v}" for k, v in points.items())] for group, points in entry_points.items()
        ]
        (metadata / "entry_points.txt").write_text("\n".join(line for section in sections for line in section) + "\n")
        (folder / f"{module}.py").write_text(code)
        return folder

    return make


def last_line(text: str) -> Any:
    import json

    return json.loads(text.splitlines()[-1])
