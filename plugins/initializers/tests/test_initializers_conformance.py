"""Every initializer of the registry keeps the contract of initializers."""

from __future__ import annotations

from kcore.testing import conformance_test

test_conformance = conformance_test("kcore-initializers")
