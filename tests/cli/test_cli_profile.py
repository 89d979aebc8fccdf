"""``kcore profile``."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def test_the_costliest_equations_of_a_recipe_are_shown(kcore: Any, recipe: Path) -> None:
    result = kcore("profile", str(recipe), "--runs", "1", "--most", "3", "--program")
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0].startswith("kcore ")
    assert lines[1] == "A training step on 32 samples of digits"
    assert lines[3].split()[-1] == "equations"
    assert "more groups" in lines[7]
    assert any(line.startswith("program(") for line in lines)
    assert not Path("runs").exists()


def test_a_recipe_without_a_model_cannot_be_profiled(kcore: Any, tmp_path: Path) -> None:
    short = tmp_path / "short.yaml"
    short.write_text("data: digits\n")
    result = kcore("profile", str(short))
    assert result.exit_code == 1 and "model" in result.stderr
