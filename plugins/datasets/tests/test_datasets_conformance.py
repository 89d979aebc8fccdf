"""Every dataset of this distribution keeps the contract of datasets: all checks on all cases of the table."""

from __future__ import annotations

from collections.abc import Callable
from importlib import resources

import pytest
import yaml

from kcore.registry import registry
from kcore.testing.datasets import CHECKS, DatasetCase, use

TABLE = resources.files("kcore_datasets") / "conformance" / "datasets.yaml"
CASES = [DatasetCase.from_row(row) for row in yaml.safe_load(TABLE.read_text(encoding="utf-8"))["datasets"]]


def test_every_dataset_has_a_case_and_every_case_a_name() -> None:
    offered = {record.name for record in registry("datasets").records() if record.distribution == "kcore-datasets"}
    assert {case.dataset for case in CASES} == offered
    assert len({str(case) for case in CASES}) == len(CASES)


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_dataset(case: DatasetCase, check: Callable[[DatasetCase], None]) -> None:
    check(case)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_representative_numbers(case: DatasetCase) -> None:
    assert [len(array) for array in use(case)] == [n for n in case.sizes for _ in range(2)]
