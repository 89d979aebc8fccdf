"""What all models share: layers by name, summary, config, files."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable
from os import PathLike
from typing import Any, Self

from kcore.components.layer import Layer
from kcore.errors.models import NoSuchLayerError
from kcore.models.persistence import load_weights, save_model, save_weights
from kcore.models.summary import summary_text
from kcore.registry import serialize
from kcore.registry.provenance import KEY, noted_origins, origins_data
from kcore.training.trainer import Trainer


class Model(Trainer):
    """A network that can be trained, saved and loaded.

    ``Model(inputs, outputs)`` makes a functional model of what lies between symbolic tensors; a subclass without
    graph writes ``call`` and keeps its layers as attributes.

    Args:
        inputs, outputs: symbolic tensors, or lists of them.
        name: of the model.
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        if cls is Model and (args or "inputs" in kwargs):
            from kcore.models.functional import Functional

            return object.__new__(Functional)  # type: ignore[return-value]
        return object.__new__(cls)

    @property
    def layers(self) -> list[Layer]:
        """The layers, in the order of computation."""
        return self.sublayers

    def get_layer(self, name: str | int | None = None, index: int | None = None) -> Layer:
        """A layer by name, or by position.

        Raises:
            NoSuchLayerError: there is none; the names there are, are listed.
        """
        asked = index if index is not None else name
        names = [layer.name for layer in self.layers]
        if isinstance(asked, int) and -len(names) <= asked < len(names):
            return self.layers[asked]
        if isinstance(asked, str) and asked in names:
            return self.layers[names.index(asked)]
        near = difflib.get_close_matches(str(asked), names, n=2)
        raise NoSuchLayerError(model=self.name, asked="" if asked is None else asked, available=names, near=near)

    def reset_states(self) -> None:
        """Let all stateful layers begin anew, as at a new sequence."""
        for layer in self.walk():
            if layer is not self and getattr(layer, "stateful", False):
                layer.reset_states()  # type: ignore[attr-defined]

    def summary(
        self, line_length: int | None = None, positions: Any = None, print_fn: Callable[[str], Any] | None = None
    ) -> None:
        """Print a table: name, type, output shape, number of parameters, and what each layer is connected to."""
        text = summary_text(self, line_length)
        (print_fn or print)(text)

    def to_json(self, **options: Any) -> str:
        """The architecture, without weights, as JSON; ``kcore.models.model_from_json`` reads it.

        Beside the config it says which distributions the components come from, for where they are not installed.
        """
        from kcore import __version__

        with noted_origins() as origins:
            config = serialize(self, "layers")
        about = {"kcore_version": __version__, "backend": "kcore", KEY: origins_data(origins)}
        return json.dumps({**config, **about}, **options)

    def save(self, filepath: str | PathLike[str], *, overwrite: bool = True, include_optimizer: bool = True) -> None:
        """Write architecture, weights, and training state to a file; its suffix chooses the format."""
        save_model(self, filepath, overwrite=overwrite, include_optimizer=include_optimizer)

    def save_weights(self, filepath: str | PathLike[str], *, overwrite: bool = True) -> None:
        """Write the weights alone."""
        save_weights(self, filepath, overwrite=overwrite)

    def load_weights(self, filepath: str | PathLike[str], *, by_name: bool = False) -> None:
        """Read weights that ``save_weights`` or ``save`` wrote, by position or by the names of layers."""
        load_weights(self, filepath, by_name=by_name)
