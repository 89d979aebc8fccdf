"""A recipe at work: train, evaluate."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kcore.recipes.building import build_callbacks, build_model, compile_model, load_data, prepare_save
from kcore.recipes.schema import Recipe

if TYPE_CHECKING:
    from kcore.models.model import Model
    from kcore.recipes.building import Data


@dataclass(frozen=True)
class Training:
    """What a training left.

    Attributes:
        model: trained.
        history: per logged name, a number per epoch.
        seconds: that ``fit`` took.
        test: loss and metrics on the test data.
        test_samples: how many these were.
        saved: the file, if the recipe names one.
    """

    model: Model
    history: dict[str, list[float]]
    seconds: float
    test: dict[str, float]
    test_samples: int
    saved: str | None

    @property
    def epochs(self) -> int:
        """How many were trained; callbacks may have ended training early."""
        return max((len(values) for values in self.history.values()), default=0)


def train(
    recipe: Recipe, *, verbose: int | None = None, before_fit: Callable[[Model, Data], Any] | None = None
) -> Training:
    """Build, compile, and train as the recipe says; save; evaluate on the test data.

    Every name is resolved before the data are loaded, so that a recipe with a mistake costs no time.

    Args:
        recipe: with the sections data, model, and compile.
        verbose: as in ``fit``; by default what the recipe says, else 1.
        before_fit: is given the model, built and compiled, and the data.

    Raises:
        RecipeError: a section is missing, or an option is not known.
        KcoreError: whatever the components refuse, with the recipe's place as a note.
    """
    import kcore

    recipe.require("training", "data", "model", "compile")
    if recipe.seed is not None:
        kcore.set_random_seed(recipe.seed)
    model = build_model(recipe)
    compile_model(recipe, model)
    callbacks = build_callbacks(recipe)
    target = prepare_save(recipe)
    data = load_data(recipe)
    if not model.built:
        model.ensure_built((None, *data.x_train.shape[1:]))
    if before_fit is not None:
        before_fit(model, data)
    arguments = {"verbose": 1, **recipe.fit}
    if verbose is not None:
        arguments["verbose"] = verbose
    if arguments.pop("validation_data", None) == "test":
        arguments["validation_data"] = (data.x_test, data.y_test)
    start = time.perf_counter()
    history = model.fit(data.x_train, data.y_train, callbacks=callbacks, **arguments)
    seconds = time.perf_counter() - start
    if target is not None:
        model.save(target)
    test = evaluate(recipe, model, data)
    saved = None if target is None else str(target)
    return Training(model, dict(history.history), seconds, test, len(data.x_test), saved)


def evaluate(recipe: Recipe, model: Model, data: Data | None = None) -> dict[str, float]:
    """Loss and metrics on the recipe's test data.

    A model without training settings (from a file that holds none) is compiled as the recipe says.

    Raises:
        RecipeError: the section data is missing, or compile where it is needed.
    """
    if model.optimizer is None:
        compile_model(recipe, model)
    found = data or load_data(recipe)
    results: dict[str, float] = model.evaluate(
        found.x_test, found.y_test, batch_size=recipe.fit.get("batch_size"), verbose=0, return_dict=True
    )
    return results
