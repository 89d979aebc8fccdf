"""Every regularizer of the registry keeps the contract of regularizers."""

from __future__ import annotations

from kcore.testing import conformance_test

test_conformance = conformance_test("kcore-regularizers")
