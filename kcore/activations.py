"""The activations of all installed distributions, by name: ``kcore.activations.relu``."""

from __future__ import annotations

from kcore.registry.registry import registry
from kcore.registry.view import view

__getattr__, __dir__ = view(__name__, "activations", {})
get = registry("activations").get
serialize = registry("activations").serialize
deserialize = registry("activations").deserialize
register = registry("activations").register
