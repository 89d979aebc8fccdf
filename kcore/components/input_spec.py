"""What a layer demands of its input's shape, stated once and checked in one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from kcore.engine.types import Shape


@dataclass(frozen=True)
class InputSpec:
    """Demands on one input.

    Attributes:
        ndim: number of axes, batch included.
        min_ndim: at least this many axes.
        axes: sizes of single axes, by position.
    """

    ndim: int | None = None
    min_ndim: int | None = None
    axes: Mapping[int, int] = field(default_factory=dict)

    def accepts(self, shape: Shape) -> bool:
        """Whether ``shape`` meets the demands; unknown sizes do."""
        if self.ndim is not None and len(shape) != self.ndim:
            return False
        if self.min_ndim is not None and len(shape) < self.min_ndim:
            return False
        return all(-len(shape) <= axis < len(shape) and shape[axis] in (None, size) for axis, size in self.axes.items())

    def describe(self) -> str:
        """The demands as words, for errors."""
        if self.ndim is not None and self.axes:
            sizes = ["any"] * self.ndim
            for axis, size in self.axes.items():
                sizes[axis] = str(size)
            return f"an input of shape ({', '.join(['batch', *sizes[1:]])})"
        if self.ndim is None and set(self.axes) == {-1}:
            return f"an input of shape (batch, ..., {self.axes[-1]})"
        parts = []
        if self.ndim is not None:
            parts.append(f"{self.ndim} axes (the batch axis is one of them)")
        if self.min_ndim is not None:
            parts.append(f"at least {self.min_ndim} axes (the batch axis is one of them)")
        parts += [f"size {size} on axis {axis}" for axis, size in self.axes.items()]
        return "an input with " + " and ".join(parts)
