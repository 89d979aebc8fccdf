"""The conformance suite of a distribution: one check for each component and each rule that it has to keep.

The same suite runs for kcore's own components, for the official plugins and for everybody else's. It can be used as

* one line of a test module: ``test_conformance = conformance_test("my-plugin")``;
* a decorator of a pytest test that takes ``check``: ``@parametrize_with_checks("my-plugin")``;
* a plain function, without pytest: ``print(check_distribution("my-plugin"))``;
* a command: ``kcore conformance my-plugin``, or, with pytest-kcore, ``pytest --kcore-conformance my-plugin``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kcore.errors.testing import UnknownCheckError
from kcore.testing.checks import Check, Report
from kcore.testing.plan import Plan, packages_of, records_of
from kcore.testing.tables import tables_from, tables_of


def check_distribution(distribution: str, *, rows: Mapping[str, Any] | None = None) -> Report:
    """Run all checks of an installed distribution.

    Args:
        distribution: its name; ``"local"`` for what running code registered.
        rows: the cases by family, in place of the tables in the distribution's import packages.

    Raises:
        NoComponentsError: no installed distribution of that name has components.
        ConformanceTableError: the cases are not stated as they have to be.
    """
    checks = conformance_checks(distribution, rows=rows)
    return Report(checks[0].distribution, [check.result() for check in checks])


def conformance_checks(distribution: str, *, rows: Mapping[str, Any] | None = None) -> list[Check]:
    """All checks of an installed distribution, to be run one by one; no component is imported yet.

    Args, Raises: those of `check_distribution`.
    """
    found = records_of(distribution)
    tables = tables_of(packages_of(found)) if rows is None else tables_from(rows)
    return list(Plan(found, tables).checks())


def chosen_checks(
    checks: Sequence[Check], *, family: str | None = None, component: str | None = None, name: str | None = None
) -> list[Check]:
    """Those of a family, of a component (``family/Name``), or of a name.

    Raises:
        UnknownCheckError: one of the three is something that no check has.
    """
    left = list(checks)
    for what, asked, key in (
        ("family", family, lambda check: check.family),
        ("component", component, lambda check: f"{check.family}/{check.component}"),
        ("check", name, lambda check: check.name),
    ):
        if asked is not None:
            available = list(dict.fromkeys(map(key, left)))
            left = [check for check in left if key(check) == asked]
            if not left:
                raise UnknownCheckError(what=what, asked=asked, available=available)
    return left


def stated_cases(distribution: str, family: str) -> list[Any]:
    """The cases that a distribution's tables state for one family.

    Raises: those of `check_distribution`.
    """
    return [one.case for one in tables_of(packages_of(records_of(distribution))).cases.get(family, [])]
