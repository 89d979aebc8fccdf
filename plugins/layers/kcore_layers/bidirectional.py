"""Bidirectional: a recurrent layer that reads a sequence in both directions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any

import numpy as np

from kcore import Array, custom_object_scope, ops, serialize
from kcore.errors import InvalidArgumentError, LayerStateError
from kcore.layers import Layer
from kcore_layers.arguments import one_of
from kcore_layers.state_arguments import TakesStates, as_list, mask_of_first, shapes_of
from kcore_layers.wrappers import Wrapper, checked_layer

MERGES: dict[str, Callable[[Any, Any], Any]] = {
    "concat": lambda forth, back: np.concatenate([forth, back], axis=-1),
    "sum": lambda forth, back: forth + back,
    "mul": lambda forth, back: forth * back,
    "ave": lambda forth, back: (forth + back) * np.asarray(0.5, forth.dtype),
}
SHARED = ("return_sequences", "return_state", "stateful")


class Bidirectional(TakesStates, Wrapper):
    """A recurrent layer twice, one from the first step to the last, the other from the last to the first.

    Both are made anew from the given layer's config, named ``forward_`` and ``backward_`` and its name; the second goes
    the other way (``go_backwards``). Returned sequences of the second are turned round, so that the outputs of a step
    lie together. Source: Schuster and Paliwal, "Bidirectional recurrent neural networks" (1997).

    Input (batch, steps, ...); output the two outputs, put together. The weights are those of the forward layer, then
    those of the backward layer.

    Both read the same mask. At masked steps returned sequences are 0, as in tf.keras 2 and Keras 3 (Keras 2.0 to 2.3
    repeated what each direction had last).

    Args:
        layer: a recurrent layer, or its config: any layer with ``go_backwards``, ``return_sequences`` and
            ``get_config``, whose call takes a sequence (batch, steps, ...).
        merge_mode: how the two outputs become one: ``"concat"`` puts them side by side on the last axis, ``"sum"``,
            ``"mul"`` and ``"ave"`` (half the sum) keep the shape, ``None`` gives the list of both.
        weights: first values of all weights.
        backward_layer: another layer for the way back, which goes backwards where ``layer`` does not; or its config.
        **kwargs: those of ``Layer``; ``dtype`` and ``batch_input_shape`` are the layer's by default.

    When called, the first half of ``initial_state`` is for the forward layer, the second for the backward layer;
    ``constants`` are for both. With ``return_state`` the last states follow the output in the same order.

    Raises:
        InvalidArgumentError: an argument outside the values above, layers that do not belong together, or an odd number
            of first states.
        LayerInputError, LayerStateError: as the layers inside.

    Example:
        >>> import numpy as np
        >>> from kcore.layers import LSTM
        >>> layer = Bidirectional(LSTM(8, return_sequences=True), name="both")
        >>> layer(np.zeros((2, 10, 3), "float32")).shape
        (2, 10, 16)
        >>> layer.backward_layer.go_backwards
        True
    """

    def __init__(
        self,
        layer: Any,
        merge_mode: str | None = "concat",
        weights: Sequence[Array] | None = None,
        *,
        backward_layer: Any = None,
        **kwargs: Any,
    ) -> None:
        given = _recurrent(checked_layer("Bidirectional", "layer", layer), "layer")
        if merge_mode is not None:
            merge_mode = one_of("Bidirectional", "merge_mode", merge_mode, [*MERGES, None])  # type: ignore[list-item]
        kwargs.setdefault("dtype", given.dtype)
        if not {"batch_input_shape", "input_shape", "input_dim"} & set(kwargs):
            kwargs["batch_input_shape"] = given.batch_input_shape
        Layer.__init__(self, weights=weights, **kwargs)
        self.input_dtype = given.input_dtype
        self.merge_mode = merge_mode
        self._given = serialize(given, "layers")
        self.forward_layer: Any = _copy(given, "forward", given.go_backwards)
        if backward_layer is None:
            self.backward_layer: Any = _copy(given, "backward", not given.go_backwards)
            self._given_backward = None
        else:
            other = _recurrent(checked_layer("Bidirectional", "backward_layer", backward_layer), "backward_layer")
            self.backward_layer = _copy(other, "backward", other.go_backwards)
            self._given_backward = serialize(other, "layers")
            self._check_pair()

    def _check_pair(self) -> None:
        forth, back = self.forward_layer, self.backward_layer
        different = [name for name in SHARED if getattr(forth, name, False) != getattr(back, name, False)]
        if different or forth.go_backwards == back.go_backwards:
            raise InvalidArgumentError(
                component="Bidirectional",
                argument="backward_layer",
                value=back,
                allowed=f"a layer with the other go_backwards, and with {', '.join(SHARED)} as layer has them",
                found=", ".join(f"{name}={getattr(back, name, False)}" for name in different or ["go_backwards"]),
            )

    @property
    def layer(self) -> Any:  # type: ignore[override]
        """The forward layer."""
        return self.forward_layer

    @property
    def return_sequences(self) -> bool:
        """Whether the output is that of all steps."""
        return bool(self.forward_layer.return_sequences)

    @property
    def return_state(self) -> bool:
        """Whether the last states are returned, too."""
        return bool(getattr(self.forward_layer, "return_state", False))

    @property
    def stateful(self) -> bool:
        """Whether states stay from batch to batch."""
        return bool(getattr(self.forward_layer, "stateful", False))

    def get_config(self) -> dict[str, Any]:
        """As ``Layer``, and the given layer as it was given."""
        config = {**super().get_config(), "layer": self._given}
        config.pop("weights", None)
        config.pop("backward_layer", None)
        return config if self._given_backward is None else {**config, "backward_layer": self._given_backward}

    # --- states ------------------------------------------------------------------------------------------------------

    @property
    def states(self) -> list[Any]:
        """The states that stateful layers keep: the forward layer's, then the backward layer's."""
        return [*self.forward_layer.states, *self.backward_layer.states]

    def reset_states(self, states: Sequence[Array] | None = None) -> None:
        """Let stateful layers begin anew.

        Args:
            states: what they begin with, first the forward layer's half; zeros by default.

        Raises:
            LayerStateError: the layers are not stateful, or have not seen an input shape yet.
            InvalidArgumentError: another number of states.
        """
        if not self.stateful:
            raise LayerStateError(
                layer=self.name,
                problem="has no states to reset",
                advice="Wrap a layer with stateful=True, and build it on a fixed batch size, first.",
            )
        if states is None:
            self.forward_layer.reset_states()
            self.backward_layer.reset_states()
        else:
            given = self.check_states(as_list(states))
            self.forward_layer.reset_states(given[: len(given) // 2])
            self.backward_layer.reset_states(given[len(given) // 2 :])

    def check_states(self, states: list[Any]) -> list[Any]:
        if len(states) % 2:
            raise InvalidArgumentError(
                component="Bidirectional",
                argument="initial_state",
                value=shapes_of(states),
                allowed="as many states for the forward layer as for the backward layer, in this order",
            )
        return states

    def _shares(self, items: Any) -> tuple[Any, Any]:
        """What each of the two layers gets of an input or a list of inputs, or of their shapes."""
        sequence, states, constants = self.split(items)
        half = len(states) // 2
        parts = [sequence, *states[:half], *constants], [sequence, *states[half:], *constants]
        first, second = (part if len(part) > 1 else sequence for part in parts)
        return first, second

    # --- calling -----------------------------------------------------------------------------------------------------

    def ensure_built(self, input_shape: Any) -> None:
        for layer in (self.forward_layer, self.backward_layer):
            if self.num_constants is not None:
                layer.num_constants = self.num_constants
        super().ensure_built(input_shape)
        # Later inputs are checked by the inner layers, also where they are only wired.
        self.build(input_shape)

    def build(self, input_shape: Any) -> None:
        for layer, shape in zip((self.forward_layer, self.backward_layer), self._shares(input_shape), strict=True):
            layer.ensure_built(shape)

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """(batch, steps, ...), or a list of it, first states and constants -> the merged outputs, and what else."""
        sequence, states, constants = self.split(list(inputs) if isinstance(inputs, tuple) else inputs)
        mask = mask_of_first(mask)
        half = len(states) // 2
        results = []
        for layer, own in ((self.forward_layer, states[:half]), (self.backward_layer, states[half:])):
            further = {"initial_state": own, "constants": constants}
            result = layer(sequence, mask=mask, **{name: value for name, value in further.items() if value})
            results.append(as_list(result))
        outputs = [self._in_order(layer, result[0], mask) for layer, result in zip(self._both, results, strict=True)]
        merged = outputs if self.merge_mode is None else [MERGES[self.merge_mode](*outputs)]
        if self.return_state:
            return [*merged, *results[0][1:], *results[1][1:]]
        return merged if self.merge_mode is None else merged[0]

    @property
    def _both(self) -> tuple[Any, Any]:
        return self.forward_layer, self.backward_layer

    def _in_order(self, layer: Any, output: Any, mask: Any) -> Any:
        """Returned sequences in the order of the input, 0 where masked; other outputs as they are."""
        if not self.return_sequences:
            return output
        # The layer that turns round is the one that goes back relative to the given one.
        output = output[:, ::-1] if layer is self.backward_layer else output
        if mask is None:
            return output
        kept = ops.cast(mask, "bool")
        kept = kept[:, ::-1] if self.forward_layer.go_backwards else kept
        kept = np.reshape(kept, (*kept.shape, *(1,) * (len(output.shape) - 2)))
        return np.where(kept, output, np.zeros((), output.dtype))

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The mask of the sequence for returned sequences; the states have none."""
        kept = mask_of_first(mask) if self.return_sequences else None
        if kept is not None and self.forward_layer.go_backwards:
            kept = kept[:, ::-1]
        merged = [kept, kept] if self.merge_mode is None else [kept]
        if self.return_state:
            sequence = self.split(as_list(inputs))[0]
            outputs = as_list(self.compute_output_shape(tuple(sequence.shape)))
            return [*merged, *[None] * (len(outputs) - len(merged))]
        return merged if self.merge_mode is None else kept

    def compute_output_shape(self, input_shape: Any) -> Any:
        first, second = self._shares(input_shape)
        forth = self.forward_layer.compute_output_shape(first)
        back = self.backward_layer.compute_output_shape(second)
        one, *states = forth if isinstance(forth, list) else [forth]
        other, *more = back if isinstance(back, list) else [back]
        if self.merge_mode is None:
            return [one, other, *states, *more]
        if self.merge_mode == "concat":
            one = (*one[:-1], None if one[-1] is None or other[-1] is None else one[-1] + other[-1])
        return [one, *states, *more] if self.return_state else one


def _recurrent(layer: Layer, argument: str) -> Any:
    """The layer, if it goes through sequences.

    Raises:
        InvalidArgumentError: it does not say in which direction, or what it returns.
    """
    if not hasattr(layer, "go_backwards") or not hasattr(layer, "return_sequences"):
        raise InvalidArgumentError(
            component="Bidirectional",
            argument=argument,
            value=layer,
            allowed="a recurrent layer, such as LSTM(8): one with go_backwards and return_sequences",
        )
    return layer


def _copy(layer: Any, direction: str, go_backwards: bool) -> Any:
    """A layer like this one, without its weights, named after the direction, and so are the layers inside it."""
    config = {name: _named(value, direction) for name, value in layer.get_config().items()}
    # Keras 3's files name the layers inside as they are named here.
    name = _prefixed(layer.name, direction)
    with custom_object_scope(_parts_by_name(layer)):
        return type(layer).from_config({**config, "name": name, "go_backwards": bool(go_backwards)})


def _named(value: Any, direction: str) -> Any:
    """A part of a config in which the layers have names of this direction: no two weights have one name then."""
    if isinstance(value, list):
        return [_named(item, direction) for item in value]
    if not isinstance(value, dict):
        return value
    named = {key: _named(item, direction) for key, item in value.items()}
    inner = named.get("config")
    if isinstance(inner, dict) and isinstance(inner.get("name"), str):
        named["config"] = {**inner, "name": _prefixed(inner["name"], direction)}
    return named


def _prefixed(name: str, direction: str) -> str:
    return f"{direction}_{name.removeprefix(f'{direction}_')}"


def _parts_by_name(layer: Layer) -> dict[str, Any]:
    """The classes and functions that the layer is made of: they need not be known by name to anybody else."""
    found: dict[str, Any] = {}
    for inside in layer.walk():
        found[type(inside).__name__] = type(inside)
        functions = [value for value in vars(inside).values() if isinstance(value, FunctionType)]
        found.update((function.__name__, function) for function in functions)
    return found
