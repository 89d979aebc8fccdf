"""Models from their configs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kcore.errors.base import KcoreError
from kcore.errors.saving import FileContentError, MissingComponentsError
from kcore.models.keras_config import plain_config
from kcore.models.missing import OF_THE_REGISTRY, Saved, all_missing_named, json_or_none
from kcore.models.model import Model
from kcore.registry import custom_object_scope, deserialize
from kcore.registry.provenance import KEY, origins_from


def model_from_config(
    config: dict[str, Any], custom_objects: dict[str, Any] | None = None, *, source: str = "The config"
) -> Model:
    """A model from ``{"class_name": ..., "config": ...}``; names are looked up, nothing is imported by path.

    Args:
        config: as ``get_config`` of a model gives it inside ``to_json``; also in the forms of Keras 2 and 3.
        custom_objects: classes and functions by name, for components that no plugin provides.
        source: where the config comes from, for errors.

    Raises:
        FileContentError: the config describes no model.
        UnknownComponentError: a layer that no installed plugin provides.
    """
    with content_errors(source, "describes a model that cannot be built", "what to_json() returns"):
        model = deserialize(plain_config(config), "layers", custom_objects)
    if not isinstance(model, Model):
        raise FileContentError(
            source=source,
            problem=f"describes a {type(model).__name__}, not a model",
            expected="a Sequential or Model",
        )
    return model


def model_from_json(text: str, custom_objects: dict[str, Any] | None = None, *, source: str = "The text") -> Model:
    """A model, without weights, from what ``to_json`` wrote (here or in Keras 2).

    Args:
        text: the JSON.
        custom_objects: classes and functions by name, for components that no plugin provides.
        source: where the text comes from, for errors.

    Raises:
        FileContentError: the text is no JSON, or describes no model.
        MissingComponentsError: it names components that cannot be had; the error names all.
    """
    config = json_object(text, source)
    wanted: dict[str, Any] = {key: config[key] for key in ("class_name", "config") if key in config}

    def saved() -> Saved:
        # Read again: what is made of a config may change it.
        again = json_or_none(text)
        return Saved(again, None, origins_from(again.get(KEY)))

    with custom_object_scope(custom_objects or {}), all_missing_named(source, saved):
        return model_from_config(wanted, source=source)


def json_object(text: str, source: str) -> dict[str, Any]:
    """The JSON object that a text holds.

    Raises:
        FileContentError: it is no JSON, or something other than an object.
    """
    try:
        config = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FileContentError(
            source=source, problem=f"is no JSON ({error})", expected="what to_json() returns"
        ) from error
    if not isinstance(config, dict):
        raise FileContentError(
            source=source, problem=f"holds a {type(config).__name__}", expected="an object with class_name and config"
        )
    return config


@contextmanager
def content_errors(source: str, problem: str, expected: str) -> Iterator[None]:
    """Say of whatever goes wrong while components are made from a file's data that the file is the cause."""
    try:
        yield
    except (FileContentError, MissingComponentsError):
        raise
    except KcoreError as error:
        if isinstance(error, OF_THE_REGISTRY):
            raise
        raise FileContentError(source=source, problem=f"{problem} ({error})", expected=expected) from error
    except (
        TypeError,
        ValueError,
        LookupError,
        AttributeError,
        AssertionError,
        ArithmeticError,
        RecursionError,
        MemoryError,
    ) as error:
        detail = f"{type(error).__name__}: {error}"
        raise FileContentError(source=source, problem=f"{problem} ({detail})", expected=expected) from error
