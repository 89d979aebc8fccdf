"""pytest with the option, in processes of its own, on a real distribution and on faulty ones made here."""

from __future__ import annotations

from pathlib import Path

import pytest

HEAD = """
from __future__ import annotations
from typing import Any
import numpy as np
from kcore.regularizers import Regularizer
"""
HALF = (
    HEAD
    + '''
class Half(Regularizer):
    """The penalty factor * sum(w ** 2).

    Args:
        factor: of the sum.
    """

    def __init__(self, factor: float = 0.5) -> None:
        self.factor = float(factor)

    def __call__(self, weights: Any) -> Any:
        return self.factor * np.sum(weights * weights)
'''
)
ROW = "{regularizer: Half, weights: [1, 2], penalty: %s}"


@pytest.fixture
def plugin(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A distribution "half-plugin" with one regularizer, on the import path; gives the folder for its tables."""
    site = pytester.path / "site"
    metadata = site / "half_plugin-1.0.dist-info"
    package = site / "half_plugin"
    (package / "conformance").mkdir(parents=True)
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: half-plugin\nVersion: 1.0\nRequires-Dist: kcore\n")
    (metadata / "entry_points.txt").write_text("[kcore.regularizers]\nHalf = half_plugin:Half\n")
    (package / "__init__.py").write_text(HALF)
    monkeypatch.setenv("PYTHONPATH", str(site))
    monkeypatch.setenv("KCORE_CACHE_DIR", str(pytester.path / "cache"))
    return package / "conformance"


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return pytester.runpytest_subprocess("-W", "error", "-p", "no:cacheprovider", *arguments)


def test_an_official_distribution_passes_without_any_test_file(pytester: pytest.Pytester) -> None:
    result = run(pytester, "--kcore-conformance", "kcore-regularizers", "-v", "-k", "L2")
    outcomes = result.parseoutcomes()
    assert result.ret == pytest.ExitCode.OK and outcomes["passed"] > 10 and outcomes["deselected"] > 10
    result.stdout.fnmatch_lines(["*kcore-regularizers::regularizers/L2-derivatives PASSED*"])


def test_paths_are_collected_as_well_where_they_are_given(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_mine="def test_mine(): pass")
    options = ("--kcore-conformance", "kcore-regularizers", "-k", "mine or (L2 and derivatives)", "-v")
    assert "test_mine" not in run(pytester, *options).stdout.str()
    both = run(pytester, "test_mine.py", *options).stdout.str()
    assert "test_mine.py::test_mine PASSED" in both and "regularizers/L2-derivatives PASSED" in both


def test_without_the_option_nothing_is_added_and_kcore_is_not_imported(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("import sys\ndef test_mine(): assert not any(name.startswith('kcore') for name in sys.modules)")
    assert run(pytester).parseoutcomes() == {"passed": 1}


def test_a_wrong_component_fails_in_the_words_of_the_check(pytester: pytest.Pytester, plugin: Path) -> None:
    (plugin / "half.yaml").write_text(f"regularizers:\n  - {ROW % 5}\n")
    result = run(pytester, "--kcore-conformance", "half-plugin")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert result.parseoutcomes()["failed"] == 1 and result.parseoutcomes()["passed"] > 10
    result.stdout.fnmatch_lines(
        ["*regularizers/Half-penalty: *", "*the penalty*", "FAILED *half-plugin::regularizers/Half-penalty*"]
    )


def test_an_expected_failure_is_one_with_its_reason_and_has_to_fail(pytester: pytest.Pytester, plugin: Path) -> None:
    table = plugin / "half.yaml"
    known = "{penalty: it counts only half, config: it has none}"
    table.write_text(f"regularizers:\n  - {ROW[:-1] % 5}, expected_failures: {known}}}\n")
    result = run(pytester, "--kcore-conformance", "half-plugin", "-rxX")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    # What fails as expected is no failure; what passes though it should not is one.
    assert result.parseoutcomes()["xfailed"] == 1 and result.parseoutcomes()["failed"] == 1
    result.stdout.fnmatch_lines(["*XFAIL *Half-penalty - it counts only half*"])
    result.stdout.fnmatch_lines(["*[[]XPASS(strict)[]] it has none*"])


@pytest.mark.parametrize(
    ("table", "text"),
    [
        ("regularizers: [{regulariser: Half}]", "*half.yaml, regularizers, row 1: makes no RegularizerCase*"),
        ("regularizers: [", "*half.yaml: cannot be read as YAML*"),
    ],
)
def test_tables_that_cannot_be_read_are_an_error_of_usage(
    pytester: pytest.Pytester, plugin: Path, table: str, text: str
) -> None:
    (plugin / "half.yaml").write_text(table)
    result = run(pytester, "--kcore-conformance", "half-plugin")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([text])


def test_a_distribution_that_is_not_there_is_an_error_of_usage(pytester: pytest.Pytester) -> None:
    result = run(pytester, "--kcore-conformance", "kcore-regularisers")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["*No installed distribution named 'kcore-regularisers'*Did you mean 'kcore-regularizers'?*"]
    )
