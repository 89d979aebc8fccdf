"""Every activation of the registry keeps the contract of activations."""

from __future__ import annotations

from kcore.testing import conformance_test

test_conformance = conformance_test("kcore-activations")
