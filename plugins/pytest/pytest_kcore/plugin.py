"""``pytest --kcore-conformance DISTRIBUTION``: a test for each check of the distribution's conformance suite."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from kcore.testing import Check

OPTION = "--kcore-conformance"


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option, which may be given several times."""
    parser.getgroup("kcore").addoption(
        OPTION,
        action="append",
        default=[],
        metavar="DISTRIBUTION",
        dest="kcore_conformance",
        help="run kcore's conformance suite on the components of this installed distribution",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Without a path, the conformance suite is all that is asked for."""
    asked = config.getoption("kcore_conformance")
    if asked and config.args_source is not pytest.Config.ArgsSource.ARGS:
        config.args = []


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session: pytest.Session, items: list[pytest.Item]) -> None:
    """Add the checks before pytest's own options (``-k``, ``--lf``) choose among the tests."""
    for distribution in session.config.getoption("kcore_conformance"):
        items.extend(Distribution.from_parent(session, name=distribution).collect())


class Distribution(pytest.Collector):
    """A distribution, whose tests are its checks."""

    def __init__(self, name: str, parent: pytest.Session) -> None:
        super().__init__(name=name, parent=parent, nodeid=name)

    def collect(self) -> Iterator[ConformanceItem]:
        """A test for each check.

        Raises:
            pytest.UsageError: nothing of that name is installed, or its tables of cases cannot be read.
        """
        # Only now: whoever has this plugin installed and does not use it waits for nothing.
        from kcore.errors import KcoreError
        from kcore.testing import conformance_checks

        try:
            checks = conformance_checks(self.name)
        except KcoreError as error:
            raise pytest.UsageError(str(error)) from None
        for check in checks:
            yield ConformanceItem.from_parent(self, name=str(check), check=check)


class ConformanceItem(pytest.Item):
    """One check as a test."""

    def __init__(self, name: str, parent: Distribution, check: Check) -> None:
        super().__init__(name=name, parent=parent)
        self.check = check
        if check.expected:
            self.add_marker(pytest.mark.xfail(reason=check.expected, strict=True))

    def runtest(self) -> None:
        """Run the check."""
        self.check()

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """What is wrong, in the check's words; a component's own error with its traceback."""
        if excinfo.errisinstance(AssertionError) and str(excinfo.value):
            return f"{self.name}: {excinfo.value}"
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Any, None, str]:
        """How the test is called in a summary."""
        return self.path, None, f"{self.check.distribution}: {self.name}"
