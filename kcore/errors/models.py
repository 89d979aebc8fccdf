"""Errors of the models room: graphs that cannot be, and names that are not there."""

from __future__ import annotations

from collections.abc import Sequence

from kcore.errors.base import KcoreError


class GraphError(KcoreError, ValueError):
    """A graph of layers that is not one: a cut wire, two layers of one name, no input."""

    def __init__(self, *, model: str, problem: str, advice: str) -> None:
        super().__init__(f"Model {model!r} {problem}. {advice}", model=model, problem=problem, advice=advice)


class NoSuchLayerError(KcoreError, ValueError):
    """A layer was asked for by a name or position that the model does not have."""

    def __init__(self, *, model: str, asked: str | int, available: Sequence[str], near: Sequence[str] = ()) -> None:
        hint = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
        kind = "position" if isinstance(asked, int) else "name"
        super().__init__(
            f"Model {model!r} has no layer with the {kind} {asked!r}.{hint} Its layers are "
            f"{', '.join(available) if available else 'none yet'}.",
            model=model,
            asked=asked,
            available=tuple(available),
            near=tuple(near),
        )
