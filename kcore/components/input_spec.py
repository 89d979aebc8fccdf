"""What a layer demands of its input's shape, stated once and checked in one place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kcore.engine.types import Shape


@dataclass(frozen=True, kw_only=True)
class InputSpec:
    """Demands on one input. A layer with several inputs has a list of these, one for each.

    Attributes:
        shape: the whole shape, batch first; ``None`` where any size will do. It states ``ndim`` and ``axes``, too.
        ndim: number of axes, batch included.
        min_ndim: at least this many axes.
        max_ndim: at most this many axes.
        axes: sizes of single axes, by position; ``None`` for any.
    """

    shape: Sequence[int | None] | None = None
    ndim: int | None = None
    min_ndim: int | None = None
    max_ndim: int | None = None
    axes: Mapping[int, int | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.shape is not None:
            object.__setattr__(self, "shape", tuple(self.shape))
            object.__setattr__(self, "ndim", len(self.shape))
            object.__setattr__(self, "axes", {**dict(enumerate(self.shape)), **self.axes})
        object.__setattr__(self, "axes", {axis: size for axis, size in self.axes.items() if size is not None})

    def accepts(self, shape: Shape) -> bool:
        """Whether ``shape`` meets the demands; unknown sizes do."""
        if self.ndim is not None and len(shape) != self.ndim:
            return False
        if self.min_ndim is not None and len(shape) < self.min_ndim:
            return False
        if self.max_ndim is not None and len(shape) > self.max_ndim:
            return False
        return all(-len(shape) <= axis < len(shape) and shape[axis] in (None, size) for axis, size in self.axes.items())

    def describe(self) -> str:
        """The demands as words, for errors."""
        if self.ndim is not None and self.axes:
            sizes = ["any"] * self.ndim
            for axis, size in self.axes.items():
                sizes[axis] = str(size)
            batch = "batch" if sizes[0] == "any" else f"batch={sizes[0]}"
            return f"an input of shape ({', '.join([batch, *sizes[1:]])})"
        if self.ndim is None and set(self.axes) == {-1}:
            return f"an input of shape (batch, ..., {self.axes[-1]})"
        parts = []
        if self.ndim is not None:
            parts.append(f"{self.ndim} axes (the batch axis is one of them)")
        if self.min_ndim is not None:
            parts.append(f"at least {self.min_ndim} axes (the batch axis is one of them)")
        if self.max_ndim is not None:
            parts.append(f"at most {self.max_ndim} axes (the batch axis is one of them)")
        parts += [f"size {size} on axis {axis}" for axis, size in self.axes.items()]
        return "an input with " + " and ".join(parts)


def unmet(spec: InputSpec | Sequence[InputSpec] | None, shapes: Any) -> tuple[str, Any] | None:
    """What is demanded, and what was found instead; ``None`` if the shape, or list of shapes, meets the demands."""
    if spec is None:
        return None
    if isinstance(spec, InputSpec):
        if isinstance(shapes, list):
            return "one input", f"a list of {len(shapes)} inputs"
        return None if spec.accepts(shapes) else (spec.describe(), shapes)
    if not isinstance(shapes, list) or len(shapes) != len(spec):
        found = f"a list of {len(shapes)} inputs" if isinstance(shapes, list) else shapes
        return f"a list of {len(spec)} inputs", found
    for number, (one, shape) in enumerate(zip(spec, shapes, strict=True)):
        if not one.accepts(shape):
            return f"as input {number} {one.describe()}", shape
    return None
