"""The formats and the backend of the core keep their contracts: all checks on all cases of the table."""

from __future__ import annotations

from collections.abc import Callable
from importlib import resources
from typing import Any

import pytest
import yaml

from kcore.registry import registry
from kcore.testing import backends, formats

TABLE = yaml.safe_load((resources.files("kcore") / "conformance" / "core.yaml").read_text(encoding="utf-8"))
SUITES: dict[str, Any] = {"formats": (formats, formats.FormatCase), "backends": (backends, backends.BackendCase)}
CASES = {family: [case.from_row(row) for row in TABLE[family]] for family, (_, case) in SUITES.items()}


@pytest.mark.parametrize("family", SUITES)
def test_every_component_has_a_case_and_every_case_a_name(family: str) -> None:
    home = registry(family)
    # Of several names for one class, one is enough.
    offered = {home.load(record.name) for record in home.records() if record.distribution == "kcore"}
    assert {home.load(getattr(case, family[:-1])) for case in CASES[family]} == offered
    assert len({str(case) for case in CASES[family]}) == len(CASES[family])


@pytest.mark.parametrize(
    ("case", "check"),
    [
        pytest.param(case, check, id=f"{case}-{name}")
        for family, (module, _) in SUITES.items()
        for case in CASES[family]
        for name, check in module.CHECKS.items()
    ],
)
def test_component(case: Any, check: Callable[[Any], None]) -> None:
    check(case)
