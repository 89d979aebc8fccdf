"""The format ``.h5``: a whole model, or its weights, in Keras 2's own layout."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py

from kcore.components.component import plain
from kcore.errors.saving import UnsupportedByFormatError
from kcore.models.architecture import json_object, model_from_config
from kcore.models.missing import all_missing_named
from kcore.models.model import Model
from kcore.registry import custom_object_scope, serialize
from kcore.registry.provenance import KEY, noted_origins, origins_data
from kcore.saving.atomic import write_atomically
from kcore.saving.h5_layout import opened, write_text
from kcore.saving.h5_optimizer import read_optimizer, write_optimizer
from kcore.saving.h5_weights import (
    assign,
    read_by_name,
    read_by_position,
    read_whole,
    weights_group,
    write_versions,
    write_weights,
)
from kcore.saving.needs import saved_in
from kcore.saving.training_config import compile_as_saved, training_config


class H5Format:
    """HDF5 files that Keras 2 and Keras 3's reader of old files load, and that Keras 2 wrote.

    At the top are the attributes ``model_config`` and ``training_config`` (JSON) and the groups ``model_weights`` and
    ``optimizer_weights``; a file of weights has the content of ``model_weights`` at the top. The attribute
    ``kcore_components`` is ours, and no part of the model: who provided the components.
    """

    def save(self, model: Model, path: Path, *, include_optimizer: bool = True) -> None:
        """Write the whole model.

        Args:
            model: built, so that it has weights.
            path: of the file; its folder exists.
            include_optimizer: also write optimizer, loss and metrics, and the optimizer's state after a first step.

        Raises:
            UnsupportedByFormatError: the model has no weights yet.
            FileWriteError: the file could not be written; what was there is unchanged.
        """
        _refuse_unbuilt(model)

        def fill(file: h5py.File) -> None:
            write_versions(file)
            with noted_origins() as origins:
                config = serialize(model, "layers")
            write_text(file, "model_config", json.dumps(config, default=plain))
            write_weights(file.create_group("model_weights"), model, path)
            with noted_origins() as of_training:
                training = training_config(model) if include_optimizer else None
            if training is not None and model.optimizer is not None:
                write_text(file, "training_config", training)
                write_optimizer(file, model.optimizer, model.trainable_weights, path)
                origins |= of_training
            write_text(file, KEY, json.dumps(origins_data(origins)))

        _write(path, fill)

    def load(self, path: Path, *, custom_objects: dict[str, Any] | None = None, compile: bool = True) -> Model:
        """Read a whole model, ready to train on if it was compiled.

        Raises:
            FileReadError: the file could not be read.
            FileContentError: it does not hold a model.
            MissingComponentsError: it names components that cannot be had; the error names all.
        """
        with (
            opened(path) as source,
            custom_object_scope(custom_objects or {}),
            all_missing_named(str(path), lambda: saved_in(source, training=compile)),
        ):
            text = source.text(source.file, "model_config")
            if text is None:
                weights = source.names(source.file, "layer_names") is not None
                raise source.error(
                    "holds weights without a model" if weights else "has no attribute 'model_config'",
                    "a whole model, as save() writes it"
                    + (" (build the model, then model.load_weights)" if weights else ""),
                )
            model = model_from_config(json_object(text, str(path)), source=str(path))
            if not model.built:
                raise source.error(f"has a model {model.name!r} that does not say the shape of its input", "its shape")
            group = source.group(source.file, "model_weights")
            if group is None:
                raise source.error("has no group 'model_weights'", "the model's weights")
            assign(read_whole(source, group, model))
            training = source.text(source.file, "training_config") if compile else None
            if training is not None:
                compile_as_saved(model, training, str(path))
                assert model.optimizer is not None
                model.optimizer.build(model.trainable_weights)
                assign(read_optimizer(source, model.optimizer, model.trainable_weights, model))
        return model

    def save_weights(self, model: Model, path: Path) -> None:
        """Write the weights alone.

        Raises:
            UnsupportedByFormatError: the model has no weights yet.
            FileWriteError: the file could not be written; what was there is unchanged.
        """
        _refuse_unbuilt(model)
        _write(path, lambda file: write_weights(file, model, path))

    def load_weights(self, model: Model, path: Path, *, by_name: bool = False) -> None:
        """Give a model the weights of a file, all of them or, if anything does not fit, none.

        Args:
            model: built, so that it has weights.
            path: a file of weights or of a whole model.
            by_name: only into layers whose name the file has; by default all layers with weights, one by one.

        Raises:
            UnsupportedByFormatError: the model has no weights yet.
            FileReadError: the file could not be read.
            FileContentError: its weights are not those of this model.
        """
        _refuse_unbuilt(model)
        with opened(path) as source:
            read = read_by_name if by_name else read_by_position
            assign(read(source, weights_group(source), model))


def _refuse_unbuilt(model: Model) -> None:
    if not model.built:
        raise UnsupportedByFormatError(
            format="h5",
            operation=f"hold model {model.name!r}, which has no weights yet",
            advice="Give its first layer an input_shape, call build(input_shape), or train it first.",
        )


def _write(path: Path, fill: Callable[[h5py.File], None]) -> None:
    """Make the file in memory and write it in one go.

    HDF5 itself never writes to the disk: where the disk is full it cannot close the file, and the process crashes.
    """
    memory = io.BytesIO()
    with h5py.File(memory, "w") as file:
        fill(file)
    write_atomically(path, memory.getbuffer())
