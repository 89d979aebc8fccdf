"""Rules for every test of the core and of the plugins: nothing is skipped, and no example has a time limit."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

# With a process per core, threads of BLAS only wait for each other, and waiting is work for them. NumPy reads this when
# it is imported.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# For the tests of the plugin for pytest.
pytest_plugins = ["pytester"]

# What the user of this machine has switched off or preferred is no business of the tests.
os.environ["KCORE_CONFIG"] = "off"

# The time an example takes says more about the machine than about the code.
settings.register_profile("kcore", deadline=None, print_blob=True)
settings.load_profile("kcore")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """A test that did not run has shown nothing: a run with a skipped test fails."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    if skipped and exitstatus == pytest.ExitCode.OK:
        reporter.write_line(f"{len(skipped)} skipped tests: skipping is not allowed here", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
