"""What a call tells the calls inside it: whether this is training, where extra losses go, which arrays have masks."""

from __future__ import annotations

from collections.abc import Iterator, Set
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from kcore.components.masks import MaskTable


class CallContext:
    """The surroundings of a layer's call.

    Attributes:
        training: whether layers behave as in training.
        losses: penalties on activations, collected for the training step; ``None`` where nobody collects.
        masks: of the arrays that layers pass to each other, one table for all calls inside the outermost context.
        frozen: the layers whose weights the training leaves alone; ``None`` where only they themselves know.
        place: of the layer in its model, for errors.
        layer: the innermost one that is being called; ``None`` outside of layers, as in losses.
        depth: how many contexts there are around; 0 outside of all calls.
    """

    __slots__ = ("depth", "frozen", "layer", "losses", "masks", "place", "training")

    def __init__(
        self,
        training: bool,
        losses: list[Any] | None,
        masks: MaskTable,
        frozen: Set[Any] | None = None,
        place: str = "",
        depth: int = 0,
        layer: Any = None,
    ) -> None:
        self.training = training
        self.losses = losses
        self.masks = masks
        self.frozen = frozen
        self.place = place
        self.depth = depth
        self.layer = layer


# Nothing is noted in its table: every context is inside it.
_OUTSIDE = CallContext(False, None, MaskTable())
_current: ContextVar[CallContext] = ContextVar("kcore_call_context")


def set_training_outside(training: bool) -> None:
    """Whether calls outside of all others behave as in training."""
    _OUTSIDE.training = training


def current_context() -> CallContext:
    """The innermost context; outside all calls one that does not train."""
    return _current.get(_OUTSIDE)


@contextmanager
def call_context(
    *,
    training: bool | None = None,
    losses: list[Any] | None = None,
    frozen: Set[Any] | None = None,
    place: str | None = None,
    layer: Any = None,
) -> Iterator[CallContext]:
    """A context inside the present one; what is not given is inherited."""
    outer = current_context()
    context = CallContext(
        outer.training if training is None else bool(training),
        outer.losses if losses is None else losses,
        MaskTable() if outer is _OUTSIDE else outer.masks,
        outer.frozen if frozen is None else frozen,
        outer.place if place is None else place,
        outer.depth + 1,
        outer.layer if layer is None else layer,
    )
    token = _current.set(context)
    try:
        yield context
    finally:
        _current.reset(token)
