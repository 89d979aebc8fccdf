"""Which components a saved model names: read from the file's texts alone, without building anything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import click

_WRAPPERS: Final = ("LossFunctionWrapper", "MeanMetricWrapper")
# Arguments by the end of their name, and the family of what they name.
_ENDINGS: Final = {
    "initializer": "initializers",
    "regularizer": "regularizers",
    "constraint": "constraints",
    "activation": "activations",
}
_LAYERS: Final = ("layer", "layers", "cell", "cells", "forward_layer", "backward_layer")


class Need(NamedTuple):
    """A component that a file names, and the place that named it first."""

    family: str
    name: str
    place: str


def needs_of(path: Path) -> list[Need]:
    """The components that a ``.h5``, ``.hdf5`` or ``.json`` file names, each once; none for a file of weights alone.

    Raises:
        MissingFileError: there is no such file.
        FileReadError, FileContentError: it cannot be read, or holds no model.
    """
    from kcore.errors.saving import FileContentError, MissingFileError
    from kcore.models.keras_config import plain_config

    if not path.is_file():
        raise MissingFileError(path=str(path))
    model, training = _read_json(path) if path.suffix.lower() == ".json" else _read_h5(path)
    try:
        model, training = plain_config(model), plain_config(training)
        found = list(_component(model, "layers", "model")) if model else []
        found += _training(training) if training else []
    except RecursionError as error:
        raise FileContentError(source=str(path), problem="is nested too deeply", expected="a model") from error
    first: dict[tuple[str, str], Need] = {}
    for need in found:
        first.setdefault((need.family, need.name), need)
    return sorted(first.values())


def check_suffix(context: click.Context, parameter: click.Parameter, value: str | None) -> Path | None:
    """The path, if its suffix is one that can be looked into."""
    if value is None:
        return None
    if Path(value).suffix.lower() not in (".h5", ".hdf5", ".json"):
        raise click.BadParameter(f"{value!r} does not end in .h5, .hdf5 or .json.", context, parameter)
    return Path(value)


def _read_h5(path: Path) -> tuple[Any, Any]:
    from kcore.models.architecture import json_object
    from kcore.saving.h5_layout import opened

    with opened(path) as source:
        texts = [source.text(source.file, name) for name in ("model_config", "training_config")]
        if texts[0] is None and source.names(source.file, "layer_names") is None:
            raise source.error("has no attribute 'model_config'", "a model, or weights, as kcore saves them")
    model, training = (None if text is None else json_object(text, str(path)) for text in texts)
    return model, training


def _read_json(path: Path) -> tuple[Any, Any]:
    from kcore.errors.saving import FileContentError, FileReadError
    from kcore.models.architecture import json_object

    try:
        config = json_object(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise FileReadError(path=str(path), problem=error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise FileContentError(source=str(path), problem="is no text in UTF-8", expected="JSON") from error
    if "class_name" not in config:
        raise FileContentError(source=str(path), problem="names no model", expected="what to_json() returns")
    return config, None


def _component(config: Any, family: str, place: str) -> Iterator[Need]:
    """What a config, a name, or a list of such needs."""
    if isinstance(config, str):
        yield Need(family, config, place)
    elif isinstance(config, list):
        for item in config:
            yield from _component(item, family, place)
    elif isinstance(config, dict) and isinstance(config.get("class_name"), str):
        name, settings = config["class_name"], config.get("config")
        if name.startswith("__"):
            return
        if name in _WRAPPERS and isinstance(settings, dict):
            yield from _component(settings.get("fn"), family, place)
            return
        yield Need(family, name, place)
        title = settings.get("name") if isinstance(settings, dict) else config.get("name")
        inner = title if family == "layers" and isinstance(title, str) else name
        # Old files of Sequential have the list of layers itself as the config.
        yield from _settings({"layers": settings} if isinstance(settings, list) else settings, f"{place}/{inner}")
    elif isinstance(config, dict):
        for value in config.values():
            yield from _component(value, family, place)


def _settings(settings: Any, place: str) -> Iterator[Need]:
    """What the arguments of a component need."""
    if not isinstance(settings, dict):
        return
    for key, value in settings.items():
        family = "layers" if key in _LAYERS else _ENDINGS.get(key.rpartition("_")[2])
        if family is not None:
            yield from _component(value, family, f"{place}.{key}")
        elif isinstance(value, dict) and isinstance(value.get("class_name"), str):
            yield from _component(value, _family_with(value["class_name"]), f"{place}.{key}")


def _family_with(name: str) -> str:
    """The family that has a name, where the argument does not tell it."""
    from kcore.registry import FAMILIES, registry
    from kcore.registry.first_party import families_with

    has = [family for family in FAMILIES if name in registry(family)]
    return next(iter([*has, *families_with(name)]), "layers")


def _training(config: dict[str, Any]) -> Iterator[Need]:
    """What compiling as before needs."""
    for key, family in {
        "optimizer_config": "optimizers",
        "loss": "losses",
        "metrics": "metrics",
        "weighted_metrics": "metrics",
    }.items():
        yield from _component(config.get(key), family, f"training.{key}")
