"""Keys and types of a recipe: what is taken, and how everything else is refused."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from kcore.errors import RecipeError
from kcore.recipes import ComponentSpec, Recipe, load_recipe
from kcore.recipes.document import parse_document
from kcore.recipes.schema import check_recipe

SECTIONS = "seed, data, model, compile, fit, callbacks, save"


def check(text: str) -> Recipe:
    return check_recipe(parse_document(text, "r.yaml"))


def test_a_whole_recipe() -> None:
    recipe = check(
        """
        seed: 7
        data: digits
        model:
          - Flatten
          - Dense: {units: 10, activation: softmax}
          - {class_name: Dropout, config: {rate: 0.5}}
          - Activation:
        compile: {optimizer: {Adam: {learning_rate: 1e-3}}, loss: mse, metrics: [accuracy]}
        fit: {batch_size: 32, epochs: 12, shuffle: false, validation_split: 0.1, validation_data: test, verbose: 2,
              class_weight: {0: 1, 1: 2.5}, initial_epoch: 1}
        callbacks: [{CSVLogger: {filename: a.csv}}]
        save: runs/a.h5
        """
    )
    assert recipe.seed == 7
    assert recipe.data == ComponentSpec("datasets", "digits", {}, ("data",), ("data",))
    assert recipe.layers is not None
    assert [(spec.name, spec.options) for spec in recipe.layers] == [
        ("Flatten", {}),
        ("Dense", {"units": 10, "activation": "softmax"}),
        ("Dropout", {"rate": 0.5}),
        ("Activation", {}),
    ]
    assert [spec.options_path for spec in recipe.layers[1:3]] == [("model", 1, "Dense"), ("model", 2, "config")]
    assert recipe.optimizer is not None
    assert recipe.optimizer.options == {"learning_rate": 0.001}
    assert recipe.loss is not None
    assert recipe.loss.name == "mse"
    assert [spec.name for spec in recipe.metrics] == ["accuracy"]
    assert recipe.fit == {
        "batch_size": 32,
        "epochs": 12,
        "shuffle": False,
        "validation_split": 0.1,
        "validation_data": "test",
        "verbose": 2,
        "class_weight": {0: 1.0, 1: 2.5},
        "initial_epoch": 1,
    }
    assert [spec.family for spec in recipe.callbacks] == ["callbacks"]
    assert recipe.save == "runs/a.h5"


def test_the_config_of_a_model_may_stand_for_the_layers() -> None:
    recipe = check("model: {class_name: Sequential, config: {layers: []}}")
    assert recipe.layers is None
    assert recipe.model_config == {"class_name": "Sequential", "config": {"layers": []}}


def test_a_section_without_content_counts_as_missing() -> None:
    recipe = check("seed: 1\nfit:\ncallbacks: ~\n")
    assert (recipe.fit, recipe.callbacks) == ({}, ())
    with pytest.raises(RecipeError) as caught:
        recipe.require("training", "data")
    assert (
        str(caught.value) == f"r.yaml, line 1: there is no section 'data', which training needs. Allowed: {SECTIONS}."
    )


FIT = "batch_size, epochs, validation_split, validation_data, shuffle, class_weight, initial_epoch, verbose"
MAPPING = "a mapping of keys to values"
WHOLE = "a whole number of at least 0"
ONE_LAYER = "a name of the family layers, or one name with its options"
INDENTED = "options are indented below their name, or in braces"

# The text, where in it the mistake is, what is said about it, what is said to be allowed.
MISTAKES = [
    ("", "", "the recipe is empty.", SECTIONS),
    ("# only a comment\n", "", "the recipe is empty.", SECTIONS),
    ("hello world", "line 1", "'hello world' cannot stand here.", MAPPING),
    ("- seed", "line 1", "a list of 1 cannot stand here.", MAPPING),
    ("seed: 1\nfitt: {}", "line 2, fitt", "there is no key 'fitt' here. Did you mean 'fit'?", SECTIONS),
    ("fit:\n  epoch: 3", "line 2, fit.epoch", "there is no key 'epoch' here. Did you mean 'epochs'?", FIT),
    ("3: 1", "line 1, [3]", "there is no key 3 here.", SECTIONS),
    ("seed: -1", "line 1, seed", "-1 cannot stand here.", WHOLE),
    ("seed: 1.5", "line 1, seed", "1.5 cannot stand here.", WHOLE),
    ("fit: {epochs: true}", "line 1, fit.epochs", "true cannot stand here.", WHOLE),
    ("fit: {epochs: '3'}", "line 1, fit.epochs", "'3' cannot stand here.", WHOLE),
    ("fit: {batch_size: 0}", "line 1, fit.batch_size", "0 cannot stand here.", "a whole number of at least 1"),
    ("fit: {verbose: true}", "line 1, fit.verbose", "true cannot stand here.", "0, 1, 2"),
    ("fit: {shuffle: 1}", "line 1, fit.shuffle", "1 cannot stand here.", "true, false"),
    ("fit: {validation_data: train}", "line 1, fit.validation_data", "'train' cannot stand here.", "test"),
    (
        "fit: {validation_split: 1}",
        "line 1, fit.validation_split",
        "1 cannot stand here.",
        "a number from 0, and below 1",
    ),
    ("fit: {class_weight: [1, 2]}", "line 1, fit.class_weight", "a list of 2 cannot stand here.", MAPPING),
    ("fit: {class_weight: {a: 1}}", "line 1, fit.class_weight.a", "'a' cannot stand here.", WHOLE),
    ("fit: {class_weight: {0: a}}", "line 1, fit.class_weight[0]", "'a' cannot stand here.", "a number"),
    ("fit: 3", "line 1, fit", "3 cannot stand here.", MAPPING),
    ("save: 3", "line 1, save", "3 cannot stand here.", "text"),
    ("save: ' '", "line 1, save", "' ' cannot stand here.", "text"),
    ("compile: {optimizer: Adam}", "line 1, compile", "there is no key 'loss'.", "a loss by name"),
    ("compile: mse", "line 1, compile", "'mse' cannot stand here.", MAPPING),
    (
        "compile: {loss: mse, metric: [a]}",
        "line 1, compile.metric",
        "there is no key 'metric' here. Did you mean 'metrics'?",
        "optimizer, loss, metrics",
    ),
    (
        "compile: {loss: mse, metrics: mae}",
        "line 1, compile.metrics",
        "'mae' cannot stand here.",
        "a list of metrics by name (each line begins with '- ')",
    ),
    (
        "callbacks: {CSVLogger: {}}",
        "line 1, callbacks",
        "a mapping (of CSVLogger) cannot stand here.",
        "a list of callbacks by name (each line begins with '- ')",
    ),
    (
        "model: []",
        "line 1, model",
        "an empty list cannot stand here.",
        "layers by name, first the one that takes the data",
    ),
    (
        "model: Dense",
        "line 1, model",
        "'Dense' cannot stand here.",
        "a list of layers, or a mapping of class_name and config as to_json() writes it",
    ),
    ("model: {class_name: Model}", "line 1, model", "there is no key 'config'.", "class_name, config"),
    ("model: {class_name: Model, config: 3}", "line 1, model.config", "3 cannot stand here.", "a mapping"),
    ("model: {Dense: {}}", "line 1, model.Dense", "there is no key 'Dense' here.", "class_name, config"),
    ("model: [~]", "line 1, model[0]", "nothing cannot stand here.", ONE_LAYER),
    ("model: [[Dense]]", "line 1, model[0]", "a list of 1 cannot stand here.", ONE_LAYER),
    ("model: [{}]", "line 1, model[0]", "an empty mapping cannot stand here.", ONE_LAYER),
    (
        "model:\n  - Dense: 3",
        "line 2, model[0].Dense",
        "3 cannot stand here.",
        "options of Dense as a mapping, such as {name: value}",
    ),
    ("model:\n  - Dense: {3: 4}", "line 2, model[0].Dense[3]", "3 cannot stand here.", "text"),
    (
        "model:\n  - Dense:\n    units: 3",
        "line 3, model[0].units",
        "'units' stands beside 'Dense', where one name is expected.",
        f"{ONE_LAYER}; {INDENTED}",
    ),
    (
        "model: [{class_name: Dense, units: 3}]",
        "line 1, model[0].units",
        "there is no key 'units' here.",
        "class_name, config",
    ),
    (
        "data: {digits: {}, split: 0.1}",
        "line 1, data.split",
        "'split' stands beside 'digits', where one name is expected.",
        f"a name of the family datasets, or one name with its options; {INDENTED}",
    ),
]


@pytest.mark.parametrize(("text", "place", "problem", "allowed"), MISTAKES, ids=[m[0] or "nothing" for m in MISTAKES])
def test_a_mistake_is_told_with_its_place(text: str, place: str, problem: str, allowed: str) -> None:
    with pytest.raises(RecipeError) as caught:
        check(text)
    where = f"r.yaml, {place}" if place else "r.yaml"
    assert str(caught.value) == f"{where}: {problem} Allowed: {allowed}."


def test_the_error_carries_its_data() -> None:
    with pytest.raises(RecipeError) as caught:
        check("seed: 1\nfit:\n  epoch: 3\n")
    data = vars(caught.value)
    assert (data["source"], data["line"], data["place"]) == ("r.yaml", 3, "fit.epoch")
    assert data["near"] == ("epochs",)
    assert "batch_size" in data["allowed"]
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), vars(again)) == (str(caught.value), data)


def test_a_file_is_loaded_with_changes(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text("fit: {epochs: 3}\n")
    assert load_recipe(path, [(("fit", "epochs"), 5)]).fit == {"epochs": 5}
