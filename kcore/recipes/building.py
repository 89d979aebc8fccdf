"""The things that a recipe names, ready to work with each other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kcore.errors.saving import FileWriteError, UnknownFormatError
from kcore.recipes.components import identifier, located, make
from kcore.recipes.schema import Recipe
from kcore.registry import registry

if TYPE_CHECKING:
    from kcore.components.callback import Callback
    from kcore.models.model import Model


@dataclass(frozen=True)
class Data:
    """A dataset in two parts; each x has shape (samples, ...), each y (samples, ...) of the same length."""

    name: str
    x_train: Any
    y_train: Any
    x_test: Any
    y_test: Any


def load_data(recipe: Recipe) -> Data:
    """The recipe's data.

    Raises:
        RecipeError: the section is missing, an option is not known, or the dataset gives something else than
            ``(x_train, y_train), (x_test, y_test)``.
        DatasetUnavailableError: the files are not on this machine.
    """
    recipe.require("loading data", "data")
    spec = recipe.data
    assert spec is not None
    found = make(recipe.document, spec)
    try:
        (x_train, y_train), (x_test, y_test) = found
    except (TypeError, ValueError):
        recipe.document.refuse(
            spec.path,
            f"the dataset {spec.name} gave a {type(found).__name__} of another form",
            allowed="datasets that give (x_train, y_train), (x_test, y_test)",
        )
    return Data(spec.name, x_train, y_train, x_test, y_test)


def build_model(recipe: Recipe) -> Model:
    """The recipe's model, not compiled.

    Raises:
        RecipeError: the section is missing, or an option is not known.
        UnknownComponentError: a layer that no installed plugin provides.
        GraphError, LayerInputError, ...: layers that do not fit each other.
    """
    from kcore.models import Sequential, model_from_config

    recipe.require("building a model", "model")
    document = recipe.document
    if recipe.model_config is not None:
        with located(document, ("model",)):
            return model_from_config(recipe.model_config)
    model = Sequential()
    for spec in recipe.layers or ():
        layer = make(document, spec)
        with located(document, spec.path):
            model.add(layer)
    return model


def compile_model(recipe: Recipe, model: Model) -> None:
    """Compile the model as the recipe says.

    Raises:
        RecipeError: the section is missing, or an option is not known.
        UnknownComponentError: an optimizer, loss, or metric that no installed plugin provides.
    """
    recipe.require("compiling a model", "compile")
    document = recipe.document
    assert recipe.loss is not None
    optimizer = "rmsprop" if recipe.optimizer is None else make(document, recipe.optimizer)
    loss = identifier(document, recipe.loss)
    metrics = [identifier(document, spec) for spec in recipe.metrics]
    with located(document, ("compile",)):
        model.compile(optimizer=optimizer, loss=loss, metrics=metrics)


def build_callbacks(recipe: Recipe) -> list[Callback]:
    """The recipe's callbacks, in order."""
    return [make(recipe.document, spec) for spec in recipe.callbacks]


def prepare_save(recipe: Recipe) -> Path | None:
    """Where the trained model goes; its folder exists, and its format is known, before any time is spent.

    Raises:
        UnknownFormatError: no installed format has the file's suffix.
        FileWriteError: the folder cannot be made.
    """
    if recipe.save is None:
        return None
    path = Path(recipe.save)
    with located(recipe.document, ("save",)):
        available = registry("formats").names()
        if path.suffix.lstrip(".").lower() not in available:
            raise UnknownFormatError(path=str(path), suffix=path.suffix, available=sorted(available))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FileWriteError(path=str(path), problem=f"its folder cannot be made ({error.strerror})") from error
        if path.is_dir():
            raise FileWriteError(path=str(path), problem="it is a folder")
    return path
