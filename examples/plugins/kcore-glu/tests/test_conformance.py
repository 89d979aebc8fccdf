"""The tests of this plugin: every check of kcore, on every case in `conformance/`."""

from __future__ import annotations

from kcore.testing import conformance_test

test_conformance = conformance_test("kcore-glu")
