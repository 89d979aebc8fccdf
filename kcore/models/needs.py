"""Which components a saved model names: read from its configs, without building anything.

The reading is a guess where a component of somebody else's takes arguments that only it knows. So it serves reports,
and errors that have happened already; it never decides whether a file is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from kcore.models.keras_config import plain_config
from kcore.registry import FAMILIES, registry
from kcore.registry.first_party import families_with
from kcore.registry.provenance import Origins

_WRAPPERS: Final = ("LossFunctionWrapper", "MeanMetricWrapper")
# Arguments by the end of their name, and the family of what they name.
_ENDINGS: Final = {
    "initializer": "initializers",
    "regularizer": "regularizers",
    "constraint": "constraints",
    "activation": "activations",
}
# The same for configs only: what such an argument holds as a text need not be a component.
_PROBABLY: Final = {"rate": "schedules", "schedule": "schedules", "optimizer": "optimizers"}
_LAYERS: Final = ("layer", "layers", "cell", "cells", "forward_layer", "backward_layer")
_OF_TRAINING: Final = {
    "optimizer_config": "optimizers",
    "loss": "losses",
    "metrics": "metrics",
    "weighted_metrics": "metrics",
}
TRAINING: Final = "training"


class Need(NamedTuple):
    """A component that a file names, and the place that named it first."""

    family: str
    name: str
    place: str


def needs_in(model: Any, training: Any, origins: Origins) -> list[Need]:
    """The components that configs name, each once.

    Args:
        model: the config of a model, in any form of Keras; None for none.
        training: what ``compile`` was told, as a file keeps it; None for none.
        origins: what the file says of its components. It tells families apart, and which other texts are names.

    Raises:
        RecursionError: a config is nested too deeply.
    """
    parts = {"model": plain_config(model), TRAINING: plain_config(training)}
    reader = _Reader(origins)
    found = list(reader.component(parts["model"], "layers", "model"))
    if isinstance(parts[TRAINING], dict):
        for key, family in _OF_TRAINING.items():
            found += reader.component(parts[TRAINING].get(key), family, f"{TRAINING}.{key}")
    first: dict[tuple[str, str], Need] = {}
    for need in found:
        first.setdefault((need.family, need.name), need)
    others: dict[str, list[str]] = {}
    for family, name in origins:
        if (family, name) not in first:
            others.setdefault(name, []).append(family)
    for place, config in parts.items():
        for name, where in _texts(config, place) if others else ():
            for family in others.get(name, ()):
                first.setdefault((family, name), Need(family, name, where))
    return sorted(first.values())


class _Reader:
    def __init__(self, origins: Origins) -> None:
        self.families: dict[str, str] = {}
        for family, name in origins:
            self.families.setdefault(name, family)

    def component(self, config: Any, family: str, place: str) -> Iterator[Need]:
        """What a config, a name, or a list of such needs."""
        if isinstance(config, str):
            yield Need(family, config, place)
        elif isinstance(config, list):
            for item in config:
                yield from self.component(item, family, place)
        elif isinstance(config, dict) and isinstance(config.get("class_name"), str):
            name, settings = config["class_name"], config.get("config")
            if name.startswith("__"):
                return
            if name in _WRAPPERS and isinstance(settings, dict):
                yield from self.component(settings.get("fn"), family, place)
                return
            yield Need(family, name, place)
            title = settings.get("name") if isinstance(settings, dict) else config.get("name")
            inner = title if family == "layers" and isinstance(title, str) else name
            # Old files of Sequential have the list of layers itself as the config.
            yield from self.settings(
                {"layers": settings} if isinstance(settings, list) else settings, f"{place}/{inner}"
            )
        elif isinstance(config, dict):
            for value in config.values():
                yield from self.component(value, family, place)

    def settings(self, settings: Any, place: str) -> Iterator[Need]:
        """What the arguments of a component need."""
        if not isinstance(settings, dict):
            return
        for key, value in settings.items():
            ending = key.rpartition("_")[2]
            family = "layers" if key in _LAYERS else _ENDINGS.get(ending)
            if family is not None:
                yield from self.component(value, family, f"{place}.{key}")
            elif isinstance(value, dict) and isinstance(value.get("class_name"), str):
                family = self.family_with(value["class_name"], _PROBABLY.get(ending, "layers"))
                yield from self.component(value, family, f"{place}.{key}")

    def family_with(self, name: str, probably: str) -> str:
        """The family that has a name, where the argument does not tell it."""
        if name in self.families:
            return self.families[name]
        has = [family for family in FAMILIES if name in registry(family)]
        return next(iter([*has, *families_with(name)]), probably)


def _texts(config: Any, place: str) -> Iterator[tuple[str, str]]:
    """Every text in a config, and where it is."""
    if isinstance(config, str):
        yield config, place
    elif isinstance(config, list):
        for item in config:
            yield from _texts(item, place)
    elif isinstance(config, dict):
        for key, value in config.items():
            yield from _texts(value, f"{place}.{key}")
