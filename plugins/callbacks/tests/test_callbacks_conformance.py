"""Every callback of this distribution keeps the contract of callbacks."""

from __future__ import annotations

from kcore.testing import conformance_test

test_conformance = conformance_test("kcore-callbacks")
