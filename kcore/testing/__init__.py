"""Tools for the tests of kcore and of its plugins. Nothing here is imported by a training run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kcore.testing.gradients import check_gradients as check_gradients

__all__ = ["check_gradients"]


def __getattr__(name: str) -> Any:
    # Lazily, so that reading reference files needs nothing of the engine.
    if name == "check_gradients":
        from kcore.testing.gradients import check_gradients

        return check_gradients
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
