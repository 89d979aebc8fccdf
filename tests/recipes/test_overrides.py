"""Values from the command line, put into a recipe."""

from __future__ import annotations

from typing import Any

import pytest

from kcore.errors import RecipeError
from kcore.recipes import parse_override
from kcore.recipes.document import Document, parse_document
from kcore.recipes.overrides import override
from kcore.recipes.schema import check_recipe

TEXT = """
data: digits
model:
  - Flatten
  - Dense: {units: 3}
compile: {optimizer: Adam, loss: mse}
"""
THERE = "Allowed: a path to a key that is there."


def changed(*changes: str, text: str = TEXT) -> Document:
    document = parse_document(text, "r.yaml")
    for change in changes:
        override(document, *parse_override(change))
    return document


@pytest.mark.parametrize(
    ("text", "path", "value"),
    [
        ("seed=3", ("seed",), 3),
        ("fit.epochs=3", ("fit", "epochs"), 3),
        ("model[3].Dense.units=64", ("model", 3, "Dense", "units"), 64),
        ("compile.optimizer=kcore-optimizers>SGD", ("compile", "optimizer"), "kcore-optimizers>SGD"),
        ("compile.metrics=[mae, mse]", ("compile", "metrics"), ["mae", "mse"]),
        ("data.digits={test_size: 0.5}", ("data", "digits"), {"test_size": 0.5}),
        ("save=", ("save",), None),
        ("save=a=b.h5", ("save",), "a=b.h5"),
        ("fit.class_weight[1]=1e1", ("fit", "class_weight", 1), 10.0),
    ],
)
def test_a_change_is_a_path_and_a_value(text: str, path: Any, value: Any) -> None:
    assert parse_override(text) == (path, value)


@pytest.mark.parametrize(
    "text", ["fit.epochs", "=3", "fit..epochs=3", "fit.=3", ".fit=3", "[0]=3", "a[x]=3", "a b=3", ""]
)
def test_a_change_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(RecipeError) as caught:
        parse_override(text)
    assert str(caught.value) == f"--set: {text!r} is not of the form KEY=VALUE. Allowed: such as fit.epochs=3."


def test_a_value_that_is_not_yaml_is_refused_with_its_key() -> None:
    with pytest.raises(RecipeError, match=r"--set fit\.epochs, line 1, column 2: this is not YAML"):
        parse_override("fit.epochs=[")


def test_values_are_replaced_and_added() -> None:
    data = changed("seed=5", "model[1].Dense.units=7", "model[0]=Dropout", "fit.epochs=2").data
    assert data["seed"] == 5
    assert data["model"] == ["Dropout", {"Dense": {"units": 7}}]
    assert data["fit"] == {"epochs": 2}


def test_an_option_is_added_to_a_bare_name() -> None:
    recipe = check_recipe(changed("compile.optimizer.Adam.learning_rate=1e-3", "data.digits.test_size=0.5"))
    assert recipe.optimizer is not None
    assert recipe.optimizer.options == {"learning_rate": 0.001}
    assert recipe.data is not None
    assert recipe.data.options == {"test_size": 0.5}


def test_a_recipe_may_come_from_the_command_line_alone() -> None:
    assert check_recipe(changed("save=a.h5", text="")).save == "a.h5"


def test_an_empty_value_takes_a_section_away() -> None:
    assert check_recipe(changed("compile=")).loss is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("model[2]=Flatten", "--set, model[2]: model is a list of 2. Allowed: [0] to [1]."),
        ("model.Dense.units=3", "--set, model.Dense.units: model is a list of 2. Allowed: [0] to [1]."),
        ("data.mnist.path=x", f"--set, data.mnist.path: data is 'digits', and has no part 'mnist'. {THERE}"),
        (
            "callbacks[0].CSVLogger.append=true",
            f"--set, callbacks[0].CSVLogger.append: there is no list 'callbacks'. {THERE}",
        ),
    ],
)
def test_a_path_that_leads_nowhere_is_refused(change: str, message: str) -> None:
    with pytest.raises(RecipeError) as caught:
        changed(change)
    assert str(caught.value) == message


def test_an_error_in_a_changed_value_names_the_command_line() -> None:
    with pytest.raises(RecipeError) as caught:
        check_recipe(changed("fit.epochs=many"))
    assert str(caught.value) == "--set, fit.epochs: 'many' cannot stand here. Allowed: a whole number of at least 0."
