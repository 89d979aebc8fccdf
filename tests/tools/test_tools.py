"""The gates themselves: each is run on a small repository with a fault, and has to find it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(*command: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository in which the documents are in order."""
    for name in ("check_docs.py", "tracked_files.py"):
        (tmp_path / "tools").mkdir(exist_ok=True)
        shutil.copy(ROOT / "tools" / name, tmp_path / "tools")
    (tmp_path / "docs" / "decisions").mkdir(parents=True)
    (tmp_path / "docs" / "decisions" / "0001-numpy.md").write_text("# NumPy\n")
    (tmp_path / "docs" / "guide.md").write_text("# Guide\n\n## One `step` more\n\n[why](decisions/0001-numpy.md)\n")
    (tmp_path / "README.md").write_text("[guide](docs/guide.md#one-step-more)\n\nRun `make test`.\n")
    (tmp_path / "CHANGELOG.md").write_text("## [Unreleased]\n")
    (tmp_path / "Makefile").write_text("test:\n\ttrue\n")
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1"\ndependencies = ["numpy>=2"]\n')
    run("git", "init", "--quiet", cwd=tmp_path)
    return tmp_path


def problems(repository: Path) -> list[str]:
    done = run(sys.executable, "tools/check_docs.py", cwd=repository)
    found = [line.strip() for line in done.stdout.splitlines() if "PROBLEM" in line]
    assert done.returncode == bool(found), done.stderr
    return found


def add(path: Path, text: str) -> None:
    path.write_text(path.read_text() + text)


def test_documents_in_order(repository: Path) -> None:
    assert problems(repository) == []


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("README.md", "[x](docs/none.md)", "README.md: docs/none.md: no such file"),
        ("README.md", "[x](docs/guide.md#two-steps)", "README.md: docs/guide.md#two-steps: no such heading"),
        ("README.md", "`make coffee`", "README.md: `make coffee` is no target"),
        ("README.md", "<!-- runnable -->\n```python\n1 / 0\n```\n", "README.md: an example failed"),
        ("README.md", "<!-- runnable -->\n```sh\nfalse\ntrue\n```\n", "README.md: an example failed"),
        ("README.md", "<!-- runnable -->\n```perl\n1\n```\n", "a runnable block in the language 'perl'"),
        ("pyproject.toml", '[dependency-groups]\ntest = ["torch"]\n', "names the dependency torch"),
    ],
)
def test_a_fault_is_found(repository: Path, file: str, text: str, said: str) -> None:
    add(repository / file, text)
    (problem,) = problems(repository)
    assert said in problem


def test_a_page_that_nothing_links_to_is_found(repository: Path) -> None:
    (repository / "docs" / "lost.md").write_text("# Lost\n")
    (problem,) = problems(repository)
    assert "docs/lost.md: no link leads to it" in problem


def test_code_is_not_searched_for_links_and_unmarked_blocks_do_not_run(repository: Path) -> None:
    add(repository / "README.md", "`[x](none.md)`\n\n```python\na[0](none)\nraise SystemExit(1)\n```\n")
    assert problems(repository) == []


@pytest.mark.parametrize(("body", "code"), [("pass", 0), ("pytest.skip('later')", 1), ("assert 0", 1)])
def test_a_run_with_a_skipped_test_fails(tmp_path: Path, body: str, code: int) -> None:
    shutil.copy(ROOT / "conftest.py", tmp_path)
    (tmp_path / "test_it.py").write_text(f"import pytest\n\n\ndef test_it():\n    {body}\n")
    done = run(sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--rootdir", tmp_path, tmp_path, cwd=tmp_path)
    assert done.returncode == code, done.stdout
    assert ("skipping is not allowed" in done.stdout) == ("skip" in body)


def test_a_run_without_tests_fails(tmp_path: Path) -> None:
    shutil.copy(ROOT / "conftest.py", tmp_path)
    done = run(sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--rootdir", tmp_path, tmp_path, cwd=tmp_path)
    assert done.returncode == pytest.ExitCode.NO_TESTS_COLLECTED
