"""A real run of the harness: kcore alone, hardly any steps. How long anything takes is not judged here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.sections import SECTIONS
from benchmarks.training_plan import PLAN

ROOT = Path(__file__).resolve().parents[2]
WORKERS = ROOT / "benchmarks" / "workers"


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that a smoke run has written."""
    folder = tmp_path_factory.mktemp("bench")
    command = [sys.executable, "-m", "benchmarks", "--smoke", "--output", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return folder


def stored(output: Path, section: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((output / "results" / f"{section}.json").read_text())
    assert found["about"]["quick"] is True
    return dict(found["data"])


def test_every_section_is_stored_and_shown(output: Path) -> None:
    assert {path.stem for path in (output / "results").iterdir()} == set(SECTIONS)
    page = (output / "RESULTS.md").read_text()
    for section in SECTIONS.values():
        assert f"\n## {section.TITLE}\n" in page
    assert "failed" not in page
    assert "\n| tiny_mlp | " in page
    assert "\n| kcore 0." in page


def test_a_training_step_has_sane_numbers(output: Path) -> None:
    entry = stored(output, "training")["tiny_mlp"]["kcore"]
    assert 0 < entry["min_ms"] <= entry["median_ms"] < 60_000
    assert 0 < entry["first_step_ms"] < 60_000
    assert entry["medians_ms"] == [entry["median_ms"]]
    assert 10_000 < entry["peak_kib"] < 10_000_000


def test_memory_grows_from_import_to_training(output: Path) -> None:
    entry = stored(output, "memory")["kcore"]
    assert entry["imported_kib"] < entry["ready_kib"] < entry["peak_kib"]


def test_the_other_sections_have_sane_numbers(output: Path) -> None:
    limits = stored(output, "machine")["limits"]
    assert all(value > 0 for found in limits.values() for value in found.values() if not isinstance(value, str))
    imports = stored(output, "imports")
    assert all(0 < entry["min_ms"] <= entry["median_ms"] <= entry["max_ms"] for entry in imports.values())
    assert set(imports) == {"numpy", "over_numpy", "kcore"}
    assert 0 < stored(output, "cold_start")["kcore"]["median_s"] < 600
    predict = stored(output, "predict")["kcore"]
    assert predict["by_hand_us"] > 0 and predict["predict_us"] > 0


def test_names_are_found_among_many_distributions(output: Path) -> None:
    found = stored(output, "plugins")
    assert [entry["distributions"] for entry in found.values()] == [0, 20, 20]
    assert found["none"]["names"] == found["others"]["names"] == found["plugins"]["names"] - 60
    for entry in found.values():
        # Only the first process reads the metadata.
        assert entry["scans"] == 0
        assert all(entry[key] > 0 for key in ("import_ms", "lookup_ms", "list_ms", "check_ms", "cold_ms"))
        assert entry["lookup_ms"] <= entry["lookup_max_ms"]


def test_growth_counts_equations(output: Path) -> None:
    growth = stored(output, "growth")
    depth = growth["depth"]["rows"]
    assert [row["size"] for row in depth] == [2, 5]
    assert 0 < depth[0]["views"] < depth[0]["equations"] < depth[1]["equations"]
    sgd, adam = (growth[name]["rows"][0] for name in ("trace_sgd", "trace_adam"))
    assert sgd["equations"] < adam["equations"]
    assert sgd["first_ms"] > 0 and sgd["later_ms"] > 0


def test_a_layer_that_is_not_installed_is_no_failure() -> None:
    # Which layers are missing changes; one of this name is always missing.
    program = (
        f"import sys; sys.path.insert(0, {str(WORKERS)!r})\n"
        "import keras_shaped, train_kcore\n"
        "keras_shaped.apply = lambda layers, *rest: layers('NoSuchLayer')\n"
        "train_kcore.main('tiny_mlp', 2, 1)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["missing"] == "NoSuchLayer"


def test_networks_and_plan_have_the_same_names() -> None:
    program = f"import sys; sys.path.insert(0, {str(WORKERS)!r}); from workloads import WORKLOADS; print(*WORKLOADS)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == list(PLAN)
