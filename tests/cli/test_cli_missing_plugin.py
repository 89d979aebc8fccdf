"""A first-party plugin that is not installed: a real environment without it, and the command line in it."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from kcore.registry.families import FAMILIES


def environment(folder: Path, without: str) -> Path:
    """A folder of links to everything installed here but one distribution; the only place a process will look in."""
    missing = without.replace("-", "_")
    for place in map(Path, sys.path):
        if place.name in ("site-packages", "dist-packages"):
            for entry in place.iterdir():
                target = folder / entry.name
                if (
                    not entry.name.startswith((missing, "__editable__"))
                    and entry.suffix != ".pth"
                    and not target.exists()
                ):
                    target.symlink_to(entry)
    # Editable installs stand elsewhere.
    for package in ["kcore", *(f"kcore_{family}" for family in FAMILIES)]:
        spec = importlib.util.find_spec(package)
        if spec is not None and spec.origin and package != missing and not (folder / package).exists():
            (folder / package).symlink_to(Path(spec.origin).parent)
    return folder


def run(folder: Path, tmp_path: Path, *arguments: str) -> Any:
    # -S: without the site-packages of this interpreter.
    return subprocess.run(
        [sys.executable, "-S", "-c", "from kcore.cli import main; main()", *arguments],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(folder), "KCORE_INDEX": "off", "KCORE_CONFIG": "off"},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture
def complete(tmp_path: Path) -> Path:
    folder = tmp_path / "complete"
    folder.mkdir()
    return environment(folder, "no-such-distribution")


@pytest.fixture
def reduced(tmp_path: Path) -> Path:
    folder = tmp_path / "reduced"
    folder.mkdir()
    return environment(folder, "kcore-optimizers")


def test_the_recipe_works_where_everything_is_installed(complete: Path, tmp_path: Path, recipe: Path) -> None:
    result = run(complete, tmp_path, "train", str(recipe), "--epochs", "1")
    assert result.returncode == 0, result.stderr


def test_without_the_optimizers_there_is_one_clear_error(reduced: Path, tmp_path: Path, recipe: Path) -> None:
    assert metadata.distribution("kcore-optimizers").version
    result = run(reduced, tmp_path, "train", str(recipe))
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr == (
        "Error: No optimizer named 'Adam' is installed. kcore-optimizers provides 'Adam', but it is not installed: "
        "pip install kcore-optimizers\n"
        f"Asked for by the recipe: {recipe}, line 6, compile.optimizer.\n"
    )


def test_without_the_optimizers_the_rest_is_listed(reduced: Path, tmp_path: Path) -> None:
    assert "kcore-optimizers" not in run(reduced, tmp_path, "list").stdout
    result = run(reduced, tmp_path, "info", "optimizers/Adam")
    assert result.returncode == 1
    assert "pip install kcore-optimizers" in result.stderr
    assert run(reduced, tmp_path, "info", "layers/Dense").returncode == 0


def test_the_doctor_says_what_to_install_for_a_file(
    reduced: Path, complete: Path, tmp_path: Path, recipe: Path
) -> None:
    assert run(complete, tmp_path, "train", str(recipe), "--epochs", "1").returncode == 0
    whole = run(complete, tmp_path, "doctor", "runs/model.h5", "--load")
    assert whole.returncode == 0, whole.stdout
    assert whole.stdout.endswith("Everything that it needs is installed.\n")
    result = run(reduced, tmp_path, "doctor", "runs/model.h5")
    assert result.returncode == 1
    assert result.stdout.endswith("\nNext: pip install kcore-optimizers\n")
    (line,) = [line for line in result.stdout.splitlines() if "optimizers/Adam" in line]
    assert " missing " in line and "kcore-optimizers provides 'Adam', but it is not installed" in line
    components = json.loads(run(reduced, tmp_path, "doctor", "runs/model.h5", "--json").stdout)["file"]["components"]
    assert [one["install"] for one in components if one["problem"]] == ["kcore-optimizers"]
