"""What a recipe may say: every key, its type, and what it means."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from kcore.recipes.document import Document, KeyPath, read_document
from kcore.recipes.overrides import override

SECTIONS = ("seed", "data", "model", "compile", "fit", "callbacks", "save")
COMPILE_KEYS = ("optimizer", "loss", "metrics")
CONFIG_KEYS = ("class_name", "config")


@dataclass(frozen=True)
class ComponentSpec:
    """A component by name, with its options, and where the recipe asks for it.

    Attributes:
        family: "layers", "datasets", ...
        name: bare, or ``distribution>Name``.
        options: arguments by name.
        path: where it stands in the recipe; the options stand below ``options_path``.
    """

    family: str
    name: str
    options: dict[str, Any]
    path: KeyPath
    options_path: KeyPath


@dataclass(frozen=True)
class Recipe:
    """A recipe whose every key is known and of the right type; names are not looked up yet.

    Attributes:
        document: where everything stands, for errors.
        seed: of all randomness, or None.
        data: the dataset.
        layers: of a Sequential model, bottom first; or None where ``model_config`` holds the model.
        model_config: ``{"class_name": ..., "config": ...}``, as ``to_json`` writes it.
        optimizer, loss, metrics: what ``compile`` gets.
        fit: arguments of ``fit``.
        callbacks: in order.
        save: the file of the trained model.
    """

    document: Document
    seed: int | None = None
    data: ComponentSpec | None = None
    layers: tuple[ComponentSpec, ...] | None = None
    model_config: dict[str, Any] | None = None
    optimizer: ComponentSpec | None = None
    loss: ComponentSpec | None = None
    metrics: tuple[ComponentSpec, ...] = ()
    fit: dict[str, Any] = field(default_factory=dict)
    callbacks: tuple[ComponentSpec, ...] = ()
    save: str | None = None

    def require(self, purpose: str, *sections: str) -> None:
        """Refuse a recipe without one of these sections.

        Raises:
            RecipeError: one is missing.
        """
        for section in sections:
            if self.document.data.get(section) is None:
                self.document.refuse((), f"there is no section {section!r}, which {purpose} needs", allowed=SECTIONS)


def load_recipe(path: str | Path, overrides: Iterable[tuple[KeyPath, Any]] = ()) -> Recipe:
    """Read a recipe and check its form.

    Args:
        path: of the YAML file.
        overrides: values by path, put in before the check.

    Raises:
        MissingFileError: there is no such file.
        RecipeError: it is no YAML, or a key is not known, or a value is of the wrong type.
    """
    document = read_document(path)
    for where, value in overrides:
        override(document, where, value)
    return check_recipe(document)


def check_recipe(document: Document) -> Recipe:
    """The recipe in a document.

    Raises:
        RecipeError: a key is not known, or a value is of the wrong type.
    """
    form = _Form(document)
    data = document.data
    if data is None or data == {}:
        document.refuse((), "the recipe is empty", allowed=SECTIONS)
    form.mapping(data, ())
    form.keys(data, (), SECTIONS)
    present = {key: value for key, value in data.items() if value is not None}
    parts: dict[str, Any] = {}
    if "seed" in present:
        parts["seed"] = form.integer(present["seed"], ("seed",), least=0)
    if "data" in present:
        parts["data"] = form.component(present["data"], ("data",), "datasets")
    if "model" in present:
        parts |= _model(form, present["model"])
    if "compile" in present:
        parts |= _compile(form, present["compile"])
    if "fit" in present:
        parts["fit"] = _fit(form, present["fit"])
    if "callbacks" in present:
        parts["callbacks"] = form.components(present["callbacks"], ("callbacks",), "callbacks")
    if "save" in present:
        parts["save"] = form.text(present["save"], ("save",))
    return Recipe(document, **parts)


def _model(form: _Form, value: Any) -> dict[str, Any]:
    path: KeyPath = ("model",)
    if isinstance(value, list):
        if not value:
            form.wrong(path, value, "layers by name, first the one that takes the data")
        return {"layers": form.components(value, path, "layers")}
    if not isinstance(value, dict):
        form.wrong(path, value, "a list of layers, or a mapping of class_name and config as to_json() writes it")
    form.keys(value, path, CONFIG_KEYS)
    for key in CONFIG_KEYS:
        if key not in value:
            form.document.refuse(path, f"there is no key {key!r}", allowed=CONFIG_KEYS)
    form.text(value["class_name"], (*path, "class_name"))
    if not isinstance(value["config"], dict | list):
        form.wrong((*path, "config"), value["config"], "a mapping")
    return {"model_config": value}


def _compile(form: _Form, value: Any) -> dict[str, Any]:
    path: KeyPath = ("compile",)
    form.mapping(value, path)
    form.keys(value, path, COMPILE_KEYS)
    if value.get("loss") is None:
        form.document.refuse(path, "there is no key 'loss'", allowed="a loss by name")
    parts: dict[str, Any] = {"loss": form.component(value["loss"], (*path, "loss"), "losses")}
    if value.get("optimizer") is not None:
        parts["optimizer"] = form.component(value["optimizer"], (*path, "optimizer"), "optimizers")
    if value.get("metrics") is not None:
        parts["metrics"] = form.components(value["metrics"], (*path, "metrics"), "metrics")
    return parts


def _fit(form: _Form, value: Any) -> dict[str, Any]:
    path: KeyPath = ("fit",)
    form.mapping(value, path)
    form.keys(value, path, tuple(FIT_KEYS))
    return {key: FIT_KEYS[key](form, item, (*path, key)) for key, item in value.items() if item is not None}


class _Form:
    """Checks of form, each refusing with the place."""

    def __init__(self, document: Document) -> None:
        self.document = document

    def wrong(self, path: KeyPath, value: Any, expected: str) -> NoReturn:
        self.document.refuse(path, f"{_shown(value)} cannot stand here", allowed=expected)

    def keys(self, value: dict[Any, Any], path: KeyPath, known: Sequence[str]) -> None:
        for key in value:
            if key not in known:
                near = difflib.get_close_matches(str(key), known, n=2)
                self.document.refuse((*path, key), f"there is no key {key!r} here", allowed=known, near=near)

    def mapping(self, value: Any, path: KeyPath) -> None:
        if not isinstance(value, dict):
            self.wrong(path, value, "a mapping of keys to values")

    def integer(self, value: Any, path: KeyPath, *, least: int) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            self.wrong(path, value, f"a whole number of at least {least}")
        return value

    def text(self, value: Any, path: KeyPath) -> str:
        if not isinstance(value, str) or not value.strip():
            self.wrong(path, value, "text")
        return value

    def components(self, value: Any, path: KeyPath, family: str) -> tuple[ComponentSpec, ...]:
        if not isinstance(value, list):
            self.wrong(path, value, f"a list of {family} by name (each line begins with '- ')")
        return tuple(self.component(item, (*path, number), family) for number, item in enumerate(value))

    def component(self, value: Any, path: KeyPath, family: str) -> ComponentSpec:
        """``Name``, ``Name: {option: value}``, or ``{class_name: Name, config: {option: value}}``."""
        expected = f"a name of the family {family}, or one name with its options"
        if isinstance(value, str) and value.strip():
            return ComponentSpec(family, value, {}, path, path)
        if not isinstance(value, dict) or not value:
            self.wrong(path, value, expected)
        if "class_name" in value:
            self.keys(value, path, CONFIG_KEYS)
            name, options, below = self.text(value["class_name"], (*path, "class_name")), value.get("config"), "config"
        else:
            name, *more = value
            if more:
                self.document.refuse(
                    (*path, more[0]),
                    f"{more[0]!r} stands beside {name!r}, where one name is expected",
                    allowed=f"{expected}; options are indented below their name, or in braces",
                )
            self.text(name, path)
            options, below = value[name], name
        options_path = (*path, below)
        if options is None:
            options = {}
        if not isinstance(options, dict):
            self.wrong(options_path, options, f"options of {name} as a mapping, such as {{name: value}}")
        for option in options:
            self.text(option, (*options_path, option))
        return ComponentSpec(family, name, dict(options), path, options_path)


def _count(least: int) -> Callable[[_Form, Any, KeyPath], int]:
    return lambda form, value, path: form.integer(value, path, least=least)


def _choice(*choices: Any) -> Callable[[_Form, Any, KeyPath], Any]:
    def check(form: _Form, value: Any, path: KeyPath) -> Any:
        # True equals 1 in Python, but a recipe that says `verbose: true` means something else.
        if not any(type(value) is type(choice) and value == choice for choice in choices):
            form.wrong(path, value, ", ".join(str(choice).lower() for choice in choices))
        return value

    return check


def _fraction(form: _Form, value: Any, path: KeyPath) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1:
        form.wrong(path, value, "a number from 0, and below 1")
    return float(value)


def _class_weight(form: _Form, value: Any, path: KeyPath) -> dict[int, float]:
    form.mapping(value, path)
    for number, weight in value.items():
        form.integer(number, (*path, number), least=0)
        if isinstance(weight, bool) or not isinstance(weight, int | float):
            form.wrong((*path, number), weight, "a number")
    return {number: float(weight) for number, weight in value.items()}


FIT_KEYS: dict[str, Callable[[_Form, Any, KeyPath], Any]] = {
    "batch_size": _count(1),
    "epochs": _count(0),
    "validation_split": _fraction,
    "validation_data": _choice("test"),
    "shuffle": _choice(True, False),
    "class_weight": _class_weight,
    "initial_epoch": _count(0),
    "verbose": _choice(0, 1, 2),
}


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return f"a mapping (of {', '.join(map(str, value))})" if value else "an empty mapping"
    if isinstance(value, list):
        return f"a list of {len(value)}" if value else "an empty list"
    if value is None:
        return "nothing"
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
