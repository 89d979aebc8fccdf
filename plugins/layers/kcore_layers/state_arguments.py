"""Calls that take first states and constants beside the sequence, as arguments or all in one list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from kcore.layers import Layer


class TakesStates(Layer):
    """A layer that is called as ``layer(x, initial_state=states, constants=constants)``.

    ``call`` gets the list ``[x, *states, *constants]``, as only that can be wired in a graph.

    Attributes:
        num_constants: how many of the list's last entries are constants; ``None`` for none.
    """

    num_constants: int | None = None

    def __call__(
        self,
        inputs: Any,
        *args: Any,
        training: bool | None = None,
        mask: Any = None,
        initial_state: Any = None,
        constants: Any = None,
        **kwargs: Any,
    ) -> Any:
        """As ``Layer``; with first states, and with constants that every step sees."""
        if initial_state is not None or constants is not None:
            states = [] if initial_state is None else self.check_states(as_list(initial_state))
            fixed = [] if constants is None else self.check_constants(as_list(constants))
            if constants is not None:
                self.num_constants = len(fixed)
            inputs = [*as_list(inputs), *states, *fixed]
        if mask is not None and isinstance(inputs, list | tuple):
            masks = as_list(mask)
            mask = [*masks, *[None] * (len(inputs) - len(masks))]
        return super().__call__(inputs, *args, training=training, mask=mask, **kwargs)

    def check_states(self, states: list[Any]) -> list[Any]:
        """The first states, if there are as many as there have to be."""
        return states

    def check_constants(self, constants: list[Any]) -> list[Any]:
        """The constants, if the layer takes any."""
        return constants

    def split(self, items: Any) -> tuple[Any, list[Any], list[Any]]:
        """The sequence, first states and constants, of one item or a list; the same for a list of their shapes."""
        if not isinstance(items, list):
            return items, [], []
        end = len(items) - (self.num_constants or 0)
        return items[0], items[1:end], items[end:]

    def get_config(self) -> dict[str, Any]:
        """As ``Layer``, and how many constants there are."""
        config = super().get_config()
        return config if self.num_constants is None else {**config, "num_constants": self.num_constants}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """A layer with this config."""
        rest = {key: value for key, value in config.items() if key != "num_constants"}
        layer = cls(**rest)
        layer.num_constants = config.get("num_constants") or None
        return layer


def as_list(value: Any) -> list[Any]:
    """A list, of the items of a list or tuple, or of the only one."""
    return list(value) if isinstance(value, list | tuple) else [value]


def mask_of_first(mask: Any) -> Any:
    """The mask of the sequence, of its own or of a list of masks."""
    return mask[0] if isinstance(mask, list | tuple) else mask


def shapes_of(arrays: Sequence[Any]) -> list[tuple[Any, ...]]:
    """The shapes of arrays or symbolic tensors, for errors."""
    return [tuple(one.shape) if hasattr(one, "shape") else np.shape(one) for one in arrays]
