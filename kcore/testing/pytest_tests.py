"""The conformance suite as pytest tests; pytest is imported when the first is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kcore.testing.checks import Check
from kcore.testing.conformance import conformance_checks


def parametrize_with_checks(
    distribution: str, *, rows: Mapping[str, Any] | None = None
) -> Callable[[Callable[..., None]], Any]:
    """A decorator that runs a test once for each check of a distribution, which the test takes as ``check``.

    Checks of which a failure is expected are marked as such, with their reason; they fail when they pass::

        @parametrize_with_checks("my-plugin")
        def test_conformance(check):
            check()

    Args, Raises: those of `kcore.testing.check_distribution`.
    """
    import pytest

    checks = conformance_checks(distribution, rows=rows)

    def decorate(function: Callable[..., None]) -> Any:
        return pytest.mark.parametrize("check", [_parameter(check) for check in checks])(function)

    return decorate


def conformance_test(distribution: str, *, rows: Mapping[str, Any] | None = None) -> Any:
    """A whole test, one line of a test module: ``test_conformance = conformance_test("my-plugin")``.

    Args, Raises: those of `kcore.testing.check_distribution`.
    """

    def test_conformance(check: Check) -> None:
        check()

    return parametrize_with_checks(distribution, rows=rows)(test_conformance)


def _parameter(check: Check) -> Any:
    import pytest

    # The name of a test has no place for brackets.
    marks = [pytest.mark.xfail(reason=check.expected, strict=True)] if check.expected else []
    return pytest.param(check, id=str(check), marks=marks)
