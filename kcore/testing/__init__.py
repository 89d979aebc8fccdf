"""Tools for the tests of kcore and of its plugins. Nothing here is imported by a training run."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kcore.testing.checks import Check as Check
    from kcore.testing.checks import Report as Report
    from kcore.testing.conformance import check_distribution as check_distribution
    from kcore.testing.conformance import conformance_checks as conformance_checks
    from kcore.testing.conformance import stated_cases as stated_cases
    from kcore.testing.gradients import check_gradients as check_gradients
    from kcore.testing.pytest_tests import conformance_test as conformance_test
    from kcore.testing.pytest_tests import parametrize_with_checks as parametrize_with_checks

_HOMES = {
    "Check": "checks",
    "Report": "checks",
    "check_distribution": "conformance",
    "check_gradients": "gradients",
    "conformance_checks": "conformance",
    "conformance_test": "pytest_tests",
    "parametrize_with_checks": "pytest_tests",
    "stated_cases": "conformance",
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    # Lazily, so that reading reference files needs nothing of the engine.
    if name in _HOMES:
        return getattr(import_module(f"kcore.testing.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
