"""Components for kcore. Nothing is imported here: kcore finds each one by its entry point in pyproject.toml."""

from __future__ import annotations
