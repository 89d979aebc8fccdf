"""What a call tells the calls inside it: whether this is training, and where extra losses go."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any


class CallContext:
    """The surroundings of a layer's call.

    Attributes:
        training: whether layers behave as in training.
        losses: penalties on activations, collected for the training step; ``None`` where nobody collects.
        place: of the layer in its model, for errors.
    """

    __slots__ = ("losses", "place", "training")

    def __init__(self, training: bool, losses: list[Any] | None, place: str = "") -> None:
        self.training = training
        self.losses = losses
        self.place = place


_OUTSIDE = CallContext(False, None)
_current: ContextVar[CallContext] = ContextVar("kcore_call_context")


def current_context() -> CallContext:
    """The innermost context; outside all calls one that does not train."""
    return _current.get(_OUTSIDE)


@contextmanager
def call_context(
    *, training: bool | None = None, losses: list[Any] | None = None, place: str | None = None
) -> Iterator[CallContext]:
    """A context inside the present one; what is not given is inherited."""
    outer = current_context()
    context = CallContext(
        outer.training if training is None else bool(training),
        outer.losses if losses is None else losses,
        outer.place if place is None else place,
    )
    token = _current.set(context)
    try:
        yield context
    finally:
        _current.reset(token)
