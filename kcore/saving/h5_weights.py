"""The weights of a model's layers in an HDF5 group, as Keras 2 lays them out."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import h5py

from kcore.components.layer import Layer
from kcore.engine.tracing import Variable
from kcore.engine.types import Array
from kcore.errors.warnings import KcoreWarning
from kcore.models.model import Model
from kcore.saving.h5_layout import H5Source, write_arrays, write_names, write_text

# The version whose layout this is. Readers look at it to convert the weights of older ones.
KERAS_VERSION = "2.3.1"
BACKEND = "kcore"
# Where Keras puts weights that belong to a model but to none of its layers.
TOP_LEVEL = "top_level_model_weights"

Assignments = list[tuple[Variable, Array]]


def file_order(layer: Layer) -> list[Variable]:
    """A layer's weights in the order of files: what is trained first, also across the layers of an inner model."""
    return [*layer.trainable_weights, *layer.non_trainable_weights]


def _top_level(model: Model) -> list[Variable]:
    inside = {variable for layer in model.layers for variable in layer.weights}
    return [variable for variable in file_order(model) if variable not in inside]


# --- writing ---------------------------------------------------------------------------------------------------------


def write_weights(group: h5py.Group, model: Model, path: Path) -> None:
    """A group per layer; in each the arrays, and their names in the order of ``file_order``."""
    write_versions(group)
    write_names(group, "layer_names", [layer.name for layer in model.layers], path)
    for layer in model.layers:
        _write_layer(group.create_group(layer.name), file_order(layer), path)
    if TOP_LEVEL not in group:
        _write_layer(group.create_group(TOP_LEVEL), _top_level(model), path)


def write_versions(group: h5py.Group) -> None:
    """Who wrote this, for Keras and for kcore."""
    from kcore import __version__

    write_text(group, "keras_version", KERAS_VERSION)
    write_text(group, "backend", BACKEND)
    write_text(group, "kcore_version", __version__)


def _write_layer(group: h5py.Group, variables: Sequence[Variable], path: Path) -> None:
    write_arrays(group, [(f"{variable.name}:0", variable.value) for variable in variables], path)


# --- reading ---------------------------------------------------------------------------------------------------------


def weights_group(source: H5Source) -> h5py.Group:
    """The group that holds the layers: the whole file, or a part of a file that holds a whole model.

    Raises:
        FileContentError: there is none.
    """
    if source.names(source.file, "layer_names") is None:
        group = source.group(source.file, "model_weights")
        if group is not None:
            return group
    return source.file


def read_by_position(source: H5Source, group: h5py.Group, model: Model) -> Assignments:
    """What each weight becomes, if the file's layers with weights are those of the model, one by one.

    Raises:
        FileContentError: a layer or weight is missing, too many, or of another shape.
    """
    saved = {name: names for name, names in _layers(source, group).items() if names}
    layers = [layer for layer in model.layers if layer.weights]
    if len(saved) != len(layers):
        raise source.error(
            f"has {_count(len(saved), 'layer')} with weights ({_listed(list(saved))})",
            f"{len(layers)}, as model {model.name!r} has ({_listed([layer.name for layer in layers])})",
        )
    pairs: Assignments = []
    for layer, (name, names) in zip(layers, saved.items(), strict=True):
        pairs += _read_layer(source, group, name, names, layer)
    top = _top_level(model)
    if top:
        own = source.group(group, TOP_LEVEL)
        names = (source.names(own, "weight_names") or []) if own is not None else []
        pairs += _read_layer(source, group, TOP_LEVEL, names, model, top)
    return pairs


def read_whole(source: H5Source, group: h5py.Group, model: Model) -> Assignments:
    """What each weight becomes when the model itself is from the same file, so that the names of layers agree.

    By name, because a graph with branches has more than one order: Keras lists layers by their depth. Files whose
    weights stand under other names than the config's are read by position.

    Raises:
        FileContentError: a layer or weight is missing, too many, or of another shape.
    """
    saved = {name: names for name, names in _layers(source, group).items() if names}
    layers = {layer.name: layer for layer in model.layers if layer.weights}
    if set(saved) != set(layers) or _top_level(model):
        return read_by_position(source, group, model)
    return [pair for name, names in saved.items() for pair in _read_layer(source, group, name, names, layers[name])]


def read_by_name(source: H5Source, group: h5py.Group, model: Model) -> Assignments:
    """What the weights of those layers become that the file has under the same name.

    Raises:
        FileContentError: such a layer has other weights in the file.
    """
    saved = _layers(source, group)
    pairs: Assignments = []
    common = [layer for layer in model.layers if layer.name in saved]
    for layer in common:
        pairs += _read_layer(source, group, layer.name, saved[layer.name], layer)
    if not common:
        warnings.warn(
            KcoreWarning(
                f"Nothing was loaded from {source.path}: none of its layers ({_listed(list(saved))}) has the name of a "
                f"layer of model {model.name!r} ({_listed([layer.name for layer in model.layers])}). "
                f"Without by_name=True weights are loaded by position.",
                path=str(source.path),
                model=model.name,
            ),
            stacklevel=2,
        )
    return pairs


def assign(pairs: Assignments) -> None:
    """Give all weights their new values. Nothing here can fail: shapes and dtypes are checked."""
    for variable, array in pairs:
        variable.assign(array)


def _layers(source: H5Source, group: h5py.Group) -> dict[str, list[str]]:
    """The names of the weights of each layer in the file."""
    names = source.names(group, "layer_names")
    if names is None:
        raise source.error(
            f"has no attribute 'layer_names' at {group.name!r}", "weights in the layout of Keras 2's .h5 files"
        )
    layers: dict[str, list[str]] = {}
    for name in names:
        layer = source.group(group, name)
        weights = None if layer is None else source.names(layer, "weight_names")
        if weights is None:
            raise source.error(f"has no weights of its layer {name!r}", "a group with the attribute 'weight_names'")
        layers[name] = weights
    return layers


def _read_layer(
    source: H5Source,
    group: h5py.Group,
    name: str,
    names: Sequence[str],
    layer: Layer,
    variables: Sequence[Variable] | None = None,
) -> Assignments:
    wanted = file_order(layer) if variables is None else variables
    if len(names) != len(wanted):
        raise source.error(
            f"has {_count(len(names), 'weight')} of the layer {name!r} ({_listed(names)})",
            f"{len(wanted)}, as layer {layer.name!r} of the model has ({_listed([v.name for v in wanted])})",
        )
    inside = source.group(group, name)
    if inside is None:
        return []
    return [
        (variable, source.array(inside, weight, variable.shape, variable.dtype))
        for variable, weight in zip(wanted, names, strict=True)
    ]


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _listed(names: Sequence[str]) -> str:
    """The names, not more than a reader of an error wants to see."""
    shown = ", ".join(map(repr, names[:8]))
    return (shown or "none") + (f", ... and {len(names) - 8} more" if len(names) > 8 else "")
