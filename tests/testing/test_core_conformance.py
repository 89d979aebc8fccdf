"""The core's own components, its formats, its engine and its models, pass the suite that everybody's pass."""

from __future__ import annotations

from kcore.testing import conformance_test

test_conformance = conformance_test("kcore")
