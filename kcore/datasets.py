"""The datasets of all installed distributions, by name: ``kcore.datasets.digits``."""

from __future__ import annotations

from kcore.registry.registry import registry
from kcore.registry.view import view

__getattr__, __dir__ = view(__name__, "datasets", {})
get = registry("datasets").get
serialize = registry("datasets").serialize
deserialize = registry("datasets").deserialize
register = registry("datasets").register
