"""``kcore plugins``, and the filters of ``kcore list``."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from kcore.registry import registry

BOMB = "raise SystemExit('imported')"


@pytest.fixture
def folder(distribution: Callable[..., Path]) -> Path:
    """Distributions of which one is silent about its API, one was made for another, and one has hooks alone."""
    distribution("silent", "silent", BOMB, {"kcore.layers": {"Silent": "silent:A", "Dense": "silent:B"}})
    distribution(
        "tomorrow", "tomorrow", BOMB, {"kcore.losses": {"late": "tomorrow:a"}, "kcore.api": {"7-9": "tomorrow"}}
    )
    return distribution("hooked", "hooked", BOMB, {"kcore.plugins": {"b": "hooked", "a": "hooked"}})


def test_each_distribution_is_an_object(process: Callable[..., Any], folder: Path) -> None:
    done = process("plugins", "--json", PYTHONPATH=str(folder), KCORE_PLUGINS="-hooked")
    assert done.returncode == 0, done.stderr
    found = {one["distribution"]: one for one in json.loads(done.stdout)}
    assert next(iter(found)) == "kcore"
    assert found["silent"] == {
        "distribution": "silent",
        "version": "1.5",
        "api": None,
        "state": "available",
        "reason": None,
        "families": {"layers": 2},
        "hooks": [],
    }
    assert (found["tomorrow"]["state"], found["tomorrow"]["api"]) == ("incompatible", "7-9")
    assert found["tomorrow"]["reason"] == "it was made for plugin API 7-9, and this kcore has 1"
    assert (found["hooked"]["state"], found["hooked"]["hooks"]) == ("disabled", ["a", "b"])
    assert found["hooked"]["reason"] == "KCORE_PLUGINS='-hooked' denies hooked"
    assert found["kcore-losses"]["families"] == {"losses": len(registry("losses").records())}
    assert found["kcore-losses"]["api"] == found["kcore"]["api"] == "1"


def test_a_table_for_people(process: Callable[..., Any], folder: Path) -> None:
    done = process("plugins", PYTHONPATH=str(folder))
    lines = {line.split()[0]: line for line in done.stdout.splitlines() if line.split()}
    assert "layers 2" in lines["silent"] and "(not said)" in lines["silent"]
    assert "made for plugin API 7-9" in lines["tomorrow"]
    assert done.stdout.splitlines()[-1].endswith("distributions; the plugin API of this kcore is 1")


def test_requirements_are_what_pip_reads(process: Callable[..., Any], folder: Path, tmp_path: Path) -> None:
    done = process("plugins", "--requirements", PYTHONPATH=str(folder))
    lines = done.stdout.splitlines()
    assert f"kcore-layers=={metadata.version('kcore-layers')}" in lines
    assert "silent==1.5" in lines and "tomorrow==1.5" in lines
    assert lines[0].startswith("kcore==")
    file = tmp_path / "requirements.txt"
    file.write_text("\n".join(line for line in lines if line.startswith("kcore")))
    # Everything it names is installed here, so that there is nothing to look for.
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--dry-run", "-r", str(file)]
    assert subprocess.run(pip, capture_output=True, text=True, check=False).returncode == 0


def names(done: Any) -> set[str]:
    assert done.returncode == 0, done.stderr
    return {f"{row['family']}/{row['distribution']}>{row['name']}" for row in json.loads(done.stdout)}


def test_filters(process: Callable[..., Any], folder: Path) -> None:
    def run(*arguments: str) -> Any:
        return process("list", "--json", *arguments, PYTHONPATH=str(folder))

    assert names(run("--dist", "SILENT")) == {"layers/silent>Silent", "layers/silent>Dense"}
    assert names(run("--dist", "silent", "--state", "shadowed")) == {"layers/silent>Dense"}
    assert names(run("--state", "incompatible")) == {"losses/tomorrow>late"}
    both = names(run("--family", "layers", "--family", "plugins", "--dist", "silent", "--dist", "hooked"))
    assert both == {"layers/silent>Silent", "layers/silent>Dense", "plugins/hooked>a", "plugins/hooked>b"}
    assert names(run("layers", "--dist", "tomorrow")) == set()
    assert names(run("losses", "--family", "losses", "--dist", "tomorrow")) == {"losses/tomorrow>late"}
    wrong = run("--state", "lost")
    assert wrong.returncode == 2 and "'lost' is not one of 'available', 'broken'" in wrong.stderr


def test_nothing_found_is_said(kcore: Any) -> None:
    assert kcore("list", "--dist", "nobody").stdout == "0 components from 0 distributions\n"
