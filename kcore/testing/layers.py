"""Layers put to the test: the cases that a layer's author states, and the checks that every case must pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kcore.engine.types import Shape


@dataclass(frozen=True)
class LayerCase:
    """One way to use a layer, on which all checks run.

    Attributes:
        layer: its name in ``kcore.layers``.
        shape: of the input, the batch axis first and all sizes known; a list of shapes for a list of inputs.
        config: constructor arguments, as a config writes them.
        label: what is particular about the case; cases of one layer have different ones.
        below: the inputs are whole numbers from 0 to below this; 0 for floating inputs.
        mask: whether the (first) input comes with a mask of its first two axes.
        training_differs: whether the output in training is another than at prediction.
        unknown: axes of the input whose sizes may be unknown while the layer is built, besides the batch axis.
    """

    layer: str
    shape: tuple[int, ...] | list[tuple[int, ...]]
    config: Mapping[str, Any] = field(default_factory=dict)
    label: str = ""
    below: int = 0
    mask: bool = False
    training_differs: bool = False
    unknown: Sequence[int] = ()

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> LayerCase:
        """A case from a row of a table in JSON or YAML, which has lists for tuples."""
        shape = row["shape"]
        several = bool(shape) and isinstance(shape[0], list)
        return cls(**{**row, "shape": [tuple(one) for one in shape] if several else tuple(shape)})

    def __str__(self) -> str:
        return f"{self.layer}-{self.label}" if self.label else self.layer

    def symbolic_shape(self) -> Shape | list[Shape]:
        """The shape with ``None`` for the batch and whatever else may be unknown."""
        if isinstance(self.shape, list):
            return [self._symbolic(shape) for shape in self.shape]
        return self._symbolic(self.shape)

    def _symbolic(self, shape: tuple[int, ...]) -> Shape:
        return tuple(None if axis == 0 or axis in self.unknown else size for axis, size in enumerate(shape))
