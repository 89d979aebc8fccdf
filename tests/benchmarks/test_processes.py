"""What becomes of workers that give no result, of options, and of environments."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import pytest

from benchmarks import environments, processes
from benchmarks.__main__ import names, parsed
from benchmarks.libraries import KCORE, PEERS, ROOT

PYTHON = Path(sys.executable)


def test_a_result_is_the_last_line() -> None:
    assert processes.run(PYTHON, KCORE, ["-c", "print('warming up'); print('{\"ms\": 1.5}')"]) == {"ms": 1.5}


def test_a_crash_keeps_its_last_words_without_paths() -> None:
    program = f"import sys; print({str(ROOT / 'x.py')!r}, file=sys.stderr); raise ValueError('no such thing')"
    found = processes.run(PYTHON, KCORE, ["-c", program])
    assert found["error"] == "exit code 1: ValueError: no such thing"
    assert found["stderr"][0] == "<kcore>/x.py"
    assert "error" in processes.wall_seconds(PYTHON, KCORE, ["-c", program])


def test_no_result_is_an_error() -> None:
    assert processes.run(PYTHON, KCORE, ["-c", "print('nothing')"]) == {"error": "printed no result", "stderr": []}


def test_a_process_that_never_ends_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "SECONDS", 0.2)
    program = ["-c", "import time; time.sleep(60)"]
    assert processes.run(PYTHON, KCORE, program)["error"].startswith("ended after 0.2 s")
    assert processes.wall_seconds(PYTHON, KCORE, program)["error"].startswith("ended after 0.2 s")


def test_the_shell_decides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYTHONPATH", "KCORE_THREADS", "KERAS_BACKEND", "OMP_NUM_THREADS"):
        monkeypatch.setenv(name, "7")
    found = processes.variables(PEERS["keras-jax"])
    assert not {"PYTHONPATH", "KCORE_THREADS"} & set(found)
    assert found["KERAS_BACKEND"] == "jax"
    assert {found[name] for name in processes.COUNTS} == {"2"}
    assert found["PATH"] == os.environ["PATH"]


def test_wall_seconds_are_those_of_the_whole_process() -> None:
    assert processes.wall_seconds(PYTHON, KCORE, ["-c", "import time; time.sleep(0.2)"])["seconds"] > 0.2


def test_installers_are_not_counted(tmp_path: Path) -> None:
    packages = tmp_path / "lib" / "python3.11" / "site-packages"
    for name, size in {
        "numpy/a.py": 3,
        "numpy/core/b.so": 4,
        "one.py": 5,
        "pip/x.py": 100,
        "setuptools/y.py": 7,
    }.items():
        (packages / name).parent.mkdir(parents=True, exist_ok=True)
        (packages / name).write_bytes(b"." * size)
    assert environments.installed_bytes(tmp_path) == {"numpy": 7, "one.py": 5}


def test_kcore_is_built_anew_when_a_source_file_changes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "kcore").mkdir()
    (tmp_path / "pyproject.toml").write_text("")
    module = tmp_path / "kcore" / "a.py"
    module.write_text("x = 1")
    monkeypatch.setattr(environments, "ROOT", tmp_path)
    before = environments.wanted(KCORE)
    assert environments.wanted(KCORE) == before
    module.write_text("x = 2")
    assert environments.wanted(KCORE) != before
    assert environments.wanted(PEERS["torch"]) != before


def test_names_come_in_the_order_of_the_tables() -> None:
    assert names(["a", "b", "c"], "c, a") == ["a", "c"]
    assert names(["a"], "none") == []
    with pytest.raises(argparse.ArgumentTypeError, match="x unknown; there are a"):
        names(["a"], "x")


def test_a_smoke_run_writes_elsewhere() -> None:
    options = parsed(["--smoke"])
    assert options.peers == [] and options.repeats == 1 and options.in_place
    assert not options.output.is_relative_to(ROOT)
    options.output.rmdir()
